import { isJsonObject, type JsonObject, type JsonValue } from '@cl-hive/core';
import { DOCUMENT_DEPTH_MAX } from '../limits.ts';

/** Words of JSON Schema (draft 7) that say nothing about validity. */
const NOTES = new Set([
  '$schema',
  '$id',
  'title',
  'description',
  'default',
  'examples',
  '$comment',
]);
/** Notes of Archon: how a credential of the schema is made. */
const ARCHON = new Set(['$credentialContext', '$credentialType']);
const KNOWN = new Set([
  'type',
  'properties',
  'required',
  'additionalProperties',
  'items',
  'enum',
  'const',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
]);

function typeOf(value: JsonValue): string {
  if (value === null) {
    return 'null';
  }
  return Array.isArray(value) ? 'array' : typeof value === 'bigint' ? 'number' : typeof value;
}

function hasType(value: JsonValue, type: JsonValue): boolean {
  if (Array.isArray(type)) {
    return type.some((one: JsonValue) => hasType(value, one));
  }
  return type === 'integer' ? Number.isInteger(value) : typeOf(value) === type;
}

function same(a: JsonValue, b: JsonValue | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/**
 * What is wrong with `value` under the schema of a schema asset's data; undefined when nothing is. A
 * part of JSON Schema draft 7 is understood; a schema that says more is refused, never half applied.
 */
export function schemaFault(data: JsonValue, value: JsonObject): string | undefined {
  const schema = isJsonObject(data) ? data['schema'] : undefined;
  return schema === undefined ? 'it names no schema' : fault(schema, value, 'claims', 0);
}

function fault(schema: JsonValue, value: JsonValue, at: string, depth: number): string | undefined {
  if (schema === true) {
    return undefined;
  }
  if (!isJsonObject(schema) || depth > DOCUMENT_DEPTH_MAX) {
    return `${at}: the schema is not understood`;
  }
  const strange = Object.keys(schema).find(
    (word) => !KNOWN.has(word) && !NOTES.has(word) && !(depth === 0 && ARCHON.has(word)),
  );
  if (strange !== undefined) {
    return `${at}: the schema says ${JSON.stringify(strange.slice(0, 40))}, which is not understood`;
  }
  const { type, enum: choices, const: only } = schema;
  if (type !== undefined && !hasType(value, type)) {
    return `${at}: expected ${JSON.stringify(type)}, found ${typeOf(value)}`;
  }
  if (Array.isArray(choices) && !choices.some((one: JsonValue) => same(one, value))) {
    return `${at}: none of the values that the schema allows`;
  }
  if (only !== undefined && !same(only, value)) {
    return `${at}: not the one value that the schema allows`;
  }
  return (
    sizeFault(schema, value, at) ??
    (isJsonObject(value) ? membersFault(schema, value, at, depth) : undefined) ??
    (Array.isArray(value) ? itemsFault(schema, value, at, depth) : undefined)
  );
}

function sizeFault(schema: JsonObject, value: JsonValue, at: string): string | undefined {
  const bounds: readonly (readonly [string, string, number | undefined])[] = [
    ['minimum', 'maximum', typeof value === 'number' ? value : undefined],
    ['minLength', 'maxLength', typeof value === 'string' ? Array.from(value).length : undefined],
    ['minItems', 'maxItems', Array.isArray(value) ? value.length : undefined],
  ];
  for (const [low, high, size] of bounds) {
    const [min, max] = [schema[low], schema[high]];
    if (size === undefined) {
      continue;
    }
    if ((typeof min === 'number' && size < min) || (typeof max === 'number' && size > max)) {
      return `${at}: outside ${low} and ${high} of the schema`;
    }
  }
  return undefined;
}

function membersFault(
  schema: JsonObject,
  value: JsonObject,
  at: string,
  depth: number,
): string | undefined {
  const properties = isJsonObject(schema['properties']) ? schema['properties'] : {};
  const required: readonly JsonValue[] = Array.isArray(schema['required'])
    ? schema['required']
    : [];
  const missing = required.find((key) => typeof key !== 'string' || !Object.hasOwn(value, key));
  if (missing !== undefined) {
    return `${at}: ${JSON.stringify(missing)} is missing`;
  }
  for (const [key, member] of Object.entries(value)) {
    const rule = Object.hasOwn(properties, key)
      ? properties[key]
      : (schema['additionalProperties'] ?? true);
    if (rule === false) {
      return `${at}: ${JSON.stringify(key.slice(0, 40))} is not allowed`;
    }
    const wrong = fault(rule ?? true, member, `${at}.${key.slice(0, 40)}`, depth + 1);
    if (wrong !== undefined) {
      return wrong;
    }
  }
  return undefined;
}

function itemsFault(
  schema: JsonObject,
  value: readonly JsonValue[],
  at: string,
  depth: number,
): string | undefined {
  const rule = schema['items'] ?? true;
  for (const [index, item] of value.entries()) {
    const wrong = fault(rule, item, `${at}.${index}`, depth + 1);
    if (wrong !== undefined) {
      return wrong;
    }
  }
  return undefined;
}
