import {
  amountMsat,
  array,
  type Decoder,
  integer,
  type JsonObject,
  type Msat,
  object,
  oneOf,
  optional,
  text,
} from '@cl-hive/core';
import type { Output } from './outputs.ts';
import { type CashuProof, decodeProof, proofDocument } from './proof.ts';

/**
 * `mint`: a paid invoice becomes proofs; `melt`: proofs pay an invoice; `send`: proofs become others,
 * some of them for somebody; `receive`: somebody's proofs become ours.
 */
export type OperationKind = 'mint' | 'melt' | 'send' | 'receive';

/**
 * `prepared`: the mint was never asked; `open`: it may have done it or not; `done`; `void`: it did not happen and will not, what it held
 * is free again; `disputed`: the mint has taken the inputs and given nothing that holds.
 */
export type OperationState = 'prepared' | 'open' | 'done' | 'void' | 'disputed';

/** What an operation needs that the mint said, or says at its end. */
export interface OperationTerms {
  /** The quote of a mint or a melt. */
  readonly quote?: string;
  /** Its invoice. */
  readonly invoice?: string;
  /** Unix seconds at which the quote ends. */
  readonly expiryS?: number;
  /** Preimage of the invoice that a melt paid. */
  readonly preimage?: string;
  /** Unix milliseconds from which a melt may have reached the mint. */
  readonly sentMs?: number;
  /** Key of the operation that takes this melt's inputs back. */
  readonly fence?: string;
  /** Key of the melt whose inputs this takes back. */
  readonly fences?: string;
}

/** One thing asked of a mint, stored before it is asked; asked again it is the very same. */
export interface Operation {
  /** Given by the caller: the same key is the same operation. */
  readonly key: string;
  readonly kind: OperationKind;
  readonly mint: string;
  readonly state: OperationState;
  /** What it is about: bought, paid, sent, or received before the mint's fee. */
  readonly amountMsat: Msat;
  /** What it costs at most while it is open, what it cost once it is done. */
  readonly feeMsat: Msat;
  /** Unix milliseconds. */
  readonly atMs: number;
  readonly terms: OperationTerms;
  readonly inputs: readonly CashuProof[];
  readonly outputs: readonly Output[];
  /** What a `send` gave: the proofs of the token. */
  readonly sent: readonly CashuProof[];
  /** Why it is void or disputed, or what is waited for. */
  readonly reason: string;
}

/** The part of an operation that is sealed: secrets, and what leads to them. */
export function operationDocument({ terms, inputs, outputs, sent }: Operation): JsonObject {
  return {
    terms: { ...terms },
    inputs: inputs.map(proofDocument),
    outputs: outputs.map(({ amountMsat, ...rest }) => ({ ...rest, amount_msat: amountMsat })),
    sent: sent.map(proofDocument),
  };
}

const output: Decoder<Output> = (input) => {
  const { amount_msat: amount, ...rest } = object({
    role: oneOf('keep', 'send', 'change'),
    keyset: text(),
    amount_msat: amountMsat,
    point: text(),
    secret: text(),
    factor: text(),
  })(input);
  return { ...rest, amountMsat: amount };
};

/** Reads what {@link operationDocument} wrote. */
export const decodeOperation = object({
  terms: object({
    quote: optional(text()),
    invoice: optional(text()),
    expiryS: optional(integer(0)),
    preimage: optional(text()),
    sentMs: optional(integer(0)),
    fence: optional(text()),
    fences: optional(text()),
  }),
  inputs: array(decodeProof),
  outputs: array(output),
  sent: array(decodeProof),
});
