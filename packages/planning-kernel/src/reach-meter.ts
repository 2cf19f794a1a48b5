import type { NodeId } from '@cl-hive/core';
import { compareBy } from './canonical.ts';
import { hasFlag } from './flags.ts';
import { type GraphIndex, nodeIdAt } from './graph/graph-index.ts';
import { GainMeter, medianFeeMsat, type Reach, reachOf } from './graph/reach.ts';
import type { ReachTerms } from './graph/route-table.ts';
import { ratioPpm } from './numbers.ts';
import type { Snapshot } from './snapshot.ts';

/** What a channel to one target would do for the reach of the whole fleet. */
export interface TargetReach {
  /** Saved over all nodes, weighted by the digits of their capacity, msat. */
  readonly savedMsat: number;
  /** Nodes to which, and from which, a payment becomes possible. */
  readonly openedOut: number;
  readonly openedIn: number;
  /** Nodes to which, and from which, it becomes cheaper or possible. */
  readonly improvedOut: number;
  readonly improvedIn: number;
  /** Weight of nodes that no longer depend on a bottleneck. */
  readonly relieved: number;
  /** What the target is thought to charge on the new channel, msat. */
  readonly targetFeeMsat: number;
}

/** A neighbour over which much of the fleet's reach leads. */
export interface Bottleneck {
  readonly node: NodeId;
  readonly sharePpm: number;
}

/** The fleet's present reach and what each target would add to it. */
export interface ReachMeter {
  /** Nodes that a payment reaches, and that reach the fleet, within the terms; members not counted. */
  readonly reachedOut: number;
  readonly reachedIn: number;
  readonly bottlenecks: readonly Bottleneck[];
  gainOf(node: number): TargetReach;
}

/** Measures the fleet's reach: two searches of the graph, and for each target only what it improves. */
export function reachMeter(snapshot: Snapshot, graph: GraphIndex, members: Uint8Array): ReachMeter {
  const { config } = snapshot;
  const terms: ReachTerms = {
    paymentSat: config.paymentSat,
    hopMsat: config.hopMsat,
    maxCostMsat: config.maxPaymentCostMsat,
    riskPpm: hasFlag(snapshot.flags, 'riskInReach') ? config.riskPpm : 0,
  };
  const out = reachOf(graph, members, terms, 'out');
  const inward = reachOf(graph, members, terms, 'in');
  const weights = digitWeights(graph);
  const bottlenecks = bottlenecksOf(graph, out, weights, config.bottleneckPpm);
  const rows = new Uint8Array(graph.nodeIds.length);
  for (const { node } of bottlenecks) {
    rows[graph.nodeOf.get(node) ?? 0] = 1;
  }
  const meter = new GainMeter(terms, weights, rows);
  return {
    reachedOut: reached(out, members, terms),
    reachedIn: reached(inward, members, terms),
    bottlenecks,
    gainOf: (node) => {
      const targetFeeMsat = medianFeeMsat(graph, terms, node);
      const there = meter.gain(out, node, terms.hopMsat);
      const back = meter.gain(inward, node, terms.hopMsat + targetFeeMsat);
      return {
        savedMsat: there.savedMsat + back.savedMsat,
        openedOut: there.opened,
        openedIn: back.opened,
        improvedOut: there.improved,
        improvedIn: back.improved,
        relieved: there.relieved + back.relieved,
        targetFeeMsat,
      };
    },
  };
}

/** A node weighs as many as its capacity has binary digits: large ones more, without ruling. */
function digitWeights(graph: GraphIndex): Uint8Array {
  const weights = new Uint8Array(graph.nodeIds.length);
  for (let node = 0; node < weights.length; node += 1) {
    let rest = graph.capacity.get(node);
    let digits = 0;
    while (rest >= 1) {
      rest /= 2;
      digits += 1;
    }
    weights[node] = digits;
  }
  return weights;
}

function bottlenecksOf(
  graph: GraphIndex,
  out: Reach,
  weights: Uint8Array,
  bottleneckPpm: number,
): readonly Bottleneck[] {
  const led = new Map<number, number>();
  let all = 0;
  out.via.forEach((via, node) => {
    if (via >= 0) {
      const weight = weights[node] ?? 0;
      all += weight;
      led.set(via, (led.get(via) ?? 0) + weight);
    }
  });
  return [...led]
    .map(([node, weight]) => ({ node: nodeIdAt(graph, node), sharePpm: ratioPpm(weight, all) }))
    .filter(({ sharePpm }) => sharePpm > bottleneckPpm)
    .sort(compareBy((b) => b.node));
}

function reached(reach: Reach, members: Uint8Array, terms: ReachTerms): number {
  let count = 0;
  reach.costMsat.forEach((cost, node) => {
    count += members[node] !== 1 && cost < terms.maxCostMsat ? 1 : 0;
  });
  return count;
}
