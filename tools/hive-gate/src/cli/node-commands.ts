import { existsSync } from 'node:fs';
import path from 'node:path';
import { isJsonObject, type JsonObject, type JsonValue, stringifyJson } from '@cl-hive/core';
import {
  CANARY_CHECKS,
  gathered,
  judgeAll,
  NODE_CHECKS,
  subjectDigest,
  worst,
} from '@cl-hive/readiness';
import { readLog } from '../collectors/node-logs.ts';
import { plainText, readJson, readText, writeWhole } from '../files.ts';
import { JUNIT_BYTES_MAX, WATCH_SECONDS } from '../limits.ts';
import { judgeCanary, recordBaseline, recordSample } from '../node/canary-file.ts';
import { examineNode, withNodeRpc } from '../node/observe.ts';
import { checksJson } from '../render/documents.ts';
import { renderTable } from '../render/table.ts';
import type { Around } from './around.ts';
import {
  findRoot,
  readConfig,
  rpcFileOf,
  settingOf,
  UsageError,
  type WhereOptions,
} from './common.ts';
import { EXIT, type ExitCode, exitOf } from './exit-codes.ts';

/** Options of the commands about one node. */
export interface NodeOptions extends WhereOptions {
  readonly node?: string;
  readonly file?: string;
  readonly json?: true;
  readonly save?: string;
  readonly compare?: string;
  readonly log?: string;
  readonly nodeTests?: string;
  readonly watch?: true;
}

const PIPE_COLUMNS = 120;

function rpcOf(options: NodeOptions, cwd: string): string {
  if (options.node === undefined) {
    throw new UsageError('which node?', 'name the folder with its lightning-rpc: --node DIR');
  }
  const file = rpcFileOf(options.node, cwd);
  if (!existsSync(file)) {
    throw new UsageError(`there is no lightning-rpc at ${file}`, 'is lightningd up? --node DIR');
  }
  return file;
}

/** A doctor needs no repository: its subject is the node alone. */
const NO_RELEASE = { commit: '0'.repeat(40), builds: [] };

/** `hive-gate doctor`: what is installed, what is wrong, how to mend it, and what changed. */
export async function runDoctor(options: NodeOptions, around: Around): Promise<ExitCode> {
  const rpcFile = rpcOf(options, around.cwd);
  const gates = path.resolve(findRoot(around.cwd, options.root), options.gates ?? 'docs/gates');
  const config = readConfig(gates);
  const now = around.now();
  const seen = await withNodeRpc(rpcFile, (rpc) => examineNode(rpc, now));
  const evidence = gathered(seen, { at: now, of: subjectDigest(NO_RELEASE) });
  const context = { now, config, subject: NO_RELEASE };
  const verdicts = judgeAll(NODE_CHECKS, new Map([['node', evidence]]), context);
  const lines = NODE_CHECKS.map((check, index) => ({
    check,
    verdict: verdicts[index] ?? { check: check.id, outcome: 'unknown' as const, evidence: '' },
    tookMs: 0,
  }));
  const columns = around.columns() ?? PIPE_COLUMNS;
  around.out(
    options.json === true
      ? `${stringifyJson({ ...checksJson(lines), node: seen })}\n`
      : renderTable(lines, { columns, colour: around.colour }),
  );
  if (options.compare !== undefined) {
    const before = readJson(path.resolve(around.cwd, options.compare), JUNIT_BYTES_MAX);
    const changes = differences(isJsonObject(before) ? before : {}, seen);
    around.out(
      changes.length === 0
        ? 'nothing changed\n'
        : `changed:\n${changes.map((text) => `  ${text}`).join('\n')}\n`,
    );
  }
  if (options.save !== undefined) {
    writeWhole(path.resolve(around.cwd, options.save), `${stringifyJson(seen)}\n`);
  }
  return exitOf(worst(verdicts));
}

/** What differs between two examinations, by the path of each value. */
export function differences(before: JsonValue, after: JsonValue, at = ''): readonly string[] {
  const keyed = (value: JsonValue): JsonObject => {
    if (Array.isArray(value)) {
      return Object.fromEntries(
        (value as readonly JsonValue[]).map((item, index) => [
          isJsonObject(item)
            ? plainText(item['name'] ?? item['url'] ?? item['path'] ?? index)
            : String(index),
          item,
        ]),
      );
    }
    return value as JsonObject;
  };
  const plain = (value: JsonValue | undefined): boolean =>
    value === undefined || value === null || typeof value !== 'object';
  if (plain(before) || plain(after)) {
    return before === after
      ? []
      : [`${at}: ${stringifyJson(before ?? null)} → ${stringifyJson(after ?? null)}`];
  }
  const [left, right] = [keyed(before), keyed(after)];
  return [...new Set([...Object.keys(left), ...Object.keys(right)])].flatMap((key) => {
    const name = at === '' ? key : `${at}.${key}`;
    return key === 'disk_free_mib' ? [] : differences(left[key] ?? null, right[key] ?? null, name);
  });
}

function canaryFile(options: NodeOptions, cwd: string): string {
  return path.resolve(cwd, options.file ?? 'canary.json');
}

/** `hive-gate baseline`. */
export async function runBaseline(options: NodeOptions, around: Around): Promise<ExitCode> {
  const file = canaryFile(options, around.cwd);
  const baseline = await recordBaseline(file, rpcOf(options, around.cwd), around.now());
  around.out(`${stringifyJson(baseline)}\nin ${file}\n`);
  return EXIT.pass;
}

/** `hive-gate sample`: one, or one a minute. */
export async function runSample(options: NodeOptions, around: Around): Promise<ExitCode> {
  const file = canaryFile(options, around.cwd);
  const since = around.now();
  for (;;) {
    const errors =
      options.log === undefined
        ? []
        : await errorsSince(path.resolve(around.cwd, options.log), since);
    await recordSample(file, rpcOf(options, around.cwd), {
      now: around.now(),
      errors,
      ...(options.nodeTests === undefined
        ? {}
        : { tests: path.resolve(around.cwd, options.nodeTests) }),
    });
    around.out(`sampled into ${file}\n`);
    if (options.watch !== true) {
      return EXIT.pass;
    }
    await around.pause(WATCH_SECONDS * 1000);
  }
}

/** Error lines of the plugins in a log's last day. */
async function errorsSince(file: string, now: number): Promise<readonly string[]> {
  const recent = readText(file, JUNIT_BYTES_MAX)
    .split('\n')
    .filter((line) => now - Date.parse(line.split(' ')[0] ?? '') < 86_400_000);
  const { broken } = await readLog(
    (async function* lines() {
      yield* recent;
    })(),
  );
  return broken;
}

/** `hive-gate canary`: the criteria as they stand. */
export function runCanary(options: NodeOptions, around: Around): ExitCode {
  const setting = settingOf(options, around);
  const lines = judgeCanary(canaryFile(options, around.cwd), setting, CANARY_CHECKS);
  const columns = around.columns() ?? PIPE_COLUMNS;
  around.out(
    options.json === true
      ? `${stringifyJson(checksJson(lines))}\n`
      : renderTable(lines, { columns, colour: around.colour }),
  );
  const outcome = worst(lines.map(({ verdict }) => verdict));
  if (outcome !== 'pass') {
    around.out(
      outcome === 'fail'
        ? 'Proposed: roll back. hive-gate rollback shows the exact steps and can carry them out.\n'
        : 'Proposed: pause, and wait for more data. hive-gate rollout pause\n',
    );
  }
  return exitOf(outcome);
}
