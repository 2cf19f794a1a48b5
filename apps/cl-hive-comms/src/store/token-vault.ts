import { randomBytes } from 'node:crypto';
import type { AdvisorKey } from '@cl-hive/comms';
import { bytesToHex, hexToBytes } from '@cl-hive/core';
import { seal, unseal } from '@cl-hive/runtime/services';
import type { Reader, Transactor } from '@cl-hive/store';
import type { CommsDatabase } from './database.ts';

/** Bytes of a token: an HMAC-SHA-256 key of full strength. */
const TOKEN_BYTES = 32;
const ID_BYTES = 8;
const SEAL_LABEL = 'cl-hive-comms/token-seal/v1';

/** A token that was just made; the secret is shown once. */
export interface NewToken {
  /** Names the token in the advisor's keys. */
  readonly id: string;
  /** 64 hexadecimal digits: the HMAC key is the 32 bytes they stand for. */
  readonly secret: string;
}

/** The HMAC tokens of advisors: sealed in the database, open in memory. */
export class TokenVault {
  readonly #sealKey: Uint8Array;
  readonly #open = new Map<string, Uint8Array>();

  private constructor(sealKey: Uint8Array) {
    this.#sealKey = sealKey;
  }

  /**
   * Opens all tokens. One that does not open, since the node's secret is another one now, is left out
   * and given to `onBroken` by its id: it proves nobody any more.
   */
  static async load(
    reader: Reader<CommsDatabase>,
    makeSecret: (label: string) => Promise<string>,
    onBroken: (id: string) => void,
  ): Promise<TokenVault> {
    const vault = new TokenVault(hexToBytes(await makeSecret(SEAL_LABEL)));
    for (const { id, sealed } of await reader.selectFrom('comms_tokens').selectAll().execute()) {
      try {
        vault.#open.set(id, unseal(sealed, vault.#sealKey, `token/${id}`));
      } catch {
        onBroken(id);
      }
    }
    return vault;
  }

  /** The secret behind a key; undefined for other schemes and unknown tokens. */
  secretOf({ scheme, key }: AdvisorKey): Uint8Array | undefined {
    return scheme === 'hmac' ? this.#open.get(key) : undefined;
  }

  /** Makes a token that is not yet known to anything. */
  make(): NewToken {
    return {
      id: bytesToHex(randomBytes(ID_BYTES)),
      secret: bytesToHex(randomBytes(TOKEN_BYTES)),
    };
  }

  /** Stores a token. */
  async save(tx: Transactor<CommsDatabase>, { id, secret }: NewToken): Promise<void> {
    const sealed = seal(hexToBytes(secret), this.#sealKey, `token/${id}`);
    await tx.insertInto('comms_tokens').values({ id, sealed }).execute();
  }

  /** Takes a stored token into use; to be called once it is on disk. */
  open({ id, secret }: NewToken): void {
    this.#open.set(id, hexToBytes(secret));
  }

  /** Removes the tokens among the keys. */
  async remove(tx: Transactor<CommsDatabase>, keys: readonly AdvisorKey[]): Promise<void> {
    for (const { scheme, key } of keys) {
      if (scheme === 'hmac') {
        await tx.deleteFrom('comms_tokens').where('id', '=', key).execute();
      }
    }
  }

  /** Forgets the tokens among the keys; to be called once they are off the disk. */
  forget(keys: readonly AdvisorKey[]): void {
    for (const { scheme, key } of keys) {
      if (scheme === 'hmac') {
        this.#open.delete(key);
      }
    }
  }
}
