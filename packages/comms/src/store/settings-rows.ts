import type { Reader, Transactor } from '@cl-hive/store';
import type { Advisor, AdvisorBook } from '../advisors/book.ts';
import type { Grant } from '../policy/grant.ts';
import { DEFAULT_POLICY, type Policy } from '../policy/policy.ts';
import {
  readAdvisor,
  readGrant,
  readPolicy,
  writeAdvisor,
  writeGrant,
  writePolicy,
} from './documents.ts';
import type { CommsTables } from './tables.ts';

/** The policy; the careful default while the operator has set none. */
export async function loadPolicy(reader: Reader<CommsTables>): Promise<Policy> {
  const row = await reader.selectFrom('comms_policy').select('document').executeTakeFirst();
  return row === undefined ? DEFAULT_POLICY : readPolicy(row.document);
}

/** Stores the policy. */
export async function savePolicy(tx: Transactor<CommsTables>, policy: Policy): Promise<void> {
  const document = writePolicy(policy);
  await tx
    .insertInto('comms_policy')
    .values({ id: 1, document })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ document }))
    .execute();
}

/** The book of advisors. */
export async function loadAdvisors(reader: Reader<CommsTables>): Promise<AdvisorBook> {
  const rows = await reader
    .selectFrom('comms_advisors')
    .select('document')
    .orderBy('idx')
    .execute();
  return { advisors: rows.map(({ document }) => readAdvisor(document)) };
}

/** Stores an advisor, new or changed. */
export async function saveAdvisor(tx: Transactor<CommsTables>, advisor: Advisor): Promise<void> {
  const document = writeAdvisor(advisor);
  await tx
    .insertInto('comms_advisors')
    .values({ idx: advisor.index, document })
    .onConflict((conflict) => conflict.column('idx').doUpdateSet({ document }))
    .execute();
}

/** The grants of an advisor, by its id. */
export async function loadGrants(
  reader: Reader<CommsTables>,
  advisor: string,
): Promise<readonly Grant[]> {
  const rows = await reader
    .selectFrom('comms_grants')
    .selectAll()
    .where('advisor', '=', advisor)
    .orderBy('id')
    .execute();
  return rows.map((row) => readGrant(row.id, row.advisor, row.document));
}

/** The number of the next grant, of whomever. */
export async function nextGrant(reader: Reader<CommsTables>): Promise<number> {
  const last = await reader
    .selectFrom('comms_grants')
    .select((eb) => eb.fn.max('id').as('id'))
    .executeTakeFirst();
  return (last?.id ?? 0) + 1;
}

/** Stores a grant, new or changed. */
export async function saveGrant(tx: Transactor<CommsTables>, grant: Grant): Promise<void> {
  const { id, advisor } = grant;
  const document = writeGrant(grant);
  await tx
    .insertInto('comms_grants')
    .values({ id, advisor, document })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ document }))
    .execute();
}
