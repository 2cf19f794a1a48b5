import type { JsonObject, Msat, NodeId } from '@cl-hive/core';
import type { TestNode } from '@cl-hive/hive-lab';
import type { PayAsk, PaymentRail } from '../../src/pay/rail.ts';
import { bolt11Rail } from '../../src/pay/rails/bolt11.ts';
import { bolt12Rail } from '../../src/pay/rails/bolt12.ts';

/**
 * A kind of payment for the random operations: a method plugs in here with its rail, what may be asked of
 * it, and what really left by it, told by whoever holds the money and not by cl-hive-comms.
 */
export interface PaymentKind {
  readonly method: PayAsk['method'];
  readonly rail: (self: NodeId) => PaymentRail;
  /** An ask to pay `payee` exactly this; the payee's side is asked without faults. */
  readonly ask: (
    payee: TestNode,
    amountMsat: Msat,
  ) => Promise<Pick<PayAsk, 'amountMsat' | 'detail'>>;
  /** Whether what is asked for can be paid once only, whoever asks: an invoice can, an offer cannot. */
  readonly once: boolean;
  /** What left the payer by this method, in msat, fees included. */
  readonly left: (payer: TestNode) => Promise<bigint>;
  /** How often each amount reached the payee by this method. */
  readonly arrived: (payee: TestNode) => Promise<ReadonlyMap<bigint, number>>;
}

async function leftBy(payer: TestNode, member: 'bolt11' | 'bolt12'): Promise<bigint> {
  const { pays } = await payer.call('listpays');
  return (pays as readonly JsonObject[])
    .filter((pay) => pay['status'] === 'complete' && pay[member] !== undefined)
    .reduce((sum, { amount_sent_msat: sent }) => sum + BigInt(sent as number), 0n);
}

async function arrivedBy(
  payee: TestNode,
  member: 'bolt11' | 'bolt12',
): Promise<ReadonlyMap<bigint, number>> {
  const { invoices } = await payee.call('listinvoices');
  const counts = new Map<bigint, number>();
  for (const invoice of invoices as readonly JsonObject[]) {
    if (invoice['status'] === 'paid' && invoice[member] !== undefined) {
      const amount = BigInt(invoice['amount_received_msat'] as number);
      counts.set(amount, (counts.get(amount) ?? 0) + 1);
    }
  }
  return counts;
}

let labels = 0;

const bolt11Kind: PaymentKind = {
  method: 'bolt11',
  rail: bolt11Rail,
  once: true,
  ask: async (payee, amountMsat) => {
    labels += 1;
    const made = await payee.call('invoice', {
      amount_msat: amountMsat,
      label: `random-${labels}`,
      description: '',
    });
    return { amountMsat: undefined, detail: { bolt11: made['bolt11'] ?? null } };
  },
  left: (payer) => leftBy(payer, 'bolt11'),
  arrived: (payee) => arrivedBy(payee, 'bolt11'),
};

const bolt12Kind: PaymentKind = {
  method: 'bolt12',
  rail: bolt12Rail,
  once: false,
  ask: async (payee, amountMsat) => {
    const { bolt12 } = await payee.call('offer', { amount: 'any', description: 'random' });
    return { amountMsat, detail: { offer: bolt12 ?? null } };
  },
  left: (payer) => leftBy(payer, 'bolt12'),
  arrived: (payee) => arrivedBy(payee, 'bolt12'),
};

/** All kinds that the random operations pay by. */
export const PAYMENT_KINDS: readonly PaymentKind[] = [bolt11Kind, bolt12Kind];
