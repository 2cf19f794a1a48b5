import {
  array,
  type Decoder,
  integer,
  isNodeId,
  type JsonValue,
  type NodeId,
  nodeIdDecoder,
  object,
  oneOf,
  optional,
  parseJson,
  stringifyJson,
  text,
} from '@cl-hive/core';
import type {
  Ban,
  BanProposal,
  Departure,
  Membership,
  Promotion,
  SignedWord,
  Ticket,
  Words,
} from '@cl-hive/hive';
import { HIVE_MESSAGE_BYTES_MAX } from '@cl-hive/protocol';
import { readPayload, writePayload } from './wire-json.ts';

/** How one kind of document is written and read. Reading throws DecodeError. */
export interface Document<T> {
  readonly write: (value: T) => string;
  readonly read: (document: string) => T;
}

const whole = integer(0, Number.MAX_SAFE_INTEGER);
const nodes = array(nodeIdDecoder);
const short = text(256);
const wordDecoder = object({
  name: oneOf('BAN_PROPOSAL', 'BAN_VOTE', 'VOUCH', 'MEMBER_LEFT'),
  payload: text(HIVE_MESSAGE_BYTES_MAX),
});
const wordsDecoder = array(object({ signer: nodeIdDecoder, word: wordDecoder }));

const writeWord = ({ name, raw }: SignedWord) => ({ name, payload: writePayload(raw) });
const readWord = ({ name, payload }: ReturnType<typeof wordDecoder>): SignedWord => ({
  name,
  raw: readPayload(payload),
});
const writeWords = (words: Words): JsonValue =>
  [...words].map(([signer, word]) => ({ signer, word: writeWord(word) }));
const readWords = (words: ReturnType<typeof wordsDecoder>): Words =>
  new Map(words.map(({ signer, word }) => [signer, readWord(word)]));

function documentOf<T, R>(
  decode: Decoder<R>,
  write: (value: T) => JsonValue,
  read: (raw: R) => T,
): Document<T> {
  return {
    write: (value) => stringifyJson(write(value)),
    read: (document) => read(decode(parseJson(document))),
  };
}

const ban = documentOf<Ban, { at: number; words: ReturnType<typeof wordsDecoder> }>(
  object({ at: whole, words: wordsDecoder }),
  ({ at, words }) => ({ at, words: writeWords(words) }),
  ({ at, words }) => ({ at, words: readWords(words) }),
);

const departureDecoder = object({ at: whole, word: optional(wordDecoder) });
const departure = documentOf<Departure, ReturnType<typeof departureDecoder>>(
  departureDecoder,
  ({ at, word }) => (word === undefined ? { at } : { at, word: writeWord(word) }),
  ({ at, word }) => (word === undefined ? { at } : { at, word: readWord(word) }),
);

const promotedDecoder = object({ requestId: short, words: wordsDecoder });
const promoted = documentOf<
  { readonly requestId: string; readonly words: Words },
  ReturnType<typeof promotedDecoder>
>(
  promotedDecoder,
  ({ requestId, words }) => ({ requestId, words: writeWords(words) }),
  ({ requestId, words }) => ({ requestId, words: readWords(words) }),
);

const ticketDecoder = object({
  secretHash: short,
  expiresAt: whole,
  usedBy: optional(nodeIdDecoder),
});
const ticket = documentOf<Ticket, ReturnType<typeof ticketDecoder>>(
  ticketDecoder,
  (value) => ({ ...value }),
  ({ usedBy, ...rest }) => (usedBy === undefined ? rest : { ...rest, usedBy }),
);

const promotionDecoder = object({
  requestId: short,
  electorate: nodes,
  vouches: nodes,
  words: wordsDecoder,
});
const promotion = documentOf<Promotion, ReturnType<typeof promotionDecoder>>(
  promotionDecoder,
  ({ vouches, words, ...rest }) => ({
    ...rest,
    vouches: [...vouches],
    words: writeWords(words),
  }),
  ({ vouches, words, ...rest }) => ({
    ...rest,
    vouches: new Set(vouches),
    words: readWords(words),
  }),
);

const proposalDecoder = object({
  target: nodeIdDecoder,
  proposer: nodeIdDecoder,
  electorate: nodes,
  closesAt: whole,
  approvals: nodes,
  rejections: nodes,
  words: wordsDecoder,
});
const proposal = documentOf<BanProposal, ReturnType<typeof proposalDecoder>>(
  proposalDecoder,
  ({ approvals, rejections, words, ...rest }) => ({
    ...rest,
    approvals: [...approvals],
    rejections: [...rejections],
    words: writeWords(words),
  }),
  ({ approvals, rejections, words, ...rest }) => ({
    ...rest,
    approvals: new Set(approvals),
    rejections: new Set(rejections),
    words: readWords(words),
  }),
);

const until = documentOf<number, number>(
  whole,
  (value) => value,
  (value) => value,
);

/** The maps of membership that are kept as documents, by the member that holds them. */
export const MEMBERSHIP_DOCUMENTS = {
  bans: ban,
  departures: departure,
  promoted,
  admitted: until,
  tickets: ticket,
  promotions: promotion,
  proposals: proposal,
} as const;

/** The name of such a map. */
export type DocumentKind = keyof typeof MEMBERSHIP_DOCUMENTS;

/** Kinds whose keys are node ids; a key that is none is refused. */
export function keyOf(kind: DocumentKind, key: string): NodeId | string {
  if (kind === 'tickets' || kind === 'proposals' || isNodeId(key)) {
    return key;
  }
  return nodeIdDecoder(key);
}

const joiningDecoder = object({
  peer: nodeIdDecoder,
  hiveId: optional(short),
  expected: optional(short),
  phase: oneOf('hello', 'attested'),
  expiresAt: whole,
});

/** Where this node's own joining stands. */
export const joiningDocument = documentOf<
  NonNullable<Membership['joining']>,
  ReturnType<typeof joiningDecoder>
>(
  joiningDecoder,
  (joining) => ({ ...joining }),
  ({ hiveId, expected, ...rest }) => ({
    ...rest,
    ...(hiveId === undefined ? {} : { hiveId }),
    ...(expected === undefined ? {} : { expected }),
  }),
);
