import {
  array,
  CodedError,
  compareCodeUnits,
  type Decoded,
  DecodeError,
  hex,
  integer,
  isJsonObject,
  type JsonObject,
  type NodeId,
  nodeIdDecoder,
  object,
  oneOf,
  optional,
  stringifyJson,
  text,
} from '@cl-hive/core';
import { utf8ToBytes } from '@cl-hive/protocol';
import { bodyDigest, readStatement, type SignedStatement } from '../statement/statement.ts';
import {
  ELECTORATE_MAX,
  POLL_METADATA_BYTES_MAX,
  POLL_OPTION_CHARS_MAX,
  POLL_OPTIONS_MAX,
  POLL_OPTIONS_MIN,
  POLL_SECONDS_MAX,
  POLL_TITLE_CHARS_MAX,
  UNIX_SECONDS_MAX,
} from './limits.ts';
import { codePoints, isPlainLine, optionSkeleton } from './option-names.ts';

/** Why a poll was refused. */
export type PollErrorCode =
  | 'poll_malformed'
  | 'poll_signature'
  | 'poll_title'
  | 'poll_options'
  | 'poll_deadline'
  | 'poll_electorate'
  | 'poll_metadata'
  | 'poll_bond';

/** Who may vote: every member, or members that keep a bond in their channels. */
export type Tier = 'basic' | 'governance';

const metadata = (input: unknown): JsonObject => {
  if (!isJsonObject(input)) {
    throw new DecodeError('an object', input);
  }
  return input;
};

const decode = object({
  type: oneOf('cl-hive-poll'),
  version: integer(1, 1),
  creator: nodeIdDecoder,
  created_at: integer(0),
  deadline: integer(0),
  tier: oneOf<Tier>('basic', 'governance'),
  bond_sat: integer(0),
  title: text(),
  options: array(text()),
  electorate: array(nodeIdDecoder),
  metadata: optional(metadata),
  nonce: hex(16),
});

const MEMBERS = [
  'type',
  'version',
  'creator',
  'created_at',
  'deadline',
  'tier',
  'bond_sat',
  'title',
  'options',
  'electorate',
  'metadata',
  'nonce',
];

/**
 * A question to a fixed electorate. Times are Unix seconds of the creator's clock; `bond_sat` is what a
 * governance member keeps on its side of channels. Its id is the digest of all this, so that nothing of
 * it, the electorate least of all, can change afterwards.
 */
export type PollBody = Decoded<typeof decode>;

/** A poll that its creator signed. */
export interface Poll extends PollBody {
  readonly id: string;
  readonly statement: SignedStatement;
}

function refuse(code: PollErrorCode, message: string, remedy: string): never {
  throw new CodedError<PollErrorCode>(code, message, { remedy });
}

/** Checks what a poll asks, of its own creator as of others. Throws {@link PollErrorCode}. */
export function checkPoll(poll: PollBody): void {
  const { title, options } = poll;
  if (title === '' || codePoints(title) > POLL_TITLE_CHARS_MAX || !isPlainLine(title)) {
    const length = `1 to ${POLL_TITLE_CHARS_MAX} characters`;
    refuse('poll_title', `the title is not one visible line of ${length}`, 'write it shorter');
  }
  if (options.length < POLL_OPTIONS_MIN || options.length > POLL_OPTIONS_MAX) {
    const range = `${POLL_OPTIONS_MIN} to ${POLL_OPTIONS_MAX}`;
    refuse('poll_options', `a poll has ${range} options`, 'leave some out, or ask twice');
  }
  for (const option of options) {
    if (option === '' || codePoints(option) > POLL_OPTION_CHARS_MAX || !isPlainLine(option)) {
      const length = `1 to ${POLL_OPTION_CHARS_MAX} characters`;
      refuse('poll_options', `an option is not one visible line of ${length}`, 'write it anew');
    }
  }
  if (new Set(options.map(optionSkeleton)).size !== options.length) {
    refuse('poll_options', 'two options look alike', 'name them so that nobody takes one for two');
  }
  checkTimes(poll);
  checkElectorate(poll);
  if (poll.metadata !== undefined) {
    const bytes = utf8ToBytes(stringifyJson(poll.metadata)).length;
    if (bytes > POLL_METADATA_BYTES_MAX) {
      const limit = `${POLL_METADATA_BYTES_MAX} bytes`;
      refuse('poll_metadata', `the metadata is larger than ${limit}`, 'link to it instead');
    }
  }
}

function checkTimes({ created_at: created, deadline }: PollBody): void {
  if (Math.max(created, deadline) >= UNIX_SECONDS_MAX) {
    refuse('poll_deadline', 'times are Unix seconds, not milliseconds', 'divide it by 1,000');
  }
  if (deadline <= created || deadline - created > POLL_SECONDS_MAX) {
    refuse('poll_deadline', 'the deadline is not within a year from now', 'name another deadline');
  }
}

function checkElectorate({ electorate, creator, tier, bond_sat: bond }: PollBody): void {
  if (electorate.length < 1 || electorate.length > ELECTORATE_MAX) {
    refuse(
      'poll_electorate',
      `an electorate has 1 to ${ELECTORATE_MAX} members`,
      'name its members',
    );
  }
  const sorted = electorate.every(
    (id, index) => index === 0 || compareCodeUnits(electorate[index - 1] ?? '', id) < 0,
  );
  if (!sorted) {
    refuse('poll_electorate', 'the electorate is not in order, each once', 'name each member once');
  }
  if (!electorate.includes(creator)) {
    refuse('poll_electorate', 'its creator is not in the electorate', 'ask where you may vote');
  }
  if ((tier === 'governance') !== bond > 0) {
    refuse('poll_bond', 'a bond goes with the tier governance alone', 'give both or none');
  }
}

/** The poll of a body that its creator is about to sign. Throws {@link PollErrorCode}. */
export function draftPoll(body: Omit<PollBody, 'type' | 'version'>): PollBody {
  const poll: PollBody = { type: 'cl-hive-poll', version: 1, ...body };
  checkPoll(poll);
  return poll;
}

/** Reads a poll from outside: shape, bounds and its creator's signature. Throws {@link PollErrorCode}. */
export function readPoll(input: unknown): Poll {
  const statement = readStatement('poll', input);
  if (statement === undefined) {
    refuse('poll_signature', 'the poll is not signed by whom it names', 'get it from its creator');
  }
  const { body } = statement;
  let poll: PollBody;
  try {
    poll = decode(body);
  } catch (cause) {
    throw new CodedError<PollErrorCode>('poll_malformed', 'this is no poll', { cause });
  }
  if (Object.keys(body).some((member) => !MEMBERS.includes(member))) {
    refuse('poll_malformed', 'the poll has members that nobody reads', 'leave them out');
  }
  if (poll.creator !== statement.signer) {
    refuse('poll_signature', 'another node signed the poll', 'get it from its creator');
  }
  checkPoll(poll);
  return { ...poll, id: bodyDigest(body), statement };
}

/** The place of a voter in the electorate, undefined for others. */
export function seatOf({ electorate }: PollBody, voter: NodeId): number | undefined {
  const seat = electorate.indexOf(voter);
  return seat < 0 ? undefined : seat;
}
