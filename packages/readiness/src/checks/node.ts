import { boolean, integer, object, optional } from '@cl-hive/core';
import {
  type Check,
  defineCheck,
  fail,
  type JudgeContext,
  type Problem,
  unknown,
} from '../check.ts';
import { line, list, words } from '../strict.ts';
import { FILE_MODES } from './security.ts';

const node = object({
  lightningd: words,
  synced: boolean,
  plugins: list(
    object({
      name: words,
      version: words,
      state: words,
      /** What it waits for, or its problem with the remedy. */
      why: optional(line),
      next: optional(line),
      database: optional(
        object({
          location: line,
          schema_version: integer(0),
          durable: boolean,
          log_mib: integer(0),
        }),
      ),
      siblings: list(
        object({ name: words, state: words, needed: boolean, reason: optional(line) }),
      ),
      relays: list(object({ url: words, connected: boolean })),
      problems: list(line),
    }),
  ),
  /** Options in the configuration that no running plugin knows. */
  orphan_options: list(words),
  disk_free_mib: integer(0),
  /** This machine's clock against the newest block's time, s; positive when the clock is ahead. */
  clock_behind_block_seconds: integer(0),
  files: list(object({ path: words, mode: words, kind: words })),
});

type NodeState = ReturnType<typeof node>;

function nodeCheck(
  check: Pick<Check, 'id' | 'title' | 'why' | 'next'>,
  rule: (value: NodeState, context: JudgeContext) => { problems: Problem[]; summary: string },
): Check {
  return defineCheck({ ...check, gate: 'node', collector: 'node', decode: node, rule });
}

const plugins = nodeCheck(
  {
    id: 'N-PLUGINS',
    title: 'the plugins work',
    why: 'A plugin that cannot work stays up to say so; somebody has to ask.',
    next: 'lightning-cli plugin start /path/to/the/plugin',
  },
  ({ plugins }) => {
    const problems: Problem[] = [];
    if (plugins.length === 0) {
      problems.push(unknown('none', 'no plugin of the suite runs here'));
    }
    for (const { name, state, why = 'no reason given', next } of plugins) {
      if (state === 'failed') {
        problems.push(fail(name, `${name} cannot work: ${why}`, next));
      } else if (state !== 'ready') {
        problems.push(unknown(name, `${name} is ${state}: ${why}`, next));
      }
    }
    return { problems, summary: plugins.map(({ name }) => name).join(', ') };
  },
);

const versions = nodeCheck(
  {
    id: 'N-VERSIONS',
    title: 'all plugins are of one release',
    why: 'Only plugins of one release were tried together.',
    next: 'install the same release of each',
  },
  ({ plugins, lightningd }) => {
    const found = [...new Set(plugins.map(({ version }) => version))];
    const told = plugins.map(({ name, version }) => `${name} ${version}`).join(', ');
    const problems = found.length > 1 ? [fail('versions', told)] : [];
    return { problems, summary: `${found.join('')} on lightningd ${lightningd}` };
  },
);

const databases = nodeCheck(
  {
    id: 'N-DATABASES',
    title: 'the databases are open and safe',
    why: 'What is acknowledged must be on the disk.',
    next: 'docs/OPERATING.md, "What it keeps, and where"',
  },
  ({ plugins }) => {
    const problems: Problem[] = [];
    for (const { name, database } of plugins) {
      if (database === undefined) {
        problems.push(unknown(name, `${name} has no open database`));
      } else if (!database.durable) {
        problems.push(fail(name, `${name}: a power cut may lose what was acknowledged`));
      } else if (database.log_mib > 64) {
        const next = 'end the other program that holds the file open';
        problems.push(fail(name, `${name}: the log has ${database.log_mib} MiB`, next));
      }
    }
    return { problems, summary: `${plugins.length} open` };
  },
);

