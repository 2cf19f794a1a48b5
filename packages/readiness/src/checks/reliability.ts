import { integer, object, oneOf, optional } from '@cl-hive/core';
import { type Check, defineCheck, fail, type Problem, unknown } from '../check.ts';
import { commitId, line, list, moment, strict, words } from '../strict.ts';

const DAY_MS = 86_400_000;

const tests = object({
  commit: commitId,
  passed: integer(0),
  failed: integer(0),
  skipped: integer(0),
  /** Names of failing tests or suites, the first of them. */
  failures: list(line),
  /** Suites that should have run and left no result. */
  absent: list(line),
  source: words,
});

const testsCheck = defineCheck({
  id: 'A-TESTS',
  gate: 'A',
  title: 'test suites are green on the release commit',
  why: 'What no test shows to work on this very commit is a hope. No tests at all is not green.',
  collector: 'tests',
  next: 'npm test, or hand in a JUnit file made from this commit: --tests FILE',
  decode: tests,
  rule: (value, { subject }) => {
    const problems: Problem[] = [];
    if (value.commit !== subject.commit) {
      const of = `the tests ran on ${value.commit.slice(0, 9)}, not on the release commit`;
      problems.push(unknown('commit', of));
    }
    if (value.failed > 0) {
      const names = value.failures.slice(0, 2).join(', ');
      problems.push(fail('failed', `${value.failed} failed${names && `: ${names}`}`));
    }
    if (value.passed === 0) {
      problems.push(unknown('none', 'no test ran'));
    }
    for (const suite of value.absent) {
      problems.push(unknown(suite, `${suite} left no result`));
    }
    return { problems, summary: `${value.passed} passed (${value.source})` };
  },
});

const mutants = object({
  commit: commitId,
  results: list(
    object({
      id: words,
      priority: oneOf('P0', 'P1', 'P2'),
      outcome: oneOf('killed', 'survived', 'broken'),
      why: line,
    }),
  ),
  /** Defects whose code has come since and that nobody wrote down as a change of it. */
  unwritten: list(words),
  /** Defects of parts that this release does not have. */
  absent: integer(0),
});

/** Of all defects that are put back, so many must be noticed; of those of priority P0, every one. */
const KILLED_PERCENT_MIN = 95;

const mutantsCheck = defineCheck({
  id: 'A-MUTANTS',
  gate: 'A',
  title: "the original's defects are noticed when they are put back",
  why: 'Tests that are green show only that they are green. Each defect that was seen in the original is put back into a copy of the code, one at a time, and the test that is there for it has to fail.',
  collector: 'mutants',
  next: 'npm run mutants, on a clean tree',
  decode: mutants,
  rule: ({ commit, results, unwritten, absent }, { subject }) => {
    const problems: Problem[] = [];
    if (commit !== subject.commit) {
      const of = `they were tried on ${commit.slice(0, 9)}, not on the release commit`;
      problems.push(unknown('commit', of));
    }
    if (results.length === 0) {
      problems.push(unknown('none', 'no defect was tried'));
    }
    for (const { id, outcome, why } of results) {
      if (outcome === 'broken') {
        problems.push(
          unknown(id, `${id} could not be tried: ${why}`, 'mend docs/gates/mutants.yaml'),
        );
      }
    }
    for (const id of unwritten) {
      problems.push(
        unknown(id, `${id} has code now and no mutant`, 'write it into docs/gates/mutants.yaml'),
      );
    }
    const survived = results.filter(({ outcome }) => outcome === 'survived');
    const few = (results.length - survived.length) * 100 < results.length * KILLED_PERCENT_MIN;
    for (const { id, priority } of survived) {
      if (few || priority === 'P0') {
        problems.push(
          fail(id, `nobody notices ${id} (${priority})`, 'write the test that notices it'),
        );
      }
    }
    const names = survived.map(({ id }) => id).join(', ');
    const killed = `${results.length - survived.length} of ${results.length} noticed`;
    const rest = `${absent} more are of parts that are not there`;
    return {
      problems,
      summary: [killed, rest, names && `survived: ${names}`].filter(Boolean).join('; '),
    };
  },
});

const severity = oneOf('critical', 'high', 'medium', 'low');
const severe = (value: string): boolean => value === 'critical' || value === 'high';

