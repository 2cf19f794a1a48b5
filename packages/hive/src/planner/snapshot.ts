import type { JsonObject, NodeId } from '@cl-hive/core';
import { CURRENT_FLAGS } from '@cl-hive/planning-kernel';
import type { FleetMember, NodeFacts, PlannerFacts } from './facts.ts';

/** State under which a peer is entered that a member's gossip names: the channel itself is not ours to see. */
const GOSSIPED = 'GOSSIPED';

/** Confirmed funds of the wallet that nothing has reserved, in whole sat. */
export function confirmedSat(node: Pick<NodeFacts, 'outputs'>): number {
  const msat = node.outputs
    .filter(({ status, reserved }) => status === 'confirmed' && !reserved)
    .reduce((sum, { amount_msat }) => sum + amount_msat, 0n);
  return Number(msat / 1000n);
}

/**
 * The kernel's snapshot of a moment, without `channels` and `nodes`: those are added where they are
 * read, so that they never pass through the plugin's own thread.
 */
export function plannerSnapshot(facts: PlannerFacts): JsonObject {
  const { node } = facts;
  const others = facts.members.filter(({ id }) => id !== node.self);
  const members = [ownMember(facts), ...others.map((m) => memberEntry(m, facts.passive))];
  return {
    flags: CURRENT_FLAGS,
    now: node.now,
    blockHeight: node.blockHeight,
    members,
    memberChannels: [...ownChannels(node), ...others.flatMap(gossipedChannels)],
    claims: facts.claims.map((claim) => ({ ...claim })),
    openOrders: facts.openOrders.map((order) => ({ ...order })),
    pendingIntents: facts.pendingIntents.map((intent) => ({ ...intent })),
    quality: facts.quality.map((quality) => ({ ...quality })),
    guards: (node.guards ?? []).map((guard) => ({ ...guard })),
    saturated: facts.saturated,
    ...(node.openingPerkb === undefined ? {} : { openingPerkb: node.openingPerkb }),
    // Each member's own budget binds; the fleet's is their sum.
    budget: {
      limitSat: members.reduce((sum, { budgetSat }) => sum + budgetSat, 0),
      spentSat: 0,
      reservedSat: 0,
    },
    expansionsEnabled: facts.expansionsEnabled,
    ignored: facts.ignored,
    // In one interval the whole fleet opens once, whoever's cycle comes first.
    config: openedLately(facts) ? { ...facts.config, expansionsPerCycle: 0 } : facts.config,
  };
}

/** Whether a member opens, or asked to within three quarters of an interval: cycles come early and late. */
function openedLately(facts: PlannerFacts): boolean {
  const { node, members, pendingIntents, sinceOpeningMs, intervalMs } = facts;
  const ages = [sinceOpeningMs, ...members.map(({ word }) => word?.sinceOpeningMs ?? null)];
  return (
    ages.some((age) => age !== null && age * 4 < intervalMs * 3) ||
    pendingIntents.some(({ member }) => member !== node.self)
  );
}

interface MemberEntry {
  readonly [name: string]: string | number | boolean;
  readonly id: NodeId;
  readonly budgetSat: number;
}

function ownMember({ node, allowance, members, passive }: PlannerFacts): MemberEntry {
  const uptimePpm = members.find(({ id }) => id === node.self)?.uptimePpm;
  return {
    id: node.self,
    onchainSat: confirmedSat(node),
    budgetSat: allowance.budgetSat,
    online: true,
    canOpen: allowance.canOpen && !passive.has(node.self),
    clboss: node.guards !== undefined,
    ...(uptimePpm === undefined ? {} : { uptimePpm }),
  };
}

/** Only its own node talks to a CLBOSS, so that others are entered without. */
function memberEntry(member: FleetMember, passive: ReadonlySet<NodeId>): MemberEntry {
  const { id, online, word, uptimePpm } = member;
  return {
    id,
    onchainSat: word?.onchainSat ?? 0,
    budgetSat: word?.budgetSat ?? 0,
    online,
    canOpen: word?.canOpen === true && !passive.has(id),
    clboss: false,
    ...(uptimePpm === undefined ? {} : { uptimePpm }),
  };
}

function ownChannels({ self, channels }: NodeFacts): JsonObject[] {
  return channels.map(({ peer_id, state, total_msat, channel_id }) => ({
    member: self,
    peer: peer_id,
    state,
    totalSat: Number((total_msat ?? 0n) / 1000n),
    ...(channel_id === undefined ? {} : { channelId: channel_id }),
  }));
}

function gossipedChannels({ id, peers }: FleetMember): JsonObject[] {
  return peers.map((peer) => ({ member: id, peer, state: GOSSIPED, totalSat: 0 }));
}
