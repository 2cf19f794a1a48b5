import { hexToBytes, type UnixMs } from '@cl-hive/core';
import { seal, unseal } from '@cl-hive/runtime/services';
import { type NostrKey, nostrKey, npub, parseSecretKey } from './nostr-key.ts';

/** Where an identity came from: the node's own secret, or an import by the operator. */
export type IdentitySource = 'derived' | 'imported';

/** One identity that this node had or has; the one with the highest version is in use. */
export interface IdentityRecord {
  readonly version: number;
  /** x-only public key, hexadecimal (NIP-01). */
  readonly publicKey: string;
  readonly source: IdentitySource;
  /** The sealed secret of an imported key; null for a derived one, whose secret is never stored. */
  readonly sealedSecret: Uint8Array | null;
  readonly createdAt: UnixMs;
}

/** Where identities are kept. */
export interface IdentityRecords {
  /** The record in use, undefined on first run. */
  current(): Promise<IdentityRecord | undefined>;
  /** Adds a record with the next version and returns it; durable when this resolves. */
  append(record: Omit<IdentityRecord, 'version'>): Promise<IdentityRecord>;
}

/** lightningd's `makesecret`: 32 bytes, hexadecimal, the same for the same node and label. */
export type MakeSecret = (label: string) => Promise<string>;

/** What may be shown of an identity. */
export interface IdentityView {
  readonly npub: string;
  readonly public_key: string;
  readonly source: IdentitySource;
  readonly version: number;
  readonly created_at: number;
}

/** The node's Nostr key in use. */
export interface Identity {
  readonly key: NostrKey;
  readonly record: IdentityRecord;
}

const KEY_LABEL = 'cl-hive-comms/nostr-key/v1';
const SEAL_LABEL = 'cl-hive-comms/seal/v1';

/**
 * The node's Nostr identity. A derived key comes from `makesecret`, so the same node has the same key
 * after losing its database; an imported key is stored sealed under a key that comes from there too.
 */
export class IdentityKeeper {
  readonly #records: IdentityRecords;
  readonly #makeSecret: MakeSecret;
  readonly #now: () => UnixMs;

  constructor(records: IdentityRecords, makeSecret: MakeSecret, now: () => UnixMs) {
    this.#records = records;
    this.#makeSecret = makeSecret;
    this.#now = now;
  }

  /** The identity in use; on first run the derived one, which is recorded. Throws `seal_broken`. */
  async load(): Promise<Identity> {
    const record = await this.#records.current();
    if (record === undefined) {
      return this.#appendDerived();
    }
    if (record.sealedSecret === null) {
      const key = await this.#derive();
      // A record of another key means that the node's secret changed under the database.
      return key.publicKey === record.publicKey ? { key, record } : this.#appendDerived();
    }
    const secret = unseal(record.sealedSecret, await this.#sealKey(), record.publicKey);
    return { key: nostrKey(secret), record };
  }

  /** Replaces the identity by an imported secret key. Importing the key in use changes nothing. */
  async import(secretKey: string): Promise<Identity> {
    const key = parseSecretKey(secretKey);
    const current = await this.#records.current();
    if (current?.publicKey === key.publicKey) {
      return { key, record: current };
    }
    const record = await this.#records.append({
      publicKey: key.publicKey,
      source: 'imported',
      sealedSecret: seal(key.secret, await this.#sealKey(), key.publicKey),
      createdAt: this.#now(),
    });
    return { key, record };
  }

  /** Goes back to the key that comes from the node's own secret. */
  async restoreDerived(): Promise<Identity> {
    const current = await this.#records.current();
    if (current?.source === 'derived') {
      return this.load();
    }
    return this.#appendDerived();
  }

  async #appendDerived(): Promise<Identity> {
    const key = await this.#derive();
    const record = await this.#records.append({
      publicKey: key.publicKey,
      source: 'derived',
      sealedSecret: null,
      createdAt: this.#now(),
    });
    return { key, record };
  }

  async #derive(): Promise<NostrKey> {
    return nostrKey(hexToBytes(await this.#makeSecret(KEY_LABEL)));
  }

  async #sealKey(): Promise<Uint8Array> {
    return hexToBytes(await this.#makeSecret(SEAL_LABEL));
  }
}

/** What may be shown of `identity`: never the secret. */
export function identityView({ record }: Identity): IdentityView {
  return {
    npub: npub(record.publicKey),
    public_key: record.publicKey,
    source: record.source,
    version: record.version,
    created_at: Math.floor(record.createdAt / 1000),
  };
}
