import type { JsonObject } from '@cl-hive/core';
import { type CallContext, LabRpcError } from '../../contract/node.ts';
import { directionOf, isUsable, peerOf, sideOf } from '../channel.ts';
import type { LabNode } from '../lab-node.ts';
import {
  INVALID_PARAMS,
  missing,
  optionalBytes32,
  optionalInteger,
  optionalMsat,
  optionalText,
  optionalU64,
  requiredText,
} from '../params.ts';
import type { RouteStep } from '../payments/given-route.ts';
import type { SendPay } from '../payments/records.ts';
import type { RoutePayment } from '../payments/route-payments.ts';
import { localFailure, SENDPAY_CODE } from '../payments/sendpay-failure.ts';
import { decideSendPay } from '../payments/sendpay-progress.ts';
import { renderSendPay } from '../payments/sendpay-render.ts';
import type { CommandFamily, Services } from '../services.ts';
import { routeParam } from './route-param.ts';

/** `sendpay`, `waitsendpay` and `delpay`. */
export const sendPayCommands: CommandFamily = (services, node) => [
  { name: 'sendpay', run: (params) => sendPay(services, node, params) },
  { name: 'waitsendpay', run: (params, call) => waitSendPay(services, node, params, call) },
  { name: 'delpay', run: (params) => delPay(node, params) },
];

function refuse(code: number, message: string): LabRpcError {
  return new LabRpcError(code, message);
}

function hashOf(params: JsonObject): string {
  const hash = optionalBytes32(params, 'payment_hash');
  if (hash === undefined) {
    throw missing('payment_hash');
  }
  return hash;
}

/** The last group of parts that were sent for a hash; 0 where none was. */
function lastGroup(node: LabNode, hash: string): bigint {
  return node.sendpays.rows
    .filter(({ paymentHash }) => paymentHash === hash)
    .reduce((most, { groupId }) => (groupId > most ? groupId : most), 0n);
}

async function sendPay(services: Services, node: LabNode, params: JsonObject): Promise<JsonObject> {
  const payment = readPayment(node, params);
  const { part, route } = payment;
  if (route.length === 0) {
    const row = await services.routePayments.payItself(node, payment);
    return ended(row);
  }
  const decision = decideSendPay(
    node.sendpays.rows.filter(({ paymentHash }) => paymentHash === part.paymentHash),
    { ...part, destination: route.at(-1)?.id ?? '' },
  );
  if (decision.kind === 'refused') {
    throw refuse(decision.code, decision.message);
  }
  if (decision.kind === 'known') {
    return decision.row.status === 'complete'
      ? renderSendPay(decision.row)
      : underWay(decision.row);
  }
  const first = firstStep(services, node, route);
  return underWay(
    services.routePayments.send(node, { ...payment, route: [first, ...route.slice(1)] }),
  );
}

function underWay(row: SendPay): JsonObject {
  return { message: 'Monitor status with listpays or waitsendpay', ...renderSendPay(row) };
}

/** The part that the parameters ask for. Throws LabRpcError. */
function readPayment(node: LabNode, params: JsonObject): RoutePayment {
  const route = routeParam(params);
  const paymentHash = hashOf(params);
  const amount = optionalMsat(params, 'amount_msat');
  const partId = optionalInteger(params, 'partid') ?? 0;
  const paymentSecret = optionalBytes32(params, 'payment_secret');
  const fault = amountFault(route, amount, partId, paymentSecret);
  if (fault !== undefined) {
    throw refuse(INVALID_PARAMS, fault);
  }
  const finalMsat = route.at(-1)?.amountMsat ?? amount ?? 0n;
  return {
    route,
    paymentSecret,
    part: {
      groupId: optionalU64(params, 'groupid') ?? lastGroup(node, paymentHash) + 1n,
      partId,
      paymentHash,
      amountMsat: finalMsat,
      totalMsat: amount ?? finalMsat,
      label: optionalText(params, 'label'),
      invoice: optionalText(params, 'bolt11'),
      description: optionalText(params, 'description'),
    },
  };
}

