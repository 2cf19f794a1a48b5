import { integer, object, oneOf, optional } from '@cl-hive/core';
import {
  type Check,
  defineCheck,
  fail,
  type JudgeContext,
  type Problem,
  unknown,
} from '../check.ts';
import { BASELINE_DAYS_MIN, CLOCK_AHEAD_MS, TREND_SAMPLES_MIN } from '../limits.ts';
import { fewerEvents, median, risingTrend, worseRate } from '../statistics.ts';
import { line, list, words } from '../strict.ts';

const HOUR_MS = 3_600_000;

/** One day of forwards. */
const day = object({ from: integer(0), settled: integer(0), failed: integer(0) });

/** What was seen at one moment, with the unit that every metric has. */
const sample = object({
  at: integer(0),
  /** Since when lightningd and each plugin run, Unix ms. */
  node_started: integer(0),
  plugins: list(object({ name: words, started: integer(0), resident: integer(0) })),
  memory_unit: oneOf('kB'),
  /** Error lines by the plugins under examination since the sample before. */
  errors: list(line),
  peers: integer(0),
  /** Channels in the gossip map. */
  gossip_channels: integer(0),
  /** Fleet: members known and those whose state is as ours; absent when there is no fleet. */
  fleet: optional(object({ members: integer(0), in_sync: integer(0) })),
});

const canary = object({
  baseline: object({
    days: list(day),
    /** Resident memory of each plugin where it ran before, or of its first settled hour. */
    memory: list(object({ name: words, resident: integer(0) })),
    memory_unit: oneOf('kB'),
    revenue_msat: words,
    peers: integer(0),
    gossip_channels: integer(0),
    taken_at: integer(0),
  }),
  begun: integer(0),
  days: list(day),
  samples: list(sample),
  tests: optional(object({ passed: integer(0), failed: integer(0), at: integer(0) })),
});

type Canary = ReturnType<typeof canary>;
type Rule = (value: Canary, context: JudgeContext) => { problems: Problem[]; summary: string };

function canaryCheck(
  check: Pick<Check, 'id' | 'title' | 'why'> & { readonly next?: string },
  rule: Rule,
): Check {
  return defineCheck({
    next: 'wait for more data, paused; on a fail: hive-gate rollout roll-back',
    ...check,
    gate: 'canary',
    collector: 'canary',
    decode: canary,
    rule: (value, context) => {
      const unfit = timesUnfit(value, context);
      return unfit === undefined ? rule(value, context) : { problems: [unfit], summary: '' };
    },
  });
}

/** Times that no machine with a right clock writes. */
function timesUnfit(
  { baseline, begun, samples }: Canary,
  { now }: JudgeContext,
): Problem | undefined {
  const times = [baseline.taken_at, begun, ...samples.map(({ at }) => at)];
  if (times.some((at) => at - now > CLOCK_AHEAD_MS)) {
    return unknown('time', 'a time of the metrics lies in the future', 'set the clock');
  }
  return baseline.taken_at > begun
    ? unknown('baseline', 'the baseline was taken after the canary began')
    : undefined;
}

const uptime = canaryCheck(
  {
    id: 'K-UPTIME',
    title: 'the node and the plugins ran through without restart',
    why: 'A plugin that dies and comes back looks well at every moment that one looks.',
  },
  ({ begun, samples }, { now, config }) => {
    const hours = config.thresholds.canary_hours;
    const problems: Problem[] = [];
    for (const { node_started, plugins } of samples) {
      const late = plugins.find(({ started }) => started > begun);
      if (node_started > begun || late !== undefined) {
        problems.push(fail('restart', `${late?.name ?? 'lightningd'} restarted since the start`));
        break;
      }
    }
    const last = samples.at(-1)?.at ?? 0;
    if (Math.min(now, last) - begun < hours * HOUR_MS) {
      const seen = Math.max(0, Math.floor((Math.min(now, last) - begun) / HOUR_MS));
      problems.push(unknown('uptime', `${seen} of ${hours} h were seen`));
    }
    return { problems, summary: `${hours} h without restart` };
  },
);

