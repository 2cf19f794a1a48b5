import { hexToBytes, isCodedError, type UnixMs } from '@cl-hive/core';
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
  /** Which of the keys that come from the node's own secret, from 1; 0 for an imported one. */
  readonly generation: number;
  /** The sealed secret of an imported key; null for a derived one, whose secret is never stored. */
  readonly sealedSecret: Uint8Array | null;
  readonly createdAt: UnixMs;
  /** Until when messages to the key before it are read; undefined when there was none. */
  readonly overlap: Overlap | undefined;
}

/** Until when a replaced key is read: guard time in ms decides, Unix milliseconds are for people. */
export interface Overlap {
  readonly guardMs: number;
  readonly until: UnixMs;
}

/** Where identities are kept. */
export interface IdentityRecords {
  /** The record in use, undefined on first run. */
  current(): Promise<IdentityRecord | undefined>;
  /** The newest records, newest first, at most `limit`. */
  newest(limit: number): Promise<readonly IdentityRecord[]>;
  /** Adds a record with the next version and returns it; durable when this resolves. */
  append(record: Omit<IdentityRecord, 'version'>): Promise<IdentityRecord>;
}

/** lightningd's `makesecret`: 32 bytes, hexadecimal, the same for the same node and label. */
export type MakeSecret = (label: string) => Promise<string>;

/**
 * Where lightningd itself keeps which derived key is in use, so that a database that was lost or
 * restored does not go back to a key that was replaced, perhaps since somebody else knew it.
 */
export interface GenerationMark {
  /** 1 when none was kept. */
  readonly read: () => Promise<number>;
  readonly write: (generation: number) => Promise<void>;
}

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
const ROTATED_LABEL = 'cl-hive-comms/nostr-key/v1/rotated';
/** Records looked at for keys that are still read; more changes than that in one overlap are not kept up with. */
const FORMERS_LOOKED_AT = 8;
const SEAL_LABEL = 'cl-hive-comms/seal/v1';

/**
 * The node's Nostr identity. A derived key comes from `makesecret`, so the same node has the same key
 * after losing its database; an imported key is stored sealed under a key that comes from there too.
 */
export class IdentityKeeper {
  readonly #records: IdentityRecords;
  readonly #makeSecret: MakeSecret;
  readonly #mark: GenerationMark;
  readonly #now: () => UnixMs;

  constructor(
    records: IdentityRecords,
    makeSecret: MakeSecret,
    mark: GenerationMark,
    now: () => UnixMs,
  ) {
    this.#records = records;
    this.#makeSecret = makeSecret;
    this.#mark = mark;
    this.#now = now;
  }

  /**
   * The identity in use; on first run the derived one, which is recorded. A rotation that a stop
   * interrupted is completed. Throws `seal_broken`.
   */
  async load(): Promise<Identity> {
    const record = await this.#records.current();
    const marked = await this.#mark.read();
    if (record === undefined) {
      return this.#appendDerived(marked, undefined);
    }
    if (record.sealedSecret === null) {
      const key = await this.#derive(record.generation);
      // A record of another key means that the node's secret changed under the database.
      return key.publicKey === record.publicKey && marked <= record.generation
        ? { key, record }
        : this.#appendDerived(Math.max(marked, record.generation), undefined);
    }
    return this.#open(record);
  }

  /** Replaces the identity by an imported secret key. Importing the key in use changes nothing. */
  async import(secretKey: string, overlap: Overlap | undefined): Promise<Identity> {
    const key = parseSecretKey(secretKey);
    const current = await this.#records.current();
    if (current?.publicKey === key.publicKey) {
      return { key, record: current };
    }
    const record = await this.#records.append({
      publicKey: key.publicKey,
      source: 'imported',
      generation: 0,
      sealedSecret: seal(key.secret, await this.#sealKey(), key.publicKey),
      createdAt: this.#now(),
      overlap,
    });
    return { key, record };
  }

  /** Goes back to the newest key that comes from the node's own secret. */
  async restoreDerived(overlap: Overlap | undefined): Promise<Identity> {
    const current = await this.#records.current();
    return current?.source === 'derived'
      ? this.load()
      : this.#appendDerived(await this.#generation(), overlap);
  }

  /** Replaces the identity by the next key that comes from the node's own secret. */
  async rotate(overlap: Overlap | undefined): Promise<Identity> {
    const next = (await this.#generation()) + 1;
    await this.#mark.write(next);
    return this.#appendDerived(next, overlap);
  }

  /** The identity before that in use; undefined when there was none, or its key is lost. */
  async previous(): Promise<Identity | undefined> {
    const [, record] = await this.#records.newest(2);
    return record && this.#reopen(record);
  }

  /** Identities of before whose messages are still read at `guardMs`, newest first. */
  async formers(guardMs: number): Promise<readonly Identity[]> {
    const records = await this.#records.newest(FORMERS_LOOKED_AT);
    const found: Identity[] = [];
    for (const [index, { overlap }] of records.entries()) {
      const former = records[index + 1];
      if (former !== undefined && overlap !== undefined && overlap.guardMs > guardMs) {
        const identity = await this.#reopen(former);
        const known = [records[0], ...found.map(({ record }) => record)];
        if (identity && !known.some((one) => one?.publicKey === former.publicKey)) {
          found.push(identity);
        }
      }
    }
    return found;
  }

  async #generation(): Promise<number> {
    const records = await this.#records.newest(Number.MAX_SAFE_INTEGER);
    const known = records.map(({ generation }) => generation);
    return Math.max(1, await this.#mark.read(), ...known);
  }

  async #open(record: IdentityRecord): Promise<Identity> {
    const { sealedSecret, publicKey } = record;
    if (sealedSecret === null) {
      return { key: await this.#derive(record.generation), record };
    }
    return { key: nostrKey(unseal(sealedSecret, await this.#sealKey(), publicKey)), record };
  }

  /** A former key that does not open any more, since the node's secret is another one, is no fault. */
  async #reopen(record: IdentityRecord): Promise<Identity | undefined> {
    try {
      const identity = await this.#open(record);
      return identity.key.publicKey === record.publicKey ? identity : undefined;
    } catch (error) {
      if (isCodedError(error, 'seal_broken')) {
        return undefined;
      }
      throw error;
    }
  }

  async #appendDerived(generation: number, overlap: Overlap | undefined): Promise<Identity> {
    const key = await this.#derive(generation);
    const record = await this.#records.append({
      publicKey: key.publicKey,
      source: 'derived',
      generation,
      sealedSecret: null,
      createdAt: this.#now(),
      overlap,
    });
    return { key, record };
  }

  async #derive(generation: number): Promise<NostrKey> {
    const label = generation <= 1 ? KEY_LABEL : `${ROTATED_LABEL}/${generation}`;
    return nostrKey(hexToBytes(await this.#makeSecret(label)));
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
