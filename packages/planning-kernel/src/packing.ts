import { isJsonObject } from '@cl-hive/core';
import { recordableChannel, recordableNode } from './recordable.ts';

/**
 * A recorded snapshot whose lists of channels and nodes are columns: node ids stand once, and what
 * compresses together lies together. Entries that are not of the usual form stay as they are.
 */
export interface PackedSnapshot {
  readonly version: 1;
  /** The snapshot without `channels` and `nodes`. */
  readonly rest: Readonly<Record<string, unknown>>;
  readonly ids: readonly string[];
  readonly channels: PackedChannels | { readonly raw: unknown } | null;
  readonly nodes: PackedNodes | { readonly raw: unknown } | null;
}

/** As {@link PackedChannels}, while they are filled. */
interface ChannelColumns {
  readonly source: number[];
  readonly destination: number[];
  readonly scid: string[];
  readonly bits: number[];
  readonly numbers: number[][];
  readonly odd: [at: number, entry: unknown][];
}

interface PackedChannels {
  readonly source: readonly number[];
  readonly destination: readonly number[];
  readonly scid: readonly string[];
  /** 1 direction, 2 public, 4 active. */
  readonly bits: readonly number[];
  readonly numbers: readonly (readonly number[])[];
  readonly odd: readonly (readonly [at: number, entry: unknown])[];
}

interface PackedNodes {
  readonly id: readonly number[];
  /** -1 where the entry has none: the node did not announce itself. */
  readonly lastTimestamp: readonly number[];
  readonly odd: readonly (readonly [at: number, entry: unknown])[];
}

const NUMBERS = [
  'amount_msat',
  'last_update',
  'base_fee_millisatoshi',
  'fee_per_millionth',
  'htlc_maximum_msat',
] as const;
const CHANNEL_SIZE = NUMBERS.length + 6;

