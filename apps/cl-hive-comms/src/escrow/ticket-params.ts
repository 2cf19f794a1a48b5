import {
  amountMsat,
  array,
  bigInteger,
  type Decoder,
  hex,
  integer,
  type JsonValue,
  type Msat,
  object,
  oneOf,
  optional,
  text,
} from '@cl-hive/core';
import {
  decodeTerms,
  type Evidence,
  PAYMENT_LIMITS,
  type PartCondition,
  priceSatCeil,
  REPUTATIONS,
  SUGGESTED_PRICES,
  type TicketTerms,
} from '@cl-hive/payments';

/** A part as the payer names it: an amount, or what the action's danger and the receiver's reputation cost. */
export interface PartWish {
  readonly amountMsat: Msat;
  readonly condition: PartCondition;
}

const name = text(PAYMENT_LIMITS.ticketNameChars);
const wish = object({
  task: name,
  digest: optional(hex(32)),
  amount_msat: optional(amountMsat),
  danger: optional(integer(1, 10)),
  reputation: optional(oneOf(...REPUTATIONS)),
  metric: optional(name),
  at_least: optional(bigInteger(-(1n << 63n), (1n << 63n) - 1n)),
  from: optional(integer(0)),
  until: optional(integer(0)),
});

const part: Decoder<PartWish> = (input) => {
  const read = wish(input);
  const { task, danger, reputation = 'newcomer', metric } = read;
  const priced =
    danger === undefined ? undefined : priceSatCeil(SUGGESTED_PRICES, danger, reputation);
  const amount = read.amount_msat ?? priced ?? amountMsat(undefined);
  if (metric === undefined) {
    const digest = hex(32)(read.digest).toLowerCase();
    return { amountMsat: amount, condition: { kind: 'task', task, digest } };
  }
  const measured = object({
    at_least: bigInteger(-(1n << 63n), (1n << 63n) - 1n),
    from: integer(0),
    until: integer(0),
  });
  const { at_least: atLeast, from, until } = measured(read);
  return { amountMsat: amount, condition: { kind: 'measure', task, metric, atLeast, from, until } };
};

/** Reads the parts of a ticket that is to be made. */
export const decodeParts: Decoder<readonly PartWish[]> = array(part, PAYMENT_LIMITS.ticketParts);

const evidence = object({
  receipt: hex(32),
  done: optional(hex(32)),
  value: optional(bigInteger(-(1n << 63n), (1n << 63n) - 1n)),
  at: optional(integer(0)),
});

/** Reads what the payer shows for a part: `receipt` with `done` (a digest), or with `value` and `at`. */
export function decodeEvidence(
  input: JsonValue,
  { condition }: { readonly condition: PartCondition },
): Evidence {
  const { receipt, done, value, at } = evidence(input);
  const { task } = condition;
  if (condition.kind === 'measure' && value !== undefined && at !== undefined) {
    return { task, receipt, shown: { kind: 'measured', metric: condition.metric, value, at } };
  }
  const digest = done?.toLowerCase();
  const shown =
    digest === undefined ? ({ kind: 'not_done' } as const) : ({ kind: 'done', digest } as const);
  return { task, receipt, shown };
}

/** An offer as it comes from a payer: the terms, and a token for each part. */
export interface OfferedTicket {
  readonly terms: TicketTerms;
  readonly tokens: readonly string[];
}

/** Reads an offer. Throws DecodeError. */
export const decodeOffer: Decoder<OfferedTicket> = object({
  terms: decodeTerms,
  tokens: array(text(262_144), PAYMENT_LIMITS.ticketParts),
});
