import type { GraphIndex } from './graph-index.ts';

/** How payments are priced while measuring reach; integers, msat and sat. */
export interface ReachTerms {
  /** Size of the payment, sat; channels that cannot carry it do not count. */
  readonly paymentSat: number;
  /** Added for every channel passed: fewer hops fail less often. At least 1. */
  readonly hopMsat: number;
  /** A way that costs more counts as none. */
  readonly maxCostMsat: number;
  /**
   * What a failed attempt is worth to a sender, ppm of the payment; a channel fails as often as the
   * payment is a part of it (what it holds on the sending side being unknown).
   */
  readonly riskPpm: number;
}

/** `out`: from the fleet to a node; `in`: from a node to the fleet. */
export type Direction = 'out' | 'in';

/**
 * The channels that can carry the payment, packed for searching: from each node one step to each
 * neighbour at the least cost. In direction `in` steps lead away from the fleet and cost what the
 * neighbour charges for the way towards it.
 */
export interface RouteTable {
  readonly starts: Uint32Array;
  readonly next: Int32Array;
  readonly costMsat: Float64Array;
  /** 1 for nodes with a single neighbour: nothing leads on from there. */
  readonly leaf: Uint8Array;
}

/** Fee of half-channel `half` for the payment, or -1 where it cannot carry it. */
export function halfFeeMsat(graph: GraphIndex, terms: ReachTerms, half: number): number {
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
  return (h.baseMsat[half] ?? 0) + Math.floor(((h.feePpm[half] ?? 0) * terms.paymentSat) / 1000);
}

/** What the risk of failing on channel `channel` is worth, msat; each operation is exact or rounds alike everywhere. */
function riskMsat(graph: GraphIndex, { paymentSat, riskPpm }: ReachTerms, channel: number): number {
  return riskPpm === 0
    ? 0
    : Math.floor(
        ((paymentSat * riskPpm) / 1000) * (paymentSat / (graph.effectiveSat[channel] ?? 1)),
      );
}

/** Packs the graph for one direction. Members' own fees count as nothing: the fleet earns them. */
export function routeTable(
  graph: GraphIndex,
  members: Uint8Array,
  terms: ReachTerms,
  direction: Direction,
): RouteTable {
  const count = graph.nodeIds.length;
  const starts = new Uint32Array(count + 1);
  const next = new Int32Array(graph.outgoing.length);
  const costMsat = new Float64Array(graph.outgoing.length);
  const leaf = new Uint8Array(count);
  // Where the step to a neighbour was written, offset by one; valid from the current node's start on.
  const written = new Uint32Array(count);
  let size = 0;
  for (let node = 0; node < count; node += 1) {
    const first = size;
    starts[node] = first;
    let alone = -1;
    leaf[node] = 1;
    const end = graph.starts[node + 1] ?? 0;
    for (let at = graph.starts[node] ?? 0; at < end; at += 1) {
      const out = graph.outgoing[at] ?? 0;
      const neighbour = graph.ends[out ^ 1] ?? 0;
      if (alone !== -1 && alone !== neighbour) {
        leaf[node] = 0;
      }
      alone = neighbour;
      const half = direction === 'out' ? out : out ^ 1;
      const fee = halfFeeMsat(graph, terms, half);
      if (fee < 0) {
        continue;
      }
      const charged = direction === 'out' && members[node] === 1 ? 0 : fee;
      const cost = terms.hopMsat + charged + riskMsat(graph, terms, half >> 1);
      const place = (written[neighbour] ?? 0) - 1;
      if (place >= first) {
        costMsat[place] = Math.min(costMsat[place] ?? 0, cost);
      } else {
        next[size] = neighbour;
        costMsat[size] = cost;
        size += 1;
        written[neighbour] = size;
      }
    }
  }
  starts[count] = size;
  return { starts, next, costMsat, leaf };
}
