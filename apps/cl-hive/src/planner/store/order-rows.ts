import {
  array,
  type Decoder,
  hex,
  integer,
  nodeIdDecoder,
  object,
  oneOf,
  optional,
  parseJson,
  stringifyJson,
  text,
} from '@cl-hive/core';
import {
  type BookEntry,
  EMPTY_BOOK,
  type ExecutableOrder,
  learn,
  type Observation,
  ORDER_SIDES,
  type OrderBook,
} from '@cl-hive/planning-kernel';
import type { Reader, Transactor } from '@cl-hive/store';
import { ORDERS_MAX } from '../limits.ts';
import type { PlannerTables } from './planner-tables.ts';

/** What was seen of an order itself; channels and funds are read anew after a start. */
export type OrderSeen = Extract<Observation, { clientOrderId: string }>;

/** Whether nothing more becomes of an order. */
export function isOverInBook({ status }: BookEntry): boolean {
  return status === 'withdrawn' || status === 'done' || status === 'failed';
}

/** Stores an order as it stands. */
export async function storeEntry(
  transactor: Transactor<PlannerTables>,
  entry: BookEntry,
  seq: number,
  seen: readonly OrderSeen[],
): Promise<void> {
  const row = {
    seq,
    entry: stringifyJson(entry),
    seen: stringifyJson(seen),
    over: isOverInBook(entry) ? 1 : 0,
    submitted_ms: entry.submittedAt,
  };
  await transactor
    .insertInto('hive_planner_orders')
    .values({ client_order_id: entry.order.clientOrderId, ...row })
    .onConflict((conflict) => conflict.column('client_order_id').doUpdateSet(row))
    .execute();
}

/** Forgets an order. */
export async function dropEntry(
  transactor: Transactor<PlannerTables>,
  clientOrderId: string,
): Promise<void> {
  await transactor
    .deleteFrom('hive_planner_orders')
    .where('client_order_id', '=', clientOrderId)
    .execute();
}

/** Forgets the oldest orders that are over, beyond {@link ORDERS_MAX} in all; gives their ids. */
export async function pruneEntries(
  transactor: Transactor<PlannerTables>,
): Promise<readonly string[]> {
  const rows = await transactor
    .selectFrom('hive_planner_orders')
    .select(['client_order_id', 'over'])
    .orderBy('seq', 'desc')
    .execute();
  const gone = rows
    .slice(ORDERS_MAX)
    .filter(({ over }) => over === 1)
    .map(({ client_order_id }) => client_order_id);
  for (const id of gone) {
    await transactor.deleteFrom('hive_planner_orders').where('client_order_id', '=', id).execute();
  }
  return gone;
}

/** The book as it was stored, with what was seen of each order, and the next free number. */
export interface StoredBook {
  readonly book: OrderBook;
  readonly seen: ReadonlyMap<string, readonly OrderSeen[]>;
  readonly seqs: ReadonlyMap<string, number>;
}

/** Reads the book. Throws DecodeError on rows that this version did not write. */
export async function loadBook(reader: Reader<PlannerTables>): Promise<StoredBook> {
  const rows = await reader.selectFrom('hive_planner_orders').selectAll().orderBy('seq').execute();
  const seen = new Map(
    rows.map((row) => [row.client_order_id, decodeSeen(parseJson(row.seen)) as OrderSeen[]]),
  );
  const entries = rows.map((row) => decodeEntry(parseJson(row.entry)));
  return {
    book: learn({ ...EMPTY_BOOK, entries }, [...seen.values()].flat()),
    seen,
    seqs: new Map(rows.map((row) => [row.client_order_id, row.seq])),
  };
}

const orderFields = {
  member: nodeIdDecoder,
  target: nodeIdDecoder,
  side: oneOf(...ORDER_SIDES),
  quantitySat: integer(0),
};
const nullable =
  <T>(decode: Decoder<T>): Decoder<T | null> =>
  (input) =>
    input === null ? null : decode(input);

const decodeOrder: Decoder<ExecutableOrder> = object({
  ...orderFields,
  status: oneOf('executable'),
  clientOrderId: hex(32),
  type: oneOf('limit', 'market'),
  pricePpm: nullable(integer(0)),
  minSat: integer(0),
  stepSat: integer(0),
  channelId: nullable(text(200)),
  strategy: text(200),
  rationale: text(200),
}) as Decoder<ExecutableOrder>;

const decodeEntry = object({
  order: decodeOrder,
  status: oneOf('waiting', 'handed_out', 'withdrawn', 'done', 'failed'),
  submittedAt: integer(0),
});

const decodeSeen = array(
  object({
    kind: oneOf('submitted', 'done', 'failed', 'cancelled'),
    clientOrderId: hex(32),
    at: optional(integer(0)),
    order: optional(object({ ...orderFields, channelId: nullable(text(200)) })),
    txid: optional(nullable(text(200))),
    channelId: optional(nullable(text(200))),
    error: optional(text()),
  }),
);
