import { SeededRandom } from '@cl-hive/testkit';
import { PUBLIC_CHANNELS_MAX, PUBLIC_NODES_MAX, PUBLIC_NODES_MIN } from '../limits.ts';
import { baseClass, type Distributions, degreeClass, type Terms, valueAt } from './distribution.ts';
import { MAINNET } from './mainnet.gen.ts';
import {
  compareNodes,
  degrees,
  emptyNetwork,
  fillNodes,
  GOSSIP_AGE_SECONDS,
  type PublicNetwork,
  placeChannel,
} from './public-network.ts';

/** What to generate. */
export interface GenerateOptions {
  /** 100 to 100,000. */
  readonly nodes: number;
  readonly seed: number;
  /** Time of the newest gossip, Unix seconds. */
  readonly nowSeconds: number;
  /** Distributions to follow; mainnet's when not given. */
  readonly table?: Distributions;
}

/**
 * A connected public network with the shape of `table`: the same degrees, capacities, policies and
 * share of disabled channels. The same options give the same bytes. Throws RangeError.
 */
export function generateNetwork(options: GenerateOptions): PublicNetwork {
  const { nodes, seed, nowSeconds, table = MAINNET } = options;
  if (!Number.isInteger(nodes) || nodes < PUBLIC_NODES_MIN || nodes > PUBLIC_NODES_MAX) {
    throw new RangeError(
      `a public network has ${PUBLIC_NODES_MIN} to ${PUBLIC_NODES_MAX} nodes, not ${nodes}`,
    );
  }
  const random = new SeededRandom(seed);
  const ends = connect(sampleDegrees(table, nodes, random), random);
  const network = emptyNetwork(nodes, ends.length / 2);
  fillNodes(network, random, nowSeconds);
  for (let channel = 0; channel < network.channelCount; channel += 1) {
    const a = ends[channel * 2] ?? 0;
    const b = ends[channel * 2 + 1] ?? 0;
    const flip = compareNodes(network, a, b) > 0;
    network.source[channel * 2] = flip ? b : a;
    network.source[channel * 2 + 1] = flip ? a : b;
    placeChannel(network, channel, random);
  }
  new PolicyWriter(network, table, random, nowSeconds).write();
  return network;
}

/** Degrees of all nodes, busiest first; stratified, so that small networks have the shape too. */
function sampleDegrees(table: Distributions, nodes: number, random: SeededRandom): number[] {
  const most = Math.floor(nodes / 2);
  const result = Array.from({ length: nodes }, (_, i) =>
    Math.min(most, Math.max(1, valueAt(table.degree, (nodes - 1 - i + random.float()) / nodes))),
  );
  result.sort((a, b) => b - a);
  const total = result.reduce((sum, degree) => sum + degree, 0);
  if (total > PUBLIC_CHANNELS_MAX * 2) {
    throw new RangeError(`${nodes} nodes would have more than ${PUBLIC_CHANNELS_MAX} channels`);
  }
  return result;
}

/**
 * Joins nodes at random by their degrees: each new node first takes a free end of the nodes before it,
 * which keeps the whole connected; the ends that are left over are paired. Returns pairs of nodes in
 * random order.
 */
function connect(degree: readonly number[], random: SeededRandom): Uint32Array {
  const pairs: number[] = [];
  const free: number[] = [];
  degree.forEach((count, node) => {
    if (node > 0) {
      pairs.push(takeAt(free, random.below(free.length)) ?? random.below(node), node);
    }
    for (let i = node > 0 ? 1 : 0; i < count; i += 1) {
      free.push(node);
    }
  });
  shuffle(free, random);
  for (let i = free.length - 1; i > 0; i -= 2) {
    const a = free[i] ?? 0;
    // A hub that would meet itself looks further down for another partner.
    for (let other = i - 1; other >= 0 && other > i - 64; other -= 1) {
      const b = free[other] ?? 0;
      if (b !== a) {
        free[other] = free[i - 1] ?? 0;
        pairs.push(a, b);
        break;
      }
    }
  }
  const ends = new Uint32Array(pairs.length);
  const order = Array.from({ length: pairs.length / 2 }, (_, i) => i);
  shuffle(order, random);
  order.forEach((from, to) => {
    ends[to * 2] = pairs[from * 2] ?? 0;
    ends[to * 2 + 1] = pairs[from * 2 + 1] ?? 0;
  });
  return ends;
}

