import { integer, object, oneOf, optional } from '@cl-hive/core';
import { type Check, defineCheck, fail, type Problem, unknown } from '../check.ts';
import { CLOCK_AHEAD_MS } from '../limits.ts';
import { line, list, moment, strict, words } from '../strict.ts';
import { PLUGINS } from './operations.ts';

const DAY_MS = 86_400_000;
const level = oneOf('critical', 'high', 'medium', 'low');

/** `docs/gates/audit-findings.yaml`. */
export const findingsFile = strict({
  version: integer(1, 1),
  findings: list(
    strict({
      id: words,
      title: words,
      severity: level,
      status: oneOf('open', 'fixed', 'rejected'),
      found: moment,
      where: words,
      note: optional(line),
    }),
  ),
});

const findingsCheck = defineCheck({
  id: 'C-FINDINGS',
  gate: 'C',
  title: 'no audit finding of medium severity or more is open without an accepted control',
  why: 'A hole that is known is the first that is tried.',
  collector: 'audit-findings',
  next: 'close it, or let somebody answer for it, with a control, in gates.yaml',
  acceptable: true,
  decode: findingsFile,
  rule: ({ findings }) => ({
    problems: findings
      .filter(({ status, severity }) => status === 'open' && severity !== 'low')
      .map(({ id, severity, title }) => fail(id, `${id} is open (${severity}): ${title}`)),
    summary: `${findings.length} findings, none open above low`,
  }),
});

const advisory = object({
  id: words,
  /** Other names of the same vulnerability. */
  aliases: list(words),
  package: words,
  version: words,
  severity: level,
  title: line,
});

const advisories = object({
  /** When the database was made. */
  made: moment,
  /** Advisories in it. */
  records: integer(0),
  packages: integer(0),
  hits: list(advisory),
  /** What names a dependency and does not say of which versions. */
  unclear: list(advisory),
});

const advisoriesCheck = defineCheck({
  id: 'C-ADVISORIES',
  gate: 'C',
  title: 'no dependency has a known vulnerability',
  why: 'What the plugins carry along runs beside the money too.',
  collector: 'advisories',
  next: 'hand in an advisory database: --advisories FILE (tools/hive-gate/README.md says how to make one)',
  acceptable: true,
  decode: advisories,
  rule: ({ made, records, packages, hits, unclear }, { now, config }) => {
    const problems: Problem[] = hits
      .filter(({ severity }) => severity !== 'low')
      .map(({ id, package: name, version, severity, title }) =>
        fail(id, `${name} ${version}: ${id} (${severity}) ${title}`, `replace ${name}`),
      );
    for (const { id, package: name, version } of unclear) {
      const text = `${id} names ${name} and not clearly which versions, ${version} is in use`;
      problems.push(unknown(id, text, `look at ${id}`));
    }
    const days = config.thresholds.advisories_days;
    if (now - made > days * DAY_MS) {
      problems.push(unknown('age', `the advisory database is older than ${days} days`));
    }
    if (made - now > CLOCK_AHEAD_MS) {
      problems.push(unknown('age', 'the advisory database is dated in the future'));
    }
    if (packages === 0 || records === 0) {
      problems.push(unknown('none', 'no dependency was compared'));
    }
    const summary = `${packages} dependencies, ${records} advisories, none affected`;
    return { problems, summary };
  },
});

const danger = integer(1, 10);
const caller = oneOf('operator', 'sibling', 'advisor');

/** `docs/gates/rpc-allowlist.yaml`. */
export const allowlistFile = strict({
  version: integer(1, 1),
  methods: list(
    strict({
      name: words,
      plugin: oneOf(...PLUGINS),
      /** Worst effect, 1 (reads) to 10 (moves all funds), as management schemas score. */
      danger,
      /** Who may call it: the operator (lightning-rpc), siblings, advisors through a rune. */
      callers: list(caller),
      /** What decides inside, for a dangerous method that is open to advisors. */
      guarded_by: optional(words),
      why: words,
    }),
  ),
});

const registered = object({
  allowlist: allowlistFile,
  plugins: list(
    object({ plugin: words, methods: list(words), hooks: list(words), notifications: list(words) }),
  ),
});

