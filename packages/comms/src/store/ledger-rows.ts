import type { Msat } from '@cl-hive/core';
import {
  decodeMsat,
  decodeMsatSum,
  encodeMsat,
  prepare,
  type Reader,
  sumMsat,
  type Transactor,
} from '@cl-hive/store';
import type { Cap, CapUse } from '../ledger/cap.ts';
import type { LedgerEntry, LedgerPower, LedgerState, PaymentNote } from '../ledger/entry.ts';
import type { PaidReference } from '../orders/stop.ts';
import type { GrantUse } from '../policy/facts.ts';
import type { CommsTables } from './tables.ts';

type Row = CommsTables['comms_ledger'];

const PUT = prepare<CommsTables, Row>()((db, value) =>
  db
    .insertInto('comms_ledger')
    .values({
      intent: value('intent'),
      power: value('power'),
      principal: value('principal'),
      grant_id: value('grant_id'),
      amount_msat: value('amount_msat'),
      state: value('state'),
      at_guard_ms: value('at_guard_ms'),
      method: value('method'),
      purpose: value('purpose'),
      payee: value('payee'),
      reference: value('reference'),
    })
    .onConflict((conflict) =>
      conflict.columns(['intent', 'power']).doUpdateSet((eb) => ({
        principal: eb.ref('excluded.principal'),
        grant_id: eb.ref('excluded.grant_id'),
        amount_msat: eb.ref('excluded.amount_msat'),
        state: eb.ref('excluded.state'),
        at_guard_ms: eb.ref('excluded.at_guard_ms'),
        method: eb.ref('excluded.method'),
        purpose: eb.ref('excluded.purpose'),
        payee: eb.ref('excluded.payee'),
        reference: eb.ref('excluded.reference'),
      })),
    ),
);

/** Stores an entry, new or changed. */
export async function putEntry(tx: Transactor<CommsTables>, entry: LedgerEntry): Promise<void> {
  await tx.run(PUT, {
    intent: entry.intent,
    power: entry.power,
    principal: entry.principal,
    grant_id: entry.grant ?? null,
    amount_msat: encodeMsat(entry.amountMsat),
    state: entry.state,
    at_guard_ms: entry.atGuardMs,
    method: entry.payment?.method ?? null,
    purpose: entry.payment?.purpose ?? null,
    payee: entry.payment?.payee ?? null,
    reference: entry.payment?.reference ?? null,
  });
}

const OF_INTENT = prepare<CommsTables, Pick<Row, 'intent'>>()((db, value) =>
  db.selectFrom('comms_ledger').selectAll().where('intent', '=', value('intent')).orderBy('power'),
);

/** What a row's money is for. */
export function noteOf(
  row: Pick<CommsTables['comms_ledger'], 'method' | 'purpose' | 'payee' | 'reference'>,
): PaymentNote | undefined {
  const { method, purpose, payee, reference } = row;
  return method === null || purpose === null
    ? undefined
    : { method, purpose, payee: payee ?? undefined, reference: reference ?? undefined };
}

/** The entries of an intent. */
export async function listEntries(
  reader: Reader<CommsTables>,
  intent: number,
): Promise<readonly LedgerEntry[]> {
  const rows = await reader.run(OF_INTENT, { intent });
  return rows.map((row) => ({
    intent: row.intent,
    power: row.power as LedgerPower,
    principal: row.principal,
    grant: row.grant_id ?? undefined,
    payment: noteOf(row),
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

/** An entry that is paid, or may be, under the same reference; undefined when there is none. */
export async function findPaid(
  reader: Reader<CommsTables>,
  reference: string | undefined,
): Promise<PaidReference | undefined> {
  if (reference === undefined) {
    return undefined;
  }
  const row = await reader
    .selectFrom('comms_ledger')
    .select(['intent', 'state'])
    .where('reference', '=', reference)
    .where('state', '!=', 'released')
    .orderBy('intent')
    .executeTakeFirst();
  return row && { intent: row.intent, settled: row.state === 'settled' };
}

interface Scope {
  readonly power: string;
  readonly since: number;
  readonly principal: string;
  readonly purpose: string;
}

/** The use of one cap, by what narrows it. */
function capQuery(narrowed: { readonly principal: boolean; readonly purpose: boolean }) {
  return prepare<CommsTables, Scope>()((db, value) => {
    let query = db
      .selectFrom('comms_ledger')
      .select((eb) => sumMsat(eb.ref('amount_msat')).as('total'))
      .where('power', '=', value('power'))
      .where((eb) =>
        eb.or([
          eb('state', 'in', ['reserved', 'unknown']),
          eb.and([eb('state', '=', 'settled'), eb('at_guard_ms', '>', value('since'))]),
        ]),
      );
    if (narrowed.principal) {
      query = query.where('principal', '=', value('principal'));
    }
    return narrowed.purpose ? query.where('purpose', '=', value('purpose')) : query;
  });
}

const CAP_QUERIES = [false, true].flatMap((principal) =>
  [false, true].map((purpose) => capQuery({ principal, purpose })),
);

async function capUsed(reader: Reader<CommsTables>, cap: Cap, guardMs: number): Promise<Msat> {
  const { power, principal, purpose, windowMs } = cap;
  const which = (principal === undefined ? 0 : 2) + (purpose === undefined ? 0 : 1);
  const query = CAP_QUERIES[which];
  const scope = {
    power,
    since: guardMs - windowMs,
    principal: principal ?? '',
    purpose: purpose ?? '',
  };
  const [row] = query === undefined ? [] : await reader.run(query, scope);
  return decodeMsatSum(row?.total ?? null) as Msat;
}

/** The uses of all given caps. */
export async function capUses(
  reader: Reader<CommsTables>,
  caps: readonly Cap[],
  guardMs: number,
): Promise<readonly CapUse[]> {
  const uses: CapUse[] = [];
  for (const cap of caps) {
    const used = cap.windowMs === 0 ? (0n as Msat) : await capUsed(reader, cap, guardMs);
    uses.push({ cap, usedMsat: used });
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
