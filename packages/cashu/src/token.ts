import { Amount, getDecodedToken, getEncodedToken } from '@cashu/cashu-ts';
import { describeError, type Msat, msatToSatFloor, satToMsat } from '@cl-hive/core';
import { cashuError } from './errors.ts';
import { CASHU_LIMITS } from './limits.ts';
import type { CashuProof } from './proof.ts';

/** Proofs of one mint on their way to somebody (NUT-00). */
export interface CashuToken {
  readonly mint: string;
  readonly proofs: readonly CashuProof[];
}

/** The token as text: version 4, `cashuB…`. */
export function writeToken({ mint, proofs }: CashuToken): string {
  return getEncodedToken({
    mint,
    unit: 'sat',
    proofs: proofs.map(({ keyset, amountMsat, secret, signature, dleq }) => ({
      id: keyset,
      amount: Amount.from(msatToSatFloor(amountMsat)),
      secret,
      C: signature,
      ...(dleq === undefined ? {} : { dleq: { ...dleq } }),
    })),
  });
}

function malformed(why: string): never {
  throw cashuError('token_malformed', `the token cannot be read: ${why}`, 'copy it again, whole');
}

/**
 * Reads a token, version 3 or 4; `keysets` are the ids that are known, since version 4 may have them
 * cut short. Throws `token_malformed`, `token_unusable` for another unit than sat.
 */
export function readToken(text: string, keysets: readonly string[]): CashuToken {
  if (text.length > CASHU_LIMITS.tokenChars) {
    malformed(`more than ${CASHU_LIMITS.tokenChars} characters`);
  }
  let read: ReturnType<typeof getDecodedToken>;
  try {
    read = getDecodedToken(text.trim(), keysets);
  } catch (error) {
    // The library names what it could not read; a token is money and is not repeated.
    return malformed(
      /keyset/i.test(describeError(error)) ? 'a keyset is not known' : 'not a token',
    );
  }
  const { mint, proofs, unit = 'sat' } = read;
  if (unit !== 'sat') {
    throw cashuError(
      'token_unusable',
      `the token is in ${unit.slice(0, 16)}`,
      'ask for one in sat',
    );
  }
  if (proofs.length === 0 || proofs.length > CASHU_LIMITS.tokenProofs) {
    malformed(`${proofs.length} proofs`);
  }
  return {
    mint: mint.replace(/\/+$/, ''),
    proofs: proofs.map(({ id, amount, secret, C, dleq }) => {
      if (secret.length > CASHU_LIMITS.secretChars || !/^0[23][0-9a-f]{64}$/.test(C)) {
        malformed('a secret or a signature is none');
      }
      const proof = { keyset: id, amountMsat: amountOf(amount), secret, signature: C };
      const { e, s, r } = dleq ?? {};
      return e === undefined || s === undefined || r === undefined
        ? proof
        : { ...proof, dleq: { e, s, r } };
    }),
  };
}

function amountOf(amount: Amount): Msat {
  const sat = amount.toBigInt();
  return sat > 0n && sat * 1000n <= CASHU_LIMITS.amountMsat
    ? satToMsat(sat)
    : malformed('an amount that is none');
}
