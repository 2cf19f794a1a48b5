import type { JsonObject, Msat } from '@cl-hive/core';
import {
  type ManagementCommand,
  type RequestEnvelope,
  requestDigest,
  requestToJson,
} from '@cl-hive/protocol';
import type { AdvisorKey } from '../advisors/book.ts';
import { judgeNonce } from '../gate/nonce.ts';
import { type CapUse, capCovers } from '../ledger/cap.ts';
import type { LedgerEntry } from '../ledger/entry.ts';
import { judgeReserve } from '../ledger/reserve.ts';
import { APPROVALS_MAX, APPROVALS_PER_ADVISOR_MAX, RATE_DANGEROUS_FROM } from '../limits.ts';
import {
  type PaidReference,
  type PayStop,
  paidRefusal,
  paymentNote,
  stopRefusal,
} from '../orders/stop.ts';
import type { ActionFacts, Activity } from '../policy/facts.ts';
import type { Grant } from '../policy/grant.ts';
import { type Decision, judge } from '../policy/judge.ts';
import type { Policy } from '../policy/policy.ts';
import { judgeToll, type Toll } from '../price/toll.ts';
import { approvalLifeMs } from './approval-life.ts';
import { FINAL_STATES, type Intent, reservations } from './intent.ts';
import type { Refusal } from './reason.ts';
import { approvalReceipt, commandDigest, intentReceipt, refusalReceipt } from './receipt-data.ts';
import type { Moment, Write } from './write.ts';

/** A request whose sender is known, ready to be claimed. */
export interface Claim {
  /** The advisor's id. */
  readonly principal: string;
  readonly envelope: RequestEnvelope;
  readonly command: ManagementCommand;
  readonly facts: ActionFacts;
  /** Hash of what the action may change, before it. */
  readonly stateBefore: string | undefined;
  readonly proof: AdvisorKey;
  readonly route: JsonObject;
  /** What the sender is asked for; undefined when nothing is. */
  readonly toll: Toll | undefined;
}

/** What is read, in the claiming transaction, to judge an action. */
export interface JudgeSnapshot {
  readonly policy: Policy;
  readonly grants: readonly Grant[];
  readonly activity: Activity;
  /** What counts against each cap that may apply. */
  readonly capUses: readonly CapUse[];
  /** Why this payer pays nothing for now. */
  readonly stop: PayStop | undefined;
  /** A payment that stands under the action's reference already. */
  readonly paid: PaidReference | undefined;
}

/** What is read, in the claiming transaction, besides. */
export interface ClaimSnapshot extends JudgeSnapshot {
  /** How often the node was restored. */
  readonly epoch: number;
  /** The principal's highest nonce, 0 for none. */
  readonly highestNonce: number;
  /** The principal's intent with this nonce, and with this idempotency key. */
  readonly byNonce: Intent | undefined;
  readonly byKey: Intent | undefined;
  readonly waiting: { readonly ofPrincipal: number; readonly all: number };
  readonly nextIntent: number;
  /** How often the token that is shown was used. */
  readonly tokenUses: number;
}

/** What a claim came to; `writes` are to be stored in the transaction that read the snapshot. */
export type ClaimDecision =
  | { readonly kind: 'known'; readonly intent: Intent; readonly writes: readonly [] }
  | { readonly kind: 'refused'; readonly refusal: Refusal; readonly writes: readonly Write[] }
  | { readonly kind: 'read'; readonly decision: Decision; readonly writes: readonly Write[] }
  | {
      readonly kind: 'waiting';
      readonly intent: Intent;
      readonly decision: Decision;
      readonly writes: readonly Write[];
    }
  | { readonly kind: 'claimed'; readonly intent: Intent; readonly writes: readonly Write[] }
  /** It would be done, but is to be paid for first. Nothing of it is stored, nor its nonce used. */
  | {
      readonly kind: 'price';
      readonly priceMsat: Msat;
      readonly problem: string | undefined;
      readonly writes: readonly [];
    };

function refused(refusal: Refusal, writes: readonly Write[] = []): ClaimDecision {
  return { kind: 'refused', refusal, writes };
}