const siblings = nodeCheck(
  {
    id: 'N-SIBLINGS',
    title: 'the plugins see each other',
    why: 'A plugin idles as long as one that it needs is absent.',
    next: 'start the plugin named, or leave it: idling costs nothing',
  },
  ({ plugins }) => {
    const problems: Problem[] = [];
    const running = new Set(plugins.map(({ name }) => name));
    for (const { name, siblings } of plugins) {
      for (const sibling of siblings) {
        const there = sibling.state === 'ready';
        if (!there && (sibling.needed || running.has(sibling.name))) {
          const why = sibling.reason ?? sibling.state;
          problems.push(fail(`${name}:${sibling.name}`, `${name} sees no ${sibling.name}: ${why}`));
        }
      }
    }
    return { problems, summary: 'as they should' };
  },
);

const relays = nodeCheck(
  {
    id: 'N-RELAYS',
    title: 'the Nostr relays that are set can be reached',
    why: 'Advisors that come by Nostr find the node only through them.',
    next: 'lightning-cli hive-client-identity, and look at the relay named',
  },
  ({ plugins }) => {
    const all = plugins.flatMap((plugin) => plugin.relays);
    const down = all.filter(({ connected }) => !connected);
    const problems: Problem[] = down.map(({ url }) => fail(url, `${url} is not connected`));
    const options = plugins.flatMap((plugin) => plugin.problems);
    problems.push(...options.map((text) => fail(text, text)));
    const summary = all.length === 0 ? 'none set' : `${all.length} connected`;
    return { problems, summary };
  },
);

const options = nodeCheck(
  {
    id: 'N-OPTIONS',
    title: 'no option of an absent plugin is configured',
    why: 'lightningd refuses to start with an option that no plugin knows.',
    next: 'take the option out of the configuration before the next restart',
  },
  ({ orphan_options }) => ({
    problems: orphan_options.map((name) => fail(name, `${name} is set, its plugin is absent`)),
    summary: 'none',
  }),
);

const disk = nodeCheck(
  {
    id: 'N-DISK',
    title: 'there is room on the disk',
    why: 'On a full disk nothing is acknowledged any more.',
    next: 'make room before upgrading: a backup needs as much as the database',
  },
  ({ disk_free_mib }, { config }) => {
    const least = config.thresholds.disk_free_mib;
    const text = `${disk_free_mib} MiB free`;
    const problems = disk_free_mib < least ? [fail('disk', `${text}, ${least} are needed`)] : [];
    return { problems, summary: text };
  },
);

const clock = nodeCheck(
  {
    id: 'N-CLOCK',
    title: 'the clock is right and the chain is current',
    why: 'Grants and receipts carry times, and requests with a wrong one are refused.',
    next: 'run a time service (chrony, systemd-timesyncd), and let bitcoind catch up',
  },
  ({ clock_behind_block_seconds, synced }, { config }) => {
    const most = config.thresholds.clock_offset_seconds;
    const problems: Problem[] = [];
    if (clock_behind_block_seconds > most) {
      const text = `the clock is ${clock_behind_block_seconds} s behind the newest block`;
      problems.push(fail('clock', text));
    }
    if (!synced) {
      problems.push(unknown('chain', 'lightningd is not synced with the chain'));
    }
    return { problems, summary: 'not behind the newest block' };
  },
);

const modes = nodeCheck(
  {
    id: 'N-MODES',
    title: "the plugins' files are for lightningd's user alone",
    why: 'Databases hold what others must not read.',
    next: 'chmod the file, and find out what made it so',
  },
  ({ files }) => ({
    problems: files
      .filter(({ mode, kind }) => FILE_MODES[kind]?.includes(mode) !== true)
      .map(({ path, mode, kind }) =>
        fail(path, `${path} is ${mode}`, `chmod ${FILE_MODES[kind]?.[0] ?? ''} ${path}`),
      ),
    summary: `${files.length} files and folders`,
  }),
);

/** What `hive-gate doctor` asks of one node. */
export const NODE_CHECKS: readonly Check[] = [
  plugins,
  versions,
  databases,
  siblings,
  relays,
  options,
  disk,
  clock,
  modes,
];