const tests = canaryCheck(
  {
    id: 'K-TESTS',
    title: 'the tests pass on the canary itself',
    why: 'Its processor, its Node and its lightningd are not those of the release machine.',
    next: 'run the tests on the node and hand in the result: --node-tests FILE',
  },
  ({ tests, begun }) => {
    if (tests === undefined || tests.passed === 0 || tests.at < begun) {
      return { problems: [unknown('tests', 'no test ran there since the start')], summary: '' };
    }
    const problems = tests.failed > 0 ? [fail('tests', `${tests.failed} tests fail there`)] : [];
    return { problems, summary: `${tests.passed} passed` };
  },
);

const totals = (
  days: Canary['days'],
): { readonly successes: number; readonly attempts: number } => {
  const successes = days.reduce((sum, { settled }) => sum + settled, 0);
  return { successes, attempts: successes + days.reduce((sum, { failed }) => sum + failed, 0) };
};

const forwards = canaryCheck(
  {
    id: 'K-FORWARDS',
    title: 'it forwards no less than in the days before',
    why: 'Fewer forwards than the days before explain is income lost (quasi-Poisson test on days).',
  },
  ({ baseline, days }, { config }) => {
    const { significance_ppm, forwards_min } = config.thresholds;
    const problems: Problem[] = [];
    const before = totals(baseline.days);
    if (baseline.days.length < BASELINE_DAYS_MIN || days.length === 0) {
      const text = `${baseline.days.length} days before and ${days.length} after`;
      problems.push(unknown('forwards.days', `${text}: too few to compare`));
    } else if (before.attempts < forwards_min) {
      const text = `${before.attempts} forwards before`;
      problems.push(unknown('forwards.count', `${text}: too few to compare`));
    } else {
      const settled = (list: Canary['days']): number[] => list.map((one) => one.settled);
      const chance = fewerEvents(settled(baseline.days), settled(days));
      if (Number.isNaN(chance)) {
        problems.push(unknown('forwards', 'nothing was forwarded before'));
      } else if (chance * 1e6 < significance_ppm) {
        problems.push(fail('forwards', `fewer forwards than before (p = ${chance.toFixed(4)})`));
      }
    }
    return { problems, summary: `${totals(days).successes} settled in ${days.length} days` };
  },
);

const success = canaryCheck(
  {
    id: 'K-SUCCESS',
    title: 'forwards succeed no less often than in the days before',
    why: 'A plugin that slows hooks or changes fees makes forwards fail before anybody complains.',
  },
  ({ baseline, days }, { config }) => {
    const { significance_ppm, forwards_min } = config.thresholds;
    const [before, after] = [totals(baseline.days), totals(days)];
    const problems: Problem[] = [];
    if (before.attempts < forwards_min || after.attempts < forwards_min) {
      const text = `${before.attempts} forwards before, ${after.attempts} after`;
      problems.push(unknown('success_rate', `${text}: ${forwards_min} are needed`));
    } else {
      const chance = worseRate(before, after);
      if (chance * 1e6 < significance_ppm) {
        problems.push(fail('success_rate', `more fail than before (p = ${chance.toFixed(4)})`));
      }
    }
    return { problems, summary: `${after.successes} of ${after.attempts} succeeded` };
  },
);

/** Names of the plugins that every sample must show. */
function namesIn({ samples }: Canary): readonly string[] {
  return [...new Set(samples.flatMap(({ plugins }) => plugins.map(({ name }) => name)))];
}

function memoryOf({ samples }: Canary, plugin: string): readonly { at: number; value: number }[] {
  return samples.flatMap(({ at, plugins }) =>
    plugins.filter(({ name }) => name === plugin).map(({ resident }) => ({ at, value: resident })),
  );
}

