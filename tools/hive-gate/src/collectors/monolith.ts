import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  array,
  describeError,
  integer,
  type JsonObject,
  type JsonValue,
  object,
  optional,
  stringifyJson,
  text,
} from '@cl-hive/core';
import type { NodeUnderTest } from '@cl-hive/hive-lab';
import { plainText, readJson, readText, sha256 } from '../files.ts';
import { withLab } from '../lab/lab.ts';
import { JUNIT_BYTES_MAX, YAML_BYTES_MAX } from '../limits.ts';
import type { Setting } from '../setting.ts';
import { buildInputs, type Collector, NoEvidence } from './collector.ts';
import { readRunbook } from './runbook-text.ts';
import { runStoreTool } from './store-tool.ts';

/** Statements that make an original's database of the node {@link ORIGINAL_NODE}. */
const STATEMENTS = 'apps/cl-hive/fixtures/original-database.sql';
const RUNBOOK = 'move-from-the-original.md';
const ORIGINAL_NODE = `02${'1'.padStart(64, '0')}`;
/** Around this second all times in the statements are. */
const ORIGINAL_SECOND = 1_795_000_000;
const TIMES = /\b179[45]\d{6}\b/g;

/** What `hive-import` says it takes. */
const decodeImport = object({
  hive_id: text(200),
  members: array(object({ peer_id: text(66), tier: text(20) })),
  bans: array(text(66)),
  ban_proposals: array(object({ proposal_id: text(200) })),
  versions: array(object({ peer_id: text(66), version: integer(0) })),
  intents: integer(0),
  planner_log: integer(0),
  contribution_days: integer(0),
  offers: integer(0),
  left: array(object({ table: text(100), rows: integer(0) })),
});
type Import = ReturnType<typeof decodeImport>;

const decodeMembers = object({ members: array(object({ peer_id: text(66), tier: text(20) })) });
const decodeBans = object({ proposals: array(object({ proposal_id: text(200) })) });
const decodeStatus = object({
  hive_id: optional(text(200)),
  bans: integer(0),
  states: object({ version: integer(0) }),
});
const decodeBackup = object({ tables: array(object({ name: text(200), rows: integer(0) })) });

const sorted = (values: readonly JsonValue[]): string =>
  values
    .map((value) => stringifyJson(value))
    .sort()
    .join();

/** Rows by table, as the statements insert them. */
function rowsOf(sql: string): ReadonlyMap<string, number> {
  const rows = new Map<string, number>();
  for (const [, table = ''] of sql.matchAll(/^insert into (\w+) /gm)) {
    rows.set(table, (rows.get(table) ?? 0) + 1);
  }
  return rows;
}

/**
 * How many rows of each table were taken. A banned member's row becomes the ban; the ledger's rows are
 * summed by day, and count as taken where any day is.
 */
function takenOf(said: Import, rows: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  const leftOf = (table: string): number =>
    said.left.filter((one) => one.table === table).reduce((sum, one) => sum + one.rows, 0);
  const ledger = (rows.get('contribution_ledger') ?? 0) - leftOf('contribution_ledger');
  const banned = (rows.get('hive_members') ?? 0) - leftOf('hive_members') - said.members.length;
  return new Map([
    ['hive_members', said.members.length + Math.min(banned, said.bans.length)],
    ['hive_bans', said.bans.length],
    ['ban_proposals', said.ban_proposals.length],
    ['hive_state', said.versions.length],
    ['intent_locks', said.intents],
    ['hive_planner_log', said.planner_log],
    ['contribution_ledger', said.contribution_days > 0 ? ledger : 0],
    ['settlement_offers', said.offers],
  ]);
}

/** Rows that are neither taken nor told as left. */
function lostRows(
  said: Import,
  rows: ReadonlyMap<string, number>,
  taken: ReadonlyMap<string, number>,
): readonly string[] {
  return [...taken].flatMap(([table, count]) => {
    const left = said.left.filter((one) => one.table === table);
    const told = left.reduce((sum, one) => sum + one.rows, count);
    const held = rows.get(table) ?? 0;
    return held === told ? [] : [`${table}: ${held} rows, ${told} taken or told as left`];
  });
}

/** What the plugin shows after the import otherwise than the import said. */
async function differences(node: NodeUnderTest, said: Import): Promise<readonly string[]> {
  const { members } = decodeMembers(await node.call('hive-members'));
  const { proposals } = decodeBans(await node.call('hive-pending-bans'));
  const status = decodeStatus(await node.status('cl-hive'));
  const { id } = await node.call('getinfo');
  const last = said.versions.find(({ peer_id }) => peer_id === id)?.version;
  const pick = ({ peer_id, tier }: Import['members'][number]): JsonValue => [peer_id, tier];
  const ids = (list: Import['ban_proposals']): JsonValue[] =>
    list.map(({ proposal_id }) => proposal_id);
  const same: readonly (readonly [string, boolean])[] = [
    ['the hive', status.hive_id === said.hive_id],
    ['members', sorted(members.map(pick)) === sorted(said.members.map(pick))],
    ['bans', status.bans === said.bans.length],
    ['votes on bans', sorted(ids(proposals)) === sorted(ids(said.ban_proposals))],
    ['the version goes on', last !== undefined && status.states.version > last],
  ];
  return same.filter(([, equal]) => !equal).map(([what]) => what);
}

