// Reads draft-07 schemas into plain shapes: conditional parts (if/then/else, allOf) are folded into
// one object whose conditional members are optional.

/**
 * @typedef {{kind: 'object', members: Member[], open: boolean}} ObjectShape
 * @typedef {{kind: 'array', item: Shape}} ArrayShape
 * @typedef {{kind: 'union', options: Shape[]}} UnionShape
 * @typedef {{kind: 'scalar', type: string, values?: string[]}} ScalarShape
 * @typedef {{kind: 'any'} | {kind: 'map'} | {kind: 'record', item: Shape} | ObjectShape | ArrayShape | UnionShape | ScalarShape} Shape
 * @typedef {{name: string, required: boolean, added?: string, deprecated: boolean, shape: Shape}} Member
 */

const ANNOTATIONS = new Set(['x-cln-added', 'x-cln-deprecated', 'x-cln-untyped', 'x-cln-hidden']);

const isBlank = (schema) => Object.keys(schema).every((key) => ANNOTATIONS.has(key));

/**
 * A member listed without any description, in all cases: a name that older versions had and that
 * the conditional parts only carry along. What may be anything is marked x-cln-untyped.
 */
const isForbidden = (schema) => isBlank(schema) && schema['x-cln-untyped'] !== true;

const HEX_LIKE = new Set(['hex', 'hash', 'txid', 'secret', 'signature', 'bip340sig', 'pubkey']);
const UNSIGNED = ['u8', 'u16', 'u32', 'u64'];

/** The narrowest type that takes what either takes; undefined stands for the plain JSON type. */
function wider(a, b) {
  if (a === b) return a;
  if (a === undefined || b === undefined) return undefined;
  if (HEX_LIKE.has(a) && HEX_LIKE.has(b)) return 'hex';
  const most = Math.max(UNSIGNED.indexOf(a), UNSIGNED.indexOf(b));
  if (UNSIGNED.includes(a) && UNSIGNED.includes(b)) return UNSIGNED[most];
  throw new Error(`no type for both ${a} and ${b}`);
}

/** Both schemas describe the same member in different cases: what holds for either. */
function either(a, b, where) {
  if (isBlank(a)) return b;
  if (isBlank(b)) return a;
  if (a.type !== b.type) {
    throw new Error(`${where}: ${a.type} in one case, ${b.type} in another`);
  }
  const merged = { ...b, ...a };
  const type = wider(a['x-cln-type'], b['x-cln-type']);
  delete merged['x-cln-type'];
  if (type !== undefined) merged['x-cln-type'] = type;
  if (a.enum !== undefined && b.enum !== undefined) {
    merged.enum = [...new Set([...a.enum, ...b.enum])];
  } else {
    delete merged.enum;
  }
  if (a.type === 'array') {
    merged.items = either(a.items ?? {}, b.items ?? {}, `${where}[]`);
  }
  if (a.type === 'object') {
    const one = collect(a, where);
    const two = collect(b, where);
    const properties = { ...one.properties };
    for (const [name, schema] of Object.entries(two.properties)) {
      properties[name] =
        properties[name] === undefined
          ? schema
          : either(properties[name], schema, `${where}.${name}`);
    }
    return {
      type: 'object',
      properties,
      required: one.required.filter((name) => two.required.includes(name)),
      additionalProperties: a.additionalProperties,
    };
  }
  return merged;
}

/** All members of an object schema with those of its conditional parts; `required` holds always. */
function collect(schema, where) {
  const properties = { ...schema.properties };
  const required = new Set(schema.required ?? []);
  const add = (more) => {
    for (const [name, other] of Object.entries(more)) {
      properties[name] =
        properties[name] === undefined
          ? other
          : either(properties[name], other, `${where}.${name}`);
    }
  };
  for (const part of [schema, ...(schema.allOf ?? [])]) {
    if (part.if !== undefined) {
      const branches = [part.then, part.else].filter((branch) => branch !== undefined);
      const parts = branches.map((branch) => collect(branch, where));
      for (const branch of parts) add(branch.properties);
      if (parts.length === 2) {
        for (const name of parts[0].required) {
          if (parts[1].required.includes(name)) required.add(name);
        }
      }
    } else if (part !== schema) {
      const inner = collect(part, where);
      add(inner.properties);
      for (const name of inner.required) required.add(name);
    }
  }
  return { properties, required: [...required] };
}

const KNOWN_TYPES = new Set([
  'pubkey',
  'short_channel_id',
  'short_channel_id_dir',
  'hash',
  'hex',
  'txid',
  'secret',
  'signature',
  'bip340sig',
  'outpoint',
  'u8',
  'u16',
  'u32',
  'u64',
  'msat',
  'sat',
  'feerate',
  'sat_or_all',
  'msat_or_any',
  'currency',
  'outputdesc',
  'i64',
]);

/** @returns {Shape} */
export function shapeOf(schema, where, nested = false) {
  const cln = schema['x-cln-type'];
  if (cln !== undefined) {
    if (!KNOWN_TYPES.has(cln)) throw new Error(`${where}: unknown type ${cln}`);
    return { kind: 'scalar', type: cln };
  }
  if (isBlank(schema)) return { kind: 'any' };
  const options = schema.type === undefined ? (schema.oneOf ?? schema.anyOf) : undefined;
  if (options !== undefined) {
    return { kind: 'union', options: options.map((o, i) => shapeOf(o, `${where}|${i}`, true)) };
  }
  if (schema.type === 'array') {
    return { kind: 'array', item: shapeOf(schema.items ?? {}, `${where}[]`, true) };
  }
  if (schema.type === 'object' && typeof schema.additionalProperties === 'object') {
    return { kind: 'record', item: shapeOf(schema.additionalProperties, `${where}{}`, true) };
  }
  if (schema.type === 'object' || schema.properties !== undefined)
    return objectShape(schema, where, nested);
  if (schema.enum !== undefined && schema.enum.every((v) => typeof v === 'string')) {
    return { kind: 'scalar', type: 'enum', values: schema.enum };
  }
  if (['string', 'boolean', 'integer', 'number', 'null'].includes(schema.type)) {
    return { kind: 'scalar', type: schema.type };
  }
  throw new Error(`${where}: cannot read ${JSON.stringify(schema).slice(0, 200)}`);
}

/** @returns {Shape} */
function objectShape(schema, where, nested) {
  const { properties, required } = collect(schema, where);
  if (Object.keys(properties).length === 0 && (nested || schema.additionalProperties === true)) {
    return { kind: 'map' };
  }
  for (const name of required) {
    if (properties[name] === undefined)
      throw new Error(`${where}: required ${name} is not described`);
  }
  return {
    kind: 'object',
    open: schema.additionalProperties === true,
    members: Object.entries(properties)
      .filter(([, member]) => member['x-cln-hidden'] !== true && !isForbidden(member))
      .map(([name, member]) => ({
        name,
        required: required.includes(name),
        ...(member['x-cln-added'] ? { added: member['x-cln-added'] } : {}),
        deprecated: member['x-cln-deprecated'] !== undefined,
        shape: shapeOf(member, `${where}.${name}`, true),
      })),
  };
}