function amountFault(
  route: readonly RouteStep[],
  amount: bigint | undefined,
  partId: number,
  secret: string | undefined,
): string | undefined {
  if (partId !== 0 && amount === undefined) {
    return 'Must specify msatoshi with partid';
  }
  const last = route.at(-1);
  if (last === undefined) {
    return amount === undefined
      ? 'Self-payment requires amount_msat'
      : partId === 0
        ? undefined
        : 'Self-payment does not allow (non-zero) partid';
  }
  const final = last.amountMsat;
  if (amount !== undefined && partId === 0 && amount !== final) {
    return `Do not specify msatoshi (${amount}msat) without partid: if you do, it must be exactly the final amount (${final}msat)`;
  }
  if (partId !== 0 && amount !== undefined && final > amount) {
    return `Final amount ${final}msat is greater than ${amount}msat, despite MPP`;
  }
  return partId !== 0 && secret === undefined ? 'partid requires payment_secret' : undefined;
}

/** The first step by the channel's own name. Throws LabRpcError 204 where the peer cannot take an HTLC. */
function firstStep(
  { channels, life }: Services,
  node: LabNode,
  [step]: readonly RouteStep[],
): RouteStep {
  if (step === undefined) {
    throw missing('route');
  }
  const channel = channels
    .ofNode(node.id)
    .find(
      (one) =>
        peerOf(one, node.id) === step.id &&
        isUsable(one) &&
        (one.scid === step.scid || one.sides[sideOf(one, node.id)].alias === step.scid),
    );
  if (channel?.scid === undefined) {
    const { code, place } = localFailure(node.id, undefined, 'unknown_next_peer', '');
    throw new LabRpcError(code, 'No connection to first peer found', place);
  }
  const { scid } = channel;
  if (!life.connected(channel)) {
    const edge = { scid, direction: directionOf(channel, sideOf(channel, node.id)) };
    const reason = 'First peer not ready';
    const failure = localFailure(node.id, edge, 'temporary_channel_failure', reason);
    throw new LabRpcError(failure.code, failure.message, failure.place);
  }
  return { ...step, scid };
}

/** What a part that is over answers. Throws LabRpcError where it failed. */
function ended(row: SendPay): JsonObject {
  if (row.failure !== undefined) {
    const { code, message, place } = row.failure;
    throw new LabRpcError(code, message, { ...renderSendPay(row), ...place });
  }
  return renderSendPay(row);
}

async function waitSendPay(
  { state, waits }: Services,
  node: LabNode,
  params: JsonObject,
  call: CallContext,
): Promise<JsonObject> {
  const hash = hashOf(params);
  const partId = optionalInteger(params, 'partid') ?? 0;
  const groupId = optionalU64(params, 'groupid') ?? lastGroup(node, hash);
  const timeout = optionalInteger(params, 'timeout', 0xffff_ffff);
  const row = node.sendpays.rows.find(
    (one) => one.paymentHash === hash && one.partId === partId && one.groupId === groupId,
  );
  if (row === undefined) {
    const message = `Never attempted payment part ${partId} for '${hash}'`;
    throw refuse(SENDPAY_CODE.noSuchPayment, message);
  }
  await waits.until(
    () => row.status !== 'pending',
    state.clock,
    timeout === undefined ? undefined : timeout * 1000,
    call.signal,
    () => refuse(SENDPAY_CODE.inProgress, 'Timed out while waiting'),
  );
  return ended(row);
}

function delPay(node: LabNode, params: JsonObject): JsonObject {
  const hash = hashOf(params);
  const status = requiredText(params, 'status');
  const partId = optionalInteger(params, 'partid');
  const groupId = optionalU64(params, 'groupid');
  if (status !== 'complete' && status !== 'failed') {
    throw refuse(
      INVALID_PARAMS,
      `status: should be "complete" or "failed": invalid token '"${status}"'`,
    );
  }
  if ((partId === undefined) !== (groupId === undefined)) {
    throw refuse(INVALID_PARAMS, 'Must set both partid and groupid, or neither');
  }
  const ofHash = node.sendpays.rows.filter(({ paymentHash }) => paymentHash === hash);
  if (ofHash.length === 0) {
    throw refuse(SENDPAY_CODE.noSuchPayment, `Unknown payment with payment_hash: ${hash}`);
  }
  const meant = ofHash.filter(
    (row) =>
      (partId === undefined || row.partId === partId) &&
      (groupId === undefined || row.groupId === groupId),
  );
  const rows = meant.filter((row) => row.status === status);
  const other = meant.find((row) => row.status !== status);
  if (rows.length === 0) {
    throw refuse(
      SENDPAY_CODE.noSuchPayment,
      other === undefined
        ? 'No payment for that payment_hash with that partid and groupid'
        : `Payment with hash ${hash} has ${other.status} status but it different from the one provided ${status}`,
    );
  }
  for (const row of rows) {
    node.sendpays.remove(row);
  }
  return { payments: rows.map(renderSendPay) };
}
