import { compareBy, contentDigest } from '../canonical.ts';
import type { PlanningContext } from '../context.ts';
import { normalizeIntent } from '../intents/normalize.ts';
import type { OrderIntent, PlannedOrder, RawIntent } from '../intents/order-intent.ts';
import type { Allocated } from './allocation.ts';
import type { Stage } from './stage.ts';

/** Makes orders of intents: each with its id, none twice, and none that cannot be read. */
export const ordersStage: Stage<readonly Allocated[], readonly PlannedOrder[]> = {
  name: 'orders',
  run(context, allocated) {
    const taken = new Set(context.snapshot.openOrders.map((o) => orderKey(o)));
    const ids = new Set(context.snapshot.openOrders.map((o) => o.clientOrderId));
    const orders = new Map<string, PlannedOrder>();
    for (const intent of allocated) {
      const order = orderOf(context, intent, taken, ids);
      if (order.status === 'executable') {
        taken.add(orderKey(order));
      } else {
        context.diagnostics.drop('orders', order.reason, order.clientOrderId);
      }
      // The same thing asked for twice is skipped under the id of what is carried out.
      if (orders.get(order.clientOrderId)?.status !== 'executable') {
        orders.set(order.clientOrderId, order);
      }
    }
    return [...orders.values()].sort(compareOrders);
  },
};

/** By target, side and client order id; a field that is not valid comes first. */
export const compareOrders = compareBy<PlannedOrder>(
  (o) => (o.status === 'executable' ? o.target : o.intent.target),
  (o) => (o.status === 'executable' ? o.side : o.intent.side),
  (o) => o.clientOrderId,
);

/**
 * The id under which an order is known everywhere: SHA-256 of its content and of the window of blocks
 * it was planned in, so that each node gets the same id and a later repetition another one.
 */
export function clientOrderId(intent: Partial<OrderIntent>, window: number): string {
  const { member, target, side, type, quantitySat, pricePpm, minSat, stepSat, channelId } = intent;
  return contentDigest({
    member,
    target,
    side,
    type,
    quantitySat,
    pricePpm,
    minSat,
    stepSat,
    channelId,
    window,
  });
}

function orderOf(
  { snapshot }: PlanningContext,
  raw: RawIntent,
  taken: ReadonlySet<string>,
  ids: ReadonlySet<string>,
): PlannedOrder {
  const window = Math.floor(snapshot.blockHeight / snapshot.config.orderWindowBlocks);
  const normalized = normalizeIntent(raw);
  const { strategy, rationale } = raw;
  if (!normalized.ok) {
    const id = contentDigest({
      ...normalized.rest,
      invalid: normalized.fields,
      strategy,
      rationale,
      window,
    });
    return {
      status: 'skipped',
      reason: 'invalid_normalized_fields',
      fields: normalized.fields,
      clientOrderId: id,
      intent: { ...normalized.rest, strategy, rationale },
    };
  }
  const { intent } = normalized;
  const id = clientOrderId(intent, window);
  return taken.has(orderKey(intent)) || ids.has(id)
    ? { status: 'skipped', reason: 'duplicate_order', fields: [], clientOrderId: id, intent }
    : { status: 'executable', clientOrderId: id, ...intent };
}

/** Orders with the same key would do the same thing twice: one opening per target in the whole fleet. */
function orderKey(order: Pick<OrderIntent, 'side' | 'target' | 'member'>): string {
  return order.side === 'open'
    ? `open ${order.target}`
    : `${order.side} ${order.target} ${order.member}`;
}
