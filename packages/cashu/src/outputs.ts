import { Amount, hasValidDleq, OutputData } from '@cashu/cashu-ts';
import { type Msat, msatToSatFloor } from '@cl-hive/core';
import { cashuError } from './errors.ts';
import type { Keyset } from './keyset.ts';
import type { Lock } from './lock.ts';
import type { BlindedMessage, BlindSignature } from './mint-client.ts';
import type { CashuProof } from './proof.ts';

/** What becomes of the proof that an output will be. */
export type OutputRole = 'keep' | 'send' | 'change';

/** A blinded message with what unblinds it; stored before a mint sees it. */
export interface Output {
  readonly role: OutputRole;
  readonly keyset: string;
  /** 0 for change, whose amount the mint chooses. */
  readonly amountMsat: Msat;
  /** `B_`, compressed point in hexadecimal. */
  readonly point: string;
  readonly secret: string;
  /** Blinding factor, decimal. */
  readonly factor: string;
}

function outputOf(role: OutputRole, amountMsat: Msat, made: OutputData): Output {
  const { blindedMessage, blindingFactor, secret } = OutputData.serialize(made);
  return {
    role,
    keyset: blindedMessage.id,
    amountMsat,
    point: blindedMessage.B_,
    secret: Buffer.from(secret, 'hex').toString('utf8'),
    factor: blindingFactor,
  };
}

/** Outputs that the seed alone brings back (NUT-13), from `counter` on. */
export function seededOutputs(
  role: OutputRole,
  amounts: readonly Msat[],
  from: { readonly seed: Uint8Array; readonly keyset: string; readonly counter: number },
): readonly Output[] {
  return amounts.map((amountMsat, index) =>
    outputOf(
      role,
      amountMsat,
      OutputData.createSingleDeterministicData(
        msatToSatFloor(amountMsat),
        from.seed,
        from.counter + index,
        from.keyset,
      ),
    ),
  );
}

/** Outputs that are locked, or plain ones for somebody else; only the stored operation knows them. */
export function lockedOutputs(
  amounts: readonly Msat[],
  keyset: string,
  lock: Lock | undefined,
): readonly Output[] {
  return amounts.map((amountMsat) => {
    const amount = msatToSatFloor(amountMsat);
    const made =
      lock === undefined
        ? OutputData.createSingleRandomData(amount, keyset)
        : OutputData.createSingleP2PKData(
            {
              pubkey: [...lock.publicKeys],
              requiredSignatures: lock.required,
              ...(lock.hash === undefined ? {} : { hashlock: lock.hash }),
              ...(lock.locktimeS === undefined ? {} : { locktime: lock.locktimeS }),
              ...(lock.refundKeys.length === 0
                ? {}
                : {
                    refundKeys: [...lock.refundKeys],
                    requiredRefundSignatures: lock.requiredRefund,
                  }),
            },
            amount,
            keyset,
          );
    return outputOf('send', amountMsat, made);
  });
}

/** How many outputs without amount are needed for change of at most `msat` (NUT-08). */
export function blankCount(msat: Msat): number {
  return msatToSatFloor(msat).toString(2).replace(/^0+/, '').length;
}

/** The message that the mint gets. */
export function blindedMessage({ keyset, amountMsat, point }: Output): BlindedMessage {
  return { keyset, amountMsat, point };
}

/**
 * The proof behind an output. Throws `mint_lies` for another keyset or amount, and for a signature that
 * is not proven to be made with the keyset's key (NUT-12).
 */
export function unblind(output: Output, signature: BlindSignature, keyset: Keyset): CashuProof {
  const { dleq, keyset: id, amountMsat, point } = signature;
  const asked = output.role === 'change' || amountMsat === output.amountMsat;
  const amount = msatToSatFloor(amountMsat);
  if (
    id !== output.keyset ||
    id !== keyset.id ||
    !asked ||
    dleq === undefined ||
    keyset.keys[String(amount)] === undefined
  ) {
    return lies('its signature is on something else than was asked');
  }
  const made = OutputData.deserialize({
    blindedMessage: { amount: String(amount), B_: output.point, id },
    blindingFactor: output.factor,
    secret: Buffer.from(output.secret, 'utf8').toString('hex'),
  });
  try {
    const proof = made.toProof(
      { id, amount: made.blindedMessage.amount, C_: point, dleq },
      { id, keys: keyset.keys },
    );
    const { secret, C, dleq: proven } = proof;
    return proven?.r === undefined
      ? lies('its signature is not proven')
      : {
          keyset: id,
          amountMsat,
          secret,
          signature: C,
          dleq: { e: proven.e, s: proven.s, r: proven.r },
        };
  } catch (error) {
    return lies('its signature is not made with its key', error);
  }
}

function lies(what: string, cause?: unknown): never {
  throw cashuError(
    'mint_lies',
    `the mint is not honest: ${what}`,
    'take what it holds out of it, by melting, and remove it',
    { cause },
  );
}

/** Whether a proof from somebody else is proven to be signed with the keyset's key (NUT-12). */
export function isProven(proof: CashuProof, keyset: Keyset): boolean {
  const { dleq, secret, signature, amountMsat } = proof;
  if (dleq === undefined) {
    return false;
  }
  try {
    return hasValidDleq(
      {
        id: keyset.id,
        amount: Amount.from(msatToSatFloor(amountMsat)),
        secret,
        C: signature,
        dleq: { ...dleq },
      },
      { id: keyset.id, keys: keyset.keys },
      { require: true },
    );
  } catch {
    return false;
  }
}