/** Dry run, import, again, and what is in the database then; gives what was not as it must be. */
async function importIt(
  node: NodeUnderTest,
  file: string,
  rows: ReadonlyMap<string, number>,
): Promise<{ readonly taken: number; readonly unaccounted: readonly string[] }> {
  const call = async (dry: boolean): Promise<Import> =>
    decodeImport(await node.call('hive-import', { path: file, dry_run: dry }));
  const shown = await call(true);
  const untouched = decodeMembers(await node.call('hive-members')).members.length === 0;
  const said = await call(false);
  const again = await call(false);
  const taken = takenOf(said, rows);
  return {
    taken: [...taken.values()].reduce((sum, count) => sum + count, 0),
    unaccounted: [
      ...(untouched ? [] : ['a dry run took members']),
      ...(sorted([{ ...shown }]) === sorted([{ ...said }]) ? [] : ['more than the dry run showed']),
      ...(sorted([{ ...again }]) === sorted([{ ...said }]) ? [] : ['a second import was another']),
      ...lostRows(said, rows, taken),
      ...(await differences(node, said)),
    ],
  };
}

/** Rows that are kept to be read, counted in a backup of the plugin's stopped database. */
function keptRows({ dist }: Setting, node: NodeUnderTest): number {
  const database = path.join(node.lightningDir, 'cl-hive', 'hive.sqlite3');
  const made = runStoreTool(dist, 'cl-hive', 'backup', database, path.join(node.dir, 'moved'));
  const tables = made.ok ? decodeBackup(made.answer).tables : [];
  return tables.find(({ name }) => name === 'hive_imported')?.rows ?? 0;
}

/** The original's database of the node on hive-lab, with times around now. */
function makeOriginal(setting: Setting, sql: string, node: NodeUnderTest, self: string): string {
  const folder = path.join(node.dir, 'original');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const later = Math.floor(setting.now() / 1000) - ORIGINAL_SECOND;
  const own = sql
    .replaceAll(ORIGINAL_NODE, self)
    .replace(TIMES, (second) => String(Number(second) + later));
  const statements = path.join(folder, 'original.sql');
  writeFileSync(statements, own);
  const file = path.join(folder, 'cl_hive.db');
  const made = runStoreTool(setting.dist, 'cl-hive', 'drill-foreign', statements, file);
  if (!made.ok) {
    throw new NoEvidence(`no database of an original: ${made.refusal}`, 'npm run build');
  }
  return file;
}

async function drill(setting: Setting, sql: string): Promise<JsonObject> {
  const rows = rowsOf(sql);
  let seen: JsonObject = {};
  await withLab(setting, { plugins: ['cl-hive-comms', 'cl-hive'] }, async (node) => {
    await node.untilState('cl-hive', 'ready');
    const file = makeOriginal(
      setting,
      sql,
      node,
      plainText((await node.call('getinfo'))['id'] ?? ''),
    );
    const digest = (): string => sha256(readFileSync(file));
    const before = digest();
    const { taken, unaccounted } = await importIt(node, file, rows).catch((error: unknown) => ({
      taken: 0,
      unaccounted: [(describeError(error).split('\n')[0] ?? '').slice(0, 300)],
    }));
    setting.onImported?.(file);
    await node.stopPlugin('cl-hive');
    const kept = keptRows(setting, node);
    await node.stopPlugin('cl-hive-comms');
    const { alias } = await node.call('getinfo');
    seen = {
      original_rows: [...rows.values()].reduce((sum, count) => sum + count, 0),
      imported_rows: taken,
      unaccounted: [...unaccounted, ...(kept > 0 ? [] : ['nothing is kept to be read'])],
      file_before: before,
      file_after: digest(),
      back: alias !== undefined && !existsSync(`${file}-journal`) && !existsSync(`${file}-wal`),
    };
  });
  return seen;
}

/** Steps of the page about the move, and the calls it shows, also within a numbered step. */
function readMove(setting: Setting): JsonObject {
  const page = readText(path.join(setting.runbooks, RUNBOOK), YAML_BYTES_MAX);
  const commands = [...page.matchAll(/^\s*(lightning-cli .*)$/gm)].map(([, call = '']) =>
    call.trim(),
  );
  return { steps: readRunbook(page).steps, commands };
}

function statementsOf({ root }: Setting): string {
  const file = path.join(root, STATEMENTS);
  if (!existsSync(file)) {
    throw new NoEvidence(
      `there is no ${STATEMENTS}`,
      'try the move on a copy of such a node, and hand in the result: --monolith FILE',
    );
  }
  return readText(file, YAML_BYTES_MAX);
}

/** The move from the Python cl-hive and back, tried on hive-lab, or as it was handed in. */
export const monolith: Collector = {
  id: 'monolith',
  title:
    "takes an original's database over on hive-lab, compares, and goes back; or reads --monolith FILE",
  inputs: (setting) =>
    setting.monolith === undefined
      ? [
          ...buildInputs(setting),
          sha256(statementsOf(setting)),
          stringifyJson(readMove(setting)),
          setting.onImported === undefined ? '' : 'tampered',
        ]
      : [sha256(readText(setting.monolith, JUNIT_BYTES_MAX))],
  collect: async (setting) =>
    setting.monolith === undefined
      ? { ...(await drill(setting, statementsOf(setting))), runbook: readMove(setting) }
      : readJson(setting.monolith, JUNIT_BYTES_MAX),
};
