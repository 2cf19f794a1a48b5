import {
  type Chain,
  createAgent,
  type Did,
  type DidEvent,
  localEvent,
  newest,
  type Operation,
  rotateKey,
  type SigningKey,
  updateDocument,
  verifyChain,
} from '@cl-hive/archon';
import { type Clock, CodedError, describeError, type JsonObject } from '@cl-hive/core';
import { nobleCurve } from '@cl-hive/protocol';
import { seal, unseal } from '@cl-hive/runtime/services';
import type { Store, Transactor } from '@cl-hive/store';
import { type DidStore, storedDid } from '../dids/did-store.ts';
import { IDENTITIES_MAX } from '../limits.ts';
import type { ArchonDatabase, IdentityRow } from '../store/database.ts';
import { catchUp, keyNumberOf, sameKey } from './catch-up.ts';
import type { ForeignIdentity } from './identity-file.ts';
import type { KeyPair, OwnKeys } from './own-keys.ts';
import type { OwnRecords } from './own-record.ts';

/** Why the node's identity cannot be used or changed. */
export type IdentityErrorCode = 'identity_key_mismatch' | 'identity_full' | 'identity_absent';

/**
 * Time of creation that every derived identity states. The DID is the digest of its create operation: only
 * with a fixed time the same node secret gives the same DID once more.
 */
const CREATED = '2026-01-01T00:00:00.000Z';

/** What an {@link IdentityKeeper} works with. */
export interface IdentityParts {
  readonly store: Store<ArchonDatabase>;
  readonly dids: DidStore;
  readonly keys: OwnKeys;
  readonly records: Pick<OwnRecords, 'load' | 'save'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly warn: (message: string) => void;
  /** Told in the transaction of each operation that this node made. */
  readonly made: (tx: Transactor<ArchonDatabase>, did: Did, operation: Operation) => Promise<void>;
}

/** The identity in use. */
export interface OwnIdentity {
  readonly did: Did;
  /** From 1; grows with each new DID. */
  readonly number: number;
  readonly keyNumber: number;
  readonly source: 'derived' | 'imported';
  readonly chain: Chain;
  readonly key: KeyPair;
}

/**
 * The node's DID. Its keys come from the node's own secret, so that losing the database loses no identity;
 * lightningd's datastore keeps a copy of the operations, so that it loses no rotation either.
 */
export class IdentityKeeper {
  readonly #parts: IdentityParts;
  #current: OwnIdentity | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  /** Unix ms of the newest time that was given. */
  #latestMs = 0;

  constructor(parts: IdentityParts) {
    this.#parts = parts;
  }

  /** The identity in use. Throws `identity_absent` before {@link IdentityKeeper.load}. */
  get current(): OwnIdentity {
    if (this.#current === undefined) {
      throw new CodedError<IdentityErrorCode>('identity_absent', 'the node has no identity yet');
    }
    return this.#current;
  }

  /** Whose key signs, and how the key is named. */
  get signingKey(): SigningKey {
    const { did, key, keyNumber } = this.current;
    return { secret: key.secret, verificationMethod: `${did}#key-${keyNumber}` };
  }

  /** The key that signs for one of the node's DIDs, an earlier one too. Throws `identity_absent`. */
  async signingKeyOf(did: Did): Promise<SigningKey> {
    if (did === this.current.did) {
      return this.signingKey;
    }
    const row = await this.#parts.store.reader
      .selectFrom('archon_identities')
      .selectAll()
      .where('did', '=', did)
      .executeTakeFirst();
    if (row === undefined) {
      throw new CodedError<IdentityErrorCode>('identity_absent', `${did} is not of this node`);
    }
    const { key, keyNumber } = await this.#identityOf(row);
    return { secret: key.secret, verificationMethod: `${did}#key-${keyNumber}` };
  }

