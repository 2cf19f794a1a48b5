import { bytesToHex, hexToBytes, isHex, type JsonObject } from '@cl-hive/core';
import { type CallContext, LabRpcError } from '../../contract/node.ts';
import { sideOf, spendableBy } from '../channel.ts';
import { sha256 } from '../digest.ts';
import type { LabNode } from '../lab-node.ts';
import { otherSide } from '../ledger.ts';
import {
  badParam,
  LIGHTNINGD,
  missing,
  optionalFlag,
  optionalInteger,
  optionalMsat,
  optionalText,
  requiredText,
} from '../params.ts';
import { encodeBolt11, FINAL_CLTV } from '../payments/bolt11.ts';
import { invoiceStatus, renderInvoice } from '../payments/invoice-render.ts';
import type { Invoice } from '../payments/records.ts';
import type { Edge } from '../payments/routing.ts';
import type { CommandFamily, Services } from '../services.ts';

/** Seconds that an invoice is good for: a week. */
const EXPIRY_S = 604_800;

/** lightningd's codes of invoices. */
const LABEL_EXISTS = 900;
const HASH_EXISTS = 901;
const EXPIRED = 903;
const WAIT_TIMED_OUT = 904;
const NOT_FOUND = 905;
const WRONG_STATUS = 906;

/** `invoice` and what follows it: list, delete, wait. */
export const invoiceCommands: CommandFamily = (services, node) => [
  { name: 'invoice', run: (params) => createInvoice(services, node, params) },
  { name: 'listinvoices', run: (params) => listInvoices(services, node, params) },
  { name: 'delinvoice', run: (params) => deleteInvoice(services, node, params) },
  { name: 'waitinvoice', run: (params, call) => waitInvoice(services, node, params, call) },
  { name: 'waitanyinvoice', run: (params, call) => waitAnyInvoice(services, node, params, call) },
];

function labelOf(params: JsonObject): string {
  const { label } = params;
  if (typeof label === 'number' || typeof label === 'bigint') {
    return label.toString();
  }
  return requiredText(params, 'label');
}

function createInvoice(services: Services, node: LabNode, params: JsonObject): JsonObject {
  const any = params['amount_msat'] === 'any';
  const amountMsat = any ? undefined : optionalMsat(params, 'amount_msat');
  if (!any && amountMsat === undefined) {
    throw missing('amount_msat');
  }
  if (amountMsat === 0n) {
    throw badParam('amount_msat', "should be positive msat or 'any'", params['amount_msat']);
  }
  const label = labelOf(params);
  const description = requiredText(params, 'description');
  if (node.invoices.rows.some((invoice) => invoice.label === label)) {
    throw new LabRpcError(LABEL_EXISTS, 'Duplicate label');
  }
  const preimage = optionalText(params, 'preimage') ?? bytesToHex(node.draws.next('preimage'));
  if (!isHex(preimage) || preimage.length !== 64) {
    throw badParam('preimage', 'should be 64 hex digits', preimage);
  }
  const paymentHash = bytesToHex(sha256(hexToBytes(preimage)));
  if (node.invoices.rows.some((invoice) => invoice.paymentHash === paymentHash)) {
    throw new LabRpcError(HASH_EXISTS, 'preimage already used');
  }
  const paymentSecret = bytesToHex(node.draws.next('payment_secret'));
  const createdAt = services.state.now();
  const expirySeconds = optionalInteger(params, 'expiry') ?? EXPIRY_S;
  const bolt11 = encodeBolt11(
    {
      amountMsat,
      paymentHash,
      paymentSecret,
      description,
      expirySeconds,
      createdAt,
      finalCltv: optionalInteger(params, 'cltv', 0xffff) ?? FINAL_CLTV,
      hints: hintsFor(services, node, params),
    },
    node.network,
    node.spec.secretKey,
  );
  const invoice = node.invoices.add((row) => ({
    ...row,
    label,
    description,
    amountMsat,
    paymentHash,
    preimage,
    paymentSecret,
    expiresAt: createdAt + expirySeconds,
    bolt11,
    bolt12: undefined,
    offerId: undefined,
    payerNote: undefined,
    paid: undefined,
    expired: false,
  }));
  announceInvoice(services, node, invoice, expirySeconds);
  return {
    payment_hash: paymentHash,
    expires_at: invoice.expiresAt,
    bolt11,
    payment_secret: paymentSecret,
    created_index: invoice.createdIndex,
    ...capacityWarning(services, node, amountMsat ?? 1n),
  };
}

/** Tells plugins of a new invoice, and looks again when its time is over. */
export function announceInvoice(
  services: Services,
  node: LabNode,
  invoice: Invoice,
  expirySeconds: number,
): void {
  node.notify('invoice_creation', {
    ...(invoice.amountMsat === undefined ? {} : { msat: invoice.amountMsat }),
    preimage: invoice.preimage,
    label: invoice.label,
    ...(invoice.offerId === undefined ? {} : { offer_id: invoice.offerId }),
  });
  services.state.clock.after(expirySeconds * 1000, () => {
    services.receiver.expire(node);
    services.waits.changed();
  });
  services.waits.changed();
}

