import { isJsonObject, type JsonValue, stringifyJson } from '@cl-hive/core';

/** JSON over several lines with three spaces per level, as lightning-cli prints it; `bigint` as bare integers. */
export function prettyJson(value: JsonValue, indent = ''): string {
  const deeper = `${indent}   `;
  if (Array.isArray(value)) {
    const items = value.map((item: JsonValue) => `${deeper}${prettyJson(item, deeper)}`);
    return wrap('[', items, ']', indent);
  }
  if (isJsonObject(value)) {
    const members = Object.entries(value).map(
      ([key, member]) => `${deeper}${JSON.stringify(key)}: ${prettyJson(member, deeper)}`,
    );
    return wrap('{', members, '}', indent);
  }
  return stringifyJson(value);
}

function wrap(open: string, lines: readonly string[], close: string, indent: string): string {
  return lines.length === 0
    ? `${open}${close}`
    : `${open}\n${lines.join(',\n')}\n${indent}${close}`;
}
