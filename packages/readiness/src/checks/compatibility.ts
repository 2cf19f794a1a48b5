import { boolean, integer, object, optional } from '@cl-hive/core';
import { type Check, defineCheck, fail, type Problem, unknown } from '../check.ts';
import { line, list, words } from '../strict.ts';
import type { PLUGINS } from './operations.ts';

/** Combinations of plugins that are supported, by the check that tries them. */
export const COMBINATIONS: Readonly<Record<string, readonly (typeof PLUGINS)[number][]>> = {
  'D-COMMS': ['cl-hive-comms'],
  'D-ARCHON': ['cl-hive-comms', 'cl-hive-archon'],
  'D-HIVE': ['cl-hive-comms', 'cl-hive'],
  'D-ALL': ['cl-hive-comms', 'cl-hive-archon', 'cl-hive'],
};

/** All orders of `items`. */
export function orders<T>(items: readonly T[]): readonly (readonly T[])[] {
  return items.length < 2
    ? [items]
    : items.flatMap((item) =>
        orders(items.filter((other) => other !== item)).map((rest) => [item, ...rest]),
      );
}

const run = object({
  /** Plugins in the order of their start. */
  order: list(words),
  on: words,
  lightningd: words,
  /** What was not as documented. */
  faults: list(line),
});

const matrix = object({
  starts: list(run),
  /** Idling without a need, waking, stop and start of each. */
  life: list(object({ step: words, on: words, fault: optional(line) })),
  /** Options of an absent plugin. */
  options: list(object({ step: words, on: words, fault: optional(line) })),
});

function combinationCheck(id: string, plugins: readonly string[]): Check {
  return defineCheck({
    id,
    gate: 'D',
    title: `${plugins.join(' + ')} in every order of start`,
    why: 'Nobody chooses the order in which lightningd starts plugins. In each the plugins must find each other.',
    collector: 'matrix',
    next: `hive-gate check --only ${id} --fresh, then look at the order named`,
    decode: matrix,
    rule: ({ starts }) => {
      const problems: Problem[] = [];
      const wanted = orders(plugins);
      for (const order of wanted) {
        const key = order.join(', ');
        const runs = starts.filter((start) => start.order.join(', ') === key);
        if (runs.length === 0) {
          problems.push(unknown(key, `not tried in the order ${key}`));
        }
        for (const { on, faults } of runs) {
          problems.push(...faults.map((fault) => fail(key, `${key} on ${on}: ${fault}`)));
        }
      }
      return { problems, summary: `${wanted.length} orders, siblings found in each` };
    },
  });
}

/** Steps of a plugin's life that must have been seen. */
export const LIFE_STEPS = ['idle without need', 'wake', 'stop', 'start again'] as const;
export const OPTION_STEPS = ['refused while absent', 'starts without', 'starts with'] as const;

function stepsCheck(
  check: Pick<Check, 'id' | 'title' | 'why' | 'next'>,
  pick: 'life' | 'options',
  wanted: readonly string[],
): Check {
  return defineCheck({
    ...check,
    gate: 'D',
    collector: 'matrix',
    decode: matrix,
    rule: (value) => {
      const steps = value[pick];
      const problems: Problem[] = wanted
        .filter((step) => !steps.some((seen) => seen.step === step))
        .map((step) => unknown(step, `"${step}" was not tried`));
      for (const { step, on, fault: what } of steps) {
        if (what !== undefined) {
          problems.push(fail(step, `${step} on ${on}: ${what}`));
        }
      }
      return { problems, summary: `${wanted.join(', ')}: as documented` };
    },
  });
}

const versions = object({ tried: list(object({ version: words, on: words, ok: boolean })) });

const lightningdCheck = defineCheck({
  id: 'D-LIGHTNINGD',
  gate: 'D',
  title: 'the versions of lightningd that gates.yaml names were tried',
  why: "lightningd's plugin protocol changes between versions.",
  collector: 'lightningd',
  next: 'run the check where that lightningd is on the PATH, or name what is tried in gates.yaml',
  decode: versions,
  rule: ({ tried }, { config }) => {
    const problems: Problem[] = tried
      .filter(({ ok }) => !ok)
      .map(({ version, on }) => fail(version, `lightningd ${version} (${on}) is not well`));
    for (const version of config.lightningd.tried) {
      if (!tried.some((entry) => entry.version === version)) {
        problems.push(unknown(version, `lightningd ${version} was not tried`));
      }
    }
    const seen = tried.map(({ version, on }) => `${version} (${on})`).join(', ');
    return { problems, summary: seen === '' ? 'none named, none tried' : seen };
  },
});

/** Headings that the page about the move must have, and commands that it must show. */
const MOVE_STEPS = ['Before', 'Move', 'If it refuses', 'Back'] as const;
const MOVE_COMMANDS = ['hive-import', 'dry_run=false', 'hive-status', 'hive-bump-version'] as const;

const monolith = object({
  /** Rows that the original's database held, and that were taken over. */
  original_rows: integer(0),
  imported_rows: integer(0),
  /** Rows that are neither taken nor told as left, and what came in otherwise than announced. */
  unaccounted: list(line),
  /** Digests of the original's file before the import and at the end. */
  file_before: words,
  file_after: words,
  /** Whether the node ran on without the plugins, with no journal left beside the original's file. */
  back: boolean,
  runbook: object({ steps: list(line), commands: list(line) }),
});

const monolithCheck = defineCheck({
  id: 'D-MONOLITH',
  gate: 'D',
  title: 'a node comes from the Python cl-hive with its data, and can go back',
  why: 'Who runs the original has members, contributions and debts in its database.',
  collector: 'monolith',
  next: 'nobody should move a node from the Python cl-hive with this release',
  decode: monolith,
  rule: ({ original_rows, imported_rows, unaccounted, file_before, file_after, back, runbook }) => {
    const problems: Problem[] = unaccounted.map((what) => fail(what, `not as it was: ${what}`));
    if (original_rows === 0 || imported_rows === 0) {
      problems.push(unknown('none', 'the original held no row to import'));
    }
    if (file_before !== file_after) {
      problems.push(fail('file', "the original's file was changed"));
    }
    if (!back) {
      problems.push(fail('back', 'the node does not go back to the original'));
    }
    for (const step of MOVE_STEPS.filter((wanted) => !runbook.steps.includes(wanted))) {
      problems.push(fail(step, `the runbook lacks the step "${step}"`));
    }
    for (const wanted of MOVE_COMMANDS) {
      if (!runbook.commands.some((command) => command.includes(wanted))) {
        problems.push(fail(wanted, `the runbook never calls ${wanted}`));
      }
    }
    return { problems, summary: `${imported_rows} of ${original_rows} rows, and back` };
  },
});

export const COMPATIBILITY: readonly Check[] = [
  ...Object.entries(COMBINATIONS).map(([id, plugins]) => combinationCheck(id, plugins)),
  stepsCheck(
    {
      id: 'D-LIFE',
      title: 'plugins idle, wake, stop and start again as documented',
      why: 'A sibling may be missing, crash or come back at any time; nothing may be lost or hang.',
      next: 'hive-gate check --only D-LIFE --fresh, then look at the step named',
    },
    'life',
    LIFE_STEPS,
  ),
  stepsCheck(
    {
      id: 'D-OPTIONS',
      title: 'options of an absent plugin behave as documented',
      why: 'lightningd refuses to start with an option that no plugin knows: removing a plugin means removing its options.',
      next: 'hive-gate check --only D-OPTIONS --fresh, then look at the step named',
    },
    'options',
    OPTION_STEPS,
  ),
  lightningdCheck,
  monolithCheck,
];
