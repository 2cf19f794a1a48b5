import type { World } from '../worlds.ts';
import { type Broken, broken } from './broken.ts';

const each = (w: World, change: (sample: World, index: number) => void): void =>
  w['canary'].samples.forEach(change);

/** Worlds in which the canary is. */
export const CANARY: readonly Broken[] = [
  broken(
    'K-UPTIME',
    'fail',
    'a plugin that restarted',
    (w) => (w['canary'].samples[9].plugins[0].started = w['canary'].begun + 1),
  ),
  broken(
    'K-UPTIME',
    'fail',
    'a node that restarted',
    (w) => (w['canary'].samples[9].node_started = w['canary'].begun + 1),
  ),
  broken(
    'K-UPTIME',
    'unknown',
    'too little time',
    (w) => (w['canary'].samples = w['canary'].samples.slice(0, 20)),
  ),
  broken('K-TESTS', 'fail', 'tests that fail there', (w) => (w['canary'].tests.failed = 1)),
  broken('K-TESTS', 'unknown', 'no tests there', (w) => delete w['canary'].tests),
  broken('K-TESTS', 'unknown', 'an empty run there', (w) => (w['canary'].tests.passed = 0)),
  broken(
    'K-TESTS',
    'unknown',
    'tests of before',
    (w) => (w['canary'].tests.at = w['canary'].begun - 1),
  ),
  broken('K-FORWARDS', 'fail', 'half the forwards', (w) =>
    w['canary'].days.forEach((d: World) => Object.assign(d, { settled: 95, failed: 5 })),
  ),
  broken(
    'K-FORWARDS',
    'unknown',
    'RG-01: one day of baseline',
    (w) => (w['canary'].baseline.days = w['canary'].baseline.days.slice(0, 2)),
  ),
  broken('K-FORWARDS', 'pass', 'more forwards', (w) =>
    w['canary'].days.forEach((d: World) => Object.assign(d, { settled: 300, failed: 12 })),
  ),
  broken('K-SUCCESS', 'fail', 'twice the failures', (w) =>
    w['canary'].days.forEach((d: World) => (d['failed'] = 40)),
  ),
  broken(
    'K-SUCCESS',
    'unknown',
    'RG-01: too few forwards after',
    (w) => (w['canary'].days = [{ ...w['canary'].days[0], settled: 185, failed: 5 }]),
  ),
  broken('K-MEMORY', 'fail', 'more memory than allowed', (w) =>
    each(w, (s) => (s['plugins'][0].resident += 15_000)),
  ),
  broken(
    'K-MEMORY',
    'unknown',
    'RG-01: baseline 0',
    (w) => (w['canary'].baseline.memory[0].resident = 0),
  ),
  broken('K-TREND', 'fail', 'a memory trend', (w) =>
    each(w, (s, i) => (s['plugins'][1].resident += i * 150)),
  ),
  broken('K-TREND', 'fail', 'a memory trend among thousands of samples', (w) => {
    const { samples } = w['canary'];
    const [first] = samples;
    w['canary'].samples = Array.from({ length: 4000 }, (_, index) => ({
      ...first,
      at: samples[0].at + index * 70_000,
      plugins: first.plugins.map((plugin: World, at: number) => ({
        ...plugin,
        resident: plugin['resident'] + (at === 1 ? Math.floor(index * 1.5) : 0),
      })),
    }));
  }),
  broken('K-TREND', 'pass', 'a trend too small to matter', (w) =>
    each(w, (s, i) => (s['plugins'][1].resident += i * 10)),
  ),
  broken('K-TREND', 'pass', 'memory that jumps about', (w) =>
    each(w, (s, i) => (s['plugins'][1].resident += (i * i * 3571) % 17_000)),
  ),
  broken('K-TREND', 'pass', 'memory that shrinks', (w) =>
    each(w, (s, i) => (s['plugins'][1].resident -= i * 150)),
  ),
  broken('K-ERRORS', 'fail', 'an error line', (w) => (w['canary'].samples[3].errors = ['broken'])),
  broken('K-FLEET', 'fail', 'lost peers', (w) => (w['canary'].samples.at(-1).peers = 7)),
  broken(
    'K-FLEET',
    'fail',
    'lost gossip',
    (w) => (w['canary'].samples.at(-1).gossip_channels = 800),
  ),
  broken(
    'K-FLEET',
    'fail',
    'a fleet out of sync',
    (w) => (w['canary'].samples.at(-1).fleet.in_sync = 2),
  ),
  broken('K-FLEET', 'pass', 'no fleet', (w) => delete w['canary'].samples.at(-1).fleet),
  broken(
    'K-FLEET',
    'unknown',
    'RG-01: a baseline without peers',
    (w) => (w['canary'].baseline.peers = 0),
  ),
  broken(
    'K-FLEET',
    'unknown',
    'RG-01: a baseline without gossip',
    (w) => (w['canary'].baseline.gossip_channels = 0),
  ),
];
