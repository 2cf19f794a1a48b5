import { bytesToHex, type JsonObject } from '@cl-hive/core';
import { LabRpcError } from '../../contract/node.ts';
import { sha256 } from '../digest.ts';
import { isPoint } from '../keys.ts';
import type { LabNode } from '../lab-node.ts';
import {
  badParam,
  INVALID_PARAMS,
  missing,
  optionalId,
  optionalInteger,
  optionalMsat,
  optionalText,
  requiredText,
} from '../params.ts';
import { decodeBolt11 } from '../payments/bolt11.ts';
import { decodeBolt12, renderBolt12, TLV, TlvReader } from '../payments/bolt12.ts';
import type { PaymentOutcome, PaymentRequest } from '../payments/payments.ts';
import type { CommandFamily, Services } from '../services.ts';

/** lightningd's codes of payments. */
const ALREADY_PAID = 219;
const DESTINATION_FAILED = 203;
const NO_ROUTE = 205;
const TOO_EXPENSIVE = 206;
const EXPIRED = 207;
const UNSPECIFIED = 209;
const STOPPED_RETRYING = 210;

/** Blocks that a payment may be locked at most. */
const MAX_DELAY = 2_016;

/** Who is to be paid, as an invoice says it. */
interface Payable {
  readonly destination: string;
  readonly amountMsat: bigint | undefined;
  readonly paymentHash: string;
  readonly paymentSecret: string;
  readonly expiresAt: number;
  readonly finalCltv: number;
  readonly hints: PaymentRequest['hints'];
  readonly description: string | undefined;
}

/** `xpay`, `pay`, `xkeysend` and `keysend`. */
export const payCommands: CommandFamily = (services, node) => [
  {
    name: 'xpay',
    run: async (params) => renderXpay(await payInvoice(services, node, params, 'xpay')),
  },
  {
    name: 'pay',
    // Its help says invstring; the name of before is taken as well.
    alsoTakes: ['bolt11'],
    run: async (params) => renderPay(await payInvoice(services, node, params, 'pay')),
  },
  {
    name: 'xkeysend',
    run: async (params) => renderXpay(await payKeysend(services, node, params, 'xpay')),
  },
  {
    name: 'keysend',
    run: async (params) => renderPay(await payKeysend(services, node, params, 'pay')),
  },
];

interface Paid {
  readonly request: PaymentRequest;
  readonly outcome: Extract<PaymentOutcome, { status: 'complete' }>;
}

function readPayable(node: LabNode, string: string): Payable {
  const bolt12 = string.toLowerCase().startsWith('lni') ? decodeBolt12(string) : undefined;
  if (bolt12 !== undefined) {
    const read = new TlvReader(bolt12.tlvs);
    const shown = renderBolt12('lni', bolt12.tlvs);
    if (shown['valid'] !== true) {
      throw new LabRpcError(INVALID_PARAMS, 'Invalid bolt12 invoice: bad signature');
    }
    const path = read.hex(TLV.invoicePaths) ?? '';
    return {
      destination: read.hex(TLV.nodeId) ?? '',
      amountMsat: read.integer(TLV.invoiceAmount),
      paymentHash: read.hex(TLV.paymentHash) ?? '',
      paymentSecret: path.slice(204, 268),
      expiresAt: Number(
        (read.integer(TLV.createdAt) ?? 0n) + (read.integer(TLV.relativeExpiry) ?? 7200n),
      ),
      finalCltv: 10,
      hints: [],
      description: undefined,
    };
  }
  const decoded = decodeBolt11(string, node.network);
  if (decoded === undefined) {
    throw new LabRpcError(INVALID_PARAMS, 'Invalid bolt11 invoice: Bad bech32 string');
  }
  const { payee, createdAt, expirySeconds, description, ...rest } = decoded;
  return { ...rest, destination: payee, expiresAt: createdAt + expirySeconds, description };
}

async function payInvoice(
  services: Services,
  node: LabNode,
  params: JsonObject,
  family: Family,
): Promise<Paid> {
  const former = family === 'pay' && params['bolt11'] !== undefined;
  const string = requiredText(params, former ? 'bolt11' : 'invstring').replace(/^lightning:/i, '');
  const payable = readPayable(node, string);
  const given = optionalMsat(params, 'amount_msat');
  if (payable.amountMsat !== undefined && given !== undefined && given !== payable.amountMsat) {
    throw new LabRpcError(
      INVALID_PARAMS,
      'amount_msat parameter cannot be specified for an invoice with an amount',
    );
  }
  const amountMsat = payable.amountMsat ?? given;
  if (amountMsat === undefined) {
    throw new LabRpcError(INVALID_PARAMS, 'amount_msat parameter required');
  }
  const done = finished(node, payable.paymentHash);
  if (done !== undefined) {
    if (family === 'xpay') {
      throw new LabRpcError(ALREADY_PAID, 'Already paid this invoice successfully');
    }
    const request = requestFor(params, payable, amountMsat, string);
    return { request, outcome: done };
  }
  if (services.state.now() >= payable.expiresAt) {
    throw new LabRpcError(EXPIRED, 'Invoice expired');
  }
  return carryOut(services, node, requestFor(params, payable, amountMsat, string), family);
}

