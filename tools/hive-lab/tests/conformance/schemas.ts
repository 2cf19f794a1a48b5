import { existsSync, readFileSync } from 'node:fs';
import type { JsonValue } from '@cl-hive/core';
import { Ajv, type ValidateFunction } from 'ajv';

const SCHEMAS = new URL('../../../../packages/cln-rpc/schemas/rpc/', import.meta.url);

interface Departure {
  readonly schema: string;
  readonly at: string;
}

const DEPARTURES = JSON.parse(
  readFileSync(new URL('departures.json', import.meta.url), 'utf8'),
) as readonly Departure[];

const ajv = new Ajv({ strict: false, allErrors: true });
const compiled = new Map<string, ValidateFunction | undefined>();

function validatorOf(name: string): ValidateFunction | undefined {
  if (!compiled.has(name)) {
    const file = new URL(`${name}.json`, SCHEMAS);
    compiled.set(
      name,
      existsSync(file) ? ajv.compile(JSON.parse(readFileSync(file, 'utf8')) as object) : undefined,
    );
  }
  return compiled.get(name);
}

/** Schemas know numbers only; the nearest double of an integer is good enough for their bounds. */
function narrow(value: JsonValue): unknown {
  if (typeof value === 'bigint') {
    return Number(value);
  }
  if (Array.isArray(value)) {
    return (value as readonly JsonValue[]).map(narrow);
  }
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([name, member]) => [name, narrow(member)]),
    );
  }
  return value;
}

/** What breaks the schema of a command's answer, known departures left out; empty without a schema. */
export function schemaFaults(method: string, result: JsonValue): readonly string[] {
  const name = `${method}.response`;
  const validate = validatorOf(name);
  if (validate === undefined || validate(narrow(result))) {
    return [];
  }
  return (validate.errors ?? [])
    .filter(
      ({ instancePath }) =>
        !DEPARTURES.some(({ schema, at }) => schema === name && at === instancePath),
    )
    .map(
      ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
    );
}
