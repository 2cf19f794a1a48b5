import { type Did, REPUTATION_TYPE, REPUTATION_WEIGHT_MAX } from '@cl-hive/archon';
import { CodedError, type JsonObject } from '@cl-hive/core';
import type { Store } from '@cl-hive/store';
import { storedDid } from '../dids/did-store.ts';
import { ISSUERS_MAX } from '../limits.ts';
import type { ArchonDatabase } from '../store/database.ts';

/** Whom the operator believes: nobody but this node until it says so. */
export class Issuers {
  readonly #store: Store<ArchonDatabase>;

  constructor(store: Store<ArchonDatabase>) {
    this.#store = store;
  }

  /** Whether a DID's credentials of a type count here. */
  async trusts(did: Did, type: string | undefined): Promise<boolean> {
    const row = await this.#store.reader
      .selectFrom('archon_issuers')
      .selectAll()
      .where('did', '=', did)
      .executeTakeFirst();
    if (row === undefined) {
      return false;
    }
    return type === REPUTATION_TYPE ? row.weight > 0 : row.management === 1;
  }

  /** Weights of words about reputation; this node's own have the full one. */
  async weights(self: Did): Promise<ReadonlyMap<Did, number>> {
    const rows = await this.#store.reader.selectFrom('archon_issuers').selectAll().execute();
    return new Map([
      ...rows.map(({ did, weight }) => [storedDid(did), weight] as const),
      [self, REPUTATION_WEIGHT_MAX] as const,
    ]);
  }

  /** Sets what a DID's words count; neither management nor weight forgets it. Throws `issuers_full`. */
  async set(did: Did, management: boolean, weight: number): Promise<void> {
    await this.#store.transact(async (tx) => {
      await tx.deleteFrom('archon_issuers').where('did', '=', did).execute();
      if (!management && weight === 0) {
        return;
      }
      const { count } = await tx
        .selectFrom('archon_issuers')
        .select(tx.fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow();
      if (count >= ISSUERS_MAX) {
        throw new CodedError('issuers_full', `at most ${ISSUERS_MAX} issuers`, {
          remedy: 'forget one: management=false weight=0',
        });
      }
      const row = { did, management: management ? 1 : 0, weight };
      await tx.insertInto('archon_issuers').values(row).execute();
    });
  }

  async view(): Promise<readonly JsonObject[]> {
    const rows = await this.#store.reader
      .selectFrom('archon_issuers')
      .selectAll()
      .orderBy('did')
      .execute();
    return rows.map(({ did, management, weight }) => ({
      did,
      management: management === 1,
      reputation_weight: weight,
    }));
  }
}
