import { createHash, createHmac } from 'node:crypto';
import { lockKeyOf } from '@cl-hive/cashu';
import { bytesToHex } from '@cl-hive/core';

/** A key that opens locks: the secret and its compressed public key, hexadecimal. */
export interface LockKey {
  readonly secret: string;
  readonly publicKey: string;
}

/** Label of the secret that lightningd derives for escrow. */
export const ESCROW_LABEL = 'cl-hive-comms/escrow-seed/v1';

/** Keys and preimages of tickets, all from the node's own secret: none is stored. */
export class EscrowKeys {
  readonly #seed: Uint8Array;

  constructor(seed: Uint8Array) {
    this.#seed = seed;
  }

  #derive(what: string): string {
    return bytesToHex(createHmac('sha256', this.#seed).update(what).digest());
  }

  #key(what: string): LockKey {
    const secret = this.#derive(what);
    return { secret, publicKey: lockKeyOf(secret) };
  }

  /** By which this node takes its money back. */
  payer(ticket: string): LockKey {
    return this.#key(`payer/${ticket}`);
  }

  /** By which this node is paid; one for all tickets. */
  receiver(): LockKey {
    return this.#key('receiver');
  }

  /** The secret of a part, and the hash that its proofs are locked under. */
  part(ticket: string, part: number): { readonly preimage: string; readonly hash: string } {
    const preimage = this.#derive(`preimage/${ticket}/${part}`);
    const hash = createHash('sha256').update(Buffer.from(preimage, 'hex')).digest('hex');
    return { preimage, hash };
  }
}
