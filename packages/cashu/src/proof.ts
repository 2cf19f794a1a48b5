import { hashToCurve } from '@cashu/cashu-ts';
import {
  amountMsat,
  type Decoder,
  type JsonObject,
  type Msat,
  msatToSatFloor,
  object,
  optional,
  text,
} from '@cl-hive/core';

/** One proof (NUT-00): an amount, its secret and the mint's signature; whoever has it can spend it. */
export interface CashuProof {
  /** Id of the keyset. */
  readonly keyset: string;
  readonly amountMsat: Msat;
  readonly secret: string;
  /** `C`: the unblinded signature, compressed point in hexadecimal. */
  readonly signature: string;
  /** Proof that the signature was made with the keyset's key (NUT-12). */
  readonly dleq?: { readonly e: string; readonly s: string; readonly r: string };
  /** What opens its lock (NUT-11, NUT-14), as JSON text. */
  readonly witness?: string;
}

/** The point `Y` by which mints know a secret (NUT-07), hexadecimal. */
export function pointOf(secret: string): string {
  return hashToCurve(new TextEncoder().encode(secret)).toHex(true);
}

/** What proofs are worth together. */
export function worthOf(proofs: readonly { readonly amountMsat: Msat }[]): Msat {
  return proofs.reduce((sum, { amountMsat }) => sum + amountMsat, 0n) as Msat;
}

/** A proof as inputs of requests have it: amount in sat, without what would link it. */
export function wireProof({
  keyset,
  amountMsat,
  secret,
  signature,
  witness,
}: CashuProof): JsonObject {
  return {
    id: keyset,
    amount: msatToSatFloor(amountMsat),
    secret,
    C: signature,
    ...(witness === undefined ? {} : { witness }),
  };
}

/** A proof as the wallet's own documents have it. */
export function proofDocument({ amountMsat, dleq, ...rest }: CashuProof): JsonObject {
  return { ...rest, amount_msat: amountMsat, ...(dleq === undefined ? {} : { dleq: { ...dleq } }) };
}

const document = object({
  keyset: text(),
  amount_msat: amountMsat,
  secret: text(),
  signature: text(),
  dleq: optional(object({ e: text(), s: text(), r: text() })),
  witness: optional(text()),
});

/** Reads what {@link proofDocument} wrote. */
export const decodeProof: Decoder<CashuProof> = (input) => {
  const { amount_msat: amount, ...rest } = document(input);
  return { ...rest, amountMsat: amount };
};
