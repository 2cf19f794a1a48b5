import { isJsonObject, type JsonValue } from '@cl-hive/core';

function kindOf(value: JsonValue): string {
  if (value === null) {
    return 'null';
  }
  if (Array.isArray(value)) {
    return 'array';
  }
  if (typeof value === 'bigint' || Number.isInteger(value)) {
    return 'number';
  }
  return typeof value;
}

/**
 * Where `ours` has another kind of value than all of `theirs` at the same place. Members that only
 * one side has are the schema's business, and null agrees with everything.
 */
export function shapeFaults(
  ours: JsonValue,
  theirs: readonly JsonValue[],
  path = 'result',
): readonly string[] {
  const known = theirs.filter((value) => value !== null);
  if (ours === null || known.length === 0) {
    return [];
  }
  const alike = known.filter((value) => kindOf(value) === kindOf(ours));
  if (alike.length === 0) {
    return [`${path}: ${kindOf(ours)} instead of ${kindOf(known[0] ?? null)}`];
  }
  if (Array.isArray(ours)) {
    const items = alike.flatMap((value) => (Array.isArray(value) ? (value as JsonValue[]) : []));
    return (ours as readonly JsonValue[]).flatMap((item, i) =>
      shapeFaults(item, items, `${path}[${i}]`),
    );
  }
  if (isJsonObject(ours)) {
    return Object.entries(ours).flatMap(([name, value]) => {
      const members = alike.flatMap((other) => {
        const member = isJsonObject(other) ? other[name] : undefined;
        return member === undefined ? [] : [member];
      });
      return shapeFaults(value, members, `${path}.${name}`);
    });
  }
  return [];
}
