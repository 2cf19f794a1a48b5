import {
  beginChain,
  type Chain,
  controllersOf,
  type Did,
  type DidEvent,
  extendChain,
  isDid,
  newest,
  readEvent,
  verifyChain,
} from '@cl-hive/archon';
import { CodedError, parseJson, stringifyJson } from '@cl-hive/core';
import type { Reader, Store, Transactor } from '@cl-hive/store';
import { CHAINS_CACHED_MAX } from '../limits.ts';
import type { ArchonDatabase } from '../store/database.ts';

/** Why an operation was not taken into the store. */
export type DidStoreErrorCode = 'did_refused' | 'did_stored_broken';

/**
 * The embedded Gatekeeper: verified operations of the node's own DIDs and of those it has seen, in the
 * plugin's tables. What is stored was verified, and is verified again when it is read.
 */
export class DidStore {
  readonly #store: Store<ArchonDatabase>;
  readonly #cache = new Map<Did, Chain>();

  constructor(store: Store<ArchonDatabase>) {
    this.#store = store;
  }

  /** The chain of a DID; undefined when none of its operations is stored. Throws `did_stored_broken`. */
  async chain(
    did: Did,
    reader: Reader<ArchonDatabase> = this.#store.reader,
  ): Promise<Chain | undefined> {
    const last = await reader
      .selectFrom('archon_operations')
      .select('opid')
      .where('did', '=', did)
      .orderBy('sequence', 'desc')
      .limit(1)
      .executeTakeFirst();
    if (last === undefined) {
      return undefined;
    }
    const cached = this.#cache.get(did);
    return cached !== undefined && newest(cached).id === last.opid
      ? cached
      : this.#read(did, reader);
  }

  async #read(did: Did, reader: Reader<ArchonDatabase>): Promise<Chain> {
    const rows = await reader
      .selectFrom('archon_operations')
      .selectAll()
      .where('did', '=', did)
      .orderBy('sequence')
      .execute();
    const events = rows.map(({ registry, time, operation }) =>
      readEvent({ registry, time, operation: parseJson(operation) }),
    );
    const result = verifyChain(did, events, await this.#controllers(events, reader));
    if (!result.ok) {
      const { message, sequence } = result.error;
      throw new CodedError<DidStoreErrorCode>(
        'did_stored_broken',
        `the stored operation ${sequence} of ${did} does not verify: ${message}`,
        { remedy: 'the database was changed by something else; restore a backup' },
      );
    }
    this.#remember(result.value);
    return result.value;
  }

  /** Adds one verified operation. Throws `did_refused` and says why. */
  async add(tx: Transactor<ArchonDatabase>, event: DidEvent, own: boolean): Promise<Chain> {
    const { operation } = event;
    const did: Did = 'did' in operation ? operation.did : `did:cid:${operation.id}`;
    const known = await this.chain(did, tx);
    const controllers = await this.#controllers([...(known?.events ?? []), event], tx);
    const result =
      known === undefined
        ? beginChain(did, event, controllers)
        : extendChain(known, event, controllers);
    if (!result.ok) {
      const { code, message } = result.error;
      throw new CodedError<DidStoreErrorCode>('did_refused', `${did}: ${message}`, {
        data: { reason: code },
      });
    }
    await tx
      .insertInto('archon_operations')
      .values({
        did,
        sequence: newest(result.value).sequence,
        opid: operation.id,
        registry: event.registry,
        time: event.time,
        operation: stringifyJson(operation.json),
        own: own ? 1 : 0,
      })
      .execute();
    tx.onCommit(() => this.#remember(result.value));
    return result.value;
  }

  /** Takes over where and when a registry has confirmed the operations of a stored chain. */
  async confirm(tx: Transactor<ArchonDatabase>, chain: Chain): Promise<void> {
    for (const [at, { registry, time }] of chain.events.entries()) {
      await tx
        .updateTable('archon_operations')
        .set({ registry, time })
        .where('did', '=', chain.did)
        .where('sequence', '=', at + 1)
        .execute();
    }
    tx.onCommit(() => this.#remember(chain));
  }

  /** Whether this node made the operations of a DID itself, so that nobody knows a newer one. */
  async isOwn(did: Did): Promise<boolean> {
    const row = await this.#store.reader
      .selectFrom('archon_operations')
      .select('own')
      .where('did', '=', did)
      .where('sequence', '=', 1)
      .executeTakeFirst();
    return row?.own === 1;
  }

  async #controllers(
    events: readonly DidEvent[],
    reader: Reader<ArchonDatabase>,
  ): Promise<(did: Did) => Chain | undefined> {
    const chains = new Map<Did, Chain>();
    for (const did of controllersOf(events)) {
      const chain = await this.chain(did, reader);
      if (chain !== undefined) {
        chains.set(did, chain);
      }
    }
    return (did) => chains.get(did);
  }

  #remember(chain: Chain): void {
    this.#cache.delete(chain.did);
    this.#cache.set(chain.did, chain);
    const [oldest] = this.#cache.keys();
    if (this.#cache.size > CHAINS_CACHED_MAX && oldest !== undefined) {
      this.#cache.delete(oldest);
    }
  }
}

/** A DID in a row. Throws `did_stored_broken`. */
export function storedDid(text: string): Did {
  if (!isDid(text)) {
    throw new CodedError<DidStoreErrorCode>('did_stored_broken', 'a stored DID is none', {
      remedy: 'the database was changed by something else; restore a backup',
    });
  }
  return text;
}
