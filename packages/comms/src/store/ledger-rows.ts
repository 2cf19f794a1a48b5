import type { Msat } from '@cl-hive/core';
import {
  decodeMsat,
  decodeMsatSum,
  encodeMsat,
  type Reader,
  sumMsat,
  type Transactor,
} from '@cl-hive/store';
import type { Cap, CapUse } from '../ledger/cap.ts';
import type { LedgerEntry, LedgerPower, LedgerState } from '../ledger/entry.ts';
import type { GrantUse } from '../policy/facts.ts';
import type { CommsTables } from './tables.ts';

/** Stores an entry, new or changed. */
export async function putEntry(tx: Transactor<CommsTables>, entry: LedgerEntry): Promise<void> {
  const key = { intent: entry.intent, power: entry.power };
  const rest = {
    principal: entry.principal,
    grant_id: entry.grant ?? null,
    amount_msat: encodeMsat(entry.amountMsat),
    state: entry.state,
    at_guard_ms: entry.atGuardMs,
  };
  await tx
    .insertInto('comms_ledger')
    .values({ ...key, ...rest })
    .onConflict((conflict) => conflict.columns(['intent', 'power']).doUpdateSet(rest))
    .execute();
}

/** The entries of an intent. */
export async function listEntries(
  reader: Reader<CommsTables>,
  intent: number,
): Promise<readonly LedgerEntry[]> {
  const rows = await reader
    .selectFrom('comms_ledger')
    .selectAll()
    .where('intent', '=', intent)
    .orderBy('power')
    .execute();
  return rows.map((row) => ({
    intent: row.intent,
    power: row.power as LedgerPower,
    principal: row.principal,
    grant: row.grant_id ?? undefined,
    amountMsat: decodeMsat(row.amount_msat),
    state: row.state as LedgerState,
    atGuardMs: row.at_guard_ms,
  }));
}

/**
 * What counts against a window: everything reserved or unknown, and what was settled within it; the
 * same as `countsInWindow`.
 */
export async function usedMsat(
  reader: Reader<CommsTables>,
  powers: readonly LedgerPower[],
  principal: string | undefined,
  sinceGuardMs: number,
): Promise<Msat> {
  let query = reader
    .selectFrom('comms_ledger')
    .select((eb) => sumMsat(eb.ref('amount_msat')).as('total'))
    .where('power', 'in', powers)
    .where((eb) =>
      eb.or([
        eb('state', 'in', ['reserved', 'unknown']),
        eb.and([eb('state', '=', 'settled'), eb('at_guard_ms', '>', sinceGuardMs)]),
      ]),
    );
  if (principal !== undefined) {
    query = query.where('principal', '=', principal);
  }
  const { total } = await query.executeTakeFirstOrThrow();
  return decodeMsatSum(total) as Msat;
}

/** The uses of all given caps. */
export async function capUses(
  reader: Reader<CommsTables>,
  caps: readonly Cap[],
  guardMs: number,
): Promise<readonly CapUse[]> {
  const uses: CapUse[] = [];
  for (const cap of caps) {
    const since = guardMs - cap.windowMs;
    uses.push({ cap, usedMsat: await usedMsat(reader, [cap.power], cap.principal, since) });
  }
  return uses;
}

/** What was used of each of the given grants, pruned entries included. */
export async function grantUses(
  reader: Reader<CommsTables>,
  grants: readonly number[],
): Promise<ReadonlyMap<number, GrantUse>> {
  const uses = new Map<number, GrantUse>();
  if (grants.length === 0) {
    return uses;
  }
  const rows = await reader
    .selectFrom('comms_ledger')
    .select((eb) => ['grant_id', 'power', sumMsat(eb.ref('amount_msat')).as('total')] as const)
    .where('grant_id', 'in', grants)
    .where('state', '!=', 'released')
    .groupBy(['grant_id', 'power'])
    .execute();
  const carried = await reader
    .selectFrom('comms_grant_totals')
    .selectAll()
    .where('grant_id', 'in', grants)
    .execute();
  const none = 0n as Msat;
  const add = (grant: number, power: string, amount: bigint): void => {
    const before = uses.get(grant) ?? { spend: none, close: none, forceClose: none };
    const key = power === 'force_close' ? 'forceClose' : (power as 'spend' | 'close');
    uses.set(grant, { ...before, [key]: (before[key] + amount) as Msat });
  };
  for (const { grant_id: grant, power, total } of rows) {
    add(grant ?? 0, power, decodeMsatSum(total));
  }
  for (const { grant_id: grant, power, amount_msat: amount } of carried) {
    add(grant, power, decodeMsat(amount));
  }
  return uses;
}
