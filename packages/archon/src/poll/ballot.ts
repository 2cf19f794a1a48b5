import {
  CodedError,
  compareCodeUnits,
  type Decoded,
  hex,
  integer,
  nodeIdDecoder,
  object,
  oneOf,
  optional,
  text,
} from '@cl-hive/core';
import { bodyDigest, readStatement, type SignedStatement } from '../statement/statement.ts';
import { BALLOT_REASON_CHARS_MAX, VOTE_SKEW_SECONDS } from './limits.ts';
import { codePoints, isPlainLine } from './option-names.ts';
import { type Poll, type PollBody, seatOf } from './poll.ts';

/** Why a ballot does not count. */
export type BallotErrorCode =
  | 'ballot_malformed'
  | 'ballot_signature'
  | 'ballot_poll'
  | 'ballot_stranger'
  | 'ballot_option'
  | 'ballot_reason'
  | 'ballot_time';

/** The choice of a voter who counts as having voted, for none of the options. */
export const SPOILED = 0;

const decode = object({
  type: oneOf('cl-hive-ballot'),
  version: integer(1, 1),
  poll: hex(32),
  voter: nodeIdDecoder,
  /** 1 for the first option; 0 is spoiled on purpose. */
  choice: integer(0, 255),
  /** Unix seconds of the voter's clock. */
  cast_at: integer(0),
  /** How often the voter's database was restored. */
  epoch: integer(0),
  reason: optional(text()),
});

const MEMBERS = ['type', 'version', 'poll', 'voter', 'choice', 'cast_at', 'epoch', 'reason'];

/** What a voter says. */
export type BallotBody = Decoded<typeof decode>;

/** A ballot that its voter signed. */
export interface Ballot extends BallotBody {
  readonly id: string;
  readonly statement: SignedStatement;
}

function refuse(code: BallotErrorCode, message: string, remedy: string): never {
  throw new CodedError<BallotErrorCode>(code, message, { remedy });
}

/** Checks a ballot against its poll. Throws {@link BallotErrorCode}. */
export function checkBallot(poll: PollBody & { readonly id: string }, ballot: BallotBody): void {
  if (ballot.poll !== poll.id) {
    refuse('ballot_poll', 'the ballot is for another poll', 'look at its poll');
  }
  if (seatOf(poll, ballot.voter) === undefined) {
    const remedy = 'who votes was fixed when the poll was made';
    refuse('ballot_stranger', 'the voter is not in the electorate', remedy);
  }
  if (ballot.choice > poll.options.length) {
    refuse('ballot_option', `the poll has ${poll.options.length} options`, 'choose one of them');
  }
  if (ballot.cast_at > poll.deadline || ballot.cast_at < poll.created_at - VOTE_SKEW_SECONDS) {
    refuse('ballot_time', 'it was not cast between creation and deadline', 'look at the clock');
  }
}

function checkReason({ reason }: BallotBody): void {
  const right =
    reason === undefined ||
    (reason !== '' && codePoints(reason) <= BALLOT_REASON_CHARS_MAX && isPlainLine(reason));
  if (!right) {
    const length = `1 to ${BALLOT_REASON_CHARS_MAX} characters`;
    refuse('ballot_reason', `the reason is not one visible line of ${length}`, 'write it shorter');
  }
}

/** The ballot that a voter is about to sign. Throws {@link BallotErrorCode}. */
export function draftBallot(poll: Poll, body: Omit<BallotBody, 'type' | 'version' | 'poll'>) {
  const ballot: BallotBody = { type: 'cl-hive-ballot', version: 1, poll: poll.id, ...body };
  checkReason(ballot);
  checkBallot(poll, ballot);
  return ballot;
}

/** Reads a ballot from outside, without its poll: shape and signature. Throws {@link BallotErrorCode}. */
export function readBallot(input: unknown): Ballot {
  const statement = readStatement('ballot', input);
  if (statement === undefined) {
    refuse('ballot_signature', 'the ballot is not signed by whom it names', 'get it once more');
  }
  const { body, signer } = statement;
  let ballot: BallotBody;
  try {
    ballot = decode(body);
  } catch (cause) {
    throw new CodedError<BallotErrorCode>('ballot_malformed', 'this is no ballot', { cause });
  }
  if (Object.keys(body).some((member) => !MEMBERS.includes(member))) {
    refuse('ballot_malformed', 'the ballot has members that nobody reads', 'leave them out');
  }
  if (ballot.voter !== signer) {
    refuse('ballot_signature', 'another node signed the ballot', 'get it from its voter');
  }
  checkReason(ballot);
  return { ...ballot, id: bodyDigest(body), statement };
}

/** The order of one voter's ballots: the first counts. It is the voter's own word, never of arrival. */
export function compareBallots(a: Ballot, b: Ballot): number {
  return a.cast_at - b.cast_at || compareCodeUnits(a.id, b.id);
}