/** Packs a snapshot, without what no stage reads; its channels may come in pieces. */
export class SnapshotPacker {
  readonly #ids = new IdTable();
  readonly #columns: ChannelColumns = {
    source: [],
    destination: [],
    scid: [],
    bits: [],
    numbers: NUMBERS.map((): number[] => []),
    odd: [],
  };
  #entries = 0;

  /** Takes the next `listchannels` entries. */
  read(channels: readonly unknown[]): void {
    const { source, destination, scid, bits, numbers, odd } = this.#columns;
    for (const given of channels) {
      const at = this.#entries;
      this.#entries += 1;
      const entry = isUsualChannel(given) ? given : recordableChannel(given);
      if (!isUsualChannel(entry)) {
        odd.push([at, entry]);
        continue;
      }
      source.push(this.#ids.at(entry.source));
      destination.push(this.#ids.at(entry.destination));
      scid.push(entry.short_channel_id);
      bits.push(entry.direction + (entry.public ? 2 : 0) + (entry.active ? 4 : 0));
      NUMBERS.forEach((name, column) => numbers[column]?.push(entry[name]));
    }
  }

  /** What was read, with the `listnodes` entries (undefined where unknown) and the rest of the snapshot. */
  finish(
    rest: Readonly<Record<string, unknown>>,
    nodes: readonly unknown[] | undefined,
  ): PackedSnapshot {
    return {
      version: 1,
      rest,
      channels: this.#columns,
      nodes: nodes === undefined ? null : packNodes(nodes.map(recordableNode), this.#ids),
      ids: this.#ids.list,
    };
  }
}

/** Gives back what was packed. Throws RangeError on a pack of another version or one that is damaged. */
export function unpackSnapshot(packed: PackedSnapshot): Readonly<Record<string, unknown>> {
  if (!isJsonObject(packed) || packed.version !== 1) {
    throw new RangeError('the recorded snapshot is of a version that is not known here');
  }
  const { rest, channels, nodes, ids } = packed;
  return {
    ...rest,
    ...(channels === null
      ? {}
      : { channels: 'raw' in channels ? channels.raw : unpackChannels(channels, ids) }),
    ...(nodes === null ? {} : { nodes: 'raw' in nodes ? nodes.raw : unpackNodes(nodes, ids) }),
  };
}

class IdTable {
  readonly list: string[] = [];
  readonly #places = new Map<string, number>();

  at(id: string): number {
    const known = this.#places.get(id);
    if (known !== undefined) {
      return known;
    }
    this.#places.set(id, this.list.length);
    return this.list.push(id) - 1;
  }
}

type UsualChannel = {
  readonly source: string;
  readonly destination: string;
  readonly short_channel_id: string;
  readonly direction: 0 | 1;
  readonly public: boolean;
  readonly active: boolean;
} & Readonly<Record<(typeof NUMBERS)[number], number>>;

function isUsualChannel(entry: unknown): entry is UsualChannel {
  if (typeof entry !== 'object' || entry === null) {
    return false;
  }
  const e = entry as Readonly<Record<string, unknown>>;
  return (
    typeof e['source'] === 'string' &&
    typeof e['destination'] === 'string' &&
    typeof e['short_channel_id'] === 'string' &&
    (e['direction'] === 0 || e['direction'] === 1) &&
    typeof e['public'] === 'boolean' &&
    typeof e['active'] === 'boolean' &&
    NUMBERS.every((name) => Number.isSafeInteger(e[name]) && !Object.is(e[name], -0)) &&
    Object.keys(e).length === CHANNEL_SIZE
  );
}

function unpackChannels(packed: PackedChannels, ids: readonly string[]): unknown[] {
  const usual = packed.source.map((source, at) => {
    const bits = packed.bits[at] ?? 0;
    return {
      source: idAt(ids, source),
      destination: idAt(ids, packed.destination[at] ?? -1),
      short_channel_id: packed.scid[at],
      direction: bits & 1,
      public: (bits & 2) !== 0,
      active: (bits & 4) !== 0,
      ...Object.fromEntries(
        NUMBERS.map((name, column) => [name, packed.numbers[column]?.[at] ?? 0]),
      ),
    };
  });
  return woven(usual, packed.odd);
}

function packNodes(entries: readonly unknown[], ids: IdTable): PackedNodes {
  const id: number[] = [];
  const lastTimestamp: number[] = [];
  const odd: [number, unknown][] = [];
  entries.forEach((entry, at) => {
    const e = isJsonObject(entry) ? entry : {};
    const { nodeid, last_timestamp: time } = e;
    const announced = Number.isSafeInteger(time) && Number(time) >= 0 && !Object.is(time, -0);
    const size = Object.keys(e).length;
    if (typeof nodeid === 'string' && (announced ? size === 2 : size === 1)) {
      id.push(ids.at(nodeid));
      lastTimestamp.push(announced ? Number(time) : -1);
    } else {
      odd.push([at, entry]);
    }
  });
  return { id, lastTimestamp, odd };
}

function unpackNodes(packed: PackedNodes, ids: readonly string[]): unknown[] {
  const usual = packed.id.map((id, at) => {
    const time = packed.lastTimestamp[at] ?? -1;
    return time < 0 ? { nodeid: idAt(ids, id) } : { nodeid: idAt(ids, id), last_timestamp: time };
  });
  return woven(usual, packed.odd);
}

function idAt(ids: readonly string[], at: number): string {
  const id = ids[at];
  if (id === undefined) {
    throw new RangeError('the recorded snapshot names an id that it does not hold');
  }
  return id;
}

/** Puts the odd ones back where they stood. */
function woven(usual: readonly unknown[], odd: PackedNodes['odd']): unknown[] {
  const all: unknown[] = [];
  let next = 0;
  for (const [at, entry] of odd) {
    while (all.length < at && next < usual.length) {
      all.push(usual[next]);
      next += 1;
    }
    all.push(entry);
  }
  return [...all, ...usual.slice(next)];
}