/** Whether the request was seen before, or comes out of its order; undefined when it is new. */
function replay(
  claim: Claim,
  digest: string,
  snapshot: ClaimSnapshot,
  moment: Moment,
): ClaimDecision | undefined {
  const { envelope } = claim;
  if (envelope.epoch !== snapshot.epoch) {
    return refused({
      code: 'epoch_mismatch',
      message: `the node was restored: its epoch is ${snapshot.epoch}`,
      remedy: `sign with epoch ${snapshot.epoch}`,
    });
  }
  if (snapshot.byNonce?.requestDigest === digest) {
    return { kind: 'known', intent: snapshot.byNonce, writes: [] };
  }
  const nonce = judgeNonce(envelope.nonce, snapshot.highestNonce, moment.now);
  if (nonce.kind === 'used') {
    return refused({
      code: 'nonce_used',
      message: `nonce ${envelope.nonce} is not above ${nonce.highest}`,
      remedy: `use a nonce above ${nonce.highest}`,
    });
  }
  if (nonce.kind === 'ahead') {
    return refused({
      code: 'nonce_ahead',
      message: `nonce ${envelope.nonce} is too far ahead`,
      remedy: `use a nonce up to ${nonce.most}`,
    });
  }
  const known = snapshot.byKey;
  if (known === undefined) {
    return undefined;
  }
  if (known.commandDigest !== commandDigest(claim.command)) {
    return refused({
      code: 'idempotency_conflict',
      message: 'the idempotency key stands for another action',
      remedy: 'use a new key for a new action',
    });
  }
  return mayHaveEffect(known) ? { kind: 'known', intent: known, writes: [] } : undefined;
}

/** Whether an intent had its effect or may yet have it; what surely had none may be tried again. */
export function mayHaveEffect(intent: Intent): boolean {
  return intent.state === 'executed' || !FINAL_STATES.has(intent.state);
}

function newIntent(
  claim: Claim,
  digest: string,
  id: number,
  danger: number,
  moment: Moment,
): Intent {
  const { envelope, facts } = claim;
  return {
    id,
    principal: claim.principal,
    nonce: envelope.nonce,
    requestDigest: digest,
    commandDigest: commandDigest(claim.command),
    idempotencyKey: envelope.idempotencyKey,
    command: claim.command,
    request: requestToJson(envelope),
    proof: claim.proof,
    route: claim.route,
    danger,
    facts: {
      amountMsat: facts.amountMsat,
      feeMsat: facts.feeMsat,
      closesMsat: facts.closesMsat,
      ...(facts.payment === undefined ? {} : { payment: facts.payment }),
    },
    state: 'claimed',
    createdAt: moment.now,
    guardMs: moment.guardMs,
    expiresGuardMs: undefined,
    outcome: undefined,
  };
}

function hinders({ stop, paid }: Pick<JudgeSnapshot, 'stop' | 'paid'>): Refusal | undefined {
  if (stop !== undefined) {
    return stopRefusal(stop);
  }
  return paid === undefined ? undefined : paidRefusal(paid);
}

/** The reservations of an intent under the caps; a refusal when one does not fit. */
export function reserveFor(
  intent: Intent,
  grant: number | undefined,
  snapshot: Pick<JudgeSnapshot, 'capUses' | 'stop' | 'paid'>,
  moment: Moment,
):
  | { readonly ok: true; readonly entries: readonly LedgerEntry[] }
  | { readonly ok: false; readonly refusal: Refusal } {
  const entries: LedgerEntry[] = [];
  for (const { power, amountMsat, feeMsat } of reservations(intent.command, intent.facts)) {
    const { principal } = intent;
    const payment = power === 'spend' ? paymentNote(intent) : undefined;
    const hindrance = payment === undefined || amountMsat === 0n ? undefined : hinders(snapshot);
    if (hindrance !== undefined) {
      return { ok: false, refusal: hindrance };
    }
    const mine = snapshot.capUses.filter(({ cap }) =>
      capCovers(cap, { principal, power, payment }),
    );
    const verdict = judgeReserve(amountMsat, feeMsat, mine);
    if (!verdict.ok) {
      const { setting, wantedMsat, usedMsat, capMsat } = verdict;
      const message = `${wantedMsat} msat with fees on top of ${usedMsat} are more than ${capMsat}`;
      const remedy = `wait, ask for less, or raise ${setting}`;
      return { ok: false, refusal: { code: 'budget_cap', message, remedy } };
    }
    entries.push({
      intent: intent.id,
      power,
      principal,
      grant,
      payment,
      amountMsat: (amountMsat + feeMsat) as LedgerEntry['amountMsat'],
      state: 'reserved',
      atGuardMs: moment.guardMs,
    });
  }
  return { ok: true, entries };
}

function refuseIntent(
  intent: Intent,
  refusal: Refusal,
  nonce: Write,
  moment: Moment,
): ClaimDecision {
  const { code, message, remedy } = refusal;
  const final: Intent = {
    ...intent,
    state: 'refused',
    outcome: { outcome: 'refused', code, message, remedy },
  };
  const dangerous = intent.danger >= RATE_DANGEROUS_FROM;
  return refused(refusal, [
    nonce,
    { kind: 'intent', intent: final },
    ...(dangerous
      ? [{ kind: 'receipt', draft: refusalReceipt(final, code, moment.now) } as const]
      : []),
  ]);
}