function requestFor(
  params: JsonObject,
  payable: Payable,
  amountMsat: bigint,
  invoice: string,
): PaymentRequest {
  return {
    destination: payable.destination,
    amountMsat,
    paymentHash: payable.paymentHash,
    paymentSecret: payable.paymentSecret,
    maxFeeMsat: feeLimit(params, amountMsat),
    finalCltv: payable.finalCltv,
    maxDelay: optionalInteger(params, 'maxdelay', 0xffff) ?? MAX_DELAY,
    retryFor: optionalInteger(params, 'retry_for', 0xffff_ffff) ?? 60,
    hints: payable.hints,
    invoice,
    label: optionalText(params, 'label'),
    description: optionalText(params, 'description'),
    keysend: undefined,
  };
}

/** xpay: 1 % or 5 sat, whichever is more; pay: half a percent unless told otherwise. */
function feeLimit(params: JsonObject, amountMsat: bigint): bigint {
  const limit = optionalMsat(params, 'maxfee');
  if (limit !== undefined) {
    return limit;
  }
  const percent = params['maxfeepercent'];
  const exempt = optionalMsat(params, 'exemptfee') ?? 5_000n;
  const share =
    typeof percent === 'number'
      ? (amountMsat * BigInt(Math.round(percent * 10_000))) / 1_000_000n
      : amountMsat / 100n;
  return share > exempt ? share : exempt;
}

async function payKeysend(
  services: Services,
  node: LabNode,
  params: JsonObject,
  family: Family,
): Promise<Paid> {
  const destination = optionalId(params, 'destination');
  const amountMsat = optionalMsat(params, 'amount_msat');
  if (destination === undefined || amountMsat === undefined) {
    throw missing(destination === undefined ? 'destination' : 'amount_msat');
  }
  const { state } = services;
  if (!(state.nodes.has(destination) || state.gossip.knows(destination) || isPoint(destination))) {
    throw badParam('destination', 'should be a node id', destination);
  }
  const preimage = node.draws.next('keysend');
  const request: PaymentRequest = {
    destination,
    amountMsat,
    paymentHash: bytesToHex(sha256(preimage)),
    paymentSecret: undefined,
    maxFeeMsat: feeLimit(params, amountMsat),
    finalCltv: 22,
    maxDelay: optionalInteger(params, 'maxdelay', 0xffff) ?? MAX_DELAY,
    retryFor: optionalInteger(params, 'retry_for', 0xffff_ffff) ?? 60,
    hints: [],
    invoice: undefined,
    label: optionalText(params, 'label'),
    description: undefined,
    keysend: bytesToHex(preimage),
  };
  return carryOut(services, node, request, family);
}

/** `pay` and `keysend` have codes of their own for what xpay calls no route or unspecified. */
type Family = 'xpay' | 'pay';

async function carryOut(
  services: Services,
  node: LabNode,
  request: PaymentRequest,
  family: Family,
): Promise<Paid> {
  const outcome = await services.payments.pay(node, request);
  if (outcome.status === 'complete') {
    return { request, outcome };
  }
  const tried = `${outcome.failedParts} parts failed`;
  switch (outcome.reason) {
    case 'refused':
      throw new LabRpcError(
        DESTINATION_FAILED,
        "Destination said it doesn't know invoice: incorrect_or_unknown_payment_details",
      );
    case 'too_expensive':
      throw new LabRpcError(
        family === 'xpay' ? NO_ROUTE : TOO_EXPENSIVE,
        `Failed: Could not find route without excessive cost (limit ${request.maxFeeMsat}msat), ${tried}`,
      );
    case 'too_long':
      throw new LabRpcError(
        NO_ROUTE,
        `Failed: Could not find route without excessive delays, ${tried}`,
      );
    case 'timeout':
      throw new LabRpcError(
        family === 'xpay' ? UNSPECIFIED : STOPPED_RETRYING,
        `Timed out after ${request.retryFor} seconds, ${tried}`,
      );
    case 'no_route':
      throw new LabRpcError(NO_ROUTE, `Failed: We could not find a usable set of paths, ${tried}`);
  }
}

/** The outcome of a payment that was made before. */
function finished(node: LabNode, hash: string): Paid['outcome'] | undefined {
  const rows = node.sendpays.rows.filter(
    (row) => row.paymentHash === hash && row.status === 'complete',
  );
  const [first] = rows;
  if (first?.preimage === undefined) {
    return undefined;
  }
  return {
    status: 'complete',
    preimage: first.preimage,
    sentMsat: rows.reduce((sum, row) => sum + row.sentMsat, 0n),
    parts: rows.length,
    failedParts: 0,
    createdAt: first.createdAt,
  };
}

function renderXpay({ request, outcome }: Paid): JsonObject {
  return {
    payment_preimage: outcome.preimage,
    amount_msat: request.amountMsat,
    amount_sent_msat: outcome.sentMsat,
    failed_parts: outcome.failedParts,
    successful_parts: outcome.parts,
  };
}

function renderPay({ request, outcome }: Paid): JsonObject {
  return {
    payment_preimage: outcome.preimage,
    amount_msat: request.amountMsat,
    amount_sent_msat: outcome.sentMsat,
    parts: outcome.parts,
    destination: request.destination,
    payment_hash: request.paymentHash,
    status: 'complete',
    created_at: outcome.createdAt,
  };
}
