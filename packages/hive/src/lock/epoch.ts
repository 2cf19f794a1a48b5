import { type NodeId } from '@cl-hive/core';
import { canonicalHash, sha256Hex } from '@cl-hive/protocol';

/** Orders proposals for the same succession; no two proposals share one. */
export interface Ballot {
  readonly round: number;
  readonly proposer: NodeId;
}

/** A member's signed word that it accepted a successor and grants nothing more under its predecessor. */
export interface Acceptance {
  readonly member: NodeId;
  /** First window in which the member grants nothing under the old epoch. */
  readonly stop: number;
  /** Of the member over {@link acceptanceText}, zbase32. */
  readonly signature: string;
}

/** The membership that decides about openings from window `from` on. */
export interface Epoch {
  readonly number: number;
  /** Voting members, in order of code units, without repetition. */
  readonly members: readonly NodeId[];
  /** First window it decides about. */
  readonly from: number;
  /** Hash of the epoch before; empty for the first. */
  readonly previous: string;
  /** The ballot it was decided in; undefined for the first. */
  readonly ballot?: Ballot;
  /** A majority of the epoch before; empty for the first. */
  readonly acceptances: readonly Acceptance[];
}

/** What is proposed as the successor of an epoch. */
export interface Succession {
  readonly number: number;
  readonly members: readonly NodeId[];
  readonly previous: string;
}

/** More than half of `members`. */
export function majority(members: number): number {
  return Math.floor(members / 2) + 1;
}

/**
 * Grants that an opening needs among `members`, so that any two such sets share more than `liars`
 * members; without liars, a majority.
 */
export function grantsNeeded(members: number, liars: number): number {
  return Math.min(members, majority(members + liars));
}

/** Members sorted and without repetition. */
export function electorate(members: Iterable<NodeId>): readonly NodeId[] {
  return [...new Set(members)].sort();
}

/** The first epoch of a hive. */
export function firstEpoch(members: Iterable<NodeId>): Epoch {
  return { number: 1, members: electorate(members), from: 0, previous: '', acceptances: [] };
}

/** What successors refer to; the window it begins in is no part of it, see {@link succeed}. */
export function epochHash({ number, members, previous }: Succession): string {
  return canonicalHash({ number, members, previous });
}

/** The text a member signs to accept a successor. */
export function acceptanceText(value: Succession, ballot: Ballot, stop: number): string {
  return `hive:epoch:${epochHash(value)}:${ballot.round}:${ballot.proposer}:${stop}`;
}

/** Whether ballot `a` comes after `b`. */
export function isLater(a: Ballot, b: Ballot): boolean {
  return a.round === b.round ? a.proposer > b.proposer : a.round > b.round;
}

/**
 * The epoch that acceptances of `value` in one ballot make; undefined where they are no majority of
 * `before`. From the latest stop of its acceptances on, a majority of the old epoch grants nothing
 * under it; the new one begins a window later, since its members do not know what the old ones
 * granted last. Two sets of acceptances may give two beginnings; both are safe.
 */
export function succeed(
  before: Epoch,
  value: Succession,
  ballot: Ballot,
  acceptances: readonly Acceptance[],
): Epoch | undefined {
  const valid = acceptances.filter(
    ({ member, stop }, index) =>
      before.members.includes(member) &&
      stop >= before.from &&
      acceptances.findIndex((other) => other.member === member) === index,
  );
  if (
    value.number !== before.number + 1 ||
    value.previous !== epochHash(before) ||
    valid.length < majority(before.members.length)
  ) {
    return undefined;
  }
  return {
    number: value.number,
    members: electorate(value.members),
    from: Math.max(...valid.map(({ stop }) => stop)) + 1,
    previous: value.previous,
    ballot,
    acceptances: valid,
  };
}

/** The epoch that decides about `window`, of those given; undefined before the first. */
export function epochFor(epochs: Iterable<Epoch>, window: number): Epoch | undefined {
  let found: Epoch | undefined;
  for (const epoch of epochs) {
    if (epoch.from <= window && (found === undefined || epoch.number > found.number)) {
      found = epoch;
    }
  }
  return found;
}

/** The newest of the given epochs. */
export function newestEpoch(epochs: Iterable<Epoch>): Epoch | undefined {
  return epochFor(epochs, Number.MAX_SAFE_INTEGER);
}

/** Who came and who went from one epoch to the next, for membership. */
export function epochChange(
  before: Epoch,
  after: Epoch,
): { readonly added: readonly NodeId[]; readonly removed: readonly NodeId[] } {
  return {
    added: after.members.filter((member) => !before.members.includes(member)),
    removed: before.members.filter((member) => !after.members.includes(member)),
  };
}

/**
 * Who could vote about `target` when it was removed last: the members of the last epoch that had it,
 * without it. Undefined while the newest epoch has it, or none that is kept ever had.
 */
export function removalElectorate(
  epochs: Iterable<Epoch>,
  target: NodeId,
): readonly NodeId[] | undefined {
  const all = [...epochs].sort((a, b) => b.number - a.number);
  const last = all.findIndex(({ members }) => members.includes(target));
  return last < 1 ? undefined : all[last]?.members.filter((member) => member !== target);
}

/** What must be verified of an epoch from outside before it is an input. */
export function epochClaims(
  epoch: Epoch,
): readonly { readonly signer: NodeId; readonly text: string; readonly signature: string }[] {
  const { ballot } = epoch;
  return ballot === undefined
    ? []
    : epoch.acceptances.map(({ member, stop, signature }) => ({
        signer: member,
        text: acceptanceText(epoch, ballot, stop),
        signature,
      }));
}

/** A short name of an epoch for people. */
export function epochName(epoch: Epoch): string {
  return `${epoch.number}/${sha256Hex(epochHash(epoch)).slice(0, 8)}`;
}
