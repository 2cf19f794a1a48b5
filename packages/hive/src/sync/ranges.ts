import { bytesToHex, CodedError, hexToBytes } from '@cl-hive/core';
import { RECONCILE_ITEMS_MAX, RECONCILE_RANGES_MAX } from '../limits.ts';

/** Bytes of an item's id: 128 bits of a hash, so that no two items of a fleet ever share one. */
export const ITEM_ID_BYTES = 16;

/**
 * A stretch of the ordered ids, from the end of the one before up to `upper`, exclusive (the empty
 * text: to the end), and what its sender says of it: nothing more to do, a fingerprint, or all ids.
 */
export type Range =
  | { readonly kind: 'skip'; readonly upper: string }
  | { readonly kind: 'fingerprint'; readonly upper: string; readonly fingerprint: string }
  | { readonly kind: 'ids'; readonly upper: string; readonly ids: readonly string[] };

const KINDS = ['skip', 'fingerprint', 'ids'] as const;

/** Bytes that {@link encodeRanges} makes of a range. */
export function rangeBytes(range: Range): number {
  const head = 2 + range.upper.length / 2;
  return range.kind === 'skip'
    ? head
    : head + (range.kind === 'ids' ? 2 + range.ids.length * ITEM_ID_BYTES : ITEM_ID_BYTES);
}

/** Ranges as bytes: kind, length of the bound, bound, then 16 bytes for a fingerprint or each id. */
export function encodeRanges(ranges: readonly Range[]): Uint8Array {
  const bytes = new Uint8Array(ranges.reduce((sum, range) => sum + rangeBytes(range), 0));
  let at = 0;
  const put = (hex: string): void => {
    bytes.set(hexToBytes(hex), at);
    at += hex.length / 2;
  };
  for (const range of ranges) {
    bytes[at] = KINDS.indexOf(range.kind);
    bytes[at + 1] = range.upper.length / 2;
    at += 2;
    put(range.upper);
    if (range.kind === 'fingerprint') {
      put(range.fingerprint);
    } else if (range.kind === 'ids') {
      bytes[at] = range.ids.length >> 8;
      bytes[at + 1] = range.ids.length & 0xff;
      at += 2;
      for (const id of range.ids) {
        put(id);
      }
    }
  }
  return bytes;
}

/** Reads ranges; throws CodedError `bad_ranges` for anything that {@link encodeRanges} does not make. */
export function decodeRanges(bytes: Uint8Array): readonly Range[] {
  const ranges: Range[] = [];
  let at = 0;
  let items = 0;
  const take = (length: number): string => {
    if (at + length > bytes.length) {
      throw bad('ends early');
    }
    at += length;
    return bytesToHex(bytes.subarray(at - length, at));
  };
  for (let before = ''; at < bytes.length; ) {
    const kind = KINDS[Number.parseInt(take(1), 16)];
    const length = Number.parseInt(take(1), 16);
    const upper = length > ITEM_ID_BYTES ? undefined : take(length);
    const last = ranges.at(-1);
    if (kind === undefined || upper === undefined || (last !== undefined && last.upper === '')) {
      throw bad('has a range of no known kind, or one after the end');
    }
    if ((upper !== '' && upper <= before) || ranges.length >= RECONCILE_RANGES_MAX) {
      throw bad('has ranges out of order, or too many');
    }
    if (kind === 'ids') {
      const count = Number.parseInt(take(2), 16);
      items += count;
      if (items > RECONCILE_ITEMS_MAX) {
        throw bad(`has more than ${RECONCILE_ITEMS_MAX} ids`);
      }
      ranges.push({ kind, upper, ids: takeIds(take, count, before, upper) });
    } else {
      ranges.push(
        kind === 'skip' ? { kind, upper } : { kind, upper, fingerprint: take(ITEM_ID_BYTES) },
      );
    }
    before = upper;
  }
  return ranges;
}

function takeIds(
  take: (length: number) => string,
  count: number,
  lower: string,
  upper: string,
): readonly string[] {
  const ids: string[] = [];
  for (let i = 0; i < count; i += 1) {
    const id = take(ITEM_ID_BYTES);
    if (id < lower || (upper !== '' && id >= upper) || id <= (ids.at(-1) ?? '')) {
      throw bad('has ids out of order or out of their range');
    }
    ids.push(id);
  }
  return ids;
}

function bad(what: string): CodedError<'bad_ranges'> {
  return new CodedError('bad_ranges', `the message of set reconciliation ${what}`, {
    remedy: 'synchronise with this peer by full sync',
  });
}
