import { CodedError } from '@cl-hive/core';
import type { DryRun, PayOffice, PayOutcome } from '../pay/pay-office.ts';
import type { PayAsk } from '../pay/rail.ts';
import type { EscrowParts, Funding } from './escrow-parts.ts';

/** What tickets are paid for as, so that the policy can cap them by themselves. */
export const ESCROW_PURPOSE = 'escrow';

function askOf(ticket: string, mint: string): PayAsk {
  return {
    method: 'cashu',
    purpose: ESCROW_PURPOSE,
    amountMsat: undefined,
    maxFeeMsat: undefined,
    payee: undefined,
    idempotencyKey: `escrow/${ticket}`,
    detail: { mint, ticket },
  };
}

/** Locks tickets' money as orders, once for each ticket. */
export function escrowFunding(pay: PayOffice): Pick<EscrowParts, 'check' | 'fund' | 'lookFund'> {
  return {
    check: async (ticket, mint) => {
      const would = await pay.dryRun(askOf(ticket, mint));
      const refusal =
        would.kind === 'refused'
          ? would.refusal
          : would.kind === 'quoted'
            ? would.refusal
            : undefined;
      if (refusal !== undefined) {
        const { code, message, remedy } = refusal;
        throw new CodedError(code, message, { remedy });
      }
    },
    fund: async (ticket, mint) => fundingOf(await pay.pay(askOf(ticket, mint))),
    lookFund: async (ticket, mint) => fundingOf(await pay.dryRun(askOf(ticket, mint))),
  };
}

/** An order that is not known was never begun, or surely failed. */
function fundingOf(of: PayOutcome | DryRun): Funding {
  if (of.kind === 'refused' || of.kind === 'quoted') {
    return { outcome: 'failed', intent: undefined };
  }
  const { intent, outcome } = of.answer;
  switch (outcome.outcome) {
    case 'executed':
      return { outcome: 'done', intent };
    case 'failed':
    case 'unsupported':
    case 'refused':
      return { outcome: 'failed', intent };
    default:
      return { outcome: 'unknown', intent };
  }
}
