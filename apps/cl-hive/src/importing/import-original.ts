import { CodedError, type JsonObject } from '@cl-hive/core';
import {
  IMPORT_ROWS_MAX,
  type ImportedRecord,
  type ImportPlan,
  type ImportRefusal,
  importMembership,
  importVersions,
  ORIGINAL_TABLES,
  type OriginalRows,
  planImport,
} from '@cl-hive/hive';
import type { Hive } from '../hive.ts';
import type { Write } from '../line/cell.ts';
import type { Turn } from '../line/turn.ts';

const SENTENCES: Readonly<Record<ImportRefusal, readonly [message: string, remedy: string]>> = {
  not_an_original: [
    'the file is no database of the original cl-hive',
    'name its cl_hive.db, by default in ~/.lightning',
  ],
  other_node: [
    'this node is no member in that database: it belongs to another node, or to one that left',
    'name the database of the original that ran on this node',
  ],
  too_many_members: ['the hive has more members than are supported', 'remove members there first'],
  other_hive: [
    'this node is in another hive than that database',
    'leave that hive first with hive-leave',
  ],
  hive_unknown: [
    'the database names several hives',
    'remove the wrong hive_id from the metadata of its members',
  ],
};

/** Reads tables of a database file; see `readForeignSqlite`. */
export type ReadTables = (
  file: string,
  tables: readonly {
    readonly name: string;
    readonly columns: readonly string[];
    readonly limit: number;
  }[],
) => Promise<ReadonlyMap<string, readonly Readonly<Record<string, unknown>>[]>>;

function refuse(code: ImportRefusal): never {
  const [message, remedy] = SENTENCES[code];
  throw new CodedError<ImportRefusal>(code, message, { remedy });
}

const rows =
  (records: readonly ImportedRecord[]): Write =>
  async (tx) => {
    for (const { kind, key, document } of records) {
      const row = { kind, key, document: JSON.stringify(document) };
      await tx
        .insertInto('hive_imported')
        .values(row)
        .onConflict((conflict) =>
          conflict.columns(['kind', 'key']).doUpdateSet({ document: row.document }),
        )
        .execute();
    }
  };

/** Takes a plan over in one turn; importing the same again changes nothing more. */
function take(hive: Hive, turn: Turn, plan: ImportPlan): void {
  const { membership, state } = hive;
  const members = importMembership(turn.get(membership.cell), plan);
  if ('refused' in members) {
    refuse(members.refused);
  }
  turn.set(membership.cell, members);
  turn.set(state.fleet, importVersions(turn.get(state.fleet), plan));
  turn.write(rows(plan.records));
}

/**
 * Reads an original's database and says what it has; where `dryRun` is false, takes it over. Throws
 * StoreError, and CodedError with an ImportRefusal.
 */
export async function importOriginal(
  hive: Hive,
  read: ReadTables,
  file: string,
  dryRun: boolean,
): Promise<JsonObject> {
  const found = await read(
    file,
    Object.entries(ORIGINAL_TABLES).map(([name, columns]) => ({
      name,
      columns,
      limit: IMPORT_ROWS_MAX + 1,
    })),
  );
  const tables = Object.fromEntries(found) as OriginalRows;
  const plan = planImport(tables, hive.self, hive.time.wallSeconds());
  if ('refused' in plan) {
    return refuse(plan.refused);
  }
  const before = importMembership(hive.membership.view(), plan);
  if ('refused' in before) {
    refuse(before.refused);
  }
  if (!dryRun) {
    await hive.line.run((turn) => take(hive, turn, plan));
  }
  return { dry_run: dryRun, ...view(plan) };
}

function view(plan: ImportPlan): JsonObject {
  const count = (kind: ImportedRecord['kind']): number =>
    plan.records.filter((record) => record.kind === kind).length;
  return {
    hive_id: plan.hiveId,
    members: plan.members.map(({ peer, tier }) => ({ peer_id: peer, tier })),
    bans: plan.bans.map(({ peer }) => peer),
    ban_proposals: plan.proposals.map(({ proposalId, target, approvals }) => ({
      proposal_id: proposalId,
      target_peer_id: target,
      approvals: approvals.length,
    })),
    versions: plan.versions.map(({ peer, version }) => ({ peer_id: peer, version })),
    intents: count('intent'),
    planner_log: count('planner_log'),
    contribution_days: count('contribution'),
    offers: count('offer'),
    left: plan.skipped.map(({ table, code, rows: left }) => ({ table, code, rows: left })),
  };
}
