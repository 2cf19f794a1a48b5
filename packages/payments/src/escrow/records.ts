import {
  amountMsat,
  array,
  bigInteger,
  DecodeError,
  type Decoder,
  hex,
  integer,
  type JsonObject,
  object,
  oneOf,
  optional,
  text,
} from '@cl-hive/core';
import { PAYMENT_LIMITS } from '../limits.ts';
import type { PayerPart, PayerTicket } from './payer.ts';
import type { ReceiverPart, ReceiverTicket } from './receiver.ts';
import { type PartCondition, type PartTerms, TICKET_KINDS, type TicketTerms } from './terms.ts';

const name = text(PAYMENT_LIMITS.ticketNameChars);
const seconds = integer(0);

/** Hexadecimal in its one form, so that equal texts are equal values. */
const bytes =
  (count: number): Decoder<string> =>
  (input) =>
    hex(count)(input).toLowerCase();

const key: Decoder<string> = (input) => {
  const value = bytes(33)(input);
  if (!/^0[23]/u.test(value)) {
    throw new DecodeError('a compressed public key', input);
  }
  return value;
};

const taskFields = object({ kind: oneOf('task'), task: name, digest: bytes(32) });
const measureFields = object({
  kind: oneOf('measure'),
  task: name,
  metric: name,
  at_least: bigInteger(-(1n << 63n), (1n << 63n) - 1n),
  from: seconds,
  until: seconds,
});
const kindOf = object({ kind: oneOf('task', 'measure') });

const condition: Decoder<PartCondition> = (input) => {
  if (kindOf(input).kind === 'task') {
    return taskFields(input);
  }
  const { at_least: atLeast, ...rest } = measureFields(input);
  return { ...rest, atLeast };
};

const partFields = object({ hash: bytes(32), amount_msat: amountMsat, condition });
const part: Decoder<PartTerms> = (input) => {
  const { amount_msat: amount, ...rest } = partFields(input);
  return { ...rest, amountMsat: amount };
};

const termsFields = object({
  id: bytes(32),
  kind: oneOf(...TICKET_KINDS),
  mint: name,
  payer_key: key,
  receiver_key: key,
  locktime: seconds,
  parts: array(part, PAYMENT_LIMITS.ticketParts),
});

/** Reads a ticket's terms as {@link termsToJson} writes them. Throws DecodeError. */
export const decodeTerms: Decoder<TicketTerms> = (input) => {
  const { payer_key: payerKey, receiver_key: receiverKey, ...rest } = termsFields(input);
  return { ...rest, payerKey, receiverKey };
};

function conditionToJson(one: PartCondition): JsonObject {
  if (one.kind === 'task') {
    return { ...one };
  }
  const { atLeast, ...rest } = one;
  return { ...rest, at_least: atLeast };
}

/** A ticket's terms as they go to the receiver and to disk. */
export function termsToJson(terms: TicketTerms): JsonObject {
  const { payerKey, receiverKey, parts, ...rest } = terms;
  return {
    ...rest,
    payer_key: payerKey,
    receiver_key: receiverKey,
    parts: parts.map((one) => ({
      hash: one.hash,
      amount_msat: one.amountMsat,
      condition: conditionToJson(one.condition),
    })),
  };
}

const payerPartFields = object({
  at: oneOf('locked', 'released', 'refunding', 'refunded', 'spent'),
  receipt: optional(name),
});

const payerPart: Decoder<PayerPart> = (input) => {
  const { at, receipt } = payerPartFields(input);
  switch (at) {
    case 'locked':
      return { at };
    case 'released':
      if (receipt === undefined) {
        throw new DecodeError('the receipt of a released part', input);
      }
      return { at, receipt };
    default:
      return { at, released: receipt };
  }
};

function payerPartToJson(one: PayerPart): JsonObject {
  const receipt =
    one.at === 'locked' ? undefined : one.at === 'released' ? one.receipt : one.released;
  return { at: one.at, ...(receipt === undefined ? {} : { receipt }) };
}

/** One part for each of the terms where `all`, else none. */
function counted<T>(terms: TicketTerms, parts: readonly T[], all: boolean): readonly T[] {
  if (parts.length !== (all ? terms.parts.length : 0)) {
    throw new DecodeError('a state for each part of the terms', parts);
  }
  return parts;
}

const payerFields = object({
  terms: decodeTerms,
  funding: oneOf('planned', 'locking', 'unfunded', 'funded'),
  parts: array(payerPart, PAYMENT_LIMITS.ticketParts),
});

/** Reads what {@link payerToJson} wrote. Throws DecodeError. */
export const decodePayer: Decoder<PayerTicket> = (input) => {
  const { terms, funding, parts } = payerFields(input);
  return { terms, funding, parts: counted(terms, parts, funding === 'funded') };
};

/** A payer's ticket as it is kept. It holds no secret. */
export function payerToJson({ terms, funding, parts }: PayerTicket): JsonObject {
  return { terms: termsToJson(terms), funding, parts: parts.map(payerPartToJson) };
}

const receiverPartFields = object({
  at: oneOf('held', 'redeemable', 'redeeming', 'redeemed', 'taken_back'),
  preimage: optional(bytes(32)),
});

const receiverPart: Decoder<ReceiverPart> = (input) => {
  const { at, preimage } = receiverPartFields(input);
  if (at !== 'redeemable' && at !== 'redeeming') {
    return { at };
  }
  if (preimage === undefined) {
    throw new DecodeError('the preimage of an earned part', input);
  }
  return { at, preimage };
};

const receiverFields = object({
  terms: decodeTerms,
  taken: oneOf('checking', 'refused', 'held'),
  parts: array(receiverPart, PAYMENT_LIMITS.ticketParts),
});

/** Reads what {@link receiverToJson} wrote. Throws DecodeError. */
export const decodeReceiver: Decoder<ReceiverTicket> = (input) => {
  const { terms, taken, parts } = receiverFields(input);
  return { terms, taken, parts: counted(terms, parts, taken === 'held') };
};

/** A receiver's ticket as it is kept. It holds preimages, which spend nothing without the receiver's key. */
export function receiverToJson({ terms, taken, parts }: ReceiverTicket): JsonObject {
  return { terms: termsToJson(terms), taken, parts: parts.map((one) => ({ ...one })) };
}
