import type { SeededRandom } from '@cl-hive/testkit';
import type { ChannelEntry } from './network.ts';

/** A payment of the sample. */
export interface Payment {
  readonly from: string;
  readonly to: string;
  readonly sat: number;
}

/** How well a fleet carries a sample of payments from a stranger to a stranger. */
export interface RoutingAbility {
  /** Mean probability of the best route over the fleet; 0 where there is none. */
  readonly probability: number;
  /** Mean fee that its senders pay on it, ppm; of payments that find a route. */
  readonly feePpm: number;
  /** Mean of all that the sender minds: fees, hops and the risk of failing, 1 % without a route; ppm. */
  readonly costPpm: number;
  /** Part of the payments whose best route over the fleet costs at most a tenth more than any other. */
  readonly competitive: number;
}

/** What a lost attempt is worth to a sender, as a part of the payment: a tenth of a percent. */
const RISK_PPM = 1_000;
/** What a payment costs that finds no route over the fleet, ppm: its sender goes elsewhere, dearly. */
const NO_ROUTE_PPM = 10_000;
/** Time and locked funds of a hop, msat. */
const HOP_MSAT = 100;

/** A fixed sample: both ends are drawn by channels, so that busy nodes pay and are paid more. */
export function samplePayments(
  channels: readonly ChannelEntry[],
  count: number,
  random: SeededRandom,
): readonly Payment[] {
  const payments: Payment[] = [];
  while (payments.length < count) {
    const from = random.pick(channels).source;
    const to = random.pick(channels).source;
    const sat = [50_000, 200_000, 1_000_000][payments.length % 3] ?? 0;
    if (from !== to) {
      payments.push({ from, to, sat });
    }
  }
  return payments;
}

interface Edge {
  readonly to: number;
  readonly entry: ChannelEntry;
}

/**
 * Measures with routes of its own, apart from the planner's reach: cheapest by fee and risk, each
 * channel holding a uniformly unknown part of its capacity, each member a node of its own.
 */
export function routingAbility(
  channels: readonly ChannelEntry[],
  members: ReadonlySet<string>,
  payments: readonly Payment[],
): RoutingAbility {
  const graph = new RoutingGraph(channels, members);
  let [probability, fees, costs, found, competitive] = [0, 0, 0, 0, 0];
  for (const payment of payments) {
    const any = graph.best(payment, false);
    const over = graph.best(payment, true);
    if (over !== undefined && any !== undefined) {
      found += 1;
      probability += over.probability;
      costs += (over.cost / payment.sat) * 1000;
      fees += (over.feeMsat / payment.sat) * 1000;
      competitive += over.cost <= any.cost * 1.1 ? 1 : 0;
    } else {
      costs += NO_ROUTE_PPM;
    }
  }
  return {
    probability: probability / payments.length,
    feePpm: found === 0 ? Number.POSITIVE_INFINITY : fees / found,
    costPpm: costs / payments.length,
    competitive: competitive / payments.length,
  };
}

interface Route {
  readonly cost: number;
  readonly probability: number;
  readonly feeMsat: number;
}

class RoutingGraph {
  readonly #rows = new Map<string, number>();
  readonly #edges: Edge[][] = [];
  readonly #member: boolean[] = [];

  constructor(channels: readonly ChannelEntry[], members: ReadonlySet<string>) {
    for (const entry of channels.filter(({ active }) => active)) {
      const from = this.#row(entry.source, members);
      this.#edges[from]?.push({ to: this.#row(entry.destination, members), entry });
    }
  }

  #row(id: string, members: ReadonlySet<string>): number {
    const known = this.#rows.get(id);
    if (known !== undefined) {
      return known;
    }
    const row = this.#rows.size;
    this.#rows.set(id, row);
    this.#edges.push([]);
    this.#member.push(members.has(id));
    return row;
  }

  /** The best route, or the best that a member forwards; the sender's own channel is free. */
  best({ from, to, sat }: Payment, overFleet: boolean): Route | undefined {
    const [start, end] = [this.#rows.get(from), this.#rows.get(to)];
    if (start === undefined || end === undefined) {
      return undefined;
    }
    const count = this.#edges.length;
    // Second layer: a member was passed.
    const cost = new Float64Array(count * 2).fill(Number.POSITIVE_INFINITY);
    const fee = new Float64Array(count * 2);
    const chance = new Float64Array(count * 2);
    const queue = new Queue();
    cost[start] = 0;
    chance[start] = 1;
    queue.push(0, start);
    const goal = overFleet ? end + count : end;
    for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
      const [key, place] = at;
      if (key > (cost[place] ?? 0)) {
        continue;
      }
      if (place === goal) {
        return { cost: key, probability: chance[place] ?? 0, feeMsat: fee[place] ?? 0 };
      }
      const node = place % count;
      for (const { to: next, entry } of this.#edges[node] ?? []) {
        const capacity = entry.amount_msat / 1000;
        if (sat > Math.min(capacity, entry.htlc_maximum_msat / 1000)) {
          continue;
        }
        const p = 1 - sat / (capacity + 1);
        const own = place === start;
        const paid = own ? 0 : entry.base_fee_millisatoshi + (entry.fee_per_millionth * sat) / 1000;
        const total = key + paid + HOP_MSAT - Math.log(p) * (RISK_PPM / 1000) * sat;
        const target =
          next + (overFleet && (place >= count || (this.#member[next] ?? false)) ? count : 0);
        if (total < (cost[target] ?? 0)) {
          cost[target] = total;
          fee[target] = (fee[place] ?? 0) + paid;
          chance[target] = (chance[place] ?? 0) * p;
          queue.push(total, target);
        }
      }
    }
    return undefined;
  }
}

class Queue {
  readonly #keys: number[] = [];
  readonly #places: number[] = [];

  push(key: number, place: number): void {
    let at = this.#keys.length;
    this.#keys.push(key);
    this.#places.push(place);
    while (at > 0) {
      const above = (at - 1) >> 1;
      if ((this.#keys[above] ?? 0) <= key) {
        break;
      }
      this.#swap(at, above);
      at = above;
    }
  }

  pop(): readonly [number, number] | undefined {
    const [key, place] = [this.#keys[0], this.#places[0]];
    const [lastKey, lastPlace] = [this.#keys.pop(), this.#places.pop()];
    if (key === undefined || place === undefined) {
      return undefined;
    }
    if (this.#keys.length > 0 && lastKey !== undefined && lastPlace !== undefined) {
      this.#keys[0] = lastKey;
      this.#places[0] = lastPlace;
      this.#sink();
    }
    return [key, place];
  }

  #sink(): void {
    let at = 0;
    for (;;) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      let least = at;
      for (const below of [left, right]) {
        if (below < this.#keys.length && (this.#keys[below] ?? 0) < (this.#keys[least] ?? 0)) {
          least = below;
        }
      }
      if (least === at) {
        return;
      }
      this.#swap(at, least);
      at = least;
    }
  }

  #swap(a: number, b: number): void {
    [this.#keys[a], this.#keys[b]] = [this.#keys[b] ?? 0, this.#keys[a] ?? 0];
    [this.#places[a], this.#places[b]] = [this.#places[b] ?? 0, this.#places[a] ?? 0];
  }
}
