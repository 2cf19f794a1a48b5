import type { Msat } from '@cl-hive/core';
import {
  decodeMsat,
  decodeMsatSum,
  encodeMsat,
  type Reader,
  sumMsat,
  type Transactor,
} from '@cl-hive/store';
import { type CashuProof, decodeProof, pointOf, proofDocument } from './proof.ts';
import type { CashuTables } from './tables.ts';
import { type Sealer, sealJson, unsealJson } from './vault.ts';

/** Where a proof stands: free, held by an open operation, or given to somebody in a token. */
export type HoldState = 'unspent' | 'held' | 'sent';

/** A proof as it is found without opening it. */
export interface ProofRow {
  readonly point: string;
  readonly mint: string;
  readonly keyset: string;
  readonly amountMsat: Msat;
  readonly state: HoldState;
  readonly operation: string | undefined;
  readonly sealed: Uint8Array;
}

const context = (point: string): string => `cashu-proof/${point}`;

/** The proofs of a mint, or of an operation. */
export async function listProofs(
  reader: Reader<CashuTables>,
  of: { readonly mint?: string; readonly state?: HoldState; readonly operation?: string },
): Promise<readonly ProofRow[]> {
  let query = reader.selectFrom('comms_cashu_proofs').selectAll().orderBy('point');
  if (of.mint !== undefined) {
    query = query.where('mint', '=', of.mint);
  }
  if (of.state !== undefined) {
    query = query.where('state', '=', of.state);
  }
  if (of.operation !== undefined) {
    query = query.where('operation', '=', of.operation);
  }
  return (await query.execute()).map((row) => ({
    point: row.point,
    mint: row.mint,
    keyset: row.keyset,
    amountMsat: decodeMsat(row.amount_msat),
    state: row.state as HoldState,
    operation: row.operation ?? undefined,
    sealed: row.sealed,
  }));
}

/** The proof itself. Throws when this node's secret does not open it. */
export function openRow(row: ProofRow, sealer: Sealer): CashuProof {
  return decodeProof(unsealJson(sealer, row.sealed, context(row.point)));
}

/** Which of these points the wallet has already. */
export async function knownPoints(
  reader: Reader<CashuTables>,
  points: readonly string[],
): Promise<ReadonlyMap<string, HoldState>> {
  const found = new Map<string, HoldState>();
  if (points.length > 0) {
    const rows = await reader
      .selectFrom('comms_cashu_proofs')
      .select(['point', 'state'])
      .where('point', 'in', points)
      .execute();
    for (const { point, state } of rows) {
      found.set(point, state as HoldState);
    }
  }
  return found;
}

/** Stores proofs that are not there yet. */
export async function addProofs(
  tx: Transactor<CashuTables>,
  proofs: readonly CashuProof[],
  where: { readonly mint: string; readonly state: HoldState; readonly operation?: string },
  sealer: Sealer,
): Promise<void> {
  for (const proof of proofs) {
    const point = pointOf(proof.secret);
    await tx
      .insertInto('comms_cashu_proofs')
      .values({
        point,
        mint: where.mint,
        keyset: proof.keyset,
        amount_msat: encodeMsat(proof.amountMsat),
        state: where.state,
        operation: where.operation ?? null,
        sealed: sealJson(sealer, proofDocument(proof), context(point)),
      })
      .onConflict((conflict) => conflict.column('point').doNothing())
      .execute();
  }
}

/** Holds proofs for an operation. To be called in the transaction that found them unspent. */
export async function holdProofs(
  tx: Transactor<CashuTables>,
  points: readonly string[],
  operation: string,
): Promise<void> {
  await tx
    .updateTable('comms_cashu_proofs')
    .set({ state: 'held', operation })
    .where('point', 'in', points)
    .execute();
}

/** Frees what an operation held. */
export async function freeProofs(tx: Transactor<CashuTables>, operation: string): Promise<void> {
  await tx
    .updateTable('comms_cashu_proofs')
    .set({ state: 'unspent', operation: null })
    .where('operation', '=', operation)
    .where('state', '=', 'held')
    .execute();
}

/** Hands what one operation holds to another. */
export async function passProofs(
  tx: Transactor<CashuTables>,
  from: string,
  to: string,
): Promise<void> {
  await tx
    .updateTable('comms_cashu_proofs')
    .set({ operation: to })
    .where('operation', '=', from)
    .where('state', '=', 'held')
    .execute();
}

/** Forgets proofs that were spent. */
export async function dropProofs(
  tx: Transactor<CashuTables>,
  points: readonly string[],
): Promise<void> {
  if (points.length > 0) {
    await tx.deleteFrom('comms_cashu_proofs').where('point', 'in', points).execute();
  }
}

/** What the wallet holds of each mint, by state. */
export async function holdings(
  reader: Reader<CashuTables>,
): Promise<readonly { readonly mint: string; readonly state: HoldState; readonly msat: Msat }[]> {
  const rows = await reader
    .selectFrom('comms_cashu_proofs')
    .select((eb) => ['mint', 'state', sumMsat(eb.ref('amount_msat')).as('total')] as const)
    .groupBy(['mint', 'state'])
    .orderBy('mint')
    .orderBy('state')
    .execute();
  return rows.map(({ mint, state, total }) => ({
    mint,
    state: state as HoldState,
    msat: decodeMsatSum(total) as Msat,
  }));
}
