import type { GraphIndex } from './graph-index.ts';
import { MinHeap } from './min-heap.ts';
import {
  type Direction,
  halfFeeMsat,
  type ReachTerms,
  type RouteTable,
  routeTable,
} from './route-table.ts';

/**
 * What it costs to send the reference payment between the fleet, taken as one node, and every other
 * node. Fees of members are not counted: the fleet earns them. Towards the fleet a node's own fee
 * counts, because it forwards what others send.
 */
export interface Reach {
  readonly table: RouteTable;
  /** By node, msat; `maxCostMsat` where there is no way within it. */
  readonly costMsat: Float64Array;
  /** By node, the neighbour of the fleet that the cheapest way passes; -1 for members and without a way. */
  readonly via: Int32Array;
}

/** Cheapest costs between the fleet and all nodes; ties go to the neighbour with the lesser id. */
export function reachOf(
  graph: GraphIndex,
  members: Uint8Array,
  terms: ReachTerms,
  direction: Direction,
): Reach {
  const table = routeTable(graph, members, terms, direction);
  const count = graph.nodeIds.length;
  const costMsat = new Float64Array(count).fill(terms.maxCostMsat);
  const via = new Int32Array(count).fill(-1);
  const heap = new MinHeap();
  for (let node = 0; node < count; node += 1) {
    if (members[node] === 1) {
      costMsat[node] = 0;
      heap.push(0, node);
    }
  }
  while (heap.size > 0) {
    const key = heap.leastKey;
    const node = heap.pop();
    // Every node is pushed once for each of its ever lower costs; all but the last are out of date.
    if (key > (costMsat[node] ?? 0)) {
      continue;
    }
    const isMember = members[node] === 1;
    const end = table.starts[node + 1] ?? 0;
    for (let at = table.starts[node] ?? 0; at < end; at += 1) {
      const next = table.next[at] ?? 0;
      const total = key + (table.costMsat[at] ?? 0);
      const known = costMsat[next] ?? 0;
      if (total < known) {
        costMsat[next] = total;
        via[next] = isMember ? next : (via[node] ?? -1);
        if (table.leaf[next] !== 1) {
          heap.push(total, next);
        }
      } else if (total === known && total < terms.maxCostMsat) {
        const first = isMember ? next : (via[node] ?? -1);
        via[next] = precedes(graph, first, via[next] ?? -1) ? first : (via[next] ?? -1);
      }
    }
  }
  return { table, costMsat, via };
}

function precedes(graph: GraphIndex, a: number, b: number): boolean {
  return a !== b && a >= 0 && b >= 0 && (graph.nodeIds[a] ?? '') < (graph.nodeIds[b] ?? '');
}

/** What one new channel would change. */
export interface ReachGain {
  /** Sum over nodes of weight times msat saved. */
  readonly savedMsat: number;
  /** Nodes to or from which a payment becomes possible at all. */
  readonly opened: number;
  /** Nodes whose payments become cheaper, newly possible ones included. */
  readonly improved: number;
  /** Weight of improved nodes that so far depend on a bottleneck. */
  readonly relieved: number;
}

/** Computes what a channel between the fleet and one node would gain; its scratch space is reused. */
export class GainMeter {
  readonly #maxCostMsat: number;
  readonly #weights: Uint8Array;
  readonly #bottlenecks: Uint8Array;
  readonly #best: Float64Array;
  readonly #round: Uint32Array;
  readonly #heap = new MinHeap();
  #rounds = 0;
  #savedMsat = 0;
  #opened = 0;
  #improved = 0;
  #relieved = 0;

  /** `weights` and `bottlenecks` (1 where the fleet depends too much on it) are by node. */
  constructor(terms: ReachTerms, weights: Uint8Array, bottlenecks: Uint8Array) {
    this.#maxCostMsat = terms.maxCostMsat;
    this.#weights = weights;
    this.#bottlenecks = bottlenecks;
    this.#best = new Float64Array(weights.length);
    this.#round = new Uint32Array(weights.length);
  }

  /**
   * The gain when `target` costs `startMsat` over the new channel. Only nodes that gain are visited:
   * what a node that does not gain leads to does not gain through it either.
   */
  gain(reach: Reach, target: number, startMsat: number): ReachGain {
    this.#rounds += 1;
    this.#savedMsat = 0;
    this.#opened = 0;
    this.#improved = 0;
    this.#relieved = 0;
    const heap = this.#heap;
    if (startMsat < (reach.costMsat[target] ?? 0)) {
      this.#best[target] = startMsat;
      this.#round[target] = this.#rounds;
      heap.push(startMsat, target);
    }
    while (heap.size > 0) {
      const key = heap.leastKey;
      const node = heap.pop();
      if (key <= (this.#best[node] ?? 0)) {
        this.#tally(reach, node, key);
        this.#relax(reach, node, key);
      }
    }
    return {
      savedMsat: this.#savedMsat,
      opened: this.#opened,
      improved: this.#improved,
      relieved: this.#relieved,
    };
  }

  #tally(reach: Reach, node: number, key: number): void {
    const before = reach.costMsat[node] ?? 0;
    const weight = this.#weights[node] ?? 0;
    this.#savedMsat += weight * (before - key);
    this.#improved += 1;
    this.#opened += before === this.#maxCostMsat ? 1 : 0;
    const via = reach.via[node] ?? -1;
    this.#relieved += via >= 0 && this.#bottlenecks[via] === 1 ? weight : 0;
  }

  #relax(reach: Reach, node: number, key: number): void {
    const { table, costMsat } = reach;
    const [best, rounds, round, heap] = [this.#best, this.#round, this.#rounds, this.#heap];
    const end = table.starts[node + 1] ?? 0;
    for (let at = table.starts[node] ?? 0; at < end; at += 1) {
      const next = table.next[at] ?? 0;
      const total = key + (table.costMsat[at] ?? 0);
      if (total < (costMsat[next] ?? 0) && (rounds[next] !== round || total < (best[next] ?? 0))) {
        if (table.leaf[next] === 1) {
          this.#tally(reach, next, total);
        } else {
          best[next] = total;
          rounds[next] = round;
          heap.push(total, next);
        }
      }
    }
  }
}

/** What the node itself would charge on a new channel: the median of its other channels' fees, msat. */
export function medianFeeMsat(graph: GraphIndex, terms: ReachTerms, node: number): number {
  const fees: number[] = [];
  const end = graph.starts[node + 1] ?? 0;
  for (let at = graph.starts[node] ?? 0; at < end; at += 1) {
    const fee = halfFeeMsat(graph, terms, graph.outgoing[at] ?? 0);
    if (fee >= 0) {
      fees.push(fee);
    }
  }
  fees.sort((a, b) => a - b);
  return fees[Math.floor((fees.length - 1) / 2)] ?? 0;
}
