import type { Msat, NodeId } from '@cl-hive/core';
import { describe, expect, it } from 'vitest';
import {
  type OfferFacts,
  type OfferInvoiceFacts,
  type OfferWish,
  payableOffer,
  payableOfferInvoice,
} from './offer.ts';

const ISSUER = `02${'ab'.repeat(32)}` as NodeId;
const OTHER = `03${'cd'.repeat(32)}` as NodeId;
const REGTEST = '06226e46111a0b59caaf126043eb5bbf28c34f3a5e332a1fc7b2b73cf188910f';
const NOW = 1_800_000_000;

const OFFER: OfferFacts = {
  id: 'aa'.repeat(32),
  chains: [REGTEST],
  amountMsat: 1000n as Msat,
  currency: undefined,
  description: 'a thing',
  issuer: 'somebody',
  issuerId: ISSUER,
  expiresAt: BigInt(NOW + 100),
  quantityMax: 5n,
  recurs: false,
};
const WISH: OfferWish = {
  network: 'regtest',
  amountMsat: undefined,
  quantity: undefined,
  payee: undefined,
  inSeries: false,
  now: NOW,
};

describe('an offer', () => {
  const verdict = (offer: Partial<OfferFacts> = {}, wish: Partial<OfferWish> = {}) =>
    payableOffer({ ...OFFER, ...offer }, { ...WISH, ...wish });

  it.each([
    [{}, {}, 1000n],
    [{}, { quantity: 3n }, 3000n],
    [{}, { quantity: 3n, amountMsat: 3000n as Msat }, 3000n],
    [{ quantityMax: 0n }, { quantity: 1_000_000n }, 1_000_000_000n],
    [{ amountMsat: undefined, quantityMax: undefined }, { amountMsat: 7n as Msat }, 7n],
    [{ recurs: true }, { inSeries: true }, 1000n],
    [{ chains: [] }, { network: 'bitcoin' }, 1000n],
    [{}, { payee: ISSUER }, 1000n],
  ] as const)('%#: is paid', (offer, wish, amountMsat) => {
    expect(verdict(offer, wish)).toMatchObject({ ok: true, amountMsat });
  });

  it.each([
    [{ chains: [] }, {}, 'wrong_network'],
    [{}, { network: 'bitcoin' }, 'wrong_network'],
    [{ currency: 'EUR' }, {}, 'offer_invalid'],
    [{ expiresAt: BigInt(NOW) }, {}, 'expired'],
    [{}, { payee: OTHER }, 'wrong_payee'],
    [{ issuerId: undefined }, { payee: OTHER }, 'wrong_payee'],
    [{ recurs: true }, {}, 'recurrence_not_due'],
    [{ quantityMax: undefined }, { quantity: 1n }, 'offer_invalid'],
    [{}, { quantity: 0n }, 'offer_invalid'],
    [{}, { quantity: 6n }, 'offer_invalid'],
    [{}, { amountMsat: 999n as Msat }, 'amount_differs'],
    [{}, { amountMsat: 1001n as Msat }, 'amount_differs'],
    [{ amountMsat: undefined }, {}, 'amount_missing'],
  ] as const)('%#: is refused', (offer, wish, reason) => {
    const found = verdict(offer, wish);
    expect(found).toMatchObject({ ok: false, reason });
    expect(found.ok ? '' : found.message.length).toBeGreaterThan(10);
  });
});

describe('an invoice for an offer', () => {
  const INVOICE: OfferInvoiceFacts = {
    offer: { ...OFFER },
    amountMsat: 1000n as Msat,
    paymentHash: 'bb'.repeat(32),
    nodeId: ISSUER,
    quantity: undefined,
    createdAt: BigInt(NOW - 5),
    expirySeconds: 7200,
  };
  const wanted = { amountMsat: 1000n as Msat, quantity: undefined, now: NOW };
  const verdict = (invoice: Partial<OfferInvoiceFacts>, changes: readonly string[] = []) =>
    payableOfferInvoice(OFFER, { ...INVOICE, ...invoice }, wanted, changes);

  it('is paid as it was offered', () => {
    expect(verdict({})).toEqual({ ok: true, paymentHash: 'bb'.repeat(32), nodeId: ISSUER });
  });

  it.each([
    { offer: { ...OFFER, id: 'cc'.repeat(32) } },
    { offer: { ...OFFER, description: 'another thing' } },
    { offer: { ...OFFER, issuer: 'somebody else' } },
    { offer: { ...OFFER, issuerId: OTHER } },
    { offer: { ...OFFER, amountMsat: 999n as Msat } },
    { offer: { ...OFFER, currency: 'EUR' } },
    { offer: { ...OFFER, expiresAt: undefined } },
    { offer: { ...OFFER, quantityMax: undefined } },
    { offer: { ...OFFER, recurs: true } },
    { amountMsat: 1001n as Msat },
    { amountMsat: 999n as Msat },
    { amountMsat: undefined },
    { nodeId: OTHER },
    { nodeId: undefined },
    { quantity: 1n },
  ])('%#: changed against the offer, it is refused', (change) => {
    expect(verdict(change)).toMatchObject({ ok: false, reason: 'offer_changed' });
  });

  it('is refused where lightningd names a change, without a hash, and at its end', () => {
    expect(verdict({}, ['description_appended'])).toMatchObject({ reason: 'offer_changed' });
    expect(verdict({ paymentHash: undefined })).toMatchObject({ reason: 'invoice_invalid' });
    expect(verdict({ expirySeconds: 14 })).toMatchObject({ reason: 'expired' });
    expect(verdict({ expirySeconds: 15 })).toMatchObject({ ok: true });
  });
});
