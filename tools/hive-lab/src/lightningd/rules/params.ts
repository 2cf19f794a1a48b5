import { type JsonObject, type JsonValue, parseJson } from '@cl-hive/core';
import type { LabRpcError } from '../../contract/node.ts';
import { allMemberSpans, itemTexts, memberSpans, rawKind, type Span } from './json-members.ts';
import { invalidParams, type ParamType } from './param-type.ts';

/** What a command takes, in the order of its positional parameters. */
export interface ParamShape {
  readonly params: readonly string[];
  readonly required: readonly string[];
  /** Further parameters are left alone (`check`, `plugin start`). */
  readonly extra?: boolean;
}

/** A command's parameters by name, each as the JSON text it was written in. */
export class Params {
  readonly #raw: ReadonlyMap<string, string>;
  /** As the client wrote them. */
  readonly written: WrittenParams;

  constructor(raw: ReadonlyMap<string, string>, written: WrittenParams) {
    this.#raw = raw;
    this.written = written;
  }

  get names(): readonly string[] {
    return [...this.#raw.keys()];
  }

  raw(name: string): string | undefined {
    return this.#raw.get(name);
  }

  /** An optional parameter. Throws LabRpcError -32602. */
  optional<T>(name: string, type: ParamType<T>): T | undefined {
    const raw = this.#raw.get(name);
    return raw === undefined ? undefined : type(raw, name);
  }

  /** A required parameter. Throws LabRpcError -32602. */
  required<T>(name: string, type: ParamType<T>): T {
    const raw = this.#raw.get(name);
    if (raw === undefined) {
      throw missing(name);
    }
    return type(raw, name);
  }

  /** All parameters as parsed values. */
  values(): JsonObject {
    return Object.fromEntries(
      Array.from(this.#raw, ([name, raw]): [string, JsonValue] => [name, parseJson(raw)]),
    );
  }
}

function missing(name: string): LabRpcError {
  return invalidParams(`missing required parameter: ${name}`);
}

function developerOnly(name: string): boolean {
  return name.startsWith('dev_') || name.startsWith('dev-');
}

/** Parameters as a client wrote them: by position or by name. */
export type WrittenParams =
  | { readonly kind: 'array'; readonly items: readonly string[] }
  | {
      readonly kind: 'object';
      readonly members: ReadonlyMap<string, string>;
      /** In order; a name that stands twice is there twice. */
      readonly all: readonly (readonly [string, string])[];
    };

function byPosition(
  items: readonly string[],
  shape: ParamShape,
  developer: boolean,
): Map<string, string> {
  if (items.length > shape.params.length && shape.extra !== true) {
    throw invalidParams(
      `too many parameters: got ${items.length}, expected ${shape.params.length}`,
    );
  }
  const named = new Map<string, string>();
  for (const [i, item] of items.entries()) {
    const name = shape.params[i];
    if (name === undefined || item === 'null') {
      continue;
    }
    if (developerOnly(name) && !developer) {
      throw invalidParams(`Parameter ${i} is developer-only`);
    }
    named.set(name, item);
  }
  return named;
}

function byName(
  members: ReadonlyMap<string, string>,
  shape: ParamShape,
  developer: boolean,
): ReadonlyMap<string, string> {
  for (const name of members.keys()) {
    if (!shape.params.includes(name)) {
      if (shape.extra !== true) {
        throw invalidParams(
          `unknown parameter: ${name}, this may be caused by a failure to autodetect key=value-style parameters. Please try using the -k flag and explicit key=value pairs of parameters.`,
        );
      }
    } else if (developerOnly(name) && !developer) {
      throw invalidParams(`Parameter '${name}' is developer-only`);
    }
  }
  return members;
}

function textsOf(
  raw: string,
  spans: Iterable<readonly [string, Span]>,
): readonly (readonly [string, string])[] {
  return Array.from(spans, ([name, { start, end }]) => [name, raw.slice(start, end)] as const);
}

/** Takes a request's `params` apart. Throws LabRpcError -32602 when it is neither array nor object. */
export function writtenParams(raw: string): WrittenParams {
  switch (rawKind(raw)) {
    case 'array':
      return { kind: 'array', items: itemTexts(raw) };
    case 'object':
      return {
        kind: 'object',
        members: new Map(textsOf(raw, memberSpans(raw))),
        all: textsOf(raw, allMemberSpans(raw)),
      };
    case 'string':
    case 'primitive':
      throw invalidParams('Expected array or object for params');
  }
}

/** As {@link readParams}, for parameters that were taken apart already. */
export function readNamed(written: WrittenParams, shape: ParamShape, developer: boolean): Params {
  const named =
    written.kind === 'array'
      ? byPosition(written.items, shape, developer)
      : byName(written.members, shape, developer);
  const absent = shape.params.find((name) => shape.required.includes(name) && !named.has(name));
  if (absent !== undefined) {
    throw missing(absent);
  }
  return new Params(named, written);
}

/**
 * Names a request's parameters, given by position or by name, and refuses unknown, surplus and
 * missing ones as lightningd does: LabRpcError -32602. `raw` is the request's `params`.
 */
export function readParams(raw: string, shape: ParamShape, developer: boolean): Params {
  return readNamed(writtenParams(raw), shape, developer);
}

/** The parameters of the command that a `check` names: all but its own first one. */
export function checkShape(params: Params): WrittenParams {
  const { written } = params;
  if (written.kind === 'array') {
    return { kind: 'array', items: written.items.slice(1) };
  }
  const all = written.all.filter(([name]) => name !== 'command_to_check');
  const members = new Map([...written.members].filter(([name]) => name !== 'command_to_check'));
  return { kind: 'object', members, all };
}
