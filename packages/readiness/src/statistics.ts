import { TREND_POINTS_MAX } from './limits.ts';

/** Probability that a standard normal value is above `z` (Abramowitz and Stegun 26.2.17, error below 1e-7). */
export function upperTail(z: number): number {
  if (z < 0) {
    return 1 - upperTail(-z);
  }
  const t = 1 / (1 + 0.2316419 * z);
  const poly =
    t *
    (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * poly;
}

/** Successes among attempts. */
export interface Share {
  readonly successes: number;
  readonly attempts: number;
}

/**
 * How likely `after` would come out this low or lower if its success rate were that of `before`
 * (two-proportion z-test, pooled, one-sided). NaN when either has no attempts.
 */
export function worseRate(before: Share, after: Share): number {
  const attempts = before.attempts + after.attempts;
  const pooled = (before.successes + after.successes) / attempts;
  const spread = pooled * (1 - pooled) * (1 / before.attempts + 1 / after.attempts);
  const difference = before.successes / before.attempts - after.successes / after.attempts;
  if (before.attempts === 0 || after.attempts === 0) {
    return Number.NaN;
  }
  return spread === 0 ? (difference > 0 ? 0 : 1) : upperTail(difference / Math.sqrt(spread));
}

/**
 * How likely days like `after` would count this low or lower if nothing had changed since the days
 * `before`: counts of events, with the spread that the days before show (quasi-Poisson, one-sided).
 * NaN when a list is empty or nothing happened before.
 */
export function fewerEvents(before: readonly number[], after: readonly number[]): number {
  if (before.length < 2 || after.length === 0) {
    return Number.NaN;
  }
  const mean = average(before);
  if (mean === 0) {
    return Number.NaN;
  }
  const squares = before.reduce((sum, count) => sum + (count - mean) ** 2, 0);
  const dispersion = Math.max(1, squares / (before.length - 1) / mean);
  const variance = mean * dispersion * (1 / before.length + 1 / after.length);
  return upperTail((mean - average(after)) / Math.sqrt(variance));
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The middle value; NaN for none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** A value at a time, ms. */
export interface Point {
  readonly at: number;
  readonly value: number;
}

/** A trend: how likely it is chance, and how much it adds over the whole time, in the values' unit. */
export interface Trend {
  readonly chance: number;
  readonly growth: number;
}

/**
 * Whether values grow (Mann-Kendall, one-sided, ties considered) and by how much (Theil-Sen slope over
 * the span). Takes no shape of growth for granted, and one outlier does not make a trend.
 */
export function risingTrend(points: readonly Point[]): Trend {
  const sorted = thinned([...points].sort((a, b) => a.at - b.at));
  const slopes: number[] = [];
  let score = 0;
  for (const [index, later] of sorted.entries()) {
    for (const earlier of sorted.slice(0, index)) {
      score += Math.sign(later.value - earlier.value);
      if (later.at > earlier.at) {
        slopes.push((later.value - earlier.value) / (later.at - earlier.at));
      }
    }
  }
  const n = sorted.length;
  const ties = new Map<number, number>();
  for (const { value } of sorted) {
    ties.set(value, (ties.get(value) ?? 0) + 1);
  }
  const tied = [...ties.values()].reduce((sum, t) => sum + t * (t - 1) * (2 * t + 5), 0);
  const variance = (n * (n - 1) * (2 * n + 5) - tied) / 18;
  const z = variance > 0 && score !== 0 ? (score - Math.sign(score)) / Math.sqrt(variance) : 0;
  const span = (sorted.at(-1)?.at ?? 0) - (sorted[0]?.at ?? 0);
  return { chance: upperTail(z), growth: slopes.length === 0 ? 0 : median(slopes) * span };
}

/** At most {@link TREND_POINTS_MAX} of the points, evenly chosen, the newest among them: pairs are compared. */
function thinned(points: readonly Point[]): readonly Point[] {
  const step = Math.ceil(points.length / TREND_POINTS_MAX);
  return points.filter((_, index) => (points.length - 1 - index) % step === 0);
}
