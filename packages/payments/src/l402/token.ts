import { bytesToHex, hexToBytes } from '@cl-hive/core';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import {
  type CaveatProblem,
  checkCaveat,
  type TokenTerms,
  type TokenUse,
  termsToCaveats,
  usesOf,
} from './caveats.ts';
import type { L402Token } from './challenge.ts';
import { decodeIdentifier, encodeIdentifier, type TokenIdentifier } from './identifier.ts';
import {
  decodeMacaroon,
  encodeMacaroon,
  isSignedBy,
  type MacaroonProblem,
  newMacaroon,
  withCaveat,
} from './macaroon.ts';

/** Why a token is not taken (closed list). */
export type TokenProblem =
  | CaveatProblem
  | MacaroonProblem
  | 'preimage_differs'
  | 'signature_differs';

/** The outcome of {@link checkToken}. */
export type TokenVerdict =
  | {
      readonly ok: true;
      readonly identifier: TokenIdentifier;
      /** How often it can be used in all: the least that any of its conditions says. */
      readonly uses: number;
    }
  | { readonly ok: false; readonly problem: TokenProblem };

/**
 * The root key of one token: an HMAC of its id under the server's secret (32 bytes), so that tokens are
 * checked without a table and a lost database loses none.
 */
function rootKey(secret: Uint8Array, tokenId: string): Uint8Array {
  return hmac(sha256, secret, hexToBytes(tokenId));
}

/** A new macaroon that is good for `terms` once `paymentHash` is paid. */
export function mintMacaroon(
  secret: Uint8Array,
  identifier: TokenIdentifier,
  terms: TokenTerms,
  location = '',
): Uint8Array {
  const bare = newMacaroon(
    rootKey(secret, identifier.tokenId),
    encodeIdentifier(identifier),
    location,
  );
  return encodeMacaroon(termsToCaveats(terms).reduce(withCaveat, bare));
}

/** What a macaroon says of itself, not checked; undefined when it is none of L402. */
export function readMacaroon(
  bytes: Uint8Array,
): { readonly identifier: TokenIdentifier; readonly caveats: readonly string[] } | undefined {
  const macaroon = decodeMacaroon(bytes);
  if (typeof macaroon === 'string') {
    return undefined;
  }
  const identifier = decodeIdentifier(macaroon.identifier);
  return identifier === undefined ? undefined : { identifier, caveats: macaroon.caveats };
}

/** Whether a token was paid for, was made here, and allows `use`. Asks nobody. */
export function checkToken(secret: Uint8Array, token: L402Token, use: TokenUse): TokenVerdict {
  const macaroon = decodeMacaroon(token.macaroon);
  if (typeof macaroon === 'string') {
    return { ok: false, problem: macaroon };
  }
  const identifier = decodeIdentifier(macaroon.identifier);
  if (identifier === undefined) {
    return { ok: false, problem: 'macaroon_malformed' };
  }
  if (bytesToHex(sha256(hexToBytes(token.preimage))) !== identifier.paymentHash) {
    return { ok: false, problem: 'preimage_differs' };
  }
  if (!isSignedBy(macaroon, rootKey(secret, identifier.tokenId))) {
    return { ok: false, problem: 'signature_differs' };
  }
  const problem = macaroon.caveats
    .map((condition) => checkCaveat(condition, use))
    .find((found) => found !== undefined);
  return problem === undefined
    ? { ok: true, identifier, uses: usesOf(macaroon.caveats) }
    : { ok: false, problem };
}
