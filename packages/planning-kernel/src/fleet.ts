import type { NodeId } from '@cl-hive/core';
import { compareBy } from './canonical.ts';
import { type Defect, DefectCounter } from './defects.ts';
import { type GraphIndex, nodeIdAt } from './graph/graph-index.ts';
import { SatSums } from './graph/sat-sums.ts';
import { FUNDING_SIDES } from './intents/order-intent.ts';
import { PPM } from './limits.ts';
import { mulDivFloor, ratioPpm } from './numbers.ts';
import type { ReasonCode } from './reasons.ts';
import type { Member, Snapshot } from './snapshot.ts';

/** A member's funds and whether it may open. */
export interface MemberCapital {
  readonly member: NodeId;
  readonly onchainSat: number;
  /** What it keeps in any case. */
  readonly reserveSat: number;
  /** What its open orders will take. */
  readonly committedSat: number;
  /** What is idle: on-chain less reserve and commitments, from 0. */
  readonly idleSat: number;
  /** Targets to which it has an order, intent or opening under way. */
  readonly pending: number;
  /** Standing as opener; higher opens first. */
  readonly openerPpm: number;
  /** Why it may not open; null where it may. */
  readonly ineligible: 'offline' | 'not_allowed' | 'uptime' | 'busy' | 'no_idle_funds' | null;
}

/** The fleet's part in a target's public capacity. */
export interface Share {
  readonly publicSat: number;
  readonly fleetSat: number;
  /** null where the target has no public capacity: unknown is not full. */
  readonly sharePpm: number | null;
}

/** What the fleet has, by target and by member. Its cost is that of the members' own channels. */
export interface FleetView {
  readonly ids: ReadonlySet<string>;
  /** By node of the graph, 1 for members. */
  readonly rows: Uint8Array;
  /** Members that have a channel with a target, in whatever state. */
  readonly connected: ReadonlyMap<string, ReadonlySet<string>>;
  /** Targets to which something is under way, and what. */
  readonly underWay: ReadonlyMap<string, ReasonCode>;
  /** All members, best opener first. */
  readonly capital: readonly MemberCapital[];
  readonly defects: readonly Defect[];
  shareOf(target: string): Share;
}

/** States of a channel that is not usable yet (lightningd's names). */
const OPENING = /^(?:OPENINGD|DUALOPEND_.*|CHANNELD_AWAITING_LOCKIN)$/;

/** Assembles what the fleet has from the public graph and the members' own word. */
export function fleetView(snapshot: Snapshot, graph: GraphIndex): FleetView {
  const rows = new Uint8Array(graph.nodeIds.length);
  for (const { id } of snapshot.members) {
    const row = graph.nodeOf.get(id);
    if (row !== undefined) {
      rows[row] = 1;
    }
  }
  const connected = new Map<string, Set<string>>();
  const { sums, defects } = publicHoldings(snapshot, graph, connected);
  for (const channel of snapshot.memberChannels) {
    connect(connected, channel.peer, channel.member);
  }
  return {
    ids: new Set<string>(snapshot.members.map((m) => m.id)),
    rows,
    connected,
    underWay: targetsUnderWay(snapshot),
    capital: capitalOf(snapshot),
    defects,
    shareOf: (target) => {
      const row = graph.nodeOf.get(target);
      const publicSat = row === undefined ? 0 : graph.capacity.get(row);
      const fleetSat = row === undefined ? 0 : sums.get(row);
      return {
        publicSat,
        fleetSat,
        sharePpm: publicSat === 0 ? null : ratioPpm(fleetSat, publicSat),
      };
    },
  };
}

function connect(connected: Map<string, Set<string>>, target: string, member: string): void {
  const members = connected.get(target);
  if (members === undefined) {
    connected.set(target, new Set([member]));
  } else {
    members.add(member);
  }
}

/**
 * Public capacity of the fleet by target, each channel once. Where a member says that it has less, that
 * counts, because gossip lags behind a close; more than is public is never believed.
 */
