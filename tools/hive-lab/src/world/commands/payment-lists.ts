import type { JsonObject } from '@cl-hive/core';
import { LabRpcError } from '../../contract/node.ts';
import type { LabNode } from '../lab-node.ts';
import { badParam, INVALID_PARAMS, optionalText } from '../params.ts';
import type { Forward, HtlcRecord, SendPay } from '../payments/records.ts';
import { invoiceMember, renderSendPay } from '../payments/sendpay-render.ts';
import type { CommandFamily } from '../services.ts';
import { indices } from '../table.ts';

/** `listpays`, `listsendpays`, `listforwards` and `listhtlcs`. */
export const paymentListCommands: CommandFamily = (services, node) => [
  {
    name: 'listsendpays',
    run: (params): JsonObject => ({ payments: wanted(node, params).map(renderSendPay) }),
  },
  { name: 'listpays', run: (params) => ({ pays: listPays(node, params) }) },
  {
    name: 'listforwards',
    run: (params): JsonObject => {
      const status = oneOf(params, 'status', ['offered', 'settled', 'local_failed', 'failed']);
      const [into, out] = [optionalText(params, 'in_channel'), optionalText(params, 'out_channel')];
      return {
        forwards: node.forwards
          .page(params)
          .filter(
            (forward) =>
              (status === undefined || forward.status === status) &&
              (into === undefined || forward.inChannel === into) &&
              (out === undefined || forward.outChannel === out),
          )
          .map(renderForward),
      };
    },
  },
  {
    name: 'listhtlcs',
    run: (params): JsonObject => {
      const name = optionalText(params, 'id');
      const scids: readonly string[] = services.channels.ofNode(node.id).flatMap((channel) => {
        const named = channel.channelId === name || channel.scid === name;
        return named && channel.scid !== undefined ? [channel.scid] : [];
      });
      return {
        htlcs: node.htlcs
          .page(params)
          .filter(({ scid }) => name === undefined || scids.includes(scid))
          .map(renderHtlc),
      };
    },
  },
];

function oneOf(params: JsonObject, name: string, values: readonly string[]): string | undefined {
  const value = optionalText(params, name);
  if (value !== undefined && !values.includes(value)) {
    throw badParam(name, 'Unrecognized status', value);
  }
  return value;
}

function wanted(node: LabNode, params: JsonObject): SendPay[] {
  const status = oneOf(params, 'status', ['pending', 'complete', 'failed']);
  const bolt11 = optionalText(params, 'bolt11');
  const hash = optionalText(params, 'payment_hash');
  if (bolt11 !== undefined && hash !== undefined) {
    throw new LabRpcError(INVALID_PARAMS, 'Can only specify one of {bolt11} or {payment_hash}');
  }
  return node.sendpays
    .page(params)
    .filter(
      (row) =>
        (status === undefined || row.status === status) &&
        (bolt11 === undefined || row.invoice === bolt11) &&
        (hash === undefined || row.paymentHash === hash),
    );
}

/** One entry for each payment: its parts together, its failed attempts only where nothing else is. */
function listPays(node: LabNode, params: JsonObject): JsonObject[] {
  const { status, ...rest } = params;
  const groups = new Map<string, SendPay[]>();
  for (const row of wanted(node, rest)) {
    groups.set(row.paymentHash, [...(groups.get(row.paymentHash) ?? []), row]);
  }
  oneOf(params, 'status', ['pending', 'complete', 'failed']);
  return [...groups.values()]
    .flatMap((rows): JsonObject[] => {
      const pay = renderPay(rows);
      return pay === undefined ? [] : [pay];
    })
    .filter((pay) => status === undefined || status === null || pay['status'] === status);
}

function renderPay(rows: readonly SendPay[]): JsonObject | undefined {
  const kept =
    ['complete', 'pending', 'failed']
      .map((status) => rows.filter((row) => row.status === status))
      .find((group) => group.length > 0) ?? [];
  const [first] = kept;
  if (first === undefined) {
    return undefined;
  }
  const complete = first.status === 'complete';
  const sum = (pick: (row: SendPay) => bigint): bigint =>
    kept.reduce((total, row) => total + pick(row), 0n);
  return {
    ...invoiceMember(first.invoice),
    ...(first.label === undefined ? {} : { label: first.label }),
    ...(first.description === undefined ? {} : { description: first.description }),
    destination: first.destination,
    payment_hash: first.paymentHash,
    status: first.status,
    created_at: first.createdAt,
    ...(first.completedAt === undefined ? {} : { completed_at: first.completedAt }),
    ...(complete
      ? {
          preimage: first.preimage ?? '',
          amount_msat: sum((row) => row.amountMsat),
          amount_sent_msat: sum((row) => row.sentMsat),
          ...(kept.length > 1 ? { number_of_parts: kept.length } : {}),
        }
      : {}),
    ...indices(first),
  };
}

function renderForward(forward: Forward): JsonObject {
  return {
    ...indices(forward),
    in_channel: forward.inChannel,
    in_htlc_id: forward.inHtlcId,
    out_channel: forward.outChannel,
    ...(forward.outHtlcId === undefined ? {} : { out_htlc_id: forward.outHtlcId }),
    in_msat: forward.inMsat,
    out_msat: forward.outMsat,
    fee_msat: forward.inMsat - forward.outMsat,
    status: forward.status,
    ...(forward.failCode === undefined ? {} : { failcode: forward.failCode }),
    ...(forward.failReason === undefined ? {} : { failreason: forward.failReason }),
    style: 'tlv',
    received_time: forward.receivedAt,
    ...(forward.resolvedAt === undefined || forward.status === 'local_failed'
      ? {}
      : { resolved_time: forward.resolvedAt }),
  };
}

/** The state of an HTLC as `listhtlcs` names it. */
export function htlcState({ direction, ended }: HtlcRecord): string {
  if (direction === 'out') {
    return ended ? 'RCVD_REMOVE_ACK_REVOCATION' : 'SENT_ADD_ACK_REVOCATION';
  }
  return ended ? 'SENT_REMOVE_ACK_REVOCATION' : 'RCVD_ADD_ACK_REVOCATION';
}

function renderHtlc(record: HtlcRecord): JsonObject {
  return {
    short_channel_id: record.scid,
    ...indices(record),
    id: record.id,
    expiry: record.expiry,
    direction: record.direction,
    amount_msat: record.amountMsat,
    payment_hash: record.paymentHash,
    state: htlcState(record),
  };
}
