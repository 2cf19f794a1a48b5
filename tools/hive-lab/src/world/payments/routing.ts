import { ROUTE_HOPS_MAX } from '../limits.ts';
import type { Policy } from '../policy.ts';
import { forwardFee } from '../policy.ts';
import type { OnionFailure } from './onion-failure.ts';

/** One direction of a channel, as a route may use it. */
export interface Edge {
  readonly scid: string;
  readonly direction: 0 | 1;
  readonly from: string;
  readonly to: string;
  readonly policy: Policy;
  readonly capacityMsat: bigint;
  /** What is known to pass, where more is known than the capacity. */
  readonly limitMsat?: bigint;
  readonly disabled?: boolean;
  /** How the node at its start answers, where no such channel leads from there to its end. */
  readonly misled?: OnionFailure;
}

/** `SCID/DIRECTION`. */
export function edgeKey(edge: Pick<Edge, 'scid' | 'direction'>): string {
  return `${edge.scid}/${edge.direction}`;
}

/** A network to find routes in. */
export interface RouteGraph {
  /** Edges that lead to a node. */
  readonly into: (node: string) => Iterable<Edge>;
}

/** An edge with what enters and leaves it. */
export interface Hop {
  readonly edge: Edge;
  readonly amountInMsat: bigint;
  readonly amountOutMsat: bigint;
  /** Blocks until expiry at the edge's start and end. */
  readonly cltvIn: number;
  readonly cltvOut: number;
}

/** What to find a route for. */
export interface RouteQuery {
  readonly source: string;
  readonly destination: string;
  readonly amountMsat: bigint;
  readonly finalCltv: number;
  readonly maxDelay: number;
  readonly maxFeeMsat: bigint;
  /** What was learnt about edges: no more than this passes. */
  readonly learnt: ReadonlyMap<string, bigint>;
}

/** How a search ended. */
export type RouteResult =
  | { readonly found: true; readonly hops: readonly Hop[]; readonly feeMsat: bigint }
  | { readonly found: false; readonly reason: 'none' | 'fee' | 'delay' };

interface Label {
  readonly node: string;
  readonly amountMsat: bigint;
  readonly delay: number;
  readonly cost: number;
  readonly hops: number;
  readonly next: { readonly edge: Edge; readonly label: Label } | undefined;
}

/** Price of a block of delay, in millionths of the amount: as riskfactor 10 has it, roughly. */
const DELAY_PPM = 2;

/**
 * The cheapest route by fees, with a little for delay, searched from the destination. Edges of the
 * source cost nothing. Pure: the same graph and query give the same route.
 */
export function findRoute(graph: RouteGraph, query: RouteQuery): RouteResult {
  const best = new Map<string, Label>();
  const queue = new Heap();
  queue.push({
    node: query.destination,
    amountMsat: query.amountMsat,
    delay: query.finalCltv,
    cost: 0,
    hops: 0,
    next: undefined,
  });
  for (let label = queue.pop(); label !== undefined; label = queue.pop()) {
    const known = best.get(label.node);
    if (known !== undefined && known !== label) {
      continue;
    }
    best.set(label.node, label);
    if (label.node === query.source) {
      return finish(label, query);
    }
    if (label.hops === ROUTE_HOPS_MAX) {
      continue;
    }
    for (const edge of graph.into(label.node)) {
      if (!best.has(edge.from)) {
        const step = extend(label, edge, query);
        if (step !== undefined) {
          queue.push(step);
        }
      }
    }
  }
  return { found: false, reason: 'none' };
}

function extend(label: Label, edge: Edge, query: RouteQuery): Label | undefined {
  const amount = label.amountMsat;
  const learnt = query.learnt.get(edgeKey(edge));
  if (
    edge.disabled === true ||
    amount < edge.policy.htlcMinMsat ||
    amount > edge.policy.htlcMaxMsat ||
    amount > (edge.limitMsat ?? edge.capacityMsat) ||
    (learnt !== undefined && amount > learnt)
  ) {
    return undefined;
  }
  const own = edge.from === query.source;
  const fee = own ? 0n : forwardFee(edge.policy, amount);
  const delay = own ? 0 : edge.policy.delay;
  return {
    node: edge.from,
    amountMsat: amount + fee,
    delay: label.delay + delay,
    cost: label.cost + Number(fee) + (Number(amount) * delay * DELAY_PPM) / 1e6 + 1,
    hops: label.hops + 1,
    next: { edge, label },
  };
}

function finish(label: Label, query: RouteQuery): RouteResult {
  const feeMsat = label.amountMsat - query.amountMsat;
  if (feeMsat > query.maxFeeMsat) {
    return { found: false, reason: 'fee' };
  }
  if (label.delay > query.maxDelay) {
    return { found: false, reason: 'delay' };
  }
  const hops: Hop[] = [];
  let at = label;
  while (at.next !== undefined) {
    const { edge, label: next } = at.next;
    hops.push({
      edge,
      amountInMsat: at.amountMsat,
      amountOutMsat: next.amountMsat,
      cltvIn: at.delay,
      cltvOut: next.delay,
    });
    at = next;
  }
  return { found: true, hops, feeMsat };
}

/**
 * How likely a route carries its amount when each edge's balance is even over its capacity, in ppm;
 * edges with a known limit are sure.
 */
export function probabilityPpm(hops: readonly Hop[]): number {
  const product = hops.reduce((chance, { edge, amountOutMsat }) => {
    if (edge.limitMsat !== undefined || edge.capacityMsat === 0n) {
      return chance;
    }
    return chance * (1 - Number(amountOutMsat) / (Number(edge.capacityMsat) + 1));
  }, 1);
  return Math.max(0, Math.floor(product * 1e6));
}

/** A binary heap of labels, cheapest first; equal costs in order of arrival. */
class Heap {
  readonly #items: { readonly label: Label; readonly order: number }[] = [];
  #order = 0;

  push(label: Label): void {
    const items = this.#items;
    const item = { label, order: this.#order };
    this.#order += 1;
    let at = items.length;
    items.push(item);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = items[parent];
      if (above === undefined || !before(item, above)) {
        break;
      }
      items[at] = above;
      at = parent;
    }
    items[at] = item;
  }

  pop(): Label | undefined {
    const items = this.#items;
    const top = items[0];
    const last = items.pop();
    if (top === undefined || last === undefined || items.length === 0) {
      return top?.label;
    }
    let at = 0;
    for (;;) {
      const left = at * 2 + 1;
      const [a, b] = [items[left], items[left + 1]];
      const child = a !== undefined && b !== undefined && before(b, a) ? left + 1 : left;
      const below = items[child];
      if (below === undefined || !before(below, last)) {
        break;
      }
      items[at] = below;
      at = child;
    }
    items[at] = last;
    return top.label;
  }
}

function before(
  a: { readonly label: Label; readonly order: number },
  b: { readonly label: Label; readonly order: number },
): boolean {
  return a.label.cost < b.label.cost || (a.label.cost === b.label.cost && a.order < b.order);
}
