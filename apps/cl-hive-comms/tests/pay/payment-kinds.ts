import type { JsonObject } from '@cl-hive/core';
import { bolt11Rail } from '../../src/pay/rails/bolt11.ts';
import { bolt12Rail } from '../../src/pay/rails/bolt12.ts';
import { cashuKind } from './cashu-kind.ts';
import { l402Kind } from './l402-kind.ts';
import { arrivedBy, invoiceFrom, leftBy, type PaymentKind } from './payment-kind.ts';

const bolt11Kind: PaymentKind = {
  method: 'bolt11',
  once: true,
  open: async ({ payer, payee }) => {
    const hashes = new Set<unknown>();
    const own = ({ payment_hash: hash }: JsonObject): boolean => hashes.has(hash);
    return {
      rail: async ({ self }) => bolt11Rail(self),
      ask: async (number, amountMsat) => {
        const { bolt11, hash } = await invoiceFrom(payee, `bolt11-${number}`, amountMsat);
        hashes.add(hash);
        return { amountMsat: undefined, detail: { bolt11 } };
      },
      left: () => leftBy(payer, own),
      times: () => arrivedBy(payee, own),
    };
  },
};

const bolt12Kind: PaymentKind = {
  method: 'bolt12',
  once: false,
  open: async ({ payer, payee }) => ({
    rail: async ({ self }) => bolt12Rail(self),
    ask: async (_number, amountMsat) => {
      const { bolt12 } = await payee.call('offer', { amount: 'any', description: 'random' });
      return { amountMsat, detail: { offer: bolt12 ?? null } };
    },
    left: () => leftBy(payer, ({ bolt12 }) => bolt12 !== undefined),
    times: () => arrivedBy(payee, ({ bolt12 }) => bolt12 !== undefined),
  }),
};

/** All kinds that the random operations pay by. */
export const PAYMENT_KINDS: readonly PaymentKind[] = [bolt11Kind, bolt12Kind, l402Kind, cashuKind];
