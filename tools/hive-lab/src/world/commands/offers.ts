import { bytesToHex, hexToBytes, type JsonObject } from '@cl-hive/core';
import { LabRpcError } from '../../contract/node.ts';
import { sha256 } from '../digest.ts';
import { idOf, secretFrom } from '../keys.ts';
import type { LabNode } from '../lab-node.ts';
import {
  badParam,
  INVALID_PARAMS,
  LIGHTNINGD,
  missing,
  optionalFlag,
  optionalInteger,
  optionalMsat,
  optionalText,
  requiredText,
} from '../params.ts';
import { decodeBolt11, renderBolt11 } from '../payments/bolt11.ts';
import {
  decodeBolt12,
  encodeBolt12,
  offerIdOf,
  REGTEST_CHAIN,
  renderBolt12,
  signInvoice,
  TLV,
  TlvReader,
  text,
  tu64,
} from '../payments/bolt12.ts';
import type { Offer } from '../payments/records.ts';
import type { CommandFamily, Services } from '../services.ts';
import { announceInvoice } from './invoices.ts';

/** lightningd's codes of offers. */
const OFFER_EXISTS = 1000;
const OFFER_EXPIRED = 1002;
const NO_ROUTE = 1003;
const BAD_REPLY = 1004;

/** Seconds that an invoice for an offer is good for. */
const RELATIVE_EXPIRY_S = 7_200;

/** `offer`, `listoffers`, `disableoffer`, `fetchinvoice` and `decode`. */
export const offerCommands: CommandFamily = (services, node) => [
  { name: 'offer', run: (params) => createOffer(services, node, params) },
  { name: 'listoffers', run: (params) => listOffers(node, params) },
  { name: 'disableoffer', run: (params) => disableOffer(node, params) },
  { name: 'fetchinvoice', run: (params) => fetchInvoice(services, node, params) },
  { name: 'decode', run: (params) => decode(node, params) },
];

function createOffer({ state }: Services, node: LabNode, params: JsonObject): JsonObject {
  const any = params['amount'] === 'any';
  const amountMsat = any ? undefined : optionalMsat(params, 'amount');
  if (!any && amountMsat === undefined) {
    throw missing('amount');
  }
  const description = optionalText(params, 'description');
  if (amountMsat !== undefined && description === undefined) {
    throw new LabRpcError(INVALID_PARAMS, 'description is required for offers with an amount');
  }
  const issuer = optionalText(params, 'issuer');
  const expiry = optionalInteger(params, 'absolute_expiry');
  const quantity = optionalInteger(params, 'quantity_max');
  const label = optionalText(params, 'label');
  const tlvs = new Map<number, Uint8Array>([
    [TLV.chains, REGTEST_CHAIN],
    ...(amountMsat === undefined ? [] : [[TLV.amount, tu64(amountMsat)] as const]),
    ...(description === undefined ? [] : [[TLV.description, text(description)] as const]),
    ...(expiry === undefined ? [] : [[TLV.expiry, tu64(expiry)] as const]),
    ...(issuer === undefined ? [] : [[TLV.issuer, text(issuer)] as const]),
    ...(quantity === undefined ? [] : [[TLV.quantityMax, tu64(quantity)] as const]),
    [TLV.issuerId, hexToBytes(node.id)],
  ]);
  const offerId = offerIdOf(tlvs);
  const known = node.offers.find((offer) => offer.offerId === offerId);
  if (known !== undefined && !known.active) {
    throw new LabRpcError(OFFER_EXISTS, 'Offer already exists, but isn’t active');
  }
  if (expiry !== undefined && expiry <= state.now()) {
    throw badParam('absolute_expiry', 'should be in the future', expiry);
  }
  const offer = known ?? {
    offerId,
    bolt12: encodeBolt12('lno', tlvs),
    singleUse: optionalFlag(params, 'single_use') === true,
    label,
    description,
    amountMsat,
    absoluteExpiry: expiry,
    quantityMax: quantity === undefined ? undefined : BigInt(quantity),
    active: true,
    used: false,
  };
  if (known === undefined) {
    node.offers.push(offer);
  }
  const { description: _, ...shown } = renderOffer(offer);
  return { ...shown, created: known === undefined };
}

function renderOffer(offer: Offer): JsonObject {
  return {
    offer_id: offer.offerId,
    active: offer.active,
    single_use: offer.singleUse,
    bolt12: offer.bolt12,
    ...(offer.description === undefined ? {} : { description: offer.description }),
    force_paths: false,
    used: offer.used,
    ...(offer.label === undefined ? {} : { label: offer.label }),
  };
}

function listOffers(node: LabNode, params: JsonObject): JsonObject {
  const id = optionalText(params, 'offer_id');
  const activeOnly = optionalFlag(params, 'active_only') === true;
  return {
    offers: node.offers
      .filter(
        (offer) => (id === undefined || offer.offerId === id) && (!activeOnly || offer.active),
      )
      .map(renderOffer),
  };
}

function disableOffer(node: LabNode, params: JsonObject): JsonObject {
  const id = requiredText(params, 'offer_id');
  const offer = node.offers.find(({ offerId }) => offerId === id);
  if (offer === undefined) {
    throw new LabRpcError(INVALID_PARAMS, 'offer_id: unknown offer');
  }
  if (!offer.active) {
    throw new LabRpcError(1001, 'offer already disabled');
  }
  offer.active = false;
  return renderOffer(offer);
}

