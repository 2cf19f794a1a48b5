import { parseJson, record, text, type UnixMs } from '@cl-hive/core';
import type { Reader, Transactor } from '@cl-hive/store';
import type { Keyset } from './keyset.ts';
import type { MintAddress } from './mint-link.ts';
import type { CashuTables } from './tables.ts';

/** A mint of the operator's list. */
export interface MintRecord extends MintAddress {
  /** Why nothing new is begun with it. */
  readonly quarantine: string | undefined;
  readonly nuts: ReadonlySet<number>;
  readonly name: string;
  readonly atMs: UnixMs;
}

/** A keyset with how far its counters are used. */
export interface KeysetRecord extends Keyset {
  readonly mint: string;
  readonly counter: number;
  /** Restores of the database up to which it was looked through; undefined: never. */
  readonly scanned: number | undefined;
}

/** The list of mints, by address. */
export async function listMints(reader: Reader<CashuTables>): Promise<readonly MintRecord[]> {
  const rows = await reader.selectFrom('comms_cashu_mints').selectAll().orderBy('url').execute();
  return rows.map((row) => ({
    url: row.url,
    private: row.private === 1,
    quarantine: row.quarantine ?? undefined,
    nuts: new Set(row.nuts.split(',').filter(Boolean).map(Number)),
    name: row.name,
    atMs: row.at_ms as UnixMs,
  }));
}

/** Stores a mint, new or changed. */
export async function putMint(tx: Transactor<CashuTables>, mint: MintRecord): Promise<void> {
  const rest = {
    private: mint.private ? 1 : 0,
    quarantine: mint.quarantine ?? null,
    nuts: [...mint.nuts].sort((a, b) => a - b).join(','),
    name: mint.name,
    at_ms: mint.atMs,
  };
  await tx
    .insertInto('comms_cashu_mints')
    .values({ url: mint.url, ...rest })
    .onConflict((conflict) => conflict.column('url').doUpdateSet(rest))
    .execute();
}

/** Begins nothing new with a mint any more. */
export async function quarantineMint(
  tx: Transactor<CashuTables>,
  url: string,
  why: string,
): Promise<void> {
  await tx
    .updateTable('comms_cashu_mints')
    .set({ quarantine: why })
    .where('url', '=', url)
    .execute();
}

/** Takes a mint off the list; its keysets stay, so that no counter is ever used twice. */
export async function dropMint(tx: Transactor<CashuTables>, url: string): Promise<void> {
  await tx.deleteFrom('comms_cashu_mints').where('url', '=', url).execute();
}

/** The keysets in sat of a mint, or of all. */
export async function listKeysets(
  reader: Reader<CashuTables>,
  mint?: string,
): Promise<readonly KeysetRecord[]> {
  let query = reader.selectFrom('comms_cashu_keysets').selectAll().orderBy('id');
  if (mint !== undefined) {
    query = query.where('mint', '=', mint);
  }
  return (await query.execute()).map((row) => ({
    id: row.id,
    unit: 'sat',
    mint: row.mint,
    keys: Object.fromEntries(record(text())(parseJson(row.keys))),
    feePpk: row.fee_ppk,
    finalExpiryS: row.final_expiry_s ?? undefined,
    active: row.active === 1,
    counter: row.counter,
    scanned: row.scanned ?? undefined,
  }));
}

/** Stores what a mint says of a keyset; a known one keeps its keys, counter and mint. */
export async function putKeyset(
  tx: Transactor<CashuTables>,
  mint: string,
  keyset: Keyset,
): Promise<void> {
  const told = {
    fee_ppk: keyset.feePpk,
    final_expiry_s: keyset.finalExpiryS ?? null,
    active: keyset.active ? 1 : 0,
  };
  const kept = { keys: JSON.stringify(keyset.keys), counter: 0, scanned: null };
  await tx
    .insertInto('comms_cashu_keysets')
    .values({ id: keyset.id, mint, ...kept, ...told })
    .onConflict((conflict) => conflict.column('id').doUpdateSet(told))
    .execute();
}

/** Takes `count` counters of a keyset for good; gives the first. To be called in a transaction. */
export async function takeCounters(
  tx: Transactor<CashuTables>,
  id: string,
  count: number,
): Promise<number> {
  const { counter } = await tx
    .selectFrom('comms_cashu_keysets')
    .select('counter')
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  await raiseCounter(tx, id, counter + count);
  return counter;
}

/** Moves the counter of a keyset forward, never back. */
export async function raiseCounter(
  tx: Transactor<CashuTables>,
  id: string,
  next: number,
): Promise<void> {
  await tx
    .updateTable('comms_cashu_keysets')
    .set({ counter: next })
    .where('id', '=', id)
    .where('counter', '<', next)
    .execute();
}

/** Remembers that a keyset was looked through. */
export async function markScanned(
  tx: Transactor<CashuTables>,
  id: string,
  generation: number,
): Promise<void> {
  await tx
    .updateTable('comms_cashu_keysets')
    .set({ scanned: generation })
    .where('id', '=', id)
    .execute();
}
