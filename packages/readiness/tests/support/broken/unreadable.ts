import { NOW, type World } from '../worlds.ts';
import { HOUR } from './broken.ts';

/** Worlds whose evidence of several checks cannot be judged at all: each must be unknown there. */
export const UNREADABLE: readonly {
  readonly name: string;
  readonly change: (w: World) => void;
  readonly checks: RegExp;
}[] = [
  { name: 'a metric is absent', change: (w) => delete w['canary'].samples[0].peers, checks: /^K-/ },
  {
    name: 'a metric is NaN',
    change: (w) => (w['canary'].samples[0].peers = Number.NaN),
    checks: /^K-/,
  },
  { name: 'a metric is null', change: (w) => (w['canary'].samples[0].peers = null), checks: /^K-/ },
  {
    name: 'a unit changed',
    change: (w) => (w['canary'].samples[0].memory_unit = 'MB'),
    checks: /^K-/,
  },
  {
    name: 'a time lies in the future',
    change: (w) => (w['canary'].samples[0].at = NOW + 2 * HOUR),
    checks: /^K-/,
  },
  {
    name: 'the baseline is younger than the canary',
    change: (w) => (w['canary'].baseline.taken_at = w['canary'].begun + 1),
    checks: /^K-/,
  },
  {
    name: 'there is no matrix',
    change: (w) => (w['matrix'] = undefined),
    checks: /^D-(?!LIGHTNINGD|MONOLITH)/,
  },
  {
    name: 'one sample of memory',
    change: (w) => (w['canary'].samples = w['canary'].samples.slice(-1)),
    checks: /^K-(?:MEMORY|TREND|ERRORS)$/,
  },
  {
    name: 'no sample',
    change: (w) => (w['canary'].samples = []),
    checks: /^K-(?:UPTIME|MEMORY|TREND|ERRORS|FLEET)$/,
  },
  {
    name: 'no forward before',
    change: (w) =>
      w['canary'].baseline.days.forEach((d: World) => Object.assign(d, { settled: 0, failed: 0 })),
    checks: /^K-(?:FORWARDS|SUCCESS)$/,
  },
  {
    name: 'no forward succeeded before',
    change: (w) =>
      w['canary'].baseline.days.forEach((d: World) =>
        Object.assign(d, { settled: 0, failed: 100 }),
      ),
    checks: /^K-FORWARDS$/,
  },
  { name: 'no plugin on the node', change: (w) => (w['node'].plugins = []), checks: /^N-PLUGINS$/ },
];
