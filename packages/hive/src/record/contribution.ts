import type { Msat, NodeId } from '@cl-hive/core';
import {
  FORWARD_MSAT_MAX,
  LEECH_DAYS,
  LEECH_RATIO_PPM,
  MEMBERS_MAX,
  RECORD_DAYS,
} from '../limits.ts';
import { type Days, dayOf, lastDays, onDay } from './days.ts';

/** What went between this node and a member in a day, msat. */
export interface Flow {
  /** Came from the member, and was forwarded by this node. */
  readonly forwardedMsat: bigint;
  /** Went out to the member. */
  readonly receivedMsat: bigint;
}

/** Forwards of members through this node, by day; durable, fifty members of thirty days at most. */
export type Contributions = ReadonlyMap<NodeId, Days<Flow>>;

/** A settled forward, as lightningd reports it. */
export interface SettledForward {
  readonly inPeer: NodeId | undefined;
  readonly outPeer: NodeId | undefined;
  readonly inMsat: Msat;
  readonly outMsat: Msat;
}

function add(contributions: Contributions, peer: NodeId, flow: Flow, now: number): Contributions {
  if (!contributions.has(peer) && contributions.size >= MEMBERS_MAX) {
    return contributions;
  }
  const days = onDay(contributions.get(peer) ?? new Map<number, Flow>(), dayOf(now), (before) => ({
    forwardedMsat: (before?.forwardedMsat ?? 0n) + flow.forwardedMsat,
    receivedMsat: (before?.receivedMsat ?? 0n) + flow.receivedMsat,
  }));
  return new Map(contributions).set(peer, days);
}

/**
 * Counts a settled forward as the original does: the lesser of what came and went, as forwarded to
 * who sent it and as received to who got it, where they are members and not the same node.
 */
export function countForward(
  contributions: Contributions,
  { inPeer, outPeer, inMsat, outMsat }: SettledForward,
  isMember: (node: NodeId) => boolean,
  now: number,
): Contributions {
  const amount: bigint = inMsat < outMsat ? inMsat : outMsat;
  if (amount <= 0n || amount > FORWARD_MSAT_MAX || inPeer === outPeer) {
    return contributions;
  }
  let next = contributions;
  if (inPeer !== undefined && isMember(inPeer)) {
    next = add(next, inPeer, { forwardedMsat: amount, receivedMsat: 0n }, now);
  }
  if (outPeer !== undefined && isMember(outPeer)) {
    next = add(next, outPeer, { forwardedMsat: 0n, receivedMsat: amount }, now);
  }
  return next;
}

/** What a member's contribution comes to. */
export interface ContributionReport extends Flow {
  /** Forwarded to received, ppm; a million where nothing was received (the original's 1.0). */
  readonly ratioPpm: bigint;
  /** Whether less than half came back in the last seven days. Nothing follows from it by itself. */
  readonly isLeech: boolean;
}

function total(days: Days<Flow> | undefined, now: number, count: number): Flow {
  return lastDays(days ?? new Map<number, Flow>(), now, count).reduce(
    (sum, day) => ({
      forwardedMsat: sum.forwardedMsat + day.forwardedMsat,
      receivedMsat: sum.receivedMsat + day.receivedMsat,
    }),
    { forwardedMsat: 0n, receivedMsat: 0n },
  );
}

function ratioPpm({ forwardedMsat, receivedMsat }: Flow): bigint {
  return receivedMsat === 0n ? 1_000_000n : (forwardedMsat * 1_000_000n) / receivedMsat;
}

/** A member's contribution over the last 30 days, at guard time `now`. */
export function contributionOf(
  contributions: Contributions,
  peer: NodeId,
  now: number,
): ContributionReport {
  const days = contributions.get(peer);
  const flow = total(days, now, RECORD_DAYS);
  const week = total(days, now, LEECH_DAYS);
  return { ...flow, ratioPpm: ratioPpm(flow), isLeech: ratioPpm(week) < LEECH_RATIO_PPM };
}

/** Forgets a node that is no member any more. */
export function forgetContribution(contributions: Contributions, peer: NodeId): Contributions {
  const next = new Map(contributions);
  return next.delete(peer) ? next : contributions;
}
