import type { Msat, NodeId, UnixMs } from '@cl-hive/core';
import type { Reader } from '@cl-hive/store';
import { policyCaps } from '../ledger/cap.ts';
import { judgeOrderGrants, type OrderClaim, type OrderSnapshot } from '../orders/decide-order.ts';
import { OPERATOR, payerOf } from '../orders/order.ts';
import { stopRefusal } from '../orders/stop.ts';
import type { Refusal } from '../pipeline/reason.ts';
import type { Moment } from '../pipeline/write.ts';
import { effectiveRules } from '../policy/policy.ts';
import { findByKey, nextIntent } from './intent-rows.ts';
import { capUses, findPaid, grantUses } from './ledger-rows.ts';
import { highestNonce } from './pipeline-rows.ts';
import { loadGrants, loadPolicy } from './settings-rows.ts';
import { findStop } from './stop-rows.ts';
import type { CommsTables } from './tables.ts';

/** What is read to decide an order. */
export async function orderSnapshot(
  reader: Reader<CommsTables>,
  { node, epoch }: { readonly node: NodeId; readonly epoch: number },
  { order, idempotencyKey }: OrderClaim,
  { now, guardMs }: Moment,
): Promise<OrderSnapshot> {
  const policy = await loadPolicy(reader);
  const grants = await loadGrants(reader, OPERATOR);
  const ids = grants.map(({ id }) => id);
  const caps = policyCaps(effectiveRules(policy, now));
  return {
    node,
    epoch,
    policy,
    grants,
    grantUse: await grantUses(reader, ids),
    capUses: await capUses(reader, caps, guardMs),
    stop: await findStop(reader, payerOf(OPERATOR, order.purpose)),
    paid: await findPaid(reader, order.reference),
    byKey: await findByKey(reader, OPERATOR, idempotencyKey),
    highestNonce: await highestNonce(reader, OPERATOR),
    nextIntent: await nextIntent(reader),
  };
}

/** Why nothing at all may be paid for a purpose; undefined when something may. */
export async function orderHindrance(
  reader: Reader<CommsTables>,
  purpose: string,
  now: UnixMs,
): Promise<Refusal | undefined> {
  const stop = await findStop(reader, payerOf(OPERATOR, purpose));
  if (stop !== undefined) {
    return stopRefusal(stop);
  }
  const grants = await loadGrants(reader, OPERATOR);
  const nothing = { amountMsat: 0n as Msat, feeMsat: 0n as Msat, purpose, peers: [] };
  const judged = judgeOrderGrants(nothing, { grants, grantUse: new Map() }, now);
  return 'refusal' in judged ? judged.refusal : undefined;
}
