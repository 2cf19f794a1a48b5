import { decodeMsat, encodeMsat, type Reader, type Transactor } from '@cl-hive/store';
import {
  decodeOperation,
  type Operation,
  type OperationKind,
  type OperationState,
  operationDocument,
} from './operation.ts';
import type { CashuTables } from './tables.ts';
import { type Sealer, sealJson, unsealJson } from './vault.ts';

/** What is shown of an operation: nothing that spends. */
export type OperationSummary = Pick<
  Operation,
  'key' | 'kind' | 'mint' | 'state' | 'amountMsat' | 'feeMsat' | 'atMs' | 'reason'
>;

const context = (key: string): string => `cashu-operation/${key}`;

/** Stores an operation, new or changed. */
export async function putOperation(
  tx: Transactor<CashuTables>,
  operation: Operation,
  sealer: Sealer,
): Promise<void> {
  const { key, kind, mint, state, atMs, reason } = operation;
  const rest = {
    kind,
    mint,
    state,
    amount_msat: encodeMsat(operation.amountMsat),
    fee_msat: encodeMsat(operation.feeMsat),
    at_ms: atMs,
    reason,
    sealed: sealJson(sealer, operationDocument(operation), context(key)),
  };
  await tx
    .insertInto('comms_cashu_operations')
    .values({ key, ...rest })
    .onConflict((conflict) => conflict.column('key').doUpdateSet(rest))
    .execute();
}

/** An operation by its key. */
export async function findOperation(
  reader: Reader<CashuTables>,
  key: string,
  sealer: Sealer,
): Promise<Operation | undefined> {
  const row = await reader
    .selectFrom('comms_cashu_operations')
    .selectAll()
    .where('key', '=', key)
    .executeTakeFirst();
  if (row === undefined) {
    return undefined;
  }
  const rest = decodeOperation(unsealJson(sealer, row.sealed, context(key)));
  return { ...summaryOf(row), ...rest };
}

/** Keys of the operations in a state, of one mint where named, oldest first. */
export async function operationKeys(
  reader: Reader<CashuTables>,
  state: OperationState,
  mint?: string,
): Promise<readonly string[]> {
  let query = reader
    .selectFrom('comms_cashu_operations')
    .select('key')
    .where('state', '=', state)
    .orderBy('at_ms')
    .orderBy('key');
  if (mint !== undefined) {
    query = query.where('mint', '=', mint);
  }
  const rows = await query.execute();
  return rows.map(({ key }) => key);
}

/** The newest operations. */
export async function listOperations(
  reader: Reader<CashuTables>,
  limit: number,
): Promise<readonly OperationSummary[]> {
  const rows = await reader
    .selectFrom('comms_cashu_operations')
    .select(['key', 'kind', 'mint', 'state', 'amount_msat', 'fee_msat', 'at_ms', 'reason'])
    .orderBy('at_ms', 'desc')
    .orderBy('key')
    .limit(limit)
    .execute();
  return rows.map(summaryOf);
}

function summaryOf(row: Omit<CashuTables['comms_cashu_operations'], 'sealed'>): OperationSummary {
  return {
    key: row.key,
    kind: row.kind as OperationKind,
    mint: row.mint,
    state: row.state as OperationState,
    amountMsat: decodeMsat(row.amount_msat),
    feeMsat: decodeMsat(row.fee_msat),
    atMs: row.at_ms,
    reason: row.reason,
  };
}