const rpcCheck = defineCheck({
  id: 'C-RPC',
  gate: 'C',
  title: 'the plugins register exactly the allowed RPC methods',
  why: 'Each method is a door. The allowlist names every one, how dangerous it is and who may call it; a door that nobody wrote down is open by mistake.',
  collector: 'rpc-methods',
  next: 'look at the method, then write it into docs/gates/rpc-allowlist.yaml, or take it out',
  decode: registered,
  rule: ({ allowlist, plugins }) => {
    const problems: Problem[] = [...absent(plugins)];
    const allowed = new Map(allowlist.methods.map((method) => [method.name, method]));
    if (allowed.size !== allowlist.methods.length) {
      problems.push(fail('twice', 'the allowlist names a method twice'));
    }
    const seen = new Set<string>();
    const asked = new Set<string>(plugins.map(({ plugin }) => plugin));
    for (const { plugin, methods } of plugins) {
      for (const name of methods) {
        seen.add(name);
        const entry = allowed.get(name);
        if (entry === undefined) {
          problems.push(fail(name, `${plugin} registers ${name}, which the allowlist lacks`));
        } else if (entry.plugin !== plugin) {
          problems.push(fail(name, `${name} is of ${plugin}, the allowlist says ${entry.plugin}`));
        }
      }
    }
    for (const { name, plugin, danger, callers, guarded_by } of allowlist.methods) {
      if (asked.has(plugin) && !seen.has(name)) {
        problems.push(fail(name, `${name} is allowed but registered by nobody`));
      }
      if (callers.length === 0) {
        problems.push(fail(name, `the allowlist does not say who may call ${name}`));
      }
      const open = danger >= OPEN_DANGER && callers.includes('advisor');
      if (open && guarded_by === undefined) {
        problems.push(fail(name, `${name} has danger ${danger} and is open to advisors`));
      }
    }
    return { problems, summary: `${seen.size} methods, all allowed` };
  },
});

/** Danger from which a method that is open to advisors must decide inside who may do what. */
const OPEN_DANGER = 5;

function absent(found: readonly { readonly plugin: string }[]): readonly Problem[] {
  return PLUGINS.filter((name) => !found.some(({ plugin }) => plugin === name)).map((name) =>
    unknown(name, `${name} was not asked`),
  );
}

const modes = object({
  files: list(
    object({
      path: words,
      /** Permission bits in octal, four digits. */
      mode: words,
      kind: oneOf('entry', 'code', 'code-folder', 'data', 'data-folder'),
    }),
  ),
});

/** Modes that each kind of file may have. */
export const FILE_MODES: Readonly<Record<string, readonly string[]>> = {
  entry: ['0755', '0555', '0700', '0500'],
  code: ['0644', '0444', '0600', '0400'],
  'code-folder': ['0755', '0555', '0700', '0500'],
  data: ['0600', '0400'],
  'data-folder': ['0700', '0500'],
};

const modesCheck = defineCheck({
  id: 'C-MODES',
  gate: 'C',
  title: 'files are readable and writable for whom they are meant',
  why: 'Databases hold what others must not read; code that others can write is theirs; lightningd starts every executable file of a plugin folder.',
  collector: 'file-modes',
  next: 'chmod the file, and find out what made it so',
  decode: modes,
  rule: ({ files }) => {
    const problems: Problem[] = files
      .filter(({ mode, kind }) => !FILE_MODES[kind]?.includes(mode))
      .map(({ path, mode, kind }) =>
        fail(path, `${path} is ${mode}`, `chmod ${FILE_MODES[kind]?.[0] ?? ''} ${path}`),
      );
    for (const kind of Object.keys(FILE_MODES)) {
      if (!files.some((file) => file.kind === kind)) {
        problems.push(unknown(kind, `no file of kind ${kind} was seen`));
      }
    }
    return { problems, summary: `${files.length} files and folders` };
  },
});

const secrets = object({
  planted: list(
    object({
      /** What kind of secret, never the secret. */
      name: words,
      /** Where it is looked for and was found: log, answers, argv, files. */
      found: list(words),
      /** Whether the plugin took it at all; else nothing was tried. */
      taken: oneOf('yes', 'no'),
    }),
  ),
  searched: object({ log_lines: integer(0), answers: integer(0), files: integer(0) }),
});

const secretsCheck = defineCheck({
  id: 'C-SECRETS',
  gate: 'C',
  title: 'planted secrets appear in no log and no answer',
  why: 'Logs are pasted into issues and answers into chats. A secret is handed to the plugins, then everything they say is searched for it.',
  collector: 'canary-secret',
  next: 'find what prints it; do not share logs of nodes until then',
  decode: secrets,
  rule: ({ planted, searched }) => {
    const problems: Problem[] = [];
    for (const { name, found, taken } of planted) {
      for (const where of found) {
        problems.push(fail(`${name}:${where}`, `the ${name} appears in ${where}`));
      }
      if (taken === 'no') {
        problems.push(unknown(name, `the ${name} was not taken, so nothing was tried`));
      }
    }
    if (planted.length === 0) {
      problems.push(unknown('none', 'no secret was planted'));
    }
    if (searched.log_lines === 0 || searched.answers === 0) {
      problems.push(unknown('searched', 'there was nothing to search'));
    }
    const { log_lines, answers } = searched;
    const summary = `${planted.length} secrets, ${answers} answers and ${log_lines} log lines clean`;
    return { problems, summary };
  },
});

export const SECURITY: readonly Check[] = [
  findingsCheck,
  advisoriesCheck,
  rpcCheck,
  modesCheck,
  secretsCheck,
];
