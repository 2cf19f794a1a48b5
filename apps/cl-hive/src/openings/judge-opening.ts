import type { NodeId } from '@cl-hive/core';
import { judgeSpending, targetProblem } from '@cl-hive/hive';
import { explain } from '@cl-hive/runtime/node';
import type { Standing } from './hive-port.ts';
import type { Lightning } from './lightning-port.ts';
import {
  CAPACITY_SAT_MAX,
  CAPACITY_SAT_MIN,
  ORDERS_LIVE_MAX,
  PROPOSER_CHARS_MAX,
  REASON_CHARS_MAX,
} from './limits.ts';
import type { OpeningRequest, OrderReason } from './opening-desk.ts';
import type { Order } from './order.ts';
import type { OrderBook } from './order-book.ts';
import { reasonOf } from './reasons.ts';
import { budgetOf, type OpeningSettings } from './settings.ts';

/** What is said to an opening: `propose` needs a person, `refuse` nobody can make fit. */
export type Verdict =
  | { readonly kind: 'allow'; readonly feeSat: bigint }
  | { readonly kind: 'propose'; readonly feeSat: bigint; readonly reason: OrderReason }
  | { readonly kind: 'refuse'; readonly reason: OrderReason };

const refuse = (reason: OrderReason): Verdict => ({ kind: 'refuse', reason });

const wrong = (what: string): OrderReason => reasonOf('bad_request', what);

/** Why a request has no values of an opening; undefined where it has. */
export function requestProblem(request: OpeningRequest): OrderReason | undefined {
  const { capacitySat, feerate = 'normal' } = request;
  if (capacitySat < CAPACITY_SAT_MIN || capacitySat > CAPACITY_SAT_MAX) {
    return wrong(`capacitySat: ${CAPACITY_SAT_MIN} to ${CAPACITY_SAT_MAX}`);
  }
  if (!/^(?:urgent|normal|slow|\d{1,7}per(?:kb|kw))$/.test(feerate)) {
    return wrong('feerate: urgent, normal, slow, or a number with perkw or perkb');
  }
  return labelProblem(request);
}

/** Why a request's id or words are none; undefined where they are. */
export function labelProblem({
  id,
  reason,
  proposedBy,
}: Pick<OpeningRequest, 'id' | 'reason' | 'proposedBy'>): OrderReason | undefined {
  if (!/^[A-Za-z0-9:._-]{1,64}$/.test(id)) {
    return wrong('id: 1 to 64 letters, digits and : . _ -');
  }
  return reason.length > REASON_CHARS_MAX || proposedBy.length > PROPOSER_CHARS_MAX
    ? wrong(`reason up to ${REASON_CHARS_MAX}, proposedBy up to ${PROPOSER_CHARS_MAX} characters`)
    : undefined;
}

/** The refusal that another order is the reason of. */
export function pendingReason({ id, state }: Order): OrderReason {
  return reasonOf('order_pending', `It is ${id}, ${state}.`);
}

/** Why nobody may open to this target now, as far as this node knows by itself. */
export function targetRefusal(
  target: NodeId,
  self: NodeId,
  standing: Standing | undefined,
  live: readonly Order[],
): OrderReason | undefined {
  if (standing === undefined) {
    return reasonOf('not_in_hive');
  }
  const problem = targetProblem(target, self, (node) => standing.others.includes(node));
  if (problem !== undefined) {
    return reasonOf(problem);
  }
  const other = live.find((order) => order.kind === 'open' && order.target === target);
  if (other !== undefined) {
    return pendingReason(other);
  }
  return live.length >= ORDERS_LIVE_MAX ? reasonOf('too_many') : undefined;
}

/** What {@link judgeOpening} asks about. */
export interface OpeningQuestion {
  readonly target: NodeId;
  readonly amountSat: bigint;
  readonly feerate: string;
  readonly approved: boolean;
  /** The order itself, which does not count against itself. */
  readonly id?: string;
}

/** Judges an opening by what is on chain, by its channels and by the owner's limits, as they are now. */
export async function judgeOpening(
  lightning: Lightning,
  book: OrderBook,
  settings: OpeningSettings,
  question: OpeningQuestion,
): Promise<Verdict> {
  const { target, amountSat, feerate, approved, id } = question;
  let feeSat: bigint | undefined;
  let onChainSat: bigint;
  try {
    const [channel] = await lightning.channelsWith(target);
    if (channel !== undefined) {
      return refuse(reasonOf('channel_exists', `Its state is ${channel.state}.`));
    }
    feeSat = await lightning.feeSat(amountSat, feerate);
    onChainSat = await lightning.freeSat();
  } catch (error) {
    return refuse(reasonOf('node_silent', explain(error)));
  }
  if (feeSat === undefined) {
    return refuse(reasonOf('no_estimate'));
  }
  const { spending, now } = book.spending(id);
  const asked = { amountSat: amountSat + feeSat, onChainSat, approvedByPerson: approved };
  const verdict = judgeSpending(
    settings.mode,
    budgetOf(settings, onChainSat),
    spending,
    asked,
    now,
  );
  switch (verdict.kind) {
    case 'allow':
      return { kind: 'allow', feeSat };
    case 'propose':
      return { kind: 'propose', feeSat, reason: reasonOf(verdict.code) };
    case 'refuse':
      return refuse(reasonOf(verdict.code, `Free on chain: ${onChainSat} sat.`));
  }
}
