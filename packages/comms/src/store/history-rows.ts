import { type Msat, stringifyJson } from '@cl-hive/core';
import { decodeMsat, encodeMsat, type Transactor } from '@cl-hive/store';
import { HISTORY_PRUNE_BATCH, KEPT_OUTCOME_MAX } from '../limits.ts';
import { FINAL_STATES } from '../pipeline/intent.ts';
import { readDocument } from './documents.ts';
import type { CommsTables } from './tables.ts';

/** What one transaction of a prune removed. */
export interface PrunedHistory {
  readonly requests: number;
  readonly ledgerEntries: number;
}

/**
 * Removes requests that were over before `beforeGuardMs`, oldest first, at most
 * {@link HISTORY_PRUNE_BATCH}; what they used of a grant is carried forward in the same transaction. What
 * stays: the newest request, since its number must not be given twice; executed ones under an
 * idempotency key, which must not execute again; those with an answer to send; nonces.
 */
export async function pruneHistory(
  tx: Transactor<CommsTables>,
  beforeGuardMs: number,
): Promise<PrunedHistory> {
  const ids = await prunable(tx, beforeGuardMs);
  if (ids.length === 0) {
    return { requests: 0, ledgerEntries: 0 };
  }
  const entries = await tx
    .selectFrom('comms_ledger')
    .select(['grant_id', 'power', 'amount_msat', 'state'])
    .where('intent', 'in', ids)
    .execute();
  for (const { grant_id: grant, power, amount_msat: amount, state } of entries) {
    if (grant !== null && state === 'settled') {
      await carryForward(tx, grant, power, decodeMsat(amount));
    }
  }
  await tx.deleteFrom('comms_ledger').where('intent', 'in', ids).execute();
  await tx.deleteFrom('comms_intents').where('id', 'in', ids).execute();
  return { requests: ids.length, ledgerEntries: entries.length };
}

/**
 * Takes the results out of executed requests that stay for their idempotency key alone, were over before
 * `beforeGuardMs` and are longer than {@link KEPT_OUTCOME_MAX}; at most {@link HISTORY_PRUNE_BATCH}. Gives
 * how many. That the request was executed, and its receipt, stay.
 */
export async function shortenKept(
  tx: Transactor<CommsTables>,
  beforeGuardMs: number,
): Promise<number> {
  const rows = await tx
    .selectFrom('comms_intents')
    .select(['id', 'outcome'])
    .where('state', '=', 'executed')
    .where('idempotency_key', 'is not', null)
    .where('guard_ms', '<', beforeGuardMs)
    .where((eb) => eb(eb.fn<number>('length', ['outcome']), '>', KEPT_OUTCOME_MAX))
    .where('id', 'not in', (eb) => eb.selectFrom('comms_answers').select('intent'))
    .orderBy('id')
    .limit(HISTORY_PRUNE_BATCH)
    .execute();
  for (const { id, outcome } of rows) {
    const { result: _, ...rest } = readDocument(outcome ?? '{}', 'intent');
    const cut = { cut: true, characters: outcome?.length ?? 0 };
    await tx
      .updateTable('comms_intents')
      .set({ outcome: stringifyJson({ ...rest, result: cut }) })
      .where('id', '=', id)
      .execute();
  }
  return rows.length;
}

async function prunable(
  tx: Transactor<CommsTables>,
  beforeGuardMs: number,
): Promise<readonly number[]> {
  const newest = await tx
    .selectFrom('comms_intents')
    .select((eb) => eb.fn.max('id').as('id'))
    .executeTakeFirst();
  const rows = await tx
    .selectFrom('comms_intents')
    .select('id')
    .where('state', 'in', [...FINAL_STATES])
    .where('guard_ms', '<', beforeGuardMs)
    .where('id', '<', newest?.id ?? 0)
    .where((eb) => eb.or([eb('idempotency_key', 'is', null), eb('state', '!=', 'executed')]))
    .where('id', 'not in', (eb) => eb.selectFrom('comms_answers').select('intent'))
    .where('id', 'not in', (eb) =>
      eb
        .selectFrom('comms_ledger')
        .select('comms_ledger.intent')
        .where((or) =>
          or.or([
            or('comms_ledger.state', 'in', ['reserved', 'unknown']),
            or('comms_ledger.at_guard_ms', '>=', beforeGuardMs),
          ]),
        ),
    )
    .orderBy('id')
    .limit(HISTORY_PRUNE_BATCH)
    .execute();
  return rows.map(({ id }) => id);
}

async function carryForward(
  tx: Transactor<CommsTables>,
  grant: number,
  power: string,
  amount: Msat,
): Promise<void> {
  const before = await tx
    .selectFrom('comms_grant_totals')
    .select('amount_msat')
    .where('grant_id', '=', grant)
    .where('power', '=', power)
    .executeTakeFirst();
  const total = ((before === undefined ? 0n : decodeMsat(before.amount_msat)) + amount) as Msat;
  const row = { amount_msat: encodeMsat(total) };
  await tx
    .insertInto('comms_grant_totals')
    .values({ grant_id: grant, power, ...row })
    .onConflict((conflict) => conflict.columns(['grant_id', 'power']).doUpdateSet(row))
    .execute();
}
