import { isJsonObject, type JsonValue, stringifyJson } from '@cl-hive/core';
import type { Deprecation } from './deprecation.ts';
import { type OptionType, optionFault } from './option-value.ts';

/** An option that a plugin declared. */
export interface ManifestOption {
  readonly name: string;
  readonly type: Exclude<OptionType, 'msat'>;
  readonly multi: boolean;
  readonly dynamic: boolean;
  /** As text; undefined without a default, always for flags. */
  readonly default: string | undefined;
  readonly deprecated?: Deprecation;
}

/** What became of one entry of a manifest's `options`. */
export type OptionOutcome =
  | {
      readonly kind: 'option';
      readonly option: ManifestOption;
      readonly deprecated: JsonValue | undefined;
    }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'taken'; readonly name: string };

const SANE_NAME = /^[0-9a-z_-]*$/;

function refused(reason: string): OptionOutcome {
  return { kind: 'refused', reason };
}

function text(value: JsonValue): string {
  return typeof value === 'string' ? value : stringifyJson(value);
}

/** Reads one entry of a manifest's `options`, with lightningd's words for what is wrong with it. */
export function readOption(entry: JsonValue, taken: (name: string) => boolean): OptionOutcome {
  const declared = isJsonObject(entry) ? entry : {};
  const { name: rawName, type, description } = declared;
  if (rawName === undefined || type === undefined || description === undefined) {
    return refused('An option is missing either "name", "description" or "type"');
  }
  const name = text(rawName);
  if (!SANE_NAME.test(name)) {
    return refused(`Option "name" must be lowercase alphanumeric, plus _ or -'`);
  }
  if (taken(name)) {
    return { kind: 'taken', name };
  }
  const { multi = false, dynamic = false } = declared;
  if (typeof multi !== 'boolean') {
    return refused(`--${name}: invalid "multi" field ${text(multi)}`);
  }
  if (typeof dynamic !== 'boolean') {
    return refused(`--${name}: invalid "dynamic" field ${text(dynamic)}`);
  }
  const shape = { name, multi, dynamic };
  const fallback = declared['default'];
  const option = type === 'flag' ? flagOption(shape, fallback) : valueOption(shape, type, fallback);
  return typeof option === 'string'
    ? refused(option)
    : { kind: 'option', option, deprecated: declared['deprecated'] };
}

interface Shape {
  readonly name: string;
  readonly multi: boolean;
  readonly dynamic: boolean;
}

function flagOption(shape: Shape, fallback: JsonValue | undefined): ManifestOption | string {
  if (fallback !== undefined && fallback !== false) {
    return `--${shape.name} type flag default must be 'false' not ${stringifyJson(fallback)}`;
  }
  return shape.multi ? 'flag type cannot be multi' : { ...shape, type: 'flag', default: undefined };
}

function valueOption(
  shape: Shape,
  type: JsonValue,
  fallback: JsonValue | undefined,
): ManifestOption | string {
  if (type !== 'string' && type !== 'string-conceal' && type !== 'int' && type !== 'bool') {
    return 'Only "string", "int", "bool", and "flag" options are supported';
  }
  if (type === 'bool' && shape.multi) {
    return 'bool type cannot be multi';
  }
  if (fallback === undefined || fallback === null) {
    return { ...shape, type, default: undefined };
  }
  const value = text(fallback);
  const fault = optionFault(type, value);
  return fault === undefined
    ? { ...shape, type, default: value }
    : `Invalid default '${value}': ${fault}`;
}
