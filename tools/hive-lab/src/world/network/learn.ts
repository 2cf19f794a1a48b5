import {
  BASE_CLASSES,
  baseClass,
  DEGREE_CLASSES,
  type Distributions,
  degreeClass,
  quantiles,
  type Terms,
} from './distribution.ts';
import { degrees, type PublicNetwork } from './public-network.ts';

/** Combinations of terms kept for each degree class; the rest are spread over these. */
const TERMS_KEPT = 60;

/** Learns the distributions that {@link generateNetwork} reproduces. `source` says where from. */
export function learnDistributions(network: PublicNetwork, source: string): Distributions {
  const degree = degrees(network);
  const classOfChannel = Array.from({ length: network.channelCount }, (_, channel) =>
    degreeClass(
      Math.min(
        degree[network.source[channel * 2] ?? 0] ?? 0,
        degree[network.source[channel * 2 + 1] ?? 0] ?? 0,
      ),
    ),
  );
  const active = Array.from(network.disabled.keys()).filter((half) => network.disabled[half] === 0);
  const classOfHalf = (half: number): number => degreeClass(degree[network.source[half] ?? 0] ?? 0);
  return {
    source,
    nodes: network.nodeCount,
    channels: network.channelCount,
    degree: quantiles([...degree]),
    capacitySat: grouped(
      Array.from(network.capacitySat),
      (_, channel) => classOfChannel[channel] ?? 0,
      DEGREE_CLASSES,
    ).map(quantiles),
    disabled: disabledShares(network, classOfChannel),
    ...sameness(network, active),
    terms: grouped(active, classOfHalf, DEGREE_CLASSES).map((halves) => topTerms(network, halves)),
    feePpm: grouped(active, (half) => baseClass(network.baseMsat[half] ?? 0), BASE_CLASSES).map(
      (halves) => quantiles(halves.map((half) => network.feePpm[half] ?? 0)),
    ),
    htlcMax: htlcMaxima(network, active),
  };
}

function grouped(
  values: readonly number[],
  classOf: (value: number, index: number) => number,
  classes: number,
): number[][] {
  const groups: number[][] = Array.from({ length: classes }, () => []);
  values.forEach((value, index) => groups[classOf(value, index)]?.push(value));
  return groups;
}

function disabledShares(
  network: PublicNetwork,
  classOfChannel: readonly number[],
): [number, number][] {
  const counts = Array.from({ length: DEGREE_CLASSES }, () => ({ all: 0, both: 0, one: 0 }));
  classOfChannel.forEach((group, channel) => {
    const count = counts[group];
    if (count !== undefined) {
      const off = (network.disabled[channel * 2] ?? 0) + (network.disabled[channel * 2 + 1] ?? 0);
      count.all += 1;
      count.both += off === 2 ? 1 : 0;
      count.one += off === 1 ? 1 : 0;
    }
  });
  return counts.map(({ all, both, one }) => [round(both / (all || 1)), round(one / (all || 1))]);
}

/** The chance that two successive active halves of one node have equal terms, and equal fees. */
function sameness(
  network: PublicNetwork,
  active: readonly number[],
): { sameTerms: number; sameFee: number } {
  const last = new Map<number, number>();
  let pairs = 0;
  let terms = 0;
  let fees = 0;
  for (const half of active) {
    const node = network.source[half] ?? 0;
    const other = last.get(node);
    if (other !== undefined) {
      pairs += 1;
      terms += termsKey(network, half) === termsKey(network, other) ? 1 : 0;
      fees += network.feePpm[half] === network.feePpm[other] ? 1 : 0;
    }
    last.set(node, half);
  }
  return { sameTerms: round(terms / (pairs || 1)), sameFee: round(fees / (pairs || 1)) };
}

function termsKey(network: PublicNetwork, half: number): string {
  return `${network.baseMsat[half]},${network.delay[half]},${network.htlcMinMsat[half]}`;
}

function topTerms(network: PublicNetwork, halves: readonly number[]): Terms[] {
  const counts = new Map<string, number>();
  for (const half of halves) {
    const key = termsKey(network, half);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const kept = [...counts]
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .slice(0, TERMS_KEPT);
  const total = kept.reduce((sum, [, count]) => sum + count, 0);
  return kept.map(([key, count]) => {
    const [base = 0, delay = 0, min = 0] = key.split(',').map(Number);
    return [round(count / total), base, delay, min];
  });
}

function htlcMaxima(network: PublicNetwork, active: readonly number[]): Distributions['htlcMax'] {
  const ratios = active.map((half) => {
    const capacity = (network.capacitySat[half >> 1] ?? 0) * 1000;
    return capacity === 0 ? 0 : Math.round(((network.htlcMaxMsat[half] ?? 0) / capacity) * 1e6);
  });
  const rest = ratios.filter((ratio) => ratio !== 1_000_000 && ratio !== 990_000);
  const share = (wanted: number): number =>
    round(ratios.filter((ratio) => ratio === wanted).length / (ratios.length || 1));
  return { full: share(1_000_000), most: share(990_000), ratioPpm: quantiles(rest) };
}

function round(share: number): number {
  return Math.round(share * 1e6) / 1e6;
}

/** The source text of a module that holds a learnt table, as it is committed. */
export function tableSource(table: Distributions): string {
  return (
    `import type { Distributions } from './distribution.ts';\n\n` +
    `/** The public network's shape, written by \`tableSource\` of learn.ts; do not edit. */\n` +
    `export const MAINNET: Distributions = ${JSON.stringify(table)};\n`
  );
}
