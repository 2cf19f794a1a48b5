import { isJsonObject, type JsonObject } from '@cl-hive/core';

/** A text of checked parameters. Throws TypeError: the registry requires it. */
export function textOf(params: JsonObject, name: string): string {
  const value = params[name];
  if (typeof value !== 'string') {
    throw new TypeError(`${name} is no text`);
  }
  return value;
}

/** A number of checked parameters. Throws TypeError: the registry requires it. */
export function numberOf(params: JsonObject, name: string): number {
  const value = params[name];
  if (typeof value !== 'number') {
    throw new TypeError(`${name} is no number`);
  }
  return value;
}

/** A text that may be left out. */
export function optionalText(params: JsonObject, name: string): string | undefined {
  return params[name] === undefined ? undefined : textOf(params, name);
}

/** A number that may be left out. */
export function optionalNumber(params: JsonObject, name: string): number | undefined {
  return params[name] === undefined ? undefined : numberOf(params, name);
}

/** The texts of a list; empty when it is none. */
export function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value)
    ? value.filter((item): item is string => typeof item === 'string')
    : [];
}

/** The objects of a list; empty when it is none. */
export function objectsOf(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

/** An amount that a marker keeps as a decimal text. */
export function amountOf(marker: JsonObject, name: string): bigint {
  return BigInt(textOf(marker, name));
}
