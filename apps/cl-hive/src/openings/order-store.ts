import {
  array,
  boolean,
  DecodeError,
  type Decoder,
  integer,
  nodeIdDecoder,
  object,
  oneOf,
  optional,
  parseJson,
  stringifyJson,
  text,
} from '@cl-hive/core';
import type { Reader, Transactor } from '@cl-hive/store';
import type { HiveDatabase } from '../store/database.ts';
import { ORDERS_KEPT } from './limits.ts';
import { isOver, type OrderState } from './opening-desk.ts';
import type { Order } from './order.ts';

const sat: Decoder<bigint> = (input) => {
  if (typeof input !== 'string' || !/^\d{1,16}$/.test(input)) {
    throw new DecodeError('an amount in satoshi', input);
  }
  return BigInt(input);
};

const STATES = [
  'proposed',
  'waiting',
  'opening',
  'unknown',
  'done',
  'failed',
  'cancelled',
  'rejected',
  'expired',
  'given_up',
] as const satisfies readonly OrderState[];

const decodeOrder: Decoder<Order> = object({
  id: text(),
  kind: oneOf('open', 'splice_in', 'splice_out', 'close'),
  target: nodeIdDecoder,
  amountSat: sat,
  feeSat: sat,
  feerate: text(),
  wanted: text(),
  proposedBy: text(),
  state: oneOf(...STATES),
  approved: boolean,
  wish: text(),
  wishes: integer(0),
  reason: optional(object({ code: text(), message: text(), remedy: optional(text()) })),
  actionId: optional(integer(0)),
  channel: optional(text()),
  plan: optional(
    object({
      utxos: array(text()),
      perKw: integer(0),
      before: array(text()),
      instance: text(),
    }),
  ),
  expires: optional(integer(0)),
  outpoint: optional(text()),
  channelId: optional(text()),
  doneAt: optional(integer(0)),
  madeAt: integer(),
  changedAt: integer(),
});

const read = (body: string): Order => decodeOrder(parseJson(body));

function rowOf(order: Order) {
  const { id, wish, target, kind, state, amountSat, feeSat } = order;
  const body = { ...order, amountSat: String(amountSat), feeSat: String(feeSat) };
  return {
    id,
    wish,
    state,
    // One order for a target at a time, whoever asks and however often.
    live: isOver(state) ? null : `${kind === 'open' ? 'open' : order.channel}|${target}`,
    done_at: order.doneAt ?? null,
    body: stringifyJson(body),
  };
}

/** The order of an id. */
export async function orderOf(
  reader: Reader<HiveDatabase>,
  id: string,
): Promise<Order | undefined> {
  const row = await reader
    .selectFrom('hive_orders')
    .select('body')
    .where('id', '=', id)
    .executeTakeFirst();
  return row === undefined ? undefined : read(row.body);
}

/** Orders that are not over, the oldest first. */
export async function liveOrders(reader: Reader<HiveDatabase>): Promise<readonly Order[]> {
  const rows = await reader
    .selectFrom('hive_orders')
    .select('body')
    .where('live', 'is not', null)
    .orderBy('seq')
    .execute();
  return rows.map(({ body }) => read(body));
}

/** Orders of a state, or all, the newest first; `before` is the number of the last one seen. */
export async function listOrders(
  reader: Reader<HiveDatabase>,
  query: { readonly state?: OrderState; readonly limit: number; readonly before?: number },
): Promise<readonly { readonly seq: number; readonly order: Order }[]> {
  let select = reader.selectFrom('hive_orders').select(['seq', 'body']);
  if (query.state !== undefined) {
    select = select.where('state', '=', query.state);
  }
  if (query.before !== undefined) {
    select = select.where('seq', '<', query.before);
  }
  const rows = await select.orderBy('seq', 'desc').limit(query.limit).execute();
  return rows.map(({ seq, body }) => ({ seq, order: read(body) }));
}

/** Keeps a new order, and drops the oldest that are over beyond {@link ORDERS_KEPT}. */
export async function insertOrder(
  transactor: Transactor<HiveDatabase>,
  order: Order,
): Promise<void> {
  const { seq } = await transactor
    .insertInto('hive_orders')
    .values(rowOf(order))
    .returning('seq')
    .executeTakeFirstOrThrow();
  await transactor
    .deleteFrom('hive_orders')
    .where('live', 'is', null)
    .where('seq', '<=', seq - ORDERS_KEPT)
    .execute();
}

/** Stores what an order has become. */
export async function updateOrder(
  transactor: Transactor<HiveDatabase>,
  order: Order,
): Promise<void> {
  const { id, ...row } = rowOf(order);
  await transactor.updateTable('hive_orders').set(row).where('id', '=', id).execute();
}

/** Orders that were done at a height from `since` on, for the budget. */
export async function doneSince(
  reader: Reader<HiveDatabase>,
  since: number,
): Promise<readonly Order[]> {
  const rows = await reader
    .selectFrom('hive_orders')
    .select('body')
    .where('done_at', '>=', since)
    .execute();
  return rows.map(({ body }) => read(body));
}
