import {
  array,
  DecodeError,
  type Decoder,
  integer,
  isJsonObject,
  nodeIdDecoder,
  object,
  oneOf,
  optional,
  text,
} from '@cl-hive/core';
import { ATTEMPT_CHARS_MAX, MEMBERS_MAX, WINDOW_MAX } from '../limits.ts';
import type { LockMessage } from './types.ts';

const attempt = text(ATTEMPT_CHARS_MAX);
const window = integer(0, WINDOW_MAX);
const epochNumber = integer(0, WINDOW_MAX);
const hash = text(64);
const zbase = text(104);
const members = array(nodeIdDecoder, MEMBERS_MAX);
const ballot = object({ round: integer(0), proposer: nodeIdDecoder });
const value = object({ number: epochNumber, members, previous: hash });
const accepted = object({ ballot, value });
const acceptance = object({ member: nodeIdDecoder, stop: window, signature: zbase });
const about = { attempt, target: nodeIdDecoder, window, holder: nodeIdDecoder, epoch: epochNumber };
const word = object({ ...about, member: nodeIdDecoder, signature: zbase });
const proof = object({
  ...about,
  words: array(object({ member: nodeIdDecoder, signature: zbase }), MEMBERS_MAX),
});
const reason = oneOf(
  'held',
  'aborted',
  'one_per_window',
  'window_over',
  'window_ahead',
  'epoch',
  'epoch_ending',
  'not_a_member',
  'already_open',
  'quota',
  'backed_off',
  'full',
);

/** The members of each kind of message, besides `kind`. */
const FIELDS = {
  request: object({ attempt, target: nodeIdDecoder, window, epoch: epochNumber }),
  grant: object({ attempt, target: nodeIdDecoder, window, epoch: epochNumber, signature: zbase }),
  refuse: object({ attempt, reason, holder: optional(nodeIdDecoder), epoch: epochNumber }),
  abort: object({ attempt, target: nodeIdDecoder, window, signature: zbase }),
  proof: object({ proof }),
  proof_known: object({ attempt }),
  double: object({
    double: object({ first: word, second: word, abort: optional(zbase) }),
  }),
  aborted: object({ attempt }),
  prepare: object({ epoch: epochNumber, ballot }),
  promise: object({ epoch: epochNumber, ballot, accepted: optional(accepted) }),
  accept: object({ ballot, value }),
  accepted: object({ ballot, value, acceptance }),
  ask_epoch: object({ after: epochNumber }),
  epoch: object({
    epoch: object({
      number: epochNumber,
      members,
      from: window,
      previous: hash,
      ballot: optional(ballot),
      acceptances: array(acceptance, MEMBERS_MAX),
    }),
  }),
} as const satisfies { readonly [K in LockMessage['kind']]: Decoder<object> };

const kind = oneOf(...(Object.keys(FIELDS) as LockMessage['kind'][]));

/**
 * Reads a message of the lock from a peer's JSON. Throws DecodeError with the path to the culprit.
 * The signatures of an epoch are still to be verified: `epochClaims`.
 */
export function decodeLockMessage(input: unknown): LockMessage {
  if (!isJsonObject(input)) {
    throw new DecodeError('an object', input);
  }
  const name = kind(Object.hasOwn(input, 'kind') ? input['kind'] : undefined);
  return { kind: name, ...FIELDS[name](input) } as LockMessage;
}
