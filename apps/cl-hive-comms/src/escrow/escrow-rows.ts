import type { Sealer } from '@cl-hive/cashu';
import { type CashuProof, decodeProof, proofDocument, sealJson, unsealJson } from '@cl-hive/cashu';
import {
  array,
  type Decoder,
  integer,
  type JsonObject,
  object,
  optional,
  record,
  text,
} from '@cl-hive/core';
import {
  decodePayer,
  decodeReceiver,
  type PayerTicket,
  payerToJson,
  type ReceiverTicket,
  receiverToJson,
} from '@cl-hive/payments';
import type { Migration, Reader, Transactor } from '@cl-hive/store';

/** The tickets, one row for each side; sealed, since they hold proofs and secrets. */
export interface EscrowTables {
  readonly comms_escrow: {
    readonly id: string;
    /** `payer` or `receiver`. */
    readonly side: string;
    /** 1 while something of it can still change. */
    readonly open: number;
    readonly at_ms: number;
    readonly sealed: Uint8Array;
  };
}

/** The table; the number is that of the plugin's next migration. */
export function escrowMigration(id: number): Migration {
  return {
    id,
    name: 'escrow',
    sql: (ddl) => [
      ddl.table(
        'comms_escrow',
        `id ${ddl.text} not null`,
        `side ${ddl.text} not null check (side in ('payer', 'receiver'))`,
        `open ${ddl.integer} not null`,
        `at_ms ${ddl.integer} not null`,
        `sealed ${ddl.blob} not null`,
        'primary key (id, side)',
      ),
      'create index comms_escrow_open on comms_escrow (open, at_ms)',
    ],
  };
}

/** A side's ticket with what its runner has to know to find its swaps again. */
export interface Held<T> {
  readonly ticket: T;
  /** Number of the order that funded it. */
  readonly intent: number | undefined;
  /** The wallet's operation that swaps a part, by part. */
  readonly swaps: ReadonlyMap<string, string>;
  /** The locked proofs by part; the receiver's, since the payer's are the wallet's. */
  readonly proofs: readonly (readonly CashuProof[])[];
  /** Unix milliseconds. */
  readonly atMs: number;
}

/** How one side's tickets are written and read. */
export interface Side<T> {
  readonly name: 'payer' | 'receiver';
  readonly encode: (ticket: T) => JsonObject;
  readonly decode: Decoder<T>;
  /** Whether something of it can still change. */
  readonly open: (ticket: T) => boolean;
  readonly idOf: (ticket: T) => string;
}

export const PAYER: Side<PayerTicket> = {
  name: 'payer',
  encode: payerToJson,
  decode: decodePayer,
  idOf: ({ terms }) => terms.id,
  open: ({ funding, parts }) =>
    funding === 'planned' ||
    funding === 'locking' ||
    parts.some(({ at }) => at !== 'refunded' && at !== 'spent'),
};

export const RECEIVER: Side<ReceiverTicket> = {
  name: 'receiver',
  encode: receiverToJson,
  decode: decodeReceiver,
  idOf: ({ terms }) => terms.id,
  open: ({ taken, parts }) =>
    taken === 'checking' || parts.some(({ at }) => at !== 'redeemed' && at !== 'taken_back'),
};

const context = (id: string, side: string): string => `escrow/${side}/${id}`;
const held = object({
  ticket: (input) => input,
  intent: optional(integer(0)),
  swaps: record(text()),
  proofs: array(array(decodeProof)),
});

/** Stores a ticket, new or changed. */
export async function putHeld<T>(
  tx: Transactor<EscrowTables>,
  side: Side<T>,
  one: Held<T>,
  sealer: Sealer,
): Promise<void> {
  const id = side.idOf(one.ticket);
  const document: JsonObject = {
    ticket: side.encode(one.ticket),
    ...(one.intent === undefined ? {} : { intent: one.intent }),
    swaps: Object.fromEntries(one.swaps),
    proofs: one.proofs.map((some) => some.map(proofDocument)),
  };
  const rest = {
    open: side.open(one.ticket) ? 1 : 0,
    at_ms: one.atMs,
    sealed: sealJson(sealer, document, context(id, side.name)),
  };
  await tx
    .insertInto('comms_escrow')
    .values({ id, side: side.name, ...rest })
    .onConflict((conflict) => conflict.columns(['id', 'side']).doUpdateSet(rest))
    .execute();
}

/** A ticket of one side. */
export async function findHeld<T>(
  reader: Reader<EscrowTables>,
  side: Side<T>,
  id: string,
  sealer: Sealer,
): Promise<Held<T> | undefined> {
  const row = await reader
    .selectFrom('comms_escrow')
    .selectAll()
    .where('id', '=', id)
    .where('side', '=', side.name)
    .executeTakeFirst();
  return row === undefined ? undefined : read(row, side, sealer);
}

/** The tickets of one side, newest first; `openOnly`: those that can still change. */
export async function listHeld<T>(
  reader: Reader<EscrowTables>,
  side: Side<T>,
  of: { readonly openOnly: boolean; readonly limit: number },
  sealer: Sealer,
): Promise<readonly Held<T>[]> {
  let query = reader
    .selectFrom('comms_escrow')
    .selectAll()
    .where('side', '=', side.name)
    .orderBy('at_ms', 'desc')
    .orderBy('id')
    .limit(of.limit);
  if (of.openOnly) {
    query = query.where('open', '=', 1);
  }
  return (await query.execute()).map((row) => read(row, side, sealer));
}

function read<T>(row: EscrowTables['comms_escrow'], side: Side<T>, sealer: Sealer): Held<T> {
  const document = held(unsealJson(sealer, row.sealed, context(row.id, side.name)));
  return {
    ticket: side.decode(document.ticket),
    intent: document.intent,
    swaps: document.swaps,
    proofs: document.proofs,
    atMs: row.at_ms,
  };
}
