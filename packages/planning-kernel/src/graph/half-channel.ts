import { isNodeId, parseMsat } from '@cl-hive/core';
import type { DefectCode } from '../defects.ts';
import { AMOUNT_SAT_MAX, CHANNEL_CAPACITY_SAT_MAX } from '../limits.ts';
import type { HalfColumns } from './graph-index.ts';
import { readScid, type Scid, type ScidTable } from './scid-table.ts';

/**
 * One direction of a public channel as read from `listchannels`; reused from entry to entry, and holding
 * the entry before until the next one was read.
 */
export interface HalfChannel {
  /** Rows of source, destination and channel where they are known, else undefined; filled in by the reader's caller. */
  from: number | undefined;
  to: number | undefined;
  channel: number | undefined;
  source: string;
  destination: string;
  readonly scid: Scid;
  direction: 0 | 1;
  capacitySat: number;
  /** Whether payments may be planned over it: enabled and with a complete policy. */
  active: boolean;
  baseMsat: number;
  feePpm: number;
  htlcMaxSat: number;
  /** Unix seconds. */
  lastUpdate: number;
}

/** An empty entry to read into. */
export function emptyHalf(): HalfChannel {
  return {
    from: undefined,
    to: undefined,
    channel: undefined,
    source: '',
    destination: '',
    scid: { block: 0, transaction: 0, output: 0 },
    direction: 0,
    capacitySat: 0,
    active: false,
    baseMsat: 0,
    feePpm: 0,
    htlcMaxSat: 0,
    lastUpdate: 0,
  };
}

/** Where nodes and channels that were seen before have their rows. */
export interface KnownRows {
  nodeOf: ReadonlyMap<string, number>;
  nodeIds: readonly string[];
  scids: ScidTable;
  halves: Pick<HalfColumns, 'from' | 'to'>;
}

/** Rows of an entry's nodes and channel, each undefined where it is new. */
interface Rows {
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly channel: number | undefined;
}

/**
 * Finds the rows of an entry. Comparing with the likely ones is far cheaper than looking long texts up:
 * lightningd mostly lists both directions of a channel together, and channels as in the cycle before.
 */
function findRows(
  source: string,
  destination: string,
  scid: Scid,
  direction: 0 | 1,
  before: HalfChannel,
  known: KnownRows,
): Rows {
  const last = before.scid;
  const again =
    scid.block === last.block &&
    scid.transaction === last.transaction &&
    scid.output === last.output;
  if (again && source === before.destination && destination === before.source) {
    return { from: before.to, to: before.from, channel: before.channel };
  }
  const guess = (before.channel ?? -1) + 1;
  if (known.scids.holds(guess, scid)) {
    const from = known.halves.from[guess * 2 + direction] ?? -1;
    const to = known.halves.to[guess * 2 + direction] ?? -1;
    if (known.nodeIds[from] === source && known.nodeIds[to] === destination) {
      return { from, to, channel: guess };
    }
  }
  return {
    from: known.nodeOf.get(source),
    to: known.nodeOf.get(destination),
    channel: known.scids.find(scid),
  };
}

const U32_MAX = 0xffffffff;

/** Holds the short channel id that is being read until the entry is seen to be whole. */
const reading: Scid = { block: 0, transaction: 0, output: 0 };

/**
 * Reads one `listchannels` entry into `half`; other members are ignored. `known` spares the check of
 * ids that were checked before. Returns why the entry is left out, if it is.
 */
export function readHalf(
  input: unknown,
  half: HalfChannel,
  known: KnownRows,
): DefectCode | undefined {
  if (typeof input !== 'object' || input === null) {
    return 'bad_field';
  }
  const entry = input as Readonly<Record<string, unknown>>;
  const { source, destination, short_channel_id: scid, direction, amount_msat: amount } = entry;
  if (
    source === undefined ||
    destination === undefined ||
    scid === undefined ||
    direction === undefined ||
    amount === undefined
  ) {
    return 'missing_field';
  }
  if (
    typeof source !== 'string' ||
    typeof destination !== 'string' ||
    typeof scid !== 'string' ||
    (direction !== 0 && direction !== 1)
  ) {
    return 'bad_field';
  }
  if (!readScid(scid, reading)) {
    return 'bad_field';
  }
  const { from, to, channel } = findRows(source, destination, reading, direction, half, known);
  if ((from === undefined && !isNodeId(source)) || (to === undefined && !isNodeId(destination))) {
    return 'bad_field';
  }
  if (entry['public'] === false) {
    return 'not_public';
  }
  if (source === destination || source < destination !== (direction === 0)) {
    return 'direction_wrong';
  }
  const capacitySat = satFloor(amount);
  if (capacitySat === undefined) {
    return 'bad_field';
  }
  if (capacitySat === 0) {
    return 'zero_capacity';
  }
  if (capacitySat > CHANNEL_CAPACITY_SAT_MAX) {
    return 'absurd_capacity';
  }
  half.from = from;
  half.to = to;
  half.channel = channel;
  half.source = source;
  half.destination = destination;
  half.scid.block = reading.block;
  half.scid.transaction = reading.transaction;
  half.scid.output = reading.output;
  half.direction = direction;
  half.capacitySat = capacitySat;
  readPolicy(entry, half);
  return undefined;
}

/** Whole sat of an amount as RPC gives it; undefined for anything else. The common case comes first. */
function satFloor(amount: unknown): number | undefined {
  if (typeof amount === 'number' && Number.isSafeInteger(amount) && amount >= 0) {
    return Math.floor(amount / 1000);
  }
  const msat = parseMsat(amount);
  return msat === undefined ? undefined : Number(msat / 1000n);
}

function readPolicy(entry: Readonly<Record<string, unknown>>, half: HalfChannel): void {
  const {
    base_fee_millisatoshi: base,
    fee_per_millionth: fee,
    active,
    htlc_maximum_msat: most,
    last_update: updated,
  } = entry;
  const complete = isU32(base) && isU32(fee) && typeof active === 'boolean';
  half.active = complete && active;
  half.baseMsat = complete ? base : 0;
  half.feePpm = complete ? fee : 0;
  const limit = most === undefined ? undefined : satFloor(most);
  half.htlcMaxSat = limit === undefined ? half.capacitySat : Math.min(limit, AMOUNT_SAT_MAX);
  half.lastUpdate = isU32(updated) ? updated : 0;
}

/** Whether the entry that was just read lacks the policy that payments need. */
export function lacksPolicy(input: unknown): boolean {
  const entry = input as Readonly<Record<string, unknown>>;
  return !(
    isU32(entry['base_fee_millisatoshi']) &&
    isU32(entry['fee_per_millionth']) &&
    typeof entry['active'] === 'boolean'
  );
}

function isU32(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= U32_MAX;
}

/** A short text that says which entry is meant. */
export function nameHalf(input: unknown): string {
  if (typeof input !== 'object' || input === null) {
    return 'an entry that is no object';
  }
  const entry = input as Readonly<Record<string, unknown>>;
  const scid = entry['short_channel_id'];
  const direction = entry['direction'];
  const name = typeof scid === 'string' ? scid.slice(0, 40) : 'an entry without short_channel_id';
  return direction === 0 || direction === 1 ? `${name}/${direction}` : name;
}
