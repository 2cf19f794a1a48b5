import { bytesToHex, hex, hexToBytes, integer, isHex, object, optional, text } from '@cl-hive/core';
import type { Ballot } from './ballot.ts';
import { ELECTORATE_MAX } from './limits.ts';
import { type Poll, seatOf } from './poll.ts';
import { tally } from './tally.ts';

/** What one node has of a poll, for another to compare with. */
export interface Holding {
  readonly poll: string;
  /** A bit for each seat of the electorate, lowest first, hexadecimal. */
  readonly held: string;
  /** `Tally.digest`. */
  readonly digest: string;
  /** Whether it is an answer, which is not answered in turn. */
  readonly answer: boolean;
}

/** What to do about another's holding. */
export interface SyncStep {
  /** Ballots that the other does not have. */
  readonly send: readonly Ballot[];
  /** Whether the other has what is missing here. */
  readonly ask: boolean;
}

const decode = object({
  poll: hex(32),
  held: text(2 * Math.ceil(ELECTORATE_MAX / 8)),
  digest: hex(32),
  answer: optional(integer(0, 1)),
});

/** Reads a holding. Throws DecodeError. */
export function readHolding(input: unknown): Holding {
  const { answer, ...rest } = decode(input);
  return { ...rest, answer: answer === 1 };
}

/** What this node has of a poll; `ballots` are the ones that count, one for each voter. */
export function holdingOf(poll: Poll, ballots: readonly Ballot[]): Omit<Holding, 'answer'> {
  const bits = new Uint8Array(Math.ceil(poll.electorate.length / 8));
  for (const { voter } of ballots) {
    const seat = seatOf(poll, voter);
    if (seat !== undefined) {
      bits[seat >> 3] = (bits[seat >> 3] ?? 0) | (1 << (seat & 7));
    }
  }
  return { poll: poll.id, held: bytesToHex(bits), digest: tally(poll, ballots).digest };
}

/** Compares holdings. Nodes that exchange what this says have the same ballots in the end. */
export function compareHoldings(poll: Poll, own: readonly Ballot[], other: Holding): SyncStep {
  const mine = holdingOf(poll, own);
  if (mine.digest === other.digest) {
    return { send: [], ask: false };
  }
  const theirs = isHex(other.held) ? hexToBytes(other.held) : new Uint8Array();
  const bits = hexToBytes(mine.held);
  const has = (of: Uint8Array, seat: number): boolean =>
    ((of[seat >> 3] ?? 0) >> (seat & 7)) % 2 === 1;
  const missing = own.filter((ballot) => !has(theirs, seatOf(poll, ballot.voter) ?? 0));
  const lacks = poll.electorate.some((_, seat) => has(theirs, seat) && !has(bits, seat));
  // The same voters but other ballots: somebody signed two, and both sides need to see both.
  const differ = missing.length === 0 && !lacks;
  return { send: differ ? own : missing, ask: (lacks || differ) && !other.answer };
}