function takeAt(items: number[], at: number): number | undefined {
  const last = items.pop();
  if (at >= items.length) {
    return last;
  }
  const taken = items[at];
  items[at] = last ?? 0;
  return taken;
}

function shuffle(items: number[], random: SeededRandom): void {
  for (let i = items.length - 1; i > 0; i -= 1) {
    const j = random.below(i + 1);
    const held = items[i] ?? 0;
    items[i] = items[j] ?? 0;
    items[j] = held;
  }
}

/** Gives channels their capacity and both their directions a policy. */
class PolicyWriter {
  readonly #network: PublicNetwork;
  readonly #table: Distributions;
  readonly #random: SeededRandom;
  readonly #now: number;
  readonly #degree: Uint32Array;
  /** What each node used last: terms, and its proportional fee. */
  readonly #terms: (Terms | undefined)[] = [];
  readonly #fee: (number | undefined)[] = [];

  constructor(network: PublicNetwork, table: Distributions, random: SeededRandom, now: number) {
    this.#network = network;
    this.#table = table;
    this.#random = random;
    this.#now = now;
    this.#degree = degrees(network);
  }

  write(): void {
    const { channelCount, source, capacitySat, disabled } = this.#network;
    for (let channel = 0; channel < channelCount; channel += 1) {
      const left = this.#degree[source[channel * 2] ?? 0] ?? 0;
      const right = this.#degree[source[channel * 2 + 1] ?? 0] ?? 0;
      const group = degreeClass(Math.min(left, right));
      capacitySat[channel] = valueAt(this.#table.capacitySat[group] ?? [], this.#random.float());
      const [both, one] = this.#table.disabled[group] ?? [0, 0];
      const draw = this.#random.float();
      const first = this.#random.below(2);
      disabled[channel * 2 + first] = draw < both + one ? 1 : 0;
      disabled[channel * 2 + 1 - first] = draw < both ? 1 : 0;
      this.#policy(channel * 2);
      this.#policy(channel * 2 + 1);
    }
  }

  #policy(half: number): void {
    const { network, random } = { network: this.#network, random: this.#random };
    const node = network.source[half] ?? 0;
    const keep = this.#terms[node];
    const terms =
      keep !== undefined && random.float() < this.#table.sameTerms ? keep : this.#drawTerms(node);
    const [, base, delay, min] = terms;
    const keptFee =
      keep !== undefined && baseClass(keep[1]) === baseClass(base) ? this.#fee[node] : undefined;
    const fee =
      keptFee !== undefined && random.float() < this.#table.sameFee
        ? keptFee
        : valueAt(this.#table.feePpm[baseClass(base)] ?? [], random.float());
    this.#terms[node] = terms;
    this.#fee[node] = fee;
    network.baseMsat[half] = base;
    network.delay[half] = delay;
    network.htlcMinMsat[half] = min;
    network.feePpm[half] = fee;
    network.htlcMaxMsat[half] = this.#htlcMax((network.capacitySat[half >> 1] ?? 0) * 1000);
    network.lastUpdate[half] = this.#now - random.below(GOSSIP_AGE_SECONDS);
  }

  #drawTerms(node: number): Terms {
    const list = this.#table.terms[degreeClass(this.#degree[node] ?? 0)] ?? [];
    let left = this.#random.float();
    for (const terms of list) {
      left -= terms[0];
      if (left < 0) {
        return terms;
      }
    }
    return list[0] ?? [1, 1000, 40, 1];
  }

  #htlcMax(capacityMsat: number): number {
    const { full, most, ratioPpm } = this.#table.htlcMax;
    const draw = this.#random.float();
    if (draw < full) {
      return capacityMsat;
    }
    if (draw < full + most) {
      return (capacityMsat / 100) * 99;
    }
    return Math.floor((capacityMsat / 1e6) * valueAt(ratioPpm, this.#random.float()));
  }
}
