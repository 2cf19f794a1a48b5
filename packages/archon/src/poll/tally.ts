import { bytesToHex, compareCodeUnits, type JsonObject, type NodeId } from '@cl-hive/core';
import { utf8ToBytes } from '@cl-hive/protocol';
import { sha256 } from '@noble/hashes/sha2.js';
import { type Ballot, checkBallot, compareBallots, SPOILED } from './ballot.ts';
import { BALLOTS_PER_VOTER_MAX } from './limits.ts';
import type { Poll } from './poll.ts';

/** How a poll stands: what anyone computes from its ballots, whatever their order and copies. */
export interface Tally {
  readonly options: readonly { readonly option: string; readonly votes: number }[];
  readonly spoiled: number;
  readonly eligible: number;
  readonly received: number;
  /** Voters that signed two different ballots; the first counts. */
  readonly conflicting: readonly NodeId[];
  /** SHA-256 over the ids of the ballots that count, sorted: equal where the result is equal. */
  readonly digest: string;
}

/** The ballots of one voter that are kept, in order: the one that counts, and proof of a second. */
export function keptBallots(ballots: readonly Ballot[]): readonly Ballot[] {
  const different = new Map(ballots.map((ballot) => [ballot.id, ballot]));
  return [...different.values()].sort(compareBallots).slice(0, BALLOTS_PER_VOTER_MAX);
}

/** The valid ballots by voter, each voter's in order. */
function byVoter(poll: Poll, ballots: readonly Ballot[]): Map<NodeId, readonly Ballot[]> {
  const found = new Map<NodeId, readonly Ballot[]>();
  for (const ballot of ballots) {
    if (isValid(poll, ballot)) {
      const { voter } = ballot;
      found.set(voter, keptBallots([...(found.get(voter) ?? []), ballot]));
    }
  }
  return found;
}

function isValid(poll: Poll, ballot: Ballot): boolean {
  try {
    checkBallot(poll, ballot);
    return true;
  } catch {
    return false;
  }
}

/** Counts. One vote for each member of the electorate, the first valid one; the rest is left out. */
export function tally(poll: Poll, ballots: readonly Ballot[]): Tally {
  const voters = byVoter(poll, ballots);
  const counted = [...voters.values()].flatMap(([first]) => (first === undefined ? [] : [first]));
  const of = (choice: number): number =>
    counted.filter((ballot) => ballot.choice === choice).length;
  return {
    options: poll.options.map((option, index) => ({ option, votes: of(index + 1) })),
    spoiled: of(SPOILED),
    eligible: poll.electorate.length,
    received: counted.length,
    conflicting: [...voters]
      .filter(([, kept]) => kept.length > 1)
      .map(([voter]) => voter)
      .sort(compareCodeUnits),
    digest: digestOf(counted),
  };
}

function digestOf(ballots: readonly Ballot[]): string {
  const ids = ballots.map(({ id }) => id).sort(compareCodeUnits);
  return bytesToHex(sha256(utf8ToBytes(ids.join('\n'))));
}

/** A tally as it is shown and kept. */
export function tallyJson(result: Tally): JsonObject {
  const { options, spoiled, eligible, received, conflicting, digest } = result;
  return {
    options: options.map((option) => ({ ...option })),
    spoiled,
    eligible,
    received,
    pending: eligible - received,
    conflicting,
    digest,
  };
}