  /**
   * A time for what is signed next, after everything that was signed before, whatever the clock does: which
   * key counts for a signature follows from the order of these times.
   */
  nextTime(): string {
    this.#latestMs = Math.max(this.#parts.clock.now(), this.#latestMs + 1);
    return new Date(this.#latestMs).toISOString();
  }

  /**
   * Loads the identity; makes it on the first start, or brings it back from lightningd's datastore.
   * Throws `identity_key_mismatch` when the node's secret is not the one that it was made with.
   */
  async load(): Promise<OwnIdentity> {
    this.#latestMs = await this.#newestTime();
    const row = await this.#activeRow();
    if (row === undefined) {
      const record = await this.#parts.records.load();
      const restored = record === undefined ? undefined : await this.#restore(record);
      return restored ?? this.#provision(record === undefined ? 1 : record.number);
    }
    const identity = await this.#identityOf(await catchUp(this.#parts, row));
    this.#current = identity;
    await this.#mirror();
    return identity;
  }

  /** Replaces the key by the node's next one; the DID stays. */
  rotateKeys(): Promise<OwnIdentity> {
    return this.#inTurn(() => this.#rotateKeys());
  }

  async #rotateKeys(): Promise<OwnIdentity> {
    const { did, number, keyNumber, chain } = this.current;
    const next = await this.#parts.keys.didKey(number, keyNumber + 1);
    const operation = rotateKey(chain, next.publicKey, this.signingKey, this.nextTime());
    const longer = await this.#parts.store.transact(async (tx) => {
      const added = await this.#parts.dids.add(tx, ownEvent(chain, operation), true);
      await tx
        .updateTable('archon_identities')
        .set({ key_number: keyNumber + 1, sealed: null })
        .where('number', '=', number)
        .execute();
      await this.#parts.made(tx, did, operation);
      return added;
    });
    this.#current = {
      did,
      number,
      keyNumber: keyNumber + 1,
      source: 'derived',
      chain: longer,
      key: next,
    };
    await this.#mirror();
    return this.#current;
  }

  /** Gives the node a new DID; the one before stays known, and is no longer used. */
  rotateDid(): Promise<OwnIdentity> {
    return this.#inTurn(async () => {
      const { number } = await this.#lastRow();
      return this.#provision(number + 1);
    });
  }

  /** Takes over a DID whose key is given; its operations are verified. Throws `identity_key_mismatch`. */
  import({ did, events, secret, publicKey }: ForeignIdentity): Promise<OwnIdentity> {
    return this.#inTurn(async () => {
      const verified = verifyChain(did, events, () => undefined);
      const named = verified.ok ? newest(verified.value).key : undefined;
      const keyNumber = keyNumberOf(named);
      if (named === undefined || keyNumber === 0 || !sameKey(named.key, publicKey)) {
        throw new CodedError<IdentityErrorCode>(
          'identity_key_mismatch',
          'the key is not the present one of that DID, or its operations do not verify',
          { remedy: 'export operations and key of the same DID once more' },
        );
      }
      if (did === this.current.did) {
        return this.current;
      }
      const { number } = await this.#lastRow();
      const sealed = seal(secret, await this.#parts.keys.sealKey(), did);
      return this.#adopt(number + 1, keyNumber, { secret, publicKey }, events, sealed);
    });
  }

  /** Moves the DID to another registry; from then on Gatekeepers pass it on as that registry does. */
  moveTo(registry: string): Promise<OwnIdentity> {
    return this.#inTurn(async () => {
      const { did, chain } = this.current;
      const didDocumentRegistration = { ...newest(chain).registration, registry };
      if (newest(chain).registration['registry'] === registry) {
        return this.current;
      }
      const doc = { didDocumentRegistration };
      const operation = updateDocument(chain, doc, this.signingKey, this.nextTime());
      const longer = await this.#parts.store.transact(async (tx) => {
        const added = await this.#parts.dids.add(tx, ownEvent(chain, operation), true);
        await this.#parts.made(tx, did, operation);
        return added;
      });
      this.#current = { ...this.current, chain: longer };
      await this.#mirror();
      return this.#current;
    });
  }

  /** One change after the other: each follows from the state that the one before left. */
  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(change, change);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** What may be shown. */
  view(): JsonObject {
    const { did, number, keyNumber, source, chain } = this.current;
    const version = newest(chain);
    return {
      did,
      identity: number,
      key: `#key-${keyNumber}`,
      source,
      registry: version.registration['registry'] ?? '',
      version: version.sequence,
      version_id: version.id,
    };
  }

  async #provision(number: number): Promise<OwnIdentity> {
    if (number > IDENTITIES_MAX) {
      throw new CodedError<IdentityErrorCode>(
        'identity_full',
        `a node has at most ${IDENTITIES_MAX} identities`,
        { remedy: 'keep the one it has' },
      );
    }
    const key = await this.#parts.keys.didKey(number, 1);
    const operation = createAgent(key.secret, key.publicKey, CREATED);
    return this.#adopt(number, 1, key, [localEvent(operation)], null);
  }

  /** Makes a DID with these operations the active one, all in one transaction. */
  async #adopt(
    number: number,
    keyNumber: number,
    key: KeyPair,
    events: readonly DidEvent[],
    sealed: Uint8Array | null,
  ): Promise<OwnIdentity> {
    const { store, dids, clock } = this.#parts;
    const did: Did = `did:cid:${events[0]?.operation.id ?? ''}`;
    const chain = await store.transact(async (tx) => {
      await tx.updateTable('archon_identities').set({ active: 0 }).execute();
      // It may be one that was met before, or had before.
      let last = await dids.chain(did, tx);
      for (const event of events.slice(last?.events.length ?? 0)) {
        last = await dids.add(tx, event, true);
        await this.#parts.made(tx, did, event.operation);
      }
      if (last === undefined) {
        throw new RangeError('an identity has an operation');
      }
      await tx.updateTable('archon_operations').set({ own: 1 }).where('did', '=', did).execute();
      await tx.deleteFrom('archon_identities').where('did', '=', did).execute();
      const row = { number, did: last.did, key_number: keyNumber, sealed, active: 1 };
      await tx
        .insertInto('archon_identities')
        .values({ ...row, created_ms: clock.now() })
        .execute();
      return last;
    });
    const source = sealed === null ? 'derived' : 'imported';
    this.#current = { did: chain.did, number, keyNumber, source, chain, key };
    this.#latestMs = Math.max(this.#latestMs, Date.parse(newest(chain).time));
    await this.#mirror();
    return this.#current;
  }

  /** The identity of the datastore's copy, if this node's secret made it. */
  async #restore(record: {
    readonly number: number;
    readonly events: readonly DidEvent[];
  }): Promise<OwnIdentity | undefined> {
    const [first] = record.events;
    const did: Did | undefined = first && `did:cid:${first.operation.id}`;
    const verified = did && verifyChain(did, record.events, () => undefined);
    const last = verified?.ok === true ? newest(verified.value).key : undefined;
    const keyNumber = keyNumberOf(last);
    if (last === undefined || keyNumber < 1) {
      this.#parts.warn('the identity in lightningd’s datastore does not verify; it is not used');
      return undefined;
    }
    const key = await this.#parts.keys.didKey(record.number, keyNumber);
    if (!sameKey(key.publicKey, last.key)) {
      this.#parts.warn('the identity in lightningd’s datastore is not of this node’s secret');
      return undefined;
    }
    return this.#adopt(record.number, keyNumber, key, record.events, null);
  }

  async #identityOf(row: IdentityRow): Promise<OwnIdentity> {
    const did = storedDid(row.did);
    const chain = await this.#parts.dids.chain(did);
    const key = await this.#keyOf(row);
    const named = chain === undefined ? undefined : newest(chain).key;
    if (chain === undefined || named === undefined || !sameKey(named.key, key.publicKey)) {
      throw new CodedError<IdentityErrorCode>(
        'identity_key_mismatch',
        `the node's secret does not give the key of ${did}`,
        { remedy: 'use the database on the node that it was made on' },
      );
    }
    const source = row.sealed === null ? 'derived' : 'imported';
    return { did, number: row.number, keyNumber: row.key_number, source, chain, key };
  }

  async #keyOf(row: IdentityRow): Promise<KeyPair> {
    if (row.sealed === null) {
      return this.#parts.keys.didKey(row.number, row.key_number);
    }
    const secret = unseal(row.sealed, await this.#parts.keys.sealKey(), row.did);
    return { secret, publicKey: nobleCurve.publicKey(secret) };
  }

  /** A copy that fails is told and made at the next start: the database has it all. */
  async #mirror(): Promise<void> {
    const { number, chain } = this.current;
    try {
      await this.#parts.records.save({ number, events: chain.events });
    } catch (error) {
      this.#parts.warn(
        `no copy of the identity in lightningd's datastore: ${describeError(error)}`,
      );
    }
  }

  async #newestTime(): Promise<number> {
    const { reader } = this.#parts.store;
    const row = await reader
      .selectFrom('archon_operations')
      .select(reader.fn.max('time').as('time'))
      .where('own', '=', 1)
      .executeTakeFirst();
    return Date.parse(row?.time ?? CREATED);
  }

  async #activeRow(): Promise<IdentityRow | undefined> {
    return this.#parts.store.reader
      .selectFrom('archon_identities')
      .selectAll()
      .where('active', '=', 1)
      .executeTakeFirst();
  }

  async #lastRow(): Promise<IdentityRow> {
    return this.#parts.store.reader
      .selectFrom('archon_identities')
      .selectAll()
      .orderBy('number', 'desc')
      .limit(1)
      .executeTakeFirstOrThrow();
  }
}

/** An own operation counts at once, wherever the DID is registered: nobody knows it better than its maker. */
function ownEvent(chain: Chain, operation: Operation): DidEvent {
  const registry = newest(chain).registration['registry'];
  const event = localEvent(operation);
  return typeof registry === 'string' ? { ...event, registry } : event;
}
