import { isNodeId, stringifyJson } from '@cl-hive/core';
import type { Reader, Transactor } from '@cl-hive/store';
import type { Subscription } from '../orders/subscription.ts';
import { damaged, readDocument, readMsat, readText } from './documents.ts';
import type { CommsTables } from './tables.ts';

type Row = CommsTables['comms_subscriptions'];

function toRow(one: Subscription): Row {
  const { id, state, counter, dueGuardMs, amountMsat, maxFeeMsat, ...rest } = one;
  const amount = (value: bigint | undefined): string | undefined =>
    value === undefined ? undefined : String(value);
  const document = stringifyJson({
    ...rest,
    amountMsat: amount(amountMsat),
    maxFeeMsat: amount(maxFeeMsat),
  });
  return { id, state, counter, next_guard_ms: dueGuardMs, document };
}

function fromRow({
  id,
  state,
  counter,
  next_guard_ms: dueGuardMs,
  document: text,
}: Row): Subscription {
  const document = readDocument(text, 'subscription');
  const { amountMsat, maxFeeMsat, payee, everyMs, tryGuardMs, times, quantity } = document;
  const { payerNote, problem } = document;
  const { epoch } = document;
  const known = state === 'active' || state === 'ended';
  if (
    !known ||
    typeof epoch !== 'number' ||
    typeof everyMs !== 'number' ||
    typeof tryGuardMs !== 'number'
  ) {
    throw damaged('subscription');
  }
  const optional = <T>(value: unknown, is: (value: unknown) => value is T): T | undefined => {
    if (value !== undefined && !is(value)) {
      throw damaged('subscription');
    }
    return value;
  };
  return {
    id,
    state,
    epoch,
    counter,
    dueGuardMs,
    tryGuardMs,
    everyMs,
    times: optional(times, isNumber),
    offer: readText(document['offer'], 'subscription'),
    amountMsat: amountMsat === undefined ? undefined : readMsat(amountMsat, 'subscription'),
    maxFeeMsat: maxFeeMsat === undefined ? undefined : readMsat(maxFeeMsat, 'subscription'),
    payee: optional(payee, isNodeId),
    quantity: optional(quantity, isNumber),
    payerNote: optional(payerNote, isText),
    purpose: readText(document['purpose'], 'subscription'),
    problem: optional(problem, isText),
  };
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

/** All subscriptions, or those that are active, by number. */
export async function listSubscriptions(
  reader: Reader<CommsTables>,
  only?: 'active',
): Promise<readonly Subscription[]> {
  let query = reader.selectFrom('comms_subscriptions').selectAll();
  if (only !== undefined) {
    query = query.where('state', '=', only);
  }
  return (await query.orderBy('id').execute()).map(fromRow);
}

/** The number of the next subscription. */
export async function nextSubscription(reader: Reader<CommsTables>): Promise<number> {
  const last = await reader
    .selectFrom('comms_subscriptions')
    .select((eb) => eb.fn.max('id').as('id'))
    .executeTakeFirst();
  return (last?.id ?? 0) + 1;
}

/** Stores a subscription, new or changed. */
export async function saveSubscription(
  tx: Transactor<CommsTables>,
  subscription: Subscription,
): Promise<void> {
  const { id, ...rest } = toRow(subscription);
  await tx
    .insertInto('comms_subscriptions')
    .values({ id, ...rest })
    .onConflict((conflict) => conflict.column('id').doUpdateSet(rest))
    .execute();
}