function publicHoldings(
  snapshot: Snapshot,
  graph: GraphIndex,
  connected: Map<string, Set<string>>,
): { readonly sums: SatSums; readonly defects: readonly Defect[] } {
  const sums = new SatSums(graph.nodeIds.length);
  const defects = new DefectCounter();
  const claims = new Map<string, Map<string, number>>();
  for (const { member, peer, capacitySat } of snapshot.claims) {
    const own = claims.get(member);
    if (own === undefined) {
      claims.set(member, new Map([[peer, capacitySat]]));
    } else {
      own.set(peer, capacitySat);
    }
  }
  for (const { id } of snapshot.members) {
    const row = graph.nodeOf.get(id);
    const claimed = claims.get(id);
    const towards = new Map<number, number>();
    const end = row === undefined ? 0 : (graph.starts[row + 1] ?? 0);
    for (let at = row === undefined ? 0 : (graph.starts[row] ?? 0); at < end; at += 1) {
      const half = graph.outgoing[at] ?? 0;
      const peer = graph.ends[half ^ 1] ?? 0;
      towards.set(peer, (towards.get(peer) ?? 0) + (graph.effectiveSat[half >> 1] ?? 0));
    }
    for (const [peer, publicSat] of towards) {
      const peerId = nodeIdAt(graph, peer);
      connect(connected, peerId, id);
      sums.add(peer, Math.min(claimed?.get(peerId) ?? publicSat, publicSat));
    }
  }
  for (const claim of snapshot.claims) {
    const [member, peer] = [graph.nodeOf.get(claim.member), graph.nodeOf.get(claim.peer)];
    const known =
      member !== undefined &&
      peer !== undefined &&
      claim.capacitySat <= between(graph, member, peer);
    if (!known && claim.capacitySat > 0) {
      defects.add('claims', 'claim_beyond_public', `${claim.member} ${claim.peer}`);
    }
  }
  return { sums, defects: defects.list() };
}

/** Public capacity between two nodes, found from the one with fewer channels. */
function between(graph: GraphIndex, a: number, b: number): number {
  const [few, many] = (graph.degree[a] ?? 0) <= (graph.degree[b] ?? 0) ? [a, b] : [b, a];
  let sum = 0;
  const end = graph.starts[few + 1] ?? 0;
  for (let at = graph.starts[few] ?? 0; at < end; at += 1) {
    const half = graph.outgoing[at] ?? 0;
    sum += graph.ends[half ^ 1] === many ? (graph.effectiveSat[half >> 1] ?? 0) : 0;
  }
  return sum;
}

function targetsUnderWay(snapshot: Snapshot): Map<string, ReasonCode> {
  const found = new Map<string, ReasonCode>();
  for (const order of snapshot.openOrders) {
    if (order.side === 'open') {
      found.set(order.target, 'order_open');
    }
  }
  for (const intent of snapshot.pendingIntents) {
    found.set(intent.target, 'intent_pending');
  }
  for (const channel of snapshot.memberChannels) {
    if (OPENING.test(channel.state)) {
      found.set(channel.peer, 'channel_pending');
    }
  }
  return found;
}

function capitalOf(snapshot: Snapshot): readonly MemberCapital[] {
  const committed = new Map<string, number>();
  const pending = new Map<string, Set<string>>();
  for (const order of snapshot.openOrders) {
    if (FUNDING_SIDES.includes(order.side)) {
      committed.set(order.member, (committed.get(order.member) ?? 0) + order.quantitySat);
      connect(pending, order.member, order.target);
    }
  }
  for (const intent of snapshot.pendingIntents) {
    connect(pending, intent.member, intent.target);
  }
  for (const channel of snapshot.memberChannels) {
    if (OPENING.test(channel.state)) {
      connect(pending, channel.member, channel.peer);
    }
  }
  const drafts = snapshot.members.map((member) =>
    draftCapital(
      snapshot,
      member,
      committed.get(member.id) ?? 0,
      pending.get(member.id)?.size ?? 0,
    ),
  );
  const most = drafts.reduce((max, draft) => Math.max(max, draft.capital.idleSat), 0);
  return drafts
    .map(({ capital, uptimePpm }) => ({
      ...capital,
      openerPpm: standing(ratioPpm(capital.idleSat, most), uptimePpm, capital.pending),
    }))
    .sort(
      compareBy(
        (c) => -c.openerPpm,
        (c) => c.member,
      ),
    );
}

/** Three fifths funds, two fifths uptime (unknown: middling), a quarter less for each opening under way. */
function standing(fundsPpm: number, uptimePpm: number | undefined, pending: number): number {
  const worth = Math.floor((fundsPpm * 3 + (uptimePpm ?? PPM / 2) * 2) / 5);
  return Math.max(0, worth - (pending * PPM) / 4);
}

function draftCapital(
  snapshot: Snapshot,
  member: Member,
  committedSat: number,
  pending: number,
): { readonly capital: Omit<MemberCapital, 'openerPpm'>; readonly uptimePpm: number | undefined } {
  const { config } = snapshot;
  const reserveSat = Math.max(
    config.reserveSat,
    mulDivFloor(member.onchainSat, config.reservePpm, PPM),
  );
  const idleSat = Math.max(0, member.onchainSat - reserveSat - committedSat);
  const ineligible = !member.online
    ? 'offline'
    : !member.canOpen
      ? 'not_allowed'
      : (member.uptimePpm ?? PPM) < config.minUptimePpm
        ? 'uptime'
        : pending >= config.maxPendingPerMember
          ? 'busy'
          : idleSat === 0
            ? 'no_idle_funds'
            : null;
  return {
    capital: {
      member: member.id,
      onchainSat: member.onchainSat,
      reserveSat,
      committedSat,
      idleSat,
      pending,
      ineligible,
    },
    uptimePpm: member.uptimePpm,
  };
}