function enqueue(
  intent: Intent,
  decision: Decision,
  snapshot: ClaimSnapshot,
  nonce: Write,
  moment: Moment,
): ClaimDecision {
  const { ofPrincipal, all } = snapshot.waiting;
  if (ofPrincipal >= APPROVALS_PER_ADVISOR_MAX || all >= APPROVALS_MAX) {
    const message = 'too many actions wait for a person already';
    const remedy = 'wait until the operator has decided some';
    return refuseIntent(intent, { code: 'approvals_full', message, remedy }, nonce, moment);
  }
  const { message, remedy } = decision;
  const waiting: Intent = {
    ...intent,
    state: 'waiting',
    expiresGuardMs: moment.guardMs + approvalLifeMs(intent.danger),
    outcome: { outcome: 'pending', code: 'approval_waits', message, remedy },
  };
  return {
    kind: 'waiting',
    intent: waiting,
    decision,
    writes: [
      nonce,
      { kind: 'intent', intent: waiting },
      { kind: 'receipt', draft: approvalReceipt(waiting, 'asked', waiting.principal, moment.now) },
    ],
  };
}

/**
 * Decides a claim: epoch, replay, policy, approval, budget, price, in this order. The snapshot must be
 * read and the writes stored in one transaction, so that a nonce is claimed with its intent, reservation,
 * receipt and the use of a token, or not at all.
 */
export function decideClaim(claim: Claim, snapshot: ClaimSnapshot, moment: Moment): ClaimDecision {
  return withToll(decideUnpaid(claim, snapshot, moment), claim, snapshot);
}

/** Asks for the price of what would be done, last of all: nobody pays for what is refused. */
function withToll(decided: ClaimDecision, claim: Claim, snapshot: ClaimSnapshot): ClaimDecision {
  if (decided.kind === 'known' || decided.kind === 'refused' || decided.kind === 'price') {
    return decided;
  }
  const { danger } = decided.kind === 'claimed' ? decided.intent : decided.decision;
  const reads = claim.command.effect === 'read';
  const verdict = judgeToll(claim.toll, { danger, reads }, snapshot.tokenUses);
  switch (verdict.kind) {
    case 'free':
      return decided;
    case 'due':
      return { kind: 'price', priceMsat: verdict.priceMsat, problem: verdict.problem, writes: [] };
    case 'paid': {
      const intent = decided.kind === 'read' ? undefined : decided.intent.id;
      const { principal, envelope } = claim;
      const use = { token: verdict.token, principal, nonce: envelope.nonce, intent };
      return { ...decided, writes: [...decided.writes, { kind: 'token_use', use }] };
    }
  }
}

function decideUnpaid(claim: Claim, snapshot: ClaimSnapshot, moment: Moment): ClaimDecision {
  const digest = requestDigest(claim.envelope);
  const seen = replay(claim, digest, snapshot, moment);
  if (seen !== undefined) {
    return seen;
  }
  const { policy, grants, activity } = snapshot;
  const { command, facts } = claim;
  const decision = judge({
    policy,
    grants,
    command,
    facts,
    activity,
    now: moment.now,
    approved: false,
  });
  const { principal, envelope } = claim;
  const nonce: Write = { kind: 'nonce', principal, nonce: envelope.nonce };
  const intent = newIntent(claim, digest, snapshot.nextIntent, decision.danger, moment);
  switch (decision.verdict) {
    case 'refuse': {
      const { message, remedy } = decision;
      const code = decision.code as Refusal['code'];
      return refuseIntent(intent, { code, message, remedy }, nonce, moment);
    }
    case 'needs_approval':
      return enqueue(intent, decision, snapshot, nonce, moment);
    case 'allow': {
      if (command.effect === 'read') {
        return { kind: 'read', decision, writes: [nonce] };
      }
      const reserved = reserveFor(intent, decision.grant, snapshot, moment);
      if (!reserved.ok) {
        return refuseIntent(intent, reserved.refusal, nonce, moment);
      }
      const draft = intentReceipt(intent, decision.grant, claim.stateBefore, moment.now);
      return {
        kind: 'claimed',
        intent,
        writes: [
          nonce,
          { kind: 'intent', intent },
          ...reserved.entries.map((entry) => ({ kind: 'ledger', entry }) as const),
          { kind: 'receipt', draft },
        ],
      };
    }
  }
}
