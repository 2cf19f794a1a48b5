import type { NodeId } from '@cl-hive/core';
import type { Defect } from '../defects.ts';
import type { SatSums } from './sat-sums.ts';
import type { ScidTable } from './scid-table.ts';

/**
 * The public graph as columns. Half-channel `h = 2 * channel + direction` leaves node `ends[h]` and
 * arrives at `ends[h ^ 1]`. Rows keep their place from cycle to cycle, in the order in which they were
 * first seen: nothing that is planned may depend on a row's number. Never changed after it was made;
 * the next one shares what did not change.
 */
export interface GraphIndex {
  readonly nodeIds: readonly NodeId[];
  readonly nodeOf: ReadonlyMap<string, number>;
  /** By node, 1 where it announced itself, 0 where not; 1 everywhere while no list of nodes was given. */
  readonly announced: Uint8Array;
  /** Whether a list of nodes was given. */
  readonly nodesKnown: boolean;
  /** Public capacity by node, each channel once. */
  readonly capacity: SatSums;
  /** Public channels by node. */
  readonly degree: Uint32Array;
  readonly scids: ScidTable;
  readonly halves: HalfColumns;
  /** By channel, the capacity in sat that counts; 0 where the channel is left out. */
  readonly effectiveSat: Float64Array;
  /** By half-channel, the node it leaves; -1 where the channel is left out. */
  readonly ends: Int32Array;
  /** By node, where its half-channels begin in `outgoing`; one entry more than nodes. */
  readonly starts: Uint32Array;
  /** Half-channels by the node that they leave; those without a policy of their own included. */
  readonly outgoing: Uint32Array;
  /** What was wrong with the entries of this cycle. */
  readonly defects: readonly Defect[];
}

/** What gossip says, by half-channel; `from` is -1 where nothing was said. */
export interface HalfColumns {
  readonly from: Int32Array;
  readonly to: Int32Array;
  readonly capacitySat: Float64Array;
  readonly active: Uint8Array;
  readonly baseMsat: Float64Array;
  readonly feePpm: Float64Array;
  readonly htlcMaxSat: Float64Array;
  readonly lastUpdate: Float64Array;
}

/** How much of the index was made anew; for measuring, never for planning. */
export interface GraphChanges {
  /** Half-channels whose entry was as before: nothing was computed for them. */
  readonly unchangedHalves: number;
  readonly changedHalves: number;
  readonly removedHalves: number;
  /** Channels whose part in the sums of their nodes was computed. */
  readonly recomputedChannels: number;
  /** Whether the lists of neighbours were made anew. */
  readonly adjacencyRebuilt: boolean;
}

/** Room for `rows` half-channels that starts with what `from` holds. */
export function halfColumns(rows: number, from?: HalfColumns): HalfColumns {
  const columns: HalfColumns = {
    from: new Int32Array(rows).fill(-1),
    to: new Int32Array(rows).fill(-1),
    capacitySat: new Float64Array(rows),
    active: new Uint8Array(rows),
    baseMsat: new Float64Array(rows),
    feePpm: new Float64Array(rows),
    htlcMaxSat: new Float64Array(rows),
    lastUpdate: new Float64Array(rows),
  };
  if (from !== undefined) {
    columns.from.set(from.from);
    columns.to.set(from.to);
    columns.capacitySat.set(from.capacitySat);
    columns.active.set(from.active);
    columns.baseMsat.set(from.baseMsat);
    columns.feePpm.set(from.feePpm);
    columns.htlcMaxSat.set(from.htlcMaxSat);
    columns.lastUpdate.set(from.lastUpdate);
  }
  return columns;
}

/** The node id of row `node`. Throws RangeError when there is none. */
export function nodeIdAt(graph: Pick<GraphIndex, 'nodeIds'>, node: number): NodeId {
  const id = graph.nodeIds[node];
  if (id === undefined) {
    throw new RangeError(`the graph has no node ${node}`);
  }
  return id;
}
