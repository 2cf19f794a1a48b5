import { compareCodeUnits } from '@cl-hive/core';
import { directionOf, peerOf, sideOf } from '../channel.ts';
import type { ChannelRegistry } from '../channel-registry.ts';
import type { Gossip } from '../gossip.ts';
import type { OnionFailure } from './onion-failure.ts';
import type { Edge, Hop } from './routing.ts';

/** One step of a route that a caller gives. */
export interface RouteStep {
  /** The node that the step leads to. */
  readonly id: string;
  readonly scid: string;
  readonly amountMsat: bigint;
  /** Blocks until expiry at the step's end. */
  readonly delay: number;
}

/** Channels that a route may name. */
export interface RouteMap {
  readonly channels: ChannelRegistry;
  readonly gossip: Gossip;
}

/** The hops of a given route from a node on; a step that leads nowhere is one on which its node gives up. */
export function hopsOf(map: RouteMap, from: string, route: readonly RouteStep[]): Hop[] {
  return route.map((step, index) => {
    const before = route[index - 1];
    return {
      edge: edgeOf(map, before?.id ?? from, step),
      amountInMsat: before?.amountMsat ?? step.amountMsat,
      amountOutMsat: step.amountMsat,
      cltvIn: before?.delay ?? step.delay,
      cltvOut: step.delay,
    };
  });
}

function edgeOf(map: RouteMap, from: string, { id: to, scid }: RouteStep): Edge {
  return labEdge(map.channels, from, to, scid) ?? publicEdge(map.gossip, from, to, scid);
}

function labEdge(
  channels: ChannelRegistry,
  from: string,
  to: string,
  scid: string,
): Edge | undefined {
  const channel = channels.byScid(scid);
  if (channel === undefined) {
    return undefined;
  }
  if (!channel.sides.some(({ id }) => id === from)) {
    return misled(from, to, scid, 'unknown_next_peer');
  }
  if (peerOf(channel, from) !== to) {
    return misled(from, to, scid, 'invalid_onion_hmac');
  }
  const side = sideOf(channel, from);
  return {
    scid,
    direction: directionOf(channel, side),
    from,
    to,
    policy: channel.sides[side].policy,
    capacityMsat: channel.ledger.capacityMsat,
  };
}

function publicEdge({ index }: Gossip, from: string, to: string, scid: string): Edge {
  const channel = index?.channelOf(scid);
  if (index === undefined || channel === undefined) {
    return misled(from, to, scid, 'unknown_next_peer');
  }
  const ends = [0, 1].map((half) => index.idOf(index.network.source[channel * 2 + half] ?? 0));
  const direction = ends[0] === from ? 0 : 1;
  if (ends[direction] !== from) {
    return misled(from, to, scid, 'unknown_next_peer');
  }
  if (ends[1 - direction] !== to) {
    return misled(from, to, scid, 'invalid_onion_hmac');
  }
  return {
    scid,
    direction,
    from,
    to,
    policy: index.policyOf(channel * 2 + direction),
    capacityMsat: BigInt(index.network.capacitySat[channel] ?? 0) * 1000n,
  };
}

/** The sender believes in a channel that is not there, or leads elsewhere. */
function misled(from: string, to: string, scid: string, misledBy: OnionFailure): Edge {
  return {
    scid,
    direction: compareCodeUnits(from, to) < 0 ? 0 : 1,
    from,
    to,
    policy: { baseMsat: 0, feePpm: 0, delay: 0, htlcMinMsat: 0n, htlcMaxMsat: 0n },
    capacityMsat: 0n,
    misled: misledBy,
  };
}
