import type { SendPay } from './records.ts';
import { SENDPAY_CODE } from './sendpay-failure.ts';

/** JSON-RPC's code for wrong parameters. */
const INVALID_PARAMS = -32602;

/** The part that is asked for. */
export type AskedPart = Pick<
  SendPay,
  'groupId' | 'partId' | 'amountMsat' | 'totalMsat' | 'destination' | 'paymentHash'
>;

/** What earlier parts of the same hash mean for a new one. */
export type SendPayDecision =
  | { readonly kind: 'send' }
  /** It was sent before, and is complete or under way. */
  | { readonly kind: 'known'; readonly row: SendPay }
  | { readonly kind: 'refused'; readonly code: number; readonly message: string };

type Refusal = Extract<SendPayDecision, { kind: 'refused' }>;

function refused(code: number, message: string): Refusal {
  return { kind: 'refused', code, message };
}

/** Decides in lightningd's order; `rows` are all parts that were sent for the hash, oldest first. */
export function decideSendPay(rows: readonly SendPay[], asked: AskedPart): SendPayDecision {
  let pendingMsat = 0n;
  for (const row of rows) {
    const same = row.partId === asked.partId;
    if (row.status === 'complete') {
      if (same) {
        return unlike(row, asked, 'succeeded') ?? { kind: 'known', row };
      }
      continue;
    }
    if (row.status === 'pending') {
      const decided = besidePending(row, asked);
      if (decided !== undefined) {
        return decided;
      }
      pendingMsat += row.amountMsat;
    }
    if (same && row.groupId === asked.groupId) {
      return refused(
        SENDPAY_CODE.hashUsed,
        `There already is a payment with payment_hash=${asked.paymentHash}, groupid=${asked.groupId}, partid=${asked.partId}. Either change the partid, or wait for the payment to complete and start a new group.`,
      );
    }
  }
  if (rows.some(({ status }) => status === 'complete')) {
    return refused(SENDPAY_CODE.hashUsed, 'Already succeeded other parts');
  }
  const { totalMsat } = asked;
  return totalMsat > 0n && pendingMsat >= totalMsat
    ? refused(
        SENDPAY_CODE.inProgress,
        `Already have ${pendingMsat}msat of ${totalMsat}msat payments in progress`,
      )
    : { kind: 'send' };
}

/** What a part under way means for another one; undefined where both may be. */
function besidePending(row: SendPay, asked: AskedPart): SendPayDecision | undefined {
  if (row.groupId !== asked.groupId) {
    return refused(
      SENDPAY_CODE.inProgress,
      `Payment with groupid=${row.groupId} still in progress, cannot retry before that completes.`,
    );
  }
  if ((row.partId === 0) !== (asked.partId === 0)) {
    const kind = row.partId === 0 ? 'non-parallel' : 'parallel';
    return refused(SENDPAY_CODE.inProgress, `Already have ${kind} payment in progress`);
  }
  if (row.partId === asked.partId) {
    return unlike(row, asked, 'pending') ?? { kind: 'known', row };
  }
  return row.totalMsat === asked.totalMsat
    ? undefined
    : refused(
        INVALID_PARAMS,
        `msatoshi was previously ${row.totalMsat}msat, now ${asked.totalMsat}msat`,
      );
}

/** Why a part is not the one that was sent before under the same number. */
function unlike(
  row: SendPay,
  asked: AskedPart,
  state: 'succeeded' | 'pending',
): Refusal | undefined {
  if (row.amountMsat !== asked.amountMsat) {
    return refused(
      SENDPAY_CODE.hashUsed,
      `Already ${state} with amount ${row.amountMsat}msat (not ${asked.amountMsat}msat)`,
    );
  }
  return row.destination === asked.destination
    ? undefined
    : refused(SENDPAY_CODE.hashUsed, `Already ${state} to ${row.destination}`);
}
