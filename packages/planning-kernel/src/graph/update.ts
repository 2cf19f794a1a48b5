import type { NodeId } from '@cl-hive/core';
import { DefectCounter } from '../defects.ts';
import { NODES_MAX, TEXT_MAX } from '../limits.ts';
import { adjacency } from './adjacency.ts';
import {
  type GraphChanges,
  type GraphIndex,
  type HalfColumns,
  halfColumns,
} from './graph-index.ts';
import {
  emptyHalf,
  type HalfChannel,
  type KnownRows,
  lacksPolicy,
  nameHalf,
  readHalf,
} from './half-channel.ts';
import { SatSums } from './sat-sums.ts';
import { ScidTable } from './scid-table.ts';
import { TextTable } from './text-table.ts';

/** One reading of the graph on top of the index of the one before; used once. */
export class GraphUpdate {
  readonly #previous: GraphIndex | undefined;
  readonly #defects = new DefectCounter();
  readonly #nodes: TextTable<NodeId>;
  readonly #scids: ScidTable;
  #halves: HalfColumns;
  /** By half-channel, 1 where this cycle named it. */
  #seen: Uint8Array;
  /** By channel, 1 where something differs from the cycle before. */
  #touched: Uint8Array;
  #announced: Uint8Array | undefined;
  readonly #half = emptyHalf();
  #unchanged = 0;
  #removed = 0;

  constructor(previous: GraphIndex | undefined) {
    this.#previous = previous;
    this.#nodes = new TextTable(previous?.nodeIds, previous?.nodeOf);
    this.#scids = new ScidTable(previous?.scids);
    const rows = (previous?.scids.size ?? 0) * 2;
    this.#halves = halfColumns(rows, previous?.halves);
    this.#seen = new Uint8Array(rows);
    this.#touched = new Uint8Array(rows / 2);
  }

  leaveOutChannels(entries: number): void {
    this.#defects.add('channels', 'list_too_long', `${entries} entries`);
  }

  readChannels(channels: readonly unknown[]): void {
    if (this.#seen.length === 0) {
      // Mostly both directions of each channel are there: then this is room for all of them.
      this.#grow(channels.length + 2);
    }
    const half = this.#half;
    const known = this.#known();
    for (const entry of channels) {
      // Tables and columns are replaced when they grow.
      known.nodeOf = this.#nodes.rowOf;
      known.nodeIds = this.#nodes.rows;
      known.halves = this.#halves;
      const defect = readHalf(entry, half, known);
      if (defect === undefined) {
        this.#put(half, entry);
      } else {
        this.#defects.add('channels', defect, nameHalf(entry));
      }
    }
  }