const memory = canaryCheck(
  {
    id: 'K-MEMORY',
    title: 'each plugin keeps to the memory of its baseline',
    why: 'A plugin that eats the memory takes lightningd down with it.',
  },
  (value, { config }) => {
    const limit = config.thresholds.memory_growth_ppm;
    const names = namesIn(value);
    const problems: Problem[] = names.length === 0 ? [unknown('memory', 'no plugin was seen')] : [];
    for (const name of names) {
      const before = value.baseline.memory.find((entry) => entry.name === name)?.resident ?? 0;
      const points = memoryOf(value, name);
      if (before === 0) {
        problems.push(unknown(`${name}.memory`, `${name}: its memory before is not known`));
      } else if (points.length < TREND_SAMPLES_MIN) {
        problems.push(unknown(`${name}.memory`, `${name}: ${points.length} samples of memory`));
      } else {
        const now = median(points.slice(-TREND_SAMPLES_MIN).map((point) => point.value));
        const ppm = Math.round(((now - before) / before) * 1e6);
        if (ppm > limit) {
          const text = `${name} uses ${Math.round(ppm / 1e4)} % more memory than before`;
          problems.push(fail(`${name}.memory`, text));
        }
      }
    }
    return { problems, summary: `${names.length} plugins within ${limit / 1e4} %` };
  },
);

const trend = canaryCheck(
  {
    id: 'K-TREND',
    title: 'no plugin grows steadily',
    why: 'A slow leak stays within any margin for three days (Mann-Kendall, Theil-Sen).',
  },
  (value, { config }) => {
    const { significance_ppm, trend_growth_ppm } = config.thresholds;
    const names = namesIn(value);
    const problems: Problem[] = names.length === 0 ? [unknown('memory', 'no plugin was seen')] : [];
    for (const name of names) {
      const points = memoryOf(value, name);
      if (points.length < TREND_SAMPLES_MIN) {
        problems.push(unknown(`${name}.trend`, `${name}: ${points.length} samples of memory`));
        continue;
      }
      const { chance, growth } = risingTrend(points);
      const ppm = Math.round((growth / median(points.map((point) => point.value))) * 1e6);
      if (chance * 1e6 < significance_ppm && ppm > trend_growth_ppm) {
        const text = `${name} grew by ${(ppm / 1e4).toFixed(1)} % steadily`;
        problems.push(fail(`${name}.trend`, text));
      }
    }
    return { problems, summary: `${names.length} plugins without a trend` };
  },
);

const errors = canaryCheck(
  {
    id: 'K-ERRORS',
    title: 'the new plugins log no error',
    why: 'What a plugin itself calls broken is broken.',
  },
  ({ samples }) => {
    const lines = samples.flatMap((one) => one.errors);
    const problems = lines.length === 0 ? [] : [fail('errors', `${lines.length}: ${lines[0]}`)];
    if (samples.length < 2) {
      return { problems: [...problems, unknown('errors', 'fewer than two samples')], summary: '' };
    }
    return { problems, summary: `none in ${samples.length} samples` };
  },
);

const fleet = canaryCheck(
  {
    id: 'K-FLEET',
    title: 'peers, gossip and fleet are as they were',
    why: 'A node that falls out of its fleet or of the network does so quietly.',
  },
  ({ baseline, samples }) => {
    const last = samples.at(-1);
    if (last === undefined) {
      return { problems: [unknown('fleet', 'no sample was taken')], summary: '' };
    }
    const problems: Problem[] = [];
    if (baseline.peers === 0 || baseline.gossip_channels === 0) {
      problems.push(unknown('peers', 'the baseline has no peers or no gossip to compare with'));
    } else {
      if (last.peers * 5 < baseline.peers * 4) {
        problems.push(fail('peers', `${last.peers} peers, ${baseline.peers} before`));
      }
      if (last.gossip_channels * 10 < baseline.gossip_channels * 9) {
        const text = `${last.gossip_channels} channels in the gossip`;
        problems.push(fail('gossip', `${text}, ${baseline.gossip_channels} before`));
      }
    }
    if (last.fleet !== undefined && last.fleet.in_sync < last.fleet.members) {
      const { in_sync, members } = last.fleet;
      problems.push(fail('fleet', `in sync with ${in_sync} of ${members} members`));
    }
    const members = last.fleet === undefined ? 'no fleet' : `${last.fleet.members} members in sync`;
    return { problems, summary: `${last.peers} peers, ${members}` };
  },
);

/** The criteria of a canary. */
export const CANARY_CHECKS: readonly Check[] = [
  uptime,
  tests,
  forwards,
  success,
  memory,
  trend,
  errors,
  fleet,
];
