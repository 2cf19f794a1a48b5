import { gunzipSync } from 'node:zlib';
import { CodedError } from '@cl-hive/core';
import { SeededRandom } from '@cl-hive/testkit';
import { GOSSMAP_BYTES_MAX, PUBLIC_CHANNELS_MAX, PUBLIC_NODES_MAX } from '../limits.ts';
import {
  compareNodes,
  emptyNetwork,
  fillNodes,
  GOSSIP_AGE_SECONDS,
  type PublicNetwork,
  placeChannel,
} from './public-network.ts';

const HEADER = 'GOSSMAP_COMPRESSv1\0';

/** Why a snapshot was refused. */
export type GossmapErrorCode = 'gossmap_format';

function refuse(reason: string): never {
  throw new CodedError<GossmapErrorCode>('gossmap_format', `not a gossmap snapshot: ${reason}`, {
    remedy: 'give the path of a file made by Core Lightning’s devtools/gossmap-compress',
  });
}

/** Reads BOLT 1 BigSize numbers, all of which must be safe integers. */
class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at: number;

  constructor(bytes: Uint8Array, start: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = start;
  }

  number(): number {
    const first = this.#bytes[this.#at];
    if (first === undefined) {
      return refuse('it ends too early');
    }
    this.#at += 1;
    if (first < 0xfd) {
      return first;
    }
    const size = first === 0xfd ? 2 : first === 0xfe ? 4 : 8;
    if (this.#at + size > this.#bytes.length) {
      refuse('it ends too early');
    }
    const at = this.#at;
    this.#at += size;
    if (size === 8) {
      const value = this.#view.getBigUint64(at);
      return value <= BigInt(Number.MAX_SAFE_INTEGER)
        ? Number(value)
        : refuse('a number is too large');
    }
    return size === 2 ? this.#view.getUint16(at) : this.#view.getUint32(at);
  }

  numbers(count: number): Float64Array {
    const values = new Float64Array(count);
    for (let i = 0; i < count; i += 1) {
      values[i] = this.number();
    }
    return values;
  }

  /** A table of values, then `count` indices into it. */
  table(count: number): Float64Array {
    const length = this.number();
    if (length > count) {
      refuse('a table is longer than what it serves');
    }
    const values = this.numbers(length);
    const result = new Float64Array(count);
    for (let i = 0; i < count; i += 1) {
      result[i] = values[this.number()] ?? refuse('an index leads outside its table');
    }
    return result;
  }

  /** Numbers below `limit`, ended by one that is not. */
  below(limit: number): Set<number> {
    const found = new Set<number>();
    for (let value = this.number(); value < limit; value = this.number()) {
      found.add(value);
    }
    return found;
  }
}

/**
 * Reads a snapshot of Core Lightning's `devtools/gossmap-compress`, gzipped or not. The file holds
 * topology, capacities and policies; ids, positions in the chain and times are made from `seed`.
 * Throws CodedError `gossmap_format`.
 */
export function readGossmap(file: Uint8Array, seed: number, nowSeconds: number): PublicNetwork {
  const bytes = file[0] === 0x1f ? gunzip(file) : file;
  if (Buffer.from(bytes.subarray(0, HEADER.length)).toString('latin1') !== HEADER) {
    refuse('its header is missing');
  }
  const reader = new Reader(bytes, HEADER.length);
  const count = reader.number();
  if (count > PUBLIC_CHANNELS_MAX) {
    refuse(`${count} channels are more than ${PUBLIC_CHANNELS_MAX}`);
  }
  const ends = [reader.numbers(count), reader.numbers(count)] as const;
  const disabled = reader.below(count * 2);
  const capacity = reader.table(count);
  const fields = Array.from({ length: 5 }, () => reader.table(count * 2));
  const nodes = ends.reduce((most, side) => side.reduce((a, b) => Math.max(a, b), most), -1) + 1;
  if (nodes > PUBLIC_NODES_MAX) {
    refuse(`${nodes} nodes are more than ${PUBLIC_NODES_MAX}`);
  }
  const random = new SeededRandom(seed);
  const network = emptyNetwork(nodes, count);
  fillNodes(network, random, nowSeconds);
  for (let channel = 0; channel < count; channel += 1) {
    const from = ends[0][channel] ?? 0;
    const to = ends[1][channel] ?? 0;
    network.capacitySat[channel] = capacity[channel] ?? 0;
    placeChannel(network, channel, random);
    const flip = compareNodes(network, from, to) > 0 ? 1 : 0;
    network.source[channel * 2 + flip] = from;
    network.source[channel * 2 + (1 - flip)] = to;
    for (const direction of [0, 1]) {
      const read = channel * 2 + direction;
      const half = channel * 2 + (direction ^ flip);
      network.lastUpdate[half] = nowSeconds - random.below(GOSSIP_AGE_SECONDS);
      network.disabled[half] = disabled.has(read) ? 1 : 0;
      writePolicy(
        network,
        half,
        fields.map((field) => field[read] ?? 0),
      );
    }
  }
  return network;
}

function writePolicy(network: PublicNetwork, half: number, values: readonly number[]): void {
  const [min = 0, max = 0, base = 0, ppm = 0, delay = 0] = values;
  const capacityMsat = (network.capacitySat[half >> 1] ?? 0) * 1000;
  network.htlcMinMsat[half] = min;
  // The format writes 0 for "the capacity" and 1 for "99 % of it".
  network.htlcMaxMsat[half] =
    max === 0 ? capacityMsat : max === 1 ? (capacityMsat / 100) * 99 : max;
  network.baseMsat[half] = base;
  network.feePpm[half] = ppm;
  network.delay[half] = delay;
}

function gunzip(file: Uint8Array): Uint8Array {
  try {
    return gunzipSync(file, { maxOutputLength: GOSSMAP_BYTES_MAX });
  } catch {
    return refuse(`it cannot be unpacked to at most ${GOSSMAP_BYTES_MAX} bytes`);
  }
}
