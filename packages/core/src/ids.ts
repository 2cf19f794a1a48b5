import type { Brand } from './units.ts';

/** A node's public key: 66 lower-case hexadecimal digits, compressed secp256k1 (BOLT 7 `point`). */
export type NodeId = Brand<string, 'NodeId'>;

/** A short channel id `BLOCKxTXxOUT` (BOLT 7). */
export type ShortChannelId = Brand<string, 'ShortChannelId'>;

const NODE_ID = /^0[23][0-9a-f]{64}$/;
const SCID = /^(\d{1,8})x(\d{1,8})x(\d{1,5})$/;

/** Whether `value` has the form of a node id; that the point is on the curve is not checked. */
export function isNodeId(value: unknown): value is NodeId {
  return typeof value === 'string' && NODE_ID.test(value);
}

/** Checks a node id. Throws RangeError on any other text. */
export function nodeId(value: string): NodeId {
  if (!isNodeId(value)) {
    throw new RangeError('a node id is 66 lower-case hexadecimal digits that start with 02 or 03');
  }
  return value;
}

/** Whether `value` is a short channel id with block below 2^24, transaction below 2^24, output below 2^16. */
export function isShortChannelId(value: unknown): value is ShortChannelId {
  const match = typeof value === 'string' ? SCID.exec(value) : null;
  return (
    match !== null &&
    Number(match[1]) < 0x1000000 &&
    Number(match[2]) < 0x1000000 &&
    Number(match[3]) < 0x10000
  );
}

/** Checks a short channel id. Throws RangeError on any other text. */
export function shortChannelId(value: string): ShortChannelId {
  if (!isShortChannelId(value)) {
    throw new RangeError('a short channel id is BLOCKxTXxOUT');
  }
  return value;
}

/** Orders texts by code unit, as every canonical order in this project does; never by locale. */
export function compareCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
