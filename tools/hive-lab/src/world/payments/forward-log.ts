import type { Clock, JsonObject } from '@cl-hive/core';
import type { LabNode } from '../lab-node.ts';
import type { Htlc } from '../ledger.ts';
import { ONION_FAILURES, type OnionFailure } from './onion-failure.ts';
import type { Forward } from './records.ts';
import type { Hop } from './routing.ts';

/** Keeps what nodes forward, and tells their plugins of each change. */
export class ForwardLog {
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A forward begins: what came in over `before` goes out over `next`. */
  offer(node: LabNode, before: Hop, incoming: Htlc, next: Hop, paymentHash: string): Forward {
    const forward = node.forwards.add((row) => ({
      ...row,
      inChannel: before.edge.scid,
      inHtlcId: incoming.id,
      inMsat: incoming.amountMsat,
      outChannel: next.edge.scid,
      outMsat: next.amountOutMsat,
      paymentHash,
      receivedAt: this.#clock.now() / 1000,
      outHtlcId: undefined,
      status: 'offered',
      resolvedAt: undefined,
      failCode: undefined,
      failReason: undefined,
    }));
    node.notify('forward_event', { created_index: forward.createdIndex, ...event(forward) });
    return forward;
  }

  /** A forward ends, well or not. */
  end(
    node: LabNode,
    forward: Forward,
    status: 'settled' | 'failed' | 'local_failed',
    failure: OnionFailure | undefined,
    preimage?: string,
  ): void {
    forward.status = status;
    forward.resolvedAt = this.#clock.now() / 1000;
    if (failure !== undefined && status === 'local_failed') {
      forward.failCode = ONION_FAILURES[failure];
      forward.failReason = `WIRE_${failure.toUpperCase()}`;
    }
    node.forwards.touch(forward);
    node.notify('forward_event', {
      updated_index: forward.updatedIndex ?? 0,
      ...event(forward),
      ...(preimage === undefined ? {} : { preimage }),
    });
  }
}

function event(forward: Forward): JsonObject {
  return {
    payment_hash: forward.paymentHash,
    in_channel: forward.inChannel,
    in_htlc_id: forward.inHtlcId,
    out_channel: forward.outChannel,
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
