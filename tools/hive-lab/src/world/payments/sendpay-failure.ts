import type { JsonObject } from '@cl-hive/core';
import { type CarryFailure, ONION_FAILURES, type OnionFailure } from './onion-failure.ts';
import type { SendPayFailure } from './records.ts';
import { type Edge, edgeKey, type Hop } from './routing.ts';

/** lightningd's codes of payments by route. */
export const SENDPAY_CODE = {
  inProgress: 200,
  hashUsed: 201,
  badOnion: 202,
  destination: 203,
  otherRoute: 204,
  noSuchPayment: 208,
} as const;

/** Bits of a failure's code (BOLT 4). */
const BADONION = 0x8000;
const PERM = 0x4000;

/** A failure before anything was sent, or in the sender's own channel. */
export function localFailure(
  node: string,
  edge: Pick<Edge, 'scid' | 'direction'> | undefined,
  failure: OnionFailure,
  reason: string,
): SendPayFailure {
  return {
    code: SENDPAY_CODE.otherRoute,
    message: `failed: WIRE_${failure.toUpperCase()} (${reason})`,
    place: place(0, failure, node, edge),
  };
}

/** A failure on the way, or at the end of it, as lightningd reads the answer of the node that reports it. */
export function remoteFailure(
  node: string,
  hops: readonly Hop[],
  carried: CarryFailure,
): SendPayFailure {
  const at = hops.findIndex(({ edge }) => edgeKey(edge) === carried.edge);
  const { failure } = carried;
  if (at === 0) {
    const reason = `WIRE_${failure.toUpperCase()}: Capacity exceeded`;
    return localFailure(node, hops[0]?.edge, failure, reason);
  }
  const last = at === -1;
  const bits = ONION_FAILURES[failure];
  const edge = hops.at(at)?.edge;
  // A broken onion is reported by the node before the one that could not read it.
  const erring = last || (bits & BADONION) !== 0 ? edge?.to : edge?.from;
  const index = last ? hops.length : at;
  const code =
    last && (bits & BADONION) !== 0
      ? SENDPAY_CODE.badOnion
      : last && (bits & PERM) !== 0
        ? SENDPAY_CODE.destination
        : SENDPAY_CODE.otherRoute;
  const message =
    code === SENDPAY_CODE.badOnion
      ? 'Malformed error reply'
      : `failed: WIRE_${failure.toUpperCase()} (reply from remote)`;
  return { code, message, place: place(index, failure, erring ?? node, edge) };
}

function place(
  index: number,
  failure: OnionFailure,
  node: string,
  edge: Pick<Edge, 'scid' | 'direction'> | undefined,
): JsonObject {
  return {
    erring_index: index,
    failcode: ONION_FAILURES[failure],
    failcodename: `WIRE_${failure.toUpperCase()}`,
    erring_node: node,
    ...(edge === undefined ? {} : { erring_channel: edge.scid, erring_direction: edge.direction }),
  };
}
