/**
 * What was learnt from a snapshot of the public network, small enough to commit. Quantile lists give
 * the value at each of {@link POSITIONS}. Degree classes: see {@link degreeClass}.
 */
export interface Distributions {
  readonly source: string;
  readonly nodes: number;
  readonly channels: number;
  /** Channels of a node. */
  readonly degree: readonly number[];
  /** Satoshi, by the degree class of the end with fewer channels. */
  readonly capacitySat: readonly (readonly number[])[];
  /** Share of channels with both and with exactly one direction disabled, by that same class. */
  readonly disabled: readonly (readonly [both: number, one: number])[];
  /** How often two half-channels of one node carry the same terms, and the same proportional fee. */
  readonly sameTerms: number;
  readonly sameFee: number;
  /** Terms that go together, by the degree class of the node that sets them; shares sum to 1. */
  readonly terms: readonly (readonly Terms[])[];
  /** Proportional fee in ppm, by {@link baseClass}. */
  readonly feePpm: readonly (readonly number[])[];
  /** Largest HTLC: share that equals the capacity, share at 99 % of it, else quantiles of its ppm of capacity. */
  readonly htlcMax: {
    readonly full: number;
    readonly most: number;
    readonly ratioPpm: readonly number[];
  };
}

/** Terms of a half-channel that are set together. */
export type Terms = readonly [share: number, baseMsat: number, delay: number, htlcMinMsat: number];

/** Where quantiles are taken: even in the middle, ever denser towards both ends. */
export const POSITIONS: readonly number[] = [
  ...new Set([
    0,
    1,
    ...Array.from({ length: 31 }, (_, i) => (i + 1) / 32),
    ...Array.from({ length: 9 }, (_, i) => 2 ** -(i + 6)),
    ...Array.from({ length: 18 }, (_, i) => 1 - 2 ** -((i + 11) / 2)),
  ]),
].sort((a, b) => a - b);

/** How many degree classes there are. */
export const DEGREE_CLASSES = 5;

/** 0: one channel; 1: up to 3; 2: up to 15; 3: up to 63; 4: more. */
export function degreeClass(degree: number): number {
  return degree <= 1 ? 0 : degree <= 3 ? 1 : degree <= 15 ? 2 : degree <= 63 ? 3 : 4;
}

/** How many classes of base fees there are. */
export const BASE_CLASSES = 4;

/** 0: none; 1: below 1 sat; 2: exactly 1 sat; 3: more. */
export function baseClass(baseMsat: number): number {
  return baseMsat === 0 ? 0 : baseMsat < 1000 ? 1 : baseMsat === 1000 ? 2 : 3;
}

/** The values of `samples` (not empty) at {@link POSITIONS}, as integers. */
export function quantiles(samples: readonly number[]): number[] {
  const sorted = Float64Array.from(samples).sort();
  return POSITIONS.map((q) =>
    Math.round(sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0),
  );
}

/** The value at `q` (0 to 1) of a list made by {@link quantiles}, interpolated, as an integer. */
export function valueAt(list: readonly number[], q: number): number {
  let low = 0;
  let high = POSITIONS.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if ((POSITIONS[middle] ?? 0) <= q) {
      low = middle;
    } else {
      high = middle;
    }
  }
  const from = POSITIONS[low] ?? 0;
  const to = POSITIONS[high] ?? 1;
  const a = list[low] ?? 0;
  const b = list[high] ?? 0;
  return Math.round(a + (b - a) * ((q - from) / (to - from)));
}

/** The share of a distribution, given by its quantiles, that lies at or below `value`. */
export function shareUpTo(list: readonly number[], value: number): number {
  let at = 0;
  while (at < list.length && (list[at] ?? 0) <= value) {
    at += 1;
  }
  if (at === 0) {
    return 0;
  }
  const from = POSITIONS[at - 1] ?? 1;
  const to = POSITIONS[at];
  const low = list[at - 1] ?? 0;
  const high = list[at] ?? low;
  return to === undefined ? 1 : from + (to - from) * ((value - low) / (high - low));
}
