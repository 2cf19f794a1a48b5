import type { UnixMs } from '@cl-hive/core';
import type { PaymentNote } from '../ledger/entry.ts';
import type { Intent } from '../pipeline/intent.ts';
import type { Refusal } from '../pipeline/reason.ts';
import { ORDER_SCHEMA, readOrder } from './order.ts';

/** A payer that paid without effect: it pays nothing until a person lets it go on. */
export interface PayStop {
  /** See `payerOf`. */
  readonly payer: string;
  /** The payment that had no effect. */
  readonly intent: number;
  readonly reason: string;
  readonly since: UnixMs;
}

/** The refusal of a payer that is stopped. */
export function stopRefusal({ payer, intent, reason }: PayStop): Refusal {
  return {
    code: 'payer_stopped',
    message: `${payer} paid without effect (request ${intent}: ${reason}) and is stopped`,
    remedy: 'the operator looks into it, then: hive-client-payments action=resume',
  };
}

/** A payment that stands under the same reference already. */
export interface PaidReference {
  readonly intent: number;
  readonly settled: boolean;
}

/** The refusal of what is paid, or may be, already: nothing is paid twice, whoever asks. */
export function paidRefusal({ intent, settled }: PaidReference): Refusal {
  return settled
    ? {
        code: 'already_paid',
        message: `request ${intent} paid it`,
        remedy: 'ask the payee for another invoice',
      }
    : {
        code: 'under_way',
        message: `request ${intent} pays it, or may have`,
        remedy: 'wait until its outcome is known',
      };
}

/** How money leaves by an advisor's action, where its facts do not say it. */
const ACTION_METHODS: ReadonlyMap<string, string> = new Map([
  ['hive:payment/v1 pay', 'bolt11'],
  ['hive:payment/v1 keysend', 'keysend'],
  ['hive:rebalance/v1 circular_rebalance', 'rebalance'],
]);

/** What an intent's money is for: of an order what it says, of an advisor's action what it is. */
export function paymentNote({ command, facts }: Pick<Intent, 'command' | 'facts'>): PaymentNote {
  if (command.schema === ORDER_SCHEMA) {
    const { method, purpose, payee, reference } = readOrder(command);
    return { method, purpose, payee, reference };
  }
  const method = ACTION_METHODS.get(`${command.schema} ${command.action}`) ?? 'onchain';
  const note = { method, purpose: 'management', payee: undefined, reference: undefined };
  return facts.payment ?? note;
}
