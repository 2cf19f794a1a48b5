import type { JsonObject, Msat, NodeId, UnixMs } from '@cl-hive/core';
import {
  type ManagementCommand,
  type RequestEnvelope,
  requestDigest,
  requestToJson,
} from '@cl-hive/protocol';
import type { CapUse } from '../ledger/cap.ts';
import { mayHaveEffect, reserveFor } from '../pipeline/claim.ts';
import type { Intent } from '../pipeline/intent.ts';
import type { Refusal } from '../pipeline/reason.ts';
import { intentReceipt } from '../pipeline/receipt-data.ts';
import type { Moment, Write } from '../pipeline/write.ts';
import type { GrantUse } from '../policy/facts.ts';
import { type Grant, grantHolds } from '../policy/grant.ts';
import { effectiveRules, type Policy } from '../policy/policy.ts';
import { detailFits, OPERATOR, type Order, orderCommand } from './order.ts';
import type { PaidReference, PayStop } from './stop.ts';

/** An order that its method has quoted, ready to be claimed. */
export interface OrderClaim {
  readonly order: Order;
  /** Hash of what was asked, before anything was quoted: what an idempotency key stands for. */
  readonly askDigest: string;
  /** Names the payment across tries; without one each order is another payment. */
  readonly idempotencyKey: string | undefined;
  /** How its caller is answered. */
  readonly route: JsonObject;
}

/** What is read, in the claiming transaction, to decide an order. */
export interface OrderSnapshot {
  readonly node: NodeId;
  readonly epoch: number;
  readonly policy: Policy;
  /** The operator's own grants. */
  readonly grants: readonly Grant[];
  readonly grantUse: ReadonlyMap<number, GrantUse>;
  readonly capUses: readonly CapUse[];
  readonly stop: PayStop | undefined;
  readonly paid: PaidReference | undefined;
  readonly byKey: Intent | undefined;
  readonly highestNonce: number;
  readonly nextIntent: number;
}

/** What an order came to; `writes` are to be stored in the transaction that read the snapshot. */
export type OrderDecision =
  | { readonly kind: 'known'; readonly intent: Intent; readonly writes: readonly [] }
  | { readonly kind: 'refused'; readonly refusal: Refusal; readonly writes: readonly [] }
  | { readonly kind: 'claimed'; readonly intent: Intent; readonly writes: readonly Write[] };

function refused(refusal: Refusal): OrderDecision {
  return { kind: 'refused', refusal, writes: [] };
}

/** The payment that an idempotency key stands for, where it happened or may yet; a conflict otherwise. */
export function knownOrder(
  byKey: Intent | undefined,
  askDigest: string,
): { readonly intent: Intent } | { readonly refusal: Refusal } | undefined {
  if (byKey === undefined) {
    return undefined;
  }
  if (byKey.commandDigest !== askDigest) {
    const message = 'the idempotency key stands for another payment';
    const remedy = 'use a new key for a new payment';
    return { refusal: { code: 'idempotency_conflict', message, remedy } };
  }
  return mayHaveEffect(byKey) ? { intent: byKey } : undefined;
}

/** What an operator's grants leave for a purpose: the grant that covers the amount, or why none does. */
export function judgeOrderGrants(
  order: Pick<Order, 'amountMsat' | 'feeMsat' | 'purpose' | 'peers'>,
  { grants, grantUse }: Pick<OrderSnapshot, 'grants' | 'grantUse'>,
  now: UnixMs,
): { readonly grant: number; readonly leftMsat: Msat } | { readonly refusal: Refusal } {
  const wanted = order.amountMsat + order.feeMsat;
  const inForce = grants
    .filter((grant) => grantHolds(grant, now) && grant.spend !== undefined)
    .filter(({ spend }) => spend !== undefined && now < spend.until)
    .sort((a, b) => a.id - b.id);
  if (inForce.length === 0) {
    const message = 'paying is off: no grant of the operator is in force';
    const remedy = 'hive-client-payments action=grant amount_msat=… until=30d';
    return { refusal: { code: 'paying_off', message, remedy } };
  }
  const forPurpose = inForce.filter(
    ({ constraints: { purposes } }) => purposes === undefined || purposes.has(order.purpose),
  );
  if (forPurpose.length === 0) {
    const message = `no grant is for ${order.purpose}`;
    const remedy = 'grant an amount that names this purpose, or none';
    return { refusal: { code: 'purpose_not_granted', message, remedy } };
  }
  let most = 0n;
  for (const { id, spend, constraints } of forPurpose) {
    const left = (spend?.amountMsat ?? 0n) - (grantUse.get(id)?.spend ?? 0n);
    const each = constraints.amountMsatMax;
    const usable = each !== undefined && each < left ? each : left;
    const named = constraints.peers;
    if (named !== undefined && !order.peers.every((peer) => named.has(peer))) {
      continue;
    }
    if (wanted <= usable) {
      return { grant: id, leftMsat: left as Msat };
    }
    most = usable > most ? usable : most;
  }
  const message = `${wanted} msat with fees are not granted; at most ${most} are`;
  const remedy = 'ask for less, or grant more: hive-client-payments action=grant';
  return { refusal: { code: 'spend_not_granted', message, remedy } };
}

