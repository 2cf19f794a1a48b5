import type { PlannerConfig } from './config.ts';
import type { GraphIndex } from './graph/graph-index.ts';
import { PPM } from './limits.ts';
import { clamp, log2Sixteenths, ratioPpm } from './numbers.ts';

/** The marks of a target, each 0 to 1,000,000. */
export interface Marks {
  /** Logarithm of its public capacity, between the least and the greatest of the universe. */
  readonly capacity: number;
  /** Logarithm of its public channels, likewise. */
  readonly connectivity: number;
  /** Part of its channels that are smaller than the one that the fleet would open. */
  readonly competition: number;
  /** What the fleet remembers of it; 500,000 where nothing. */
  readonly quality: number;
  /** Reach that the fleet gains, against the best of the shortlist. */
  readonly centrality: number;
  /** Reach that no longer depends on a bottleneck, against the best of the shortlist. */
  readonly bottleneck: number;
}

/** Marks that need no search of the graph. */
export type PlainMarks = Omit<Marks, 'centrality' | 'bottleneck'>;

/** The mean of all marks by the configured weights, in ppm; 0 where all weights are 0. */
export function score(config: PlannerConfig, marks: Marks): number {
  return weighted([
    [marks.capacity, config.weightCapacity],
    [marks.connectivity, config.weightConnectivity],
    [marks.competition, config.weightCompetition],
    [marks.quality, config.weightQuality],
    [marks.centrality, config.weightCentrality],
    [marks.bottleneck, config.weightBottleneck],
  ]);
}

/** As {@link score}, of the marks that are known before the shortlist. */
export function plainScore(config: PlannerConfig, marks: PlainMarks): number {
  return weighted([
    [marks.capacity, config.weightCapacity],
    [marks.connectivity, config.weightConnectivity],
    [marks.competition, config.weightCompetition],
    [marks.quality, config.weightQuality],
  ]);
}

function weighted(parts: readonly (readonly [mark: number, weight: number])[]): number {
  const total = parts.reduce((sum, [, weight]) => sum + weight, 0);
  const sum = parts.reduce((sum, [mark, weight]) => sum + mark * weight, 0);
  return total === 0 ? 0 : Math.floor(sum / total);
}

/** Where values of the universe lie on a logarithmic scale. */
export interface LogScale {
  readonly low: number;
  readonly high: number;
}

/** The scale from the least to the greatest of `values`. */
export function logScale(values: Iterable<number>): LogScale {
  let [least, most] = [Number.MAX_SAFE_INTEGER, 0];
  for (const value of values) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  return { low: log2Sixteenths(least), high: log2Sixteenths(most) };
}

/** Place of `value` on a scale, in ppm; the middle where all values are alike. */
export function onScale(scale: LogScale, value: number): number {
  return scale.high <= scale.low
    ? PPM / 2
    : ratioPpm(
        clamp(log2Sixteenths(value), scale.low, scale.high) - scale.low,
        scale.high - scale.low,
      );
}

/** Part of a node's channels that are smaller than `sizeSat`, in ppm. */
export function smallerChannelsPpm(graph: GraphIndex, node: number, sizeSat: number): number {
  let smaller = 0;
  const begin = graph.starts[node] ?? 0;
  const end = graph.starts[node + 1] ?? 0;
  for (let at = begin; at < end; at += 1) {
    const sat = graph.effectiveSat[(graph.outgoing[at] ?? 0) >> 1] ?? 0;
    smaller += sat < sizeSat ? 1 : 0;
  }
  return ratioPpm(smaller, end - begin);
}