function fetchInvoice(services: Services, node: LabNode, params: JsonObject): JsonObject {
  const string = requiredText(params, 'offer');
  const decoded = decodeBolt12(string);
  if (decoded?.prefix !== 'lno') {
    throw badParam('offer', 'should be an offer', string);
  }
  const read = new TlvReader(decoded.tlvs);
  const asked = read.integer(TLV.amount);
  const quantity = optionalInteger(params, 'quantity');
  const given = optionalMsat(params, 'amount_msat');
  if (asked === undefined && given === undefined) {
    throw new LabRpcError(INVALID_PARAMS, 'amount_msat parameter required');
  }
  if ((quantity === undefined) !== (read.integer(TLV.quantityMax) === undefined)) {
    throw new LabRpcError(
      INVALID_PARAMS,
      quantity === undefined ? 'quantity parameter required' : 'quantity parameter unnecessary',
    );
  }
  const least = (asked ?? 0n) * BigInt(quantity ?? 1);
  if (given !== undefined && given < least) {
    throw new LabRpcError(INVALID_PARAMS, 'amount_msat is below what the offer asks');
  }
  const expiry = read.integer(TLV.expiry);
  if (expiry !== undefined && BigInt(services.state.now()) > expiry) {
    throw new LabRpcError(OFFER_EXPIRED, 'Offer expired');
  }
  const issuer = services.state.nodes.get(read.hex(TLV.issuerId) ?? '');
  if (issuer?.shell === undefined) {
    throw new LabRpcError(NO_ROUTE, 'Failed: could not route or connect directly to the issuer');
  }
  const offerId = offerIdOf(decoded.tlvs);
  const offer = issuer.offers.find((candidate) => candidate.offerId === offerId);
  if (offer?.active !== true) {
    throw new LabRpcError(BAD_REPLY, 'Remote node sent failure message: "Unknown offer"');
  }
  const invoice = issueInvoice(services, issuer, node, decoded.tlvs, {
    offerId,
    amountMsat: given ?? least,
    quantity,
    note: optionalText(params, 'payer_note'),
  });
  return {
    invoice,
    changes:
      asked !== undefined && given !== undefined && given !== least ? { amount_msat: given } : {},
  };
}

interface Wanted {
  readonly offerId: string;
  readonly amountMsat: bigint;
  readonly quantity: number | undefined;
  readonly note: string | undefined;
}

/** The issuer's side of a fetch: makes, signs and keeps the invoice. */
function issueInvoice(
  services: Services,
  issuer: LabNode,
  payer: LabNode,
  offer: ReadonlyMap<number, Uint8Array>,
  wanted: Wanted,
): string {
  const preimage = issuer.draws.next('preimage');
  const paymentHash = sha256(preimage);
  const paymentSecret = issuer.draws.next('payment_secret');
  const payerId = idOf(secretFrom(payer.draws.next('payer'), 'payer_id'));
  const point = (purpose: string): string => `02${bytesToHex(issuer.draws.next(purpose))}`;
  const createdAt = services.state.now();
  const tlvs = new Map<number, Uint8Array>([
    ...offer,
    [TLV.metadata, payer.draws.next('metadata').slice(0, 16)],
    [TLV.invreqChain, REGTEST_CHAIN],
    [TLV.invreqAmount, tu64(wanted.amountMsat)],
    [TLV.invreqFeatures, new Uint8Array()],
    ...(wanted.quantity === undefined
      ? []
      : [[TLV.invreqQuantity, tu64(wanted.quantity)] as const]),
    [TLV.payerId, hexToBytes(payerId)],
    ...(wanted.note === undefined ? [] : [[TLV.payerNote, text(wanted.note)] as const]),
    [
      TLV.invoicePaths,
      hexToBytes(
        `${issuer.id}${point('path_key')}01${point('blinded')}0020${bytesToHex(paymentSecret)}`,
      ),
    ],
    [TLV.blindedPay, hexToBytes('0000000000000000000a00000000000000001d24b2dfac5200000000')],
    [TLV.createdAt, tu64(createdAt)],
    [TLV.relativeExpiry, tu64(RELATIVE_EXPIRY_S)],
    [TLV.paymentHash, paymentHash],
    [TLV.invoiceAmount, tu64(wanted.amountMsat)],
    [TLV.invoiceFeatures, hexToBytes('020000')],
    [TLV.nodeId, hexToBytes(issuer.id)],
  ]);
  tlvs.set(TLV.signature, signInvoice(tlvs, issuer.spec.secretKey));
  const bolt12 = encodeBolt12('lni', tlvs);
  const invoice = issuer.invoices.add((row) => ({
    ...row,
    label: `${wanted.offerId}-${payerId}-0`,
    description: new TlvReader(offer).text(TLV.description),
    amountMsat: wanted.amountMsat,
    paymentHash: bytesToHex(paymentHash),
    preimage: bytesToHex(preimage),
    paymentSecret: bytesToHex(paymentSecret),
    expiresAt: createdAt + RELATIVE_EXPIRY_S,
    bolt11: undefined,
    bolt12,
    offerId: wanted.offerId,
    payerNote: wanted.note,
    paid: undefined,
    expired: false,
  }));
  announceInvoice(services, issuer, invoice, RELATIVE_EXPIRY_S);
  return bolt12;
}

function decode(node: LabNode, params: JsonObject): JsonObject {
  const string = requiredText(params, 'string').replace(/^lightning:/i, '');
  const bolt12 = decodeBolt12(string);
  if (bolt12 !== undefined) {
    return renderBolt12(bolt12.prefix, bolt12.tlvs);
  }
  const bolt11 = decodeBolt11(string, node.network);
  if (bolt11 === undefined) {
    throw new LabRpcError(LIGHTNINGD, 'Unknown encoding of the string');
  }
  return renderBolt11(bolt11, node.network);
}
