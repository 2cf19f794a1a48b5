import { boolean, type Decoded, hex, integer, object, optional } from '@cl-hive/core';
import { type Check, defineCheck, fail, type Problem, unknown } from '../check.ts';
import { line, list, words } from '../strict.ts';

/** Runbooks that a release ships, and the steps that each must have, by heading. */
export const RUNBOOKS = {
  'rollout-container': ['Before', 'Back up', 'Install', 'Start', 'Verify'],
  'rollout-manual': ['Before', 'Back up', 'Install', 'Start', 'Verify'],
  'rollback-container': ['Stop', 'Remove', 'Put back', 'Start', 'Verify'],
  'rollback-manual': ['Stop', 'Remove', 'Put back', 'Start', 'Verify'],
} as const;

/** One of {@link RUNBOOKS}. */
export type RunbookName = keyof typeof RUNBOOKS;

const runbook = object({
  present: boolean,
  /** Headings found, in order. */
  steps: list(words),
  blocks: list(
    object({
      step: words,
      line: integer(1),
      exit: integer(),
      /** Whether a result is stated behind it, and whether it was what came. */
      stated: boolean,
      matched: boolean,
      output: line,
    }),
  ),
  /** Where the blocks were executed. */
  on: words,
});

function runbookCheck(name: RunbookName): Check {
  const id = `B-${name.toUpperCase()}`;
  const file = `docs/runbooks/${name}.md`;
  return defineCheck({
    id,
    gate: 'B',
    title: `the runbook ${name} does what it says`,
    why: 'At night people type what the page says. Every command block is executed in order, and its output compared with the result that the page states.',
    collector: `runbook-${name}`,
    next: `mend ${file}, then hive-gate check --only ${id}`,
    decode: runbook,
    rule: ({ present, steps, blocks, on }) => {
      if (!present) {
        return { problems: [fail('file', `there is no ${file}`)], summary: '' };
      }
      const problems: Problem[] = [];
      let from = 0;
      for (const step of RUNBOOKS[name]) {
        const at = steps.findIndex((heading, index) => index >= from && heading.startsWith(step));
        if (at === -1) {
          problems.push(fail(step, `the step "${step}" is missing or out of order`));
        } else {
          from = at + 1;
          const stated = blocks.some((block) => block.step === steps[at] && block.stated);
          if (!stated) {
            problems.push(fail(step, `the step "${step}" states no result that can be compared`));
          }
        }
      }
      for (const { step, line, exit, stated, matched, output } of blocks) {
        if (exit !== 0) {
          problems.push(fail(`${line}`, `line ${line} (${step}) exits ${exit}: ${output}`));
        } else if (stated && !matched) {
          problems.push(fail(`${line}`, `line ${line} (${step}) answers otherwise: ${output}`));
        }
      }
      return { problems, summary: `${blocks.length} blocks executed on ${on}` };
    },
  });
}

const restore = object({
  plugins: list(
    object({
      plugin: words,
      schema_version: integer(0),
      tables: list(object({ name: words, rows: integer(0), backup: hex(32), restored: hex(32) })),
      /** Transactions committed while the backup was being written. */
      written_meanwhile: integer(0),
      /** The store's refusal, where one came. */
      refusal: optional(line),
      integrity: words,
      /** State of the plugin on its restored database. */
      opened: words,
      /** What differs between the database and the plugin's answers before and after. */
      lost: list(line),
    }),
  ),
  /** Requests of before the restore that were sent again after it. */
  replayed: object({
    sent: integer(0),
    /** Of them when they were new. */
    executed: integer(0),
    /** What came of sending them again. */
    effects: integer(0),
    refused: integer(0),
    answers: list(line),
    /** Whether a request of after the restore is executed. */
    fresh: boolean,
  }),
});

/** Requests that must have been executed, and sent again, for their silence to show anything. */
const REPLAYED_MIN = 100;

/** Plugins that a release consists of. */
export const PLUGINS = ['cl-hive-comms', 'cl-hive-archon', 'cl-hive'] as const;

function absentPlugins(found: readonly { readonly plugin: string }[]): readonly Problem[] {
  return PLUGINS.filter((name) => !found.some(({ plugin }) => plugin === name)).map((name) =>
    unknown(name, `${name} was not tried`),
  );
}