/** `docs/gates/defects.yaml`. */
export const defectsFile = strict({
  version: integer(1, 1),
  defects: list(
    strict({
      id: words,
      title: words,
      priority: severity,
      status: oneOf('open', 'fixed', 'rejected'),
      opened: moment,
      note: optional(line),
    }),
  ),
});

const defectsCheck = defineCheck({
  id: 'A-DEFECTS',
  gate: 'A',
  title: 'no open defect of high priority',
  why: 'A known defect that closes channels, loses money or stops the node is not rolled out.',
  collector: 'defects',
  next: 'fix it, or let somebody answer for it in gates.yaml',
  acceptable: true,
  decode: defectsFile,
  rule: ({ defects }) => ({
    problems: defects
      .filter((defect) => defect.status === 'open' && severe(defect.priority))
      .map(({ id, title, priority }) => fail(id, `${id} is open (${priority}): ${title}`)),
    summary: `${defects.length} listed, none open and high`,
  }),
});

/** `docs/gates/incidents.yaml`. */
export const incidentsFile = strict({
  version: integer(1, 1),
  /** Since when incidents are written down; a soak is counted from here at the earliest. */
  since: moment,
  incidents: list(
    strict({
      id: words,
      title: words,
      severity: integer(1, 4),
      at: moment,
      resolved: optional(moment),
      note: optional(line),
    }),
  ),
});

const incidentsCheck = defineCheck({
  id: 'A-INCIDENTS',
  gate: 'A',
  title: 'no incident of severity 1 or 2 within the soak window',
  why: 'Time without incident on nodes that run it is the one test that nobody can write.',
  collector: 'incidents',
  next: 'wait until the soak window has passed since the last one, and keep the log',
  acceptable: true,
  decode: incidentsFile,
  rule: ({ since, incidents }, { now, config }) => {
    const days = config.thresholds.soak_days;
    const problems: Problem[] = incidents
      .filter(({ severity, at, resolved }) => {
        const last = resolved ?? (severity <= 2 ? now : at);
        return severity <= 2 && now - last < days * DAY_MS;
      })
      .map(({ id, title, severity }) => fail(id, `${id} of severity ${severity}: ${title}`));
    if (now - since < days * DAY_MS) {
      const kept = Math.max(0, Math.floor((now - since) / DAY_MS));
      problems.push(unknown('log', `the log is kept for ${kept} of ${days} days`));
    }
    return { problems, summary: `none in ${days} days` };
  },
});

const nodeLogs = object({
  nodes: list(
    object({
      name: words,
      /** Time of the first and last line read, Unix ms. */
      from: integer(0),
      to: integer(0),
      lines: integer(0),
      /** Lines at `broken` of the plugins under examination, the first of them. */
      broken: list(line),
      broken_count: integer(0),
      /** How often a plugin under examination ended without being stopped. */
      died: integer(0),
    }),
  ),
});

const nodeLogsCheck = defineCheck({
  id: 'A-NODE-LOGS',
  gate: 'A',
  title: "the nodes' own logs show no fault within the soak window",
  why: 'People forget to write incidents down; logs do not.',
  collector: 'node-logs',
  next: 'hand in the logs of the nodes that run it: --node-log NAME=FILE',
  decode: nodeLogs,
  rule: ({ nodes }, { now, config }) => {
    const days = config.thresholds.soak_days;
    const problems: Problem[] = nodes.length === 0 ? [unknown('none', 'no log was handed in')] : [];
    for (const { name, from, to, broken, broken_count, died } of nodes) {
      if (broken_count > 0) {
        const first = broken[0] ?? '';
        problems.push(fail(`${name}:broken`, `${name}: ${broken_count} at broken: ${first}`));
      }
      if (died > 0) {
        problems.push(fail(`${name}:died`, `${name}: a plugin died ${died} times`));
      }
      if (now - from < days * DAY_MS || now - to > DAY_MS) {
        problems.push(
          unknown(`${name}:span`, `${name}: the log does not cover the last ${days} days`),
        );
      }
    }
    return { problems, summary: `${nodes.length} nodes quiet for ${days} days` };
  },
});

export const RELIABILITY: readonly Check[] = [
  testsCheck,
  mutantsCheck,
  defectsCheck,
  incidentsCheck,
  nodeLogsCheck,
];