/** Why an order may not be made at all; undefined when it may. */
function objection(
  { order }: OrderClaim,
  { policy }: OrderSnapshot,
  now: UnixMs,
): Refusal | undefined {
  const { payMethods } = effectiveRules(policy, now);
  if (payMethods !== undefined && !payMethods.includes(order.method)) {
    const message = `the operator does not pay by ${order.method}`;
    return { code: 'method_unavailable', message, remedy: 'change pay_methods' };
  }
  const peer = order.peers.find((one) => policy.forbiddenPeers.has(one));
  if (peer !== undefined) {
    const remedy = 'the operator takes it off the forbidden peers';
    return { code: 'peer_forbidden', message: `hands off ${peer}`, remedy };
  }
  return detailFits(order.detail)
    ? undefined
    : { code: 'order_invalid', message: 'the order is too long', remedy: 'shorten it' };
}

function envelopeOf(
  { idempotencyKey }: OrderClaim,
  { schema, action, params }: ManagementCommand,
  { node, epoch, highestNonce }: OrderSnapshot,
  { now }: Moment,
): RequestEnvelope {
  return {
    principal: OPERATOR,
    node,
    epoch,
    nonce: highestNonce + 1,
    timestamp: Math.floor(now / 1000),
    schema,
    action,
    params,
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
  };
}

/**
 * Decides an order of the operator: replay by its key, hands off, grants, caps, in this order. The same
 * ledger, receipts and recovery hold it as hold advisors' requests. The snapshot must be read and the
 * writes stored in one transaction. What is refused leaves no trace: nobody asked but the operator.
 */
export function decideOrder(
  claim: OrderClaim,
  snapshot: OrderSnapshot,
  moment: Moment,
): OrderDecision {
  const known = knownOrder(snapshot.byKey, claim.askDigest);
  if (known !== undefined) {
    return 'intent' in known
      ? { kind: 'known', intent: known.intent, writes: [] }
      : refused(known.refusal);
  }
  const { order, route } = claim;
  const wrong = objection(claim, snapshot, moment.now);
  if (wrong !== undefined) {
    return refused(wrong);
  }
  const granted = judgeOrderGrants(order, snapshot, moment.now);
  if ('refusal' in granted) {
    return refused(granted.refusal);
  }
  const command = orderCommand(order);
  const envelope = envelopeOf(claim, command, snapshot, moment);
  const intent: Intent = {
    id: snapshot.nextIntent,
    principal: OPERATOR,
    nonce: envelope.nonce,
    requestDigest: requestDigest(envelope),
    commandDigest: claim.askDigest,
    idempotencyKey: claim.idempotencyKey,
    command,
    request: requestToJson(envelope),
    proof: { scheme: 'operator', key: 'rpc' },
    route,
    danger: command.danger,
    facts: { amountMsat: order.amountMsat, feeMsat: order.feeMsat, closesMsat: 0n as Msat },
    state: 'claimed',
    createdAt: moment.now,
    guardMs: moment.guardMs,
    expiresGuardMs: undefined,
    outcome: undefined,
  };
  const reserved = reserveFor(intent, granted.grant, snapshot, moment);
  if (!reserved.ok) {
    return refused(reserved.refusal);
  }
  return {
    kind: 'claimed',
    intent,
    writes: [
      { kind: 'nonce', principal: OPERATOR, nonce: intent.nonce },
      { kind: 'intent', intent },
      ...reserved.entries.map((entry) => ({ kind: 'ledger', entry }) as const),
      { kind: 'receipt', draft: intentReceipt(intent, granted.grant, undefined, moment.now) },
    ],
  };
}