const restoreCheck = defineCheck({
  id: 'B-RESTORE',
  gate: 'B',
  title: "every plugin's database comes back from a backup, row by row",
  why: 'A backup that nobody has restored is a file. Each database is filled at its production schema, backed up while it is written to, restored elsewhere, compared row by row and opened by its plugin. What a restored node executed before must not be executed once more when somebody sends it again.',
  collector: 'restore-drill',
  next: 'do not upgrade; look at packages/store and the plugin named',
  decode: restore,
  rule: ({ plugins, replayed }) => {
    const problems: Problem[] = [...absentPlugins(plugins), ...replayProblems(replayed)];
    for (const drill of plugins) {
      const { plugin } = drill;
      if (drill.refusal !== undefined) {
        problems.push(fail(plugin, `${plugin}: ${drill.refusal}`));
        continue;
      }
      for (const { name, backup, restored } of drill.tables) {
        if (backup !== restored) {
          problems.push(fail(`${plugin}.${name}`, `${plugin}: rows of ${name} differ`));
        }
      }
      const empty = drill.tables.find(({ rows }) => rows === 0);
      if (drill.tables.length === 0 || empty !== undefined) {
        const what = empty === undefined ? 'no table' : `${empty.name} held no row`;
        problems.push(unknown(plugin, `${plugin}: ${what} to compare`));
      }
      if (drill.written_meanwhile === 0) {
        problems.push(unknown(plugin, `${plugin}: nothing was written during the backup`));
      }
      if (drill.integrity !== 'ok') {
        problems.push(fail(plugin, `${plugin}: integrity: ${drill.integrity}`));
      }
      if (drill.opened !== 'ready') {
        problems.push(fail(plugin, `${plugin} is ${drill.opened} on the restored database`));
      }
      for (const what of drill.lost) {
        problems.push(fail(plugin, `${plugin}: ${what}`));
      }
    }
    const rows = plugins.flatMap(({ tables }) => tables).reduce((sum, { rows }) => sum + rows, 0);
    const summary = `${plugins.length} databases, ${rows} rows compared; ${replayed.sent} requests of before refused`;
    return { problems, summary };
  },
});

type Restore = Decoded<typeof restore>;

function replayProblems(replayed: Restore['replayed']): readonly Problem[] {
  const { sent, executed, effects, refused, answers, fresh } = replayed;
  if (effects > 0) {
    const how = `${effects} of ${sent} requests of before the restore were executed again`;
    return [fail('replay', `${how} (${answers.join(', ')})`)];
  }
  if (refused < sent) {
    const how = `${sent - refused} of ${sent} requests of before the restore were let in again`;
    return [fail('replay', `${how} (${answers.join(', ')})`)];
  }
  if (sent < REPLAYED_MIN || executed < sent) {
    return [unknown('replay', `${executed} of ${sent} requests were executed before the restore`)];
  }
  return fresh ? [] : [unknown('replay', 'a new request is not executed either after the restore')];
}

const downgrade = object({
  plugins: list(
    object({
      plugin: words,
      state: words,
      code: optional(words),
      remedy: optional(line),
      /** Digests of the file before and after the refusal. */
      before: hex(32),
      after: hex(32),
      node_alive: boolean,
    }),
  ),
});

const downgradeCheck = defineCheck({
  id: 'B-DOWNGRADE',
  gate: 'B',
  title: 'an older build refuses a newer database, untouched',
  why: 'An upgrade can be undone only if the older build never guesses at what a newer one wrote.',
  collector: 'downgrade',
  next: 'do not upgrade; look at packages/store and the plugin named',
  decode: downgrade,
  rule: ({ plugins }) => {
    const problems: Problem[] = [...absentPlugins(plugins)];
    for (const { plugin, state, code, remedy, before, after, node_alive } of plugins) {
      if (state !== 'failed' || code !== 'store_newer') {
        const how = `is ${state} (${code ?? 'no code'})`;
        problems.push(fail(plugin, `${plugin} ${how} on a newer database`));
      }
      if (remedy === undefined) {
        problems.push(fail(plugin, `${plugin} names no remedy`));
      }
      if (before !== after) {
        problems.push(fail(plugin, `${plugin} changed the newer database`));
      }
      if (!node_alive) {
        problems.push(fail(plugin, `lightningd did not survive ${plugin}'s refusal`));
      }
    }
    return { problems, summary: `refused by ${plugins.length} plugins, nothing changed` };
  },
});

export const OPERATIONS: readonly Check[] = [
  ...(Object.keys(RUNBOOKS) as RunbookName[]).map(runbookCheck),
  restoreCheck,
  downgradeCheck,
];