  #known(): KnownRows {
    return {
      nodeOf: this.#nodes.rowOf,
      nodeIds: this.#nodes.rows,
      scids: this.#scids,
      halves: this.#halves,
    };
  }

  #put(half: HalfChannel, entry: unknown): void {
    half.channel ??= this.#scids.append(half.scid);
    const row = half.channel * 2 + half.direction;
    if (row >= this.#seen.length) {
      this.#grow(this.#seen.length * 2);
    }
    half.from ??= this.#nodes.append(half.source as NodeId);
    half.to ??= this.#nodes.append(half.destination as NodeId);
    const { from, to } = half;
    if (!half.active && lacksPolicy(entry)) {
      this.#defects.add('channels', 'missing_policy', nameHalf(entry));
    }
    const again = this.#seen[row] === 1;
    if (again) {
      this.#defects.add('channels', 'duplicate', nameHalf(entry));
    }
    this.#seen[row] = 1;
    if (this.#equals(row, half, from, to)) {
      this.#unchanged += again ? 0 : 1;
    } else if (!again || this.#isNewer(row, half)) {
      this.#write(row, half, from, to);
    }
  }

  #grow(wanted: number): void {
    const rows = Math.max(this.#seen.length, wanted + (wanted % 2));
    if (rows === this.#seen.length) {
      return;
    }
    this.#halves = halfColumns(rows, this.#halves);
    this.#seen = copyInto(new Uint8Array(rows), this.#seen);
    this.#touched = copyInto(new Uint8Array(rows / 2), this.#touched);
  }

  #equals(row: number, half: HalfChannel, from: number, to: number): boolean {
    const h = this.#halves;
    return (
      h.from[row] === from &&
      h.to[row] === to &&
      h.lastUpdate[row] === half.lastUpdate &&
      h.capacitySat[row] === half.capacitySat &&
      h.feePpm[row] === half.feePpm &&
      h.baseMsat[row] === half.baseMsat &&
      h.htlcMaxSat[row] === half.htlcMaxSat &&
      h.active[row] === (half.active ? 1 : 0)
    );
  }

  /** Of two entries for one half-channel the same one wins, whichever comes first. */
  #isNewer(row: number, half: HalfChannel): boolean {
    const h = this.#halves;
    const id = (node: number | undefined): string => this.#nodes.rows[node ?? -1] ?? '';
    const pairs: readonly (readonly [number | string, number | string | undefined])[] = [
      [half.lastUpdate, h.lastUpdate[row]],
      [half.capacitySat, h.capacitySat[row]],
      [half.feePpm, h.feePpm[row]],
      [half.baseMsat, h.baseMsat[row]],
      [half.htlcMaxSat, h.htlcMaxSat[row]],
      [half.active ? 1 : 0, h.active[row]],
      [half.source, id(h.from[row])],
      [half.destination, id(h.to[row])],
    ];
    const differing = pairs.find(([mine, theirs]) => mine !== theirs);
    return differing !== undefined && differing[1] !== undefined && differing[0] > differing[1];
  }

  #write(row: number, half: HalfChannel, from: number, to: number): void {
    const h = this.#halves;
    h.from[row] = from;
    h.to[row] = to;
    h.capacitySat[row] = half.capacitySat;
    h.active[row] = half.active ? 1 : 0;
    h.baseMsat[row] = half.baseMsat;
    h.feePpm[row] = half.feePpm;
    h.htlcMaxSat[row] = half.htlcMaxSat;
    h.lastUpdate[row] = half.lastUpdate;
    this.#touched[row >> 1] = 1;
  }

  readNodes(nodes: readonly unknown[] | undefined): void {
    if (nodes === undefined) {
      return;
    }
    if (nodes.length > NODES_MAX) {
      this.#defects.add('nodes', 'list_too_long', `${nodes.length} entries`);
      return;
    }
    const seen = new Uint8Array(this.#nodes.rows.length);
    // Nodes without a channel.
    const others = new Set<string>();
    for (const entry of nodes) {
      const id =
        typeof entry === 'object' && entry !== null
          ? (entry as Readonly<Record<string, unknown>>)['nodeid']
          : undefined;
      if (typeof id !== 'string') {
        this.#defects.add('nodes', id === undefined ? 'missing_field' : 'bad_field', 'nodeid');
        continue;
      }
      const row = this.#nodes.rowOf.get(id);
      if (row === undefined ? others.has(id) : seen[row] !== 0) {
        this.#defects.add('nodes', 'duplicate', id.slice(0, TEXT_MAX));
      }
      if (row === undefined) {
        others.add(id);
      } else {
        // lightningd lists nodes that only a channel names, without the members of an announcement.
        const announced =
          (entry as Readonly<Record<string, unknown>>)['last_timestamp'] !== undefined;
        seen[row] = announced || seen[row] === 2 ? 2 : 1;
      }
    }
    this.#announced = seen;
  }

  finish(): { readonly graph: GraphIndex; readonly changes: GraphChanges } {
    this.#dropUnseen();
    const channelCount = this.#scids.size;
    const nodeCount = this.#nodes.rows.length;
    const before = this.#previous;
    const capacity = new SatSums(nodeCount, before?.capacity);
    const degree = copyInto(new Uint32Array(nodeCount), before?.degree);
    const effectiveSat = copyInto(new Float64Array(channelCount), before?.effectiveSat);
    const ends = copyInto(new Int32Array(channelCount * 2).fill(-1), before?.ends);
    let recomputed = 0;
    let rebuild = before === undefined || nodeCount !== before.nodeIds.length;
    for (let channel = 0; channel < channelCount; channel += 1) {
      if (this.#touched[channel] === 1) {
        recomputed += 1;
        const was = ends[channel * 2];
        const wasOther = ends[channel * 2 + 1];
        this.#count(channel, { capacity, degree, effectiveSat, ends }, -1);
        this.#settle(channel, effectiveSat, ends);
        this.#count(channel, { capacity, degree, effectiveSat, ends }, 1);
        rebuild ||= was !== ends[channel * 2] || wasOther !== ends[channel * 2 + 1];
      }
    }
    const announced = new Uint8Array(nodeCount);
    for (let node = 0; node < nodeCount; node += 1) {
      announced[node] = this.#announced === undefined || this.#announced[node] === 2 ? 1 : 0;
    }
    this.#reportChannels(effectiveSat, ends);
    const lists = rebuild || before === undefined ? adjacency(nodeCount, ends) : before;
    let halvesNow = 0;
    for (let half = 0; half < channelCount * 2; half += 1) {
      halvesNow += (this.#halves.from[half] ?? -1) >= 0 ? 1 : 0;
    }
    return {
      graph: {
        nodeIds: this.#nodes.rows,
        nodeOf: this.#nodes.rowOf,
        announced,
        nodesKnown: this.#announced !== undefined,
        capacity,
        degree,
        scids: this.#scids,
        halves: trim(this.#halves, channelCount * 2),
        effectiveSat,
        ends,
        starts: lists.starts,
        outgoing: lists.outgoing,
        defects: this.#defects.list(),
      },
      changes: {
        unchangedHalves: this.#unchanged,
        changedHalves: halvesNow - this.#unchanged,
        removedHalves: this.#removed,
        recomputedChannels: recomputed,
        adjacencyRebuilt: lists !== before,
      },
    };
  }

  #dropUnseen(): void {
    const { from } = this.#halves;
    const rows = this.#scids.size * 2;
    for (let row = 0; row < rows; row += 1) {
      if (this.#seen[row] !== 1 && (from[row] ?? -1) >= 0) {
        from[row] = -1;
        this.#touched[row >> 1] = 1;
        this.#removed += 1;
      }
    }
  }

  #count(
    channel: number,
    sums: {
      readonly capacity: SatSums;
      readonly degree: Uint32Array;
      readonly effectiveSat: Float64Array;
      readonly ends: Int32Array;
    },
    times: 1 | -1,
  ): void {
    const sat = sums.effectiveSat[channel] ?? 0;
    if (sat === 0) {
      return;
    }
    for (let half = channel * 2; half < channel * 2 + 2; half += 1) {
      const node = sums.ends[half] ?? 0;
      sums.capacity.add(node, sat, times);
      sums.degree[node] = (sums.degree[node] ?? 0) + times;
    }
  }

  /** Which capacity of a channel counts, and between whom. */
  #settle(channel: number, effectiveSat: Float64Array, ends: Int32Array): void {
    const { from, to, capacitySat } = this.#halves;
    const [a, b] = [channel * 2, channel * 2 + 1];
    const [hasA, hasB] = [(from[a] ?? -1) >= 0, (from[b] ?? -1) >= 0];
    const one = hasA ? (from[a] ?? -1) : (to[b] ?? -1);
    const other = hasA ? (to[a] ?? -1) : (from[b] ?? -1);
    const agree = !(hasA && hasB) || (from[b] === other && to[b] === one);
    const counts = (hasA || hasB) && agree;
    ends[a] = counts ? one : -1;
    ends[b] = counts ? other : -1;
    effectiveSat[channel] = counts
      ? Math.min(
          hasA ? (capacitySat[a] ?? 0) : Number.POSITIVE_INFINITY,
          hasB ? (capacitySat[b] ?? 0) : Number.POSITIVE_INFINITY,
        )
      : 0;
  }

  #reportChannels(effectiveSat: Float64Array, ends: Int32Array): void {
    const { from, capacitySat } = this.#halves;
    for (let channel = 0; channel < effectiveSat.length; channel += 1) {
      const a = channel * 2;
      const b = a + 1;
      const both = (from[a] ?? -1) >= 0 && (from[b] ?? -1) >= 0;
      const scid = (): string => this.#scids.textOf(channel);
      if (both && effectiveSat[channel] === 0) {
        this.#defects.add('channels', 'directions_disagree', scid());
      } else if (both && capacitySat[a] !== capacitySat[b]) {
        this.#defects.add('channels', 'capacities_disagree', scid());
      }
      if (
        this.#announced !== undefined &&
        effectiveSat[channel] !== 0 &&
        (this.#announced[ends[a] ?? 0] === 0 || this.#announced[ends[b] ?? 0] === 0)
      ) {
        this.#defects.add('channels', 'unknown_node', scid());
      }
    }
  }
}

function copyInto<
  T extends { set(from: T): void; length: number; subarray(a: number, b: number): T },
>(target: T, from: T | undefined): T {
  if (from !== undefined) {
    target.set(from.length > target.length ? from.subarray(0, target.length) : from);
  }
  return target;
}

/** Drops spare room, without copying. */
function trim(columns: HalfColumns, rows: number): HalfColumns {
  return {
    from: columns.from.subarray(0, rows),
    to: columns.to.subarray(0, rows),
    capacitySat: columns.capacitySat.subarray(0, rows),
    active: columns.active.subarray(0, rows),
    baseMsat: columns.baseMsat.subarray(0, rows),
    feePpm: columns.feePpm.subarray(0, rows),
    htlcMaxSat: columns.htlcMaxSat.subarray(0, rows),
    lastUpdate: columns.lastUpdate.subarray(0, rows),
  };
}
