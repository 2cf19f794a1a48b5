import type { NodeId } from '@cl-hive/core';
import { Fleet, type FleetNode } from './fleet.ts';

/** What a schedule of membership and state showed. */
export interface FleetVerdict {
  /** Bans that came into force. */
  readonly bans: number;
  /** Sentences, each a broken invariant; empty when all hold. */
  readonly broken: readonly string[];
}

const name = (id: NodeId): string => id.slice(-1);
const voting = ({ membership }: FleetNode): string =>
  [...membership.members]
    .filter(([, { tier }]) => tier === 'member')
    .map(([id]) => name(id))
    .sort()
    .join('');
const banned = ({ membership }: FleetNode): string =>
  [...membership.bans.keys()].map(name).sort().join('');
const versions = (node: FleetNode, among: readonly FleetNode[]): string =>
  among
    .map(({ id, own }) => (id === node.id ? own.version : node.fleet.signed.get(id)?.version))
    .join();

/** Runs one schedule and judges it from outside: who said and voted what, against what nodes hold. */
export function judgeFleet(seed: number): FleetVerdict {
  const fleet = new Fleet(seed);
  fleet.run();
  const broken = [...fleet.broken];
  const bannedAnywhere = new Set(
    fleet.nodes.flatMap(({ membership }) => [...membership.bans.keys()]),
  );
  const honest = fleet.nodes.filter(
    ({ id }) => id !== fleet.liar && !fleet.left.has(id) && !bannedAnywhere.has(id),
  );
  for (const node of honest) {
    broken.push(...judgeNode(fleet, node));
  }
  for (const [what, of] of [
    ['on who votes', voting],
    ['on bans', banned],
    ['on states', (node: FleetNode) => versions(node, honest)],
    ['on who contradicts itself', contradictions],
  ] as const) {
    const words = new Set(honest.map((node) => of(node)));
    if (words.size > 1) {
      broken.push(
        `ten minutes after the last fault they differ ${what}: ${[...words].join(' | ')}`,
      );
    }
  }
  return { bans: bannedAnywhere.size, broken };
}

function contradictions({ fleet }: FleetNode): string {
  return [...fleet.quarantined]
    .map(
      ([id, { first, second }]) => `${name(id)}${first.version}${first.dataHash}${second.dataHash}`,
    )
    .sort()
    .join();
}

function judgeNode(fleet: Fleet, { id, membership, fleet: state }: FleetNode): string[] {
  const broken: string[] = [];
  for (const target of membership.bans.keys()) {
    const carried = [...fleet.bans.values()].some(
      (ban) =>
        ban.target === target &&
        ban.electorate.filter((one) => ban.approvals.has(one)).length * 2 > ban.electorate.length,
    );
    if (!carried) {
      broken.push(`${name(id)} bans ${name(target)} without a majority`);
    }
    if (membership.members.has(target)) {
      broken.push(`${name(id)} has ${name(target)}, which it bans`);
    }
  }
  for (const [peer, { tier }] of membership.members) {
    if (tier === 'member' && !fleet.nodes.some((node) => node.id === peer)) {
      broken.push(`${name(id)} lets a stranger vote`);
    }
  }
  for (const word of state.signed.values()) {
    if (!fleet.issued.has(word)) {
      broken.push(`${name(id)} holds a word of ${name(word.peer)} that it never said`);
    }
  }
  for (const peer of state.quarantined.keys()) {
    if (peer !== fleet.liar) {
      broken.push(`${name(id)} accuses ${name(peer)}, which is honest`);
    }
  }
  return broken;
}
