import type { Msat, NodeId } from '@cl-hive/core';
import type { Network } from '../bolt11/invoice.ts';

/** An offer (BOLT 12) as lightningd's `decode` reads it; it checked form and signatures. */
export interface OfferFacts {
  readonly id: string;
  /** Chain hashes in hexadecimal; empty for bitcoin alone. */
  readonly chains: readonly string[];
  /** For one item; undefined where the payer chooses. */
  readonly amountMsat: Msat | undefined;
  /** Set where the amount is in another currency. */
  readonly currency: string | undefined;
  readonly description: string | undefined;
  readonly issuer: string | undefined;
  readonly issuerId: NodeId | undefined;
  /** Seconds since 1970. */
  readonly expiresAt: bigint | undefined;
  /** Undefined for offers of one item, 0 for no bound. */
  readonly quantityMax: bigint | undefined;
  /** Whether it is paid again each period. */
  readonly recurs: boolean;
}

/** What came back for an offer. */
export interface OfferInvoiceFacts {
  /** The offer's members as the invoice repeats them. */
  readonly offer: OfferFacts;
  readonly amountMsat: Msat | undefined;
  readonly paymentHash: string | undefined;
  readonly nodeId: NodeId | undefined;
  readonly quantity: bigint | undefined;
  /** Seconds since 1970. */
  readonly createdAt: bigint;
  /** Seconds. */
  readonly expirySeconds: number;
}

/** What a payer wants of an offer. */
export interface OfferWish {
  readonly network: Network;
  /** In all; undefined: what the offer asks. */
  readonly amountMsat: Msat | undefined;
  readonly quantity: bigint | undefined;
  readonly payee: NodeId | undefined;
  /** Whether this is one payment of a series. */
  readonly inSeries: boolean;
  /** Seconds since 1970. */
  readonly now: number;
}

/** Why an offer is not paid (closed list). */
export type NotPayableOffer =
  | 'offer_invalid'
  | 'wrong_network'
  | 'expired'
  | 'amount_missing'
  | 'amount_differs'
  | 'wrong_payee'
  | 'recurrence_not_due';

/** Why an invoice for an offer is not paid (closed list). */
export type NotPayableOfferInvoice = 'offer_changed' | 'expired' | 'invoice_invalid';

/** A verdict with a sentence where it refuses. */
export type OfferVerdict<T, Reason> =
  | ({ readonly ok: true } & T)
  | { readonly ok: false; readonly reason: Reason; readonly message: string };

/** Hash of each chain's first block, in the wire's byte order. */
const CHAINS: Readonly<Record<Network, string>> = {
  bitcoin: '6fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d6190000000000',
  testnet: '43497fd7f826957108f4a30fd9cec3aeba79972084e90ead01ea330900000000',
  testnet4: '43f08bdab050e35b567c864b91f47f50ae725ae2de53bcfbbaf284da00000000',
  signet: 'f61eee3b63a380a477a063af32b2bbc97c9ff9f01f2c4225e973988108000000',
  regtest: '06226e46111a0b59caaf126043eb5bbf28c34f3a5e332a1fc7b2b73cf188910f',
};

/** An invoice that ends sooner than this, in seconds, could end while it is being paid. */
const LEAST_LIFE_SECONDS = 10n;

function no<Reason>(reason: Reason, message: string): OfferVerdict<never, Reason> {
  return { ok: false, reason, message };
}

/** What an offer costs, in msat, or why it is not paid. */
export function payableOffer(
  offer: OfferFacts,
  wish: OfferWish,
): OfferVerdict<
  { readonly amountMsat: Msat; readonly quantity: bigint | undefined },
  NotPayableOffer
> {
  const { chains, currency, expiresAt, issuerId, quantityMax, recurs } = offer;
  const chain = CHAINS[wish.network];
  if (!(chains.length === 0 ? wish.network === 'bitcoin' : chains.includes(chain))) {
    return no('wrong_network', 'the offer is for another network');
  }
  if (currency !== undefined) {
    return no('offer_invalid', `the offer is priced in ${currency}, not in bitcoin`);
  }
  if (expiresAt !== undefined && BigInt(wish.now) >= expiresAt) {
    return no('expired', 'the offer has expired');
  }
  if (wish.payee !== undefined && issuerId !== wish.payee) {
    return no('wrong_payee', 'the offer is not of the node that was named');
  }
  if (recurs !== wish.inSeries && recurs) {
    return no('recurrence_not_due', 'the offer is paid each period: name a period with every');
  }
  const quantity = wish.quantity ?? (quantityMax === undefined ? undefined : 1n);
  if (quantity !== undefined && quantityMax === undefined) {
    return no('offer_invalid', 'the offer is for one item: leave quantity out');
  }
  if (
    quantity !== undefined &&
    (quantity < 1n || (quantityMax !== 0n && quantity > (quantityMax ?? 0n)))
  ) {
    return no('offer_invalid', `the offer is for 1 to ${quantityMax} items`);
  }
  return priceOf(offer, wish, quantity);
}

function priceOf(
  { amountMsat: each }: OfferFacts,
  wish: OfferWish,
  quantity: bigint | undefined,
): ReturnType<typeof payableOffer> {
  const asked = each === undefined ? undefined : each * (quantity ?? 1n);
  if (asked !== undefined && wish.amountMsat !== undefined && asked !== wish.amountMsat) {
    return no('amount_differs', `the offer asks for ${asked} msat`);
  }
  const amountMsat = wish.amountMsat ?? asked;
  return amountMsat === undefined
    ? no('amount_missing', 'the offer names no amount: give amount_msat')
    : { ok: true, amountMsat: amountMsat as Msat, quantity };
}

/** The members of an offer that its invoice has to repeat as they were. */
const REPEATED = [
  'id',
  'description',
  'issuer',
  'issuerId',
  'amountMsat',
  'currency',
  'expiresAt',
  'quantityMax',
  'recurs',
] as const;

/**
 * Whether an invoice is what the offer promised: nothing changed, exactly this amount, from the node that
 * offered, and long enough good. `changes` are those that lightningd names itself.
 */
export function payableOfferInvoice(
  offer: OfferFacts,
  invoice: OfferInvoiceFacts,
  wanted: {
    readonly amountMsat: Msat;
    readonly quantity: bigint | undefined;
    readonly now: number;
  },
  changes: readonly string[],
): OfferVerdict<{ readonly paymentHash: string; readonly nodeId: NodeId }, NotPayableOfferInvoice> {
  const [changed] = [
    ...changes,
    ...REPEATED.filter((member) => offer[member] !== invoice.offer[member]),
    ...(invoice.amountMsat === wanted.amountMsat ? [] : ['amount']),
    ...(invoice.quantity === wanted.quantity ? [] : ['quantity']),
    ...(offer.issuerId === undefined || offer.issuerId === invoice.nodeId ? [] : ['node']),
  ];
  if (changed !== undefined) {
    return no('offer_changed', `the invoice is not what was offered: ${changed} differs`);
  }
  const { paymentHash, nodeId, createdAt, expirySeconds } = invoice;
  if (paymentHash === undefined || nodeId === undefined) {
    return no('invoice_invalid', 'the invoice names no payment hash or no node');
  }
  return BigInt(wanted.now) + LEAST_LIFE_SECONDS > createdAt + BigInt(expirySeconds)
    ? no('expired', 'the invoice has expired, or is about to')
    : { ok: true, paymentHash, nodeId };
}
