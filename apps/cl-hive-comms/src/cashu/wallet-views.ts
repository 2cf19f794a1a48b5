import type { MintHolding, OperationSummary } from '@cl-hive/cashu';
import { CodedError, type JsonObject } from '@cl-hive/core';
import type { DryRun, PayOutcome } from '../pay/pay-office.ts';

/** What the wallet has of a mint, for answers. */
export function holdingView(holding: MintHolding | undefined): JsonObject {
  const { unspent = 0n, held = 0n, sent = 0n } = holding ?? {};
  return { spendable_msat: unspent, held_msat: held, sent_msat: sent };
}

/** An operation for answers: nothing in it spends. */
export function operationView(operation: OperationSummary): JsonObject {
  const { key, kind, mint, state, amountMsat, feeMsat, atMs, reason } = operation;
  return {
    operation: key,
    kind,
    mint,
    state,
    amount_msat: amountMsat,
    fee_msat: feeMsat,
    at: Math.floor(atMs / 1000),
    ...(reason === '' ? {} : { reason }),
  };
}

/** What became of a payment, or would. Throws its refusal. */
export function payView(outcome: PayOutcome | DryRun): JsonObject {
  switch (outcome.kind) {
    case 'refused': {
      const { code, message, remedy } = outcome.refusal;
      throw new CodedError(code, message, { remedy });
    }
    case 'done':
    case 'known': {
      const { intent, outcome: what } = outcome.answer;
      const { outcome: word, message, remedy, receipt } = what;
      return {
        id: intent ?? null,
        outcome: word,
        ...(message === undefined ? {} : { message }),
        ...(remedy === undefined ? {} : { remedy }),
        ...(receipt === undefined ? {} : { receipt }),
      };
    }
    case 'quoted': {
      const { order, estimate } = outcome.quote;
      return {
        dry_run: true,
        method: order.method,
        amount_msat: order.amountMsat,
        max_fee_msat: order.feeMsat,
        payee: order.payee ?? null,
        allowed: outcome.refusal === undefined,
        ...(outcome.refusal === undefined ? {} : { refusal: { ...outcome.refusal } }),
        ...(estimate === undefined ? {} : { estimate }),
      };
    }
  }
}