/** Private channels are told of when there is no public one, or on request. */
function hintsFor({ channels, graphs }: Services, node: LabNode, params: JsonObject): Edge[] {
  const wanted = params['exposeprivatechannels'];
  const own = channels.ofNode(node.id).filter(({ spentAt }) => spentAt === undefined);
  const hidden = own.filter(({ announced }) => !announced);
  if (
    wanted === false ||
    hidden.length === 0 ||
    (hidden.length < own.length && wanted === undefined)
  ) {
    return [];
  }
  return hidden.flatMap((channel) => graphs.hintFor(channel, node.id) ?? []).slice(0, 4);
}

function capacityWarning({ channels }: Services, node: LabNode, amountMsat: bigint): JsonObject {
  const receivable = channels
    .ofNode(node.id)
    .filter(({ scid, spentAt }) => scid !== undefined && spentAt === undefined)
    .map((channel) => spendableBy(channel, otherSide(sideOf(channel, node.id))));
  const sum = receivable.reduce((total, amount) => total + amount, 0n);
  if (sum < amountMsat) {
    return { warning_capacity: 'Insufficient incoming channel capacity to pay invoice' };
  }
  return receivable.every((amount) => amount < amountMsat)
    ? { warning_mpp: 'The invoice is only payable by MPP-capable payers.' }
    : {};
}

function listInvoices(
  { state, receiver }: Services,
  node: LabNode,
  params: JsonObject,
): JsonObject {
  receiver.expire(node);
  const label = params['label'] === undefined ? undefined : labelOf(params);
  const invstring = optionalText(params, 'invstring');
  const hash = optionalText(params, 'payment_hash');
  const offer = optionalText(params, 'offer_id');
  const invoices = node.invoices
    .page(params)
    .filter(
      (invoice) =>
        (label === undefined || invoice.label === label) &&
        (invstring === undefined || invoice.bolt11 === invstring || invoice.bolt12 === invstring) &&
        (hash === undefined || invoice.paymentHash === hash) &&
        (offer === undefined || invoice.offerId === offer),
    )
    .map((invoice) => renderInvoice(invoice, state.now()));
  return { invoices };
}

function byLabel(node: LabNode, params: JsonObject, code: number): Invoice {
  const label = labelOf(params);
  const invoice = node.invoices.rows.find((candidate) => candidate.label === label);
  if (invoice === undefined) {
    throw new LabRpcError(code, code === NOT_FOUND ? 'Unknown invoice' : 'Label not found');
  }
  return invoice;
}

function deleteInvoice({ state, waits }: Services, node: LabNode, params: JsonObject): JsonObject {
  const invoice = byLabel(node, params, NOT_FOUND);
  const wanted = requiredText(params, 'status');
  const status = invoiceStatus(invoice, state.now());
  if (status !== wanted) {
    throw new LabRpcError(WRONG_STATUS, `Invoice status is ${status} not ${wanted}`, {
      current_status: status,
      expected_status: wanted,
    });
  }
  if (optionalFlag(params, 'desconly') !== true) {
    node.invoices.remove(invoice);
    waits.changed();
  }
  return renderInvoice(invoice, state.now());
}

async function waitInvoice(
  services: Services,
  node: LabNode,
  params: JsonObject,
  call: CallContext,
): Promise<JsonObject> {
  const invoice = byLabel(node, params, LIGHTNINGD);
  const { state, waits } = services;
  const gone = (): boolean => !node.invoices.rows.includes(invoice);
  await waits.until(
    () => gone() || invoiceStatus(invoice, state.now()) !== 'unpaid',
    state.clock,
    undefined,
    call.signal,
    () => new LabRpcError(LIGHTNINGD, 'the caller went'),
  );
  const shown = renderInvoice(invoice, state.now());
  if (gone() && invoice.paid === undefined) {
    throw new LabRpcError(LIGHTNINGD, 'Invoice deleted during wait');
  }
  if (invoice.paid === undefined) {
    throw new LabRpcError(EXPIRED, 'invoice expired during wait', shown);
  }
  return shown;
}

async function waitAnyInvoice(
  { state, waits }: Services,
  node: LabNode,
  params: JsonObject,
  call: CallContext,
): Promise<JsonObject> {
  const after = optionalInteger(params, 'lastpay_index') ?? 0;
  const timeout = optionalInteger(params, 'timeout');
  const next = (): Invoice | undefined =>
    node.invoices.rows
      .filter(({ paid }) => paid !== undefined && paid.index > after)
      .sort((a, b) => (a.paid?.index ?? 0) - (b.paid?.index ?? 0))[0];
  const late = (): LabRpcError =>
    new LabRpcError(WAIT_TIMED_OUT, 'Timed out while waiting for invoice to be paid');
  await waits.until(
    () => next() !== undefined,
    state.clock,
    timeout === undefined ? undefined : timeout * 1000,
    call.signal,
    late,
  );
  const invoice = next();
  if (invoice === undefined) {
    throw late();
  }
  return renderInvoice(invoice, state.now());
}
