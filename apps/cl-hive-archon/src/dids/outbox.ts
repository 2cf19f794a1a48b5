import { type Chain, type Did, newest, retryAfterMs } from '@cl-hive/archon';
import type { Clock, JsonObject } from '@cl-hive/core';
import type { Store } from '@cl-hive/store';
import { DELIVERIES_PER_RUN } from '../limits.ts';
import type { ArchonDatabase } from '../store/database.ts';
import { type DidStore, storedDid } from './did-store.ts';
import type { Gatekeeper, Gatekeepers } from './gatekeepers.ts';

/** What an {@link Outbox} works with. */
export interface OutboxParts {
  readonly store: Store<ArchonDatabase>;
  readonly dids: DidStore;
  readonly gatekeepers: Gatekeepers;
  readonly clock: Pick<Clock, 'monotonic'>;
}

interface Pending {
  readonly did: Did;
  readonly attempts: number;
}

/**
 * Brings the node's own operations to each Gatekeeper. What is due follows from the tables, so nothing is
 * lost and nothing is sent twice: the Gatekeeper is asked what it has, and is given what follows.
 */
export class Outbox {
  readonly #parts: OutboxParts;
  /** Monotonic ms before which a DID is not tried at a Gatekeeper again. */
  readonly #rests = new Map<string, number>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(parts: OutboxParts) {
    this.#parts = parts;
  }

  /** Delivers what is due. `all`: also what rests after a failure. */
  run(all = false): Promise<JsonObject> {
    const turn = this.#turn.then(() => this.#run(all));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** What each Gatekeeper lacks. */
  async view(): Promise<readonly JsonObject[]> {
    const views: JsonObject[] = [];
    for (const { name } of this.#parts.gatekeepers.named) {
      const rows = await this.#failures(name);
      const pending = await this.#pendingCount(name);
      const troubles = rows.map(({ did, attempts, reason }) => ({ did, attempts, reason }));
      views.push({ gatekeeper: name, pending, failed: troubles });
    }
    return views;
  }

  async #run(all: boolean): Promise<JsonObject> {
    let [delivered, failed] = [0, 0];
    for (const gatekeeper of this.#parts.gatekeepers.available()) {
      for (const pending of await this.#pending(gatekeeper.name)) {
        const key = `${gatekeeper.name} ${pending.did}`;
        if (!all && (this.#rests.get(key) ?? 0) > this.#parts.clock.monotonic()) {
          continue;
        }
        const result = await this.#deliver(gatekeeper, pending);
        delivered += result.delivered;
        if (!result.ok) {
          failed += 1;
          const wait = retryAfterMs(pending.attempts + 1);
          this.#rests.set(key, this.#parts.clock.monotonic() + wait);
          if (!result.refused) {
            break;
          }
        } else {
          this.#rests.delete(key);
        }
      }
    }
    return { delivered, failed };
  }

  async #deliver(
    gatekeeper: Gatekeeper,
    { did, attempts }: Pending,
  ): Promise<{ readonly ok: boolean; readonly delivered: number; readonly refused: boolean }> {
    const { dids, gatekeepers } = this.#parts;
    const chain = await dids.chain(did);
    if (chain === undefined) {
      return { ok: true, delivered: 0, refused: false };
    }
    const fail = async (reason: string, refused: boolean, delivered: number) => {
      await this.#note(gatekeeper.name, did, undefined, attempts + 1, reason);
      return { ok: false, delivered, refused };
    };
    const there = await gatekeepers.ask(gatekeeper, (client) => client.events(did));
    if (!there.ok) {
      return fail(there.reason, there.refused, 0);
    }
    const stranger = there.value.findIndex(
      ({ operation: { id } }, at) => id !== chain.versions[at]?.id,
    );
    if (stranger !== -1) {
      const reason = `it has an operation ${stranger + 1} of ${did} that this node did not make`;
      gatekeepers.lied(gatekeeper.name, reason);
      return fail(reason, true, 0);
    }
    let delivered = 0;
    for (const { operation } of chain.events.slice(there.value.length)) {
      const sent = await gatekeepers.ask(gatekeeper, (client) => client.submit(operation));
      if (!sent.ok) {
        return fail(sent.reason, sent.refused, delivered);
      }
      delivered += 1;
    }
    await this.#note(gatekeeper.name, did, chain, 0, '');
    return { ok: true, delivered, refused: false };
  }

  async #note(
    gatekeeper: string,
    did: Did,
    chain: Chain | undefined,
    attempts: number,
    reason: string,
  ): Promise<void> {
    await this.#parts.store.transact(async (tx) => {
      const row = await tx
        .selectFrom('archon_deliveries')
        .select('sequence')
        .where('gatekeeper', '=', gatekeeper)
        .where('did', '=', did)
        .executeTakeFirst();
      const sequence = chain === undefined ? (row?.sequence ?? 0) : newest(chain).sequence;
      if (row === undefined) {
        const values = { gatekeeper, did, sequence, attempts, reason };
        await tx.insertInto('archon_deliveries').values(values).execute();
      } else {
        await tx
          .updateTable('archon_deliveries')
          .set({ sequence, attempts, reason })
          .where('gatekeeper', '=', gatekeeper)
          .where('did', '=', did)
          .execute();
      }
    });
  }

  /** Own DIDs of which the Gatekeeper lacks operations; those before, which others hang on, first. */
  async #pending(gatekeeper: string): Promise<readonly Pending[]> {
    const rows = await this.#behind(gatekeeper).limit(DELIVERIES_PER_RUN).execute();
    return rows.map(({ did, attempts }) => ({ did: storedDid(did), attempts: attempts ?? 0 }));
  }

  #behind(gatekeeper: string) {
    const { reader } = this.#parts.store;
    return reader
      .selectFrom('archon_operations as o')
      .leftJoin('archon_deliveries as d', (join) =>
        join.onRef('d.did', '=', 'o.did').on('d.gatekeeper', '=', gatekeeper),
      )
      .where('o.own', '=', 1)
      .groupBy(['o.did', 'd.sequence', 'd.attempts'])
      .having((eb) => eb(eb.fn.max('o.sequence'), '>', eb.fn.coalesce('d.sequence', eb.lit(0))))
      .select(['o.did as did', 'd.attempts as attempts'])
      .orderBy((eb) => eb.fn.coalesce('d.attempts', eb.lit(0)))
      .orderBy((eb) => eb.fn.min('o.time'));
  }

  async #pendingCount(gatekeeper: string): Promise<number> {
    return (await this.#behind(gatekeeper).execute()).length;
  }

  async #failures(gatekeeper: string) {
    return this.#parts.store.reader
      .selectFrom('archon_deliveries')
      .select(['did', 'attempts', 'reason'])
      .where('gatekeeper', '=', gatekeeper)
      .where('attempts', '>', 0)
      .limit(DELIVERIES_PER_RUN)
      .execute();
  }
}
