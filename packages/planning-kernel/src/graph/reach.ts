import type { GraphIndex } from './graph-index.ts';
import { MinHeap } from './min-heap.ts';

/** How payments are priced while measuring reach; integers, msat and sat. */
export interface ReachTerms {
  /** Size of the payment, sat; channels that cannot carry it do not count. */
  readonly paymentSat: number;
  /** Added for every channel passed: fewer hops fail less often. At least 1. */
  readonly hopMsat: number;
  /** A way that costs more counts as none. */
  readonly maxCostMsat: number;
}

/** `out`: from the fleet to a node; `in`: from a node to the fleet. */
export type Direction = 'out' | 'in';

/**
 * What it costs to send the reference payment between the fleet, taken as one node, and every other
 * node. Fees of members are not counted: the fleet earns them. Towards the fleet a node's own fee
 * counts, because it forwards what others send.
 */
export interface Reach {
  readonly direction: Direction;
  /** By node, msat; `maxCostMsat` where there is no way within it. */
  readonly costMsat: Float64Array;
  /** By node, the neighbour of the fleet that the cheapest way passes; -1 for members and without a way. */
  readonly via: Int32Array;
}

/** Cost of passing half-channel `half`, or -1 where it cannot carry the payment. */
function halfCost(graph: GraphIndex, terms: ReachTerms, half: number, free: boolean): number {
  const h = graph.halves;
  if (
    h.active[half] !== 1 ||
    (h.from[half] ?? -1) < 0 ||
    (graph.effectiveSat[half >> 1] ?? 0) < terms.paymentSat ||
    (h.htlcMaxSat[half] ?? 0) < terms.paymentSat
  ) {
    return -1;
  }
  // ppm of a payment in sat is thousandths of an msat.
  const fee =
    (h.baseMsat[half] ?? 0) + Math.floor(((h.feePpm[half] ?? 0) * terms.paymentSat) / 1000);
  return terms.hopMsat + (free ? 0 : fee);
}

/** Cheapest costs between the fleet and all nodes; ties go to the neighbour with the lesser id. */
export function reachOf(
  graph: GraphIndex,
  members: Uint8Array,
  terms: ReachTerms,
  direction: Direction,
): Reach {
  const count = graph.nodeIds.length;
  const costMsat = new Float64Array(count).fill(terms.maxCostMsat);
  const via = new Int32Array(count).fill(-1);
  const settled = new Uint8Array(count);
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
    if (settled[node] === 1 || key > (costMsat[node] ?? 0)) {
      continue;
    }
    settled[node] = 1;
    const isMember = members[node] === 1;
    const end = graph.starts[node + 1] ?? 0;
    for (let at = graph.starts[node] ?? 0; at < end; at += 1) {
      const out = graph.outgoing[at] ?? 0;
      const next = graph.ends[out ^ 1] ?? 0;
      const half = direction === 'out' ? out : out ^ 1;
      const cost =
        settled[next] === 1 ? -1 : halfCost(graph, terms, half, isMember && direction === 'out');
      const total = key + cost;
      const known = costMsat[next] ?? 0;
      if (cost >= 0 && total < terms.maxCostMsat && total <= known) {
        const first = isMember ? next : (via[node] ?? -1);
        if (total < known) {
          costMsat[next] = total;
          via[next] = first;
          heap.push(total, next);
        } else if (precedes(graph, first, via[next] ?? -1)) {
          via[next] = first;
        }
      }
    }
  }
  return { direction, costMsat, via };
}

function precedes(graph: GraphIndex, a: number, b: number): boolean {
  return a >= 0 && b >= 0 && (graph.nodeIds[a] ?? '') < (graph.nodeIds[b] ?? '');
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
  readonly #graph: GraphIndex;
  readonly #terms: ReachTerms;
  readonly #weights: Uint8Array;
  readonly #bottlenecks: Uint8Array;
  readonly #best: Float64Array;
  readonly #round: Uint32Array;
  #rounds = 0;

  /** `weights` and `bottlenecks` (1 where the fleet depends too much on it) are by node. */
  constructor(graph: GraphIndex, terms: ReachTerms, weights: Uint8Array, bottlenecks: Uint8Array) {
    this.#graph = graph;
    this.#terms = terms;
    this.#weights = weights;
    this.#bottlenecks = bottlenecks;
    this.#best = new Float64Array(graph.nodeIds.length);
    this.#round = new Uint32Array(graph.nodeIds.length);
  }

  /**
   * The gain when `target` costs `startMsat` over the new channel. Only nodes that gain are visited:
   * what a node that does not gain leads to does not gain through it either.
   */
  gain(reach: Reach, target: number, startMsat: number): ReachGain {
    const { costMsat } = reach;
    this.#rounds += 1;
    const round = this.#rounds;
    const sums = { savedMsat: 0, opened: 0, improved: 0, relieved: 0 };
    const heap = new MinHeap();
    if (startMsat < (costMsat[target] ?? 0)) {
      this.#best[target] = startMsat;
      this.#round[target] = round;
      heap.push(startMsat, target);
    }
    while (heap.size > 0) {
      const key = heap.leastKey;
      const node = heap.pop();
      if (key > (this.#best[node] ?? 0)) {
        continue;
      }
      // An equal second entry of a node is passed over, because its best is lowered here.
      this.#best[node] = key - 0.5;
      this.#tally(sums, reach, node, key);
      this.#relax(heap, reach, node, key, round);
    }
    return sums;
  }

  #tally(
    sums: { savedMsat: number; opened: number; improved: number; relieved: number },
    reach: Reach,
    node: number,
    key: number,
  ): void {
    const before = reach.costMsat[node] ?? 0;
    const weight = this.#weights[node] ?? 0;
    sums.savedMsat += weight * (before - key);
    sums.improved += 1;
    sums.opened += before === this.#terms.maxCostMsat ? 1 : 0;
    const via = reach.via[node] ?? -1;
    sums.relieved += via >= 0 && this.#bottlenecks[via] === 1 ? weight : 0;
  }

  #relax(heap: MinHeap, reach: Reach, node: number, key: number, round: number): void {
    const graph = this.#graph;
    const end = graph.starts[node + 1] ?? 0;
    for (let at = graph.starts[node] ?? 0; at < end; at += 1) {
      const out = graph.outgoing[at] ?? 0;
      const next = graph.ends[out ^ 1] ?? 0;
      const cost = halfCost(graph, this.#terms, reach.direction === 'out' ? out : out ^ 1, false);
      const total = key + cost;
      if (cost < 0 || total >= (reach.costMsat[next] ?? 0)) {
        continue;
      }
      if (this.#round[next] !== round || total < (this.#best[next] ?? 0)) {
        this.#best[next] = total;
        this.#round[next] = round;
        heap.push(total, next);
      }
    }
  }
}

/** What the node itself would charge on a new channel: the median of its other channels' fees, msat. */
export function medianFeeMsat(graph: GraphIndex, terms: ReachTerms, node: number): number {
  const costs: number[] = [];
  const end = graph.starts[node + 1] ?? 0;
  for (let at = graph.starts[node] ?? 0; at < end; at += 1) {
    const cost = halfCost(graph, terms, graph.outgoing[at] ?? 0, false);
    if (cost >= 0) {
      costs.push(cost - terms.hopMsat);
    }
  }
  costs.sort((a, b) => a - b);
  return costs[Math.floor((costs.length - 1) / 2)] ?? 0;
}
