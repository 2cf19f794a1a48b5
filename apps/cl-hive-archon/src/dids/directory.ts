import {
  type Chain,
  compareChains,
  controllersOf,
  type Did,
  type DidEvent,
  newest,
  verifyChain,
} from '@cl-hive/archon';
import { type Clock, describeError } from '@cl-hive/core';
import type { Store } from '@cl-hive/store';
import { ASK_AGAIN_MS, ASKED_MAX, FOREIGN_OPERATIONS_MAX } from '../limits.ts';
import type { ArchonDatabase } from '../store/database.ts';
import type { DidStore } from './did-store.ts';
import type { Gatekeeper, Gatekeepers } from './gatekeepers.ts';

/** A DID's verified chain, where it came from and how old that is. */
export interface Resolved {
  readonly chain: Chain;
  readonly source: 'own' | 'gatekeeper' | 'peer' | 'store';
  /** Since somebody who would know of a newer version was asked, ms; undefined when nobody was. */
  readonly ageMs: number | undefined;
}

/** What became of operations that somebody served. */
export type Learned =
  | { readonly kind: 'learned'; readonly chain: Chain }
  | { readonly kind: 'behind' }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'full' };

/** What a {@link Directory} works with. */
export interface DirectoryParts {
  readonly store: Store<ArchonDatabase>;
  readonly dids: DidStore;
  readonly gatekeepers: Gatekeepers;
  readonly clock: Pick<Clock, 'monotonic'>;
  /** Asks the node of `owner`, a known contact, for the operations of one of its DIDs. */
  readonly askOwner: (did: Did, owner: Did) => Promise<readonly DidEvent[] | undefined>;
}

/**
 * Finds the chain of any DID: the node's own and what it has seen in its tables, others with the
 * Gatekeepers. Nothing that is served is believed: chains are verified and held against what is known.
 */
export class Directory {
  readonly #parts: DirectoryParts;
  /** Questions that are under way, so that many who wait for the same make one. */
  readonly #asking = new Map<Did, Promise<void>>();
  readonly #failed = new Map<Did, number>();
  readonly #asked = new Map<Did, { readonly at: number; readonly source: 'gatekeeper' | 'peer' }>();

  constructor(parts: DirectoryParts) {
    this.#parts = parts;
  }

  /**
   * Resolves a DID; somebody is asked when the last answer is older than `maxAgeMs`: the Gatekeepers in
   * their order, then the node of `owner` (who controls an asset; an agent controls itself).
   */
  async resolve(did: Did, maxAgeMs: number, owner: Did = did): Promise<Resolved | undefined> {
    const { dids } = this.#parts;
    if (await dids.isOwn(did)) {
      const chain = await dids.chain(did);
      return chain && { chain, source: 'own', ageMs: 0 };
    }
    const known = await this.#known(did);
    if (known?.ageMs !== undefined && known.ageMs <= maxAgeMs) {
      return known;
    }
    const failedAt = this.#failed.get(did);
    if (failedAt === undefined || this.#parts.clock.monotonic() - failedAt >= ASK_AGAIN_MS) {
      const asking = this.#asking.get(did) ?? this.#begin(did, owner);
      await asking;
    }
    return this.#known(did);
  }

  /** What is known without asking anybody. */
  async known(did: Did): Promise<Resolved | undefined> {
    return (await this.#parts.dids.isOwn(did)) ? this.resolve(did, 0) : this.#known(did);
  }

  #begin(did: Did, owner: Did): Promise<void> {
    const asking = this.#askAll(did, owner).finally(() => this.#asking.delete(did));
    this.#asking.set(did, asking);
    return asking;
  }

  async #askAll(did: Did, owner: Did): Promise<void> {
    for (const gatekeeper of this.#parts.gatekeepers.available()) {
      if (await this.#askFor(did, gatekeeper)) {
        return;
      }
    }
    const events = await this.#parts.askOwner(did, owner);
    const learned = events && (await this.learn(did, events, 'peer'));
    if (learned?.kind !== 'learned') {
      remember(this.#failed, did, this.#parts.clock.monotonic());
    }
  }

  /**
   * Takes operations of a DID that somebody served, after verifying them. Its controllers must be known.
   * A chain that contradicts the known one is refused: the first that was seen stands.
   */
  async learn(
    did: Did,
    events: readonly DidEvent[],
    source: 'gatekeeper' | 'peer',
  ): Promise<Learned> {
    const { store, dids } = this.#parts;
    if (await dids.isOwn(did)) {
      return { kind: 'refused', reason: 'it is a DID of this node' };
    }
    const controllers = new Map<Did, Chain>();
    for (const controller of controllersOf(events)) {
      const chain = await dids.chain(controller);
      if (chain !== undefined) {
        controllers.set(controller, chain);
      }
    }
    const served = verifyChain(did, events, (wanted) => controllers.get(wanted));
    if (!served.ok) {
      const { sequence, message } = served.error;
      return { kind: 'refused', reason: `operation ${sequence} of ${did}: ${message}` };
    }
    const known = await dids.chain(did);
    const comparison = known === undefined ? undefined : compareChains(known, served.value);
    if (comparison?.kind === 'forked') {
      const reason = `operation ${comparison.sequence} of ${did} is not the one that was known`;
      return { kind: 'refused', reason };
    }
    if (comparison?.kind === 'behind') {
      return { kind: 'behind' };
    }
    const fresh = events.slice(known === undefined ? 0 : newest(known).sequence);
    if (fresh.length > 0 && (await this.#foreignCount()) + fresh.length > FOREIGN_OPERATIONS_MAX) {
      return { kind: 'full' };
    }
    const chain = await store.transact(async (tx) => {
      for (const event of fresh) {
        await dids.add(tx, event, false);
      }
      if (known !== undefined && !sameClaims(known.events, events)) {
        await dids.confirm(tx, served.value);
      }
      return served.value;
    });
    this.#noteAsked(did, source);
    return { kind: 'learned', chain };
  }

  async #known(did: Did): Promise<Resolved | undefined> {
    const chain = await this.#parts.dids.chain(did);
    const asked = this.#asked.get(did);
    if (chain === undefined) {
      return undefined;
    }
    return asked === undefined
      ? { chain, source: 'store', ageMs: undefined }
      : { chain, source: asked.source, ageMs: this.#parts.clock.monotonic() - asked.at };
  }

  /** Asks one Gatekeeper; whether it settled the question. */
  async #askFor(did: Did, gatekeeper: Gatekeeper): Promise<boolean> {
    const { gatekeepers, dids } = this.#parts;
    const answer = await gatekeepers.ask(gatekeeper, (client) => client.events(did));
    if (!answer.ok) {
      return false;
    }
    if (answer.value.length === 0) {
      return false;
    }
    for (const controller of controllersOf(answer.value)) {
      if (controller !== did && (await dids.chain(controller)) === undefined) {
        const events = await gatekeepers.ask(gatekeeper, (client) => client.events(controller));
        // Agents only: a controller that is itself controlled leads nowhere (see the chain's rules).
        if (events.ok && controllersOf(events.value).length === 0) {
          await this.#take(controller, events.value, gatekeeper);
        }
      }
    }
    return this.#take(did, answer.value, gatekeeper);
  }

  async #take(did: Did, events: readonly DidEvent[], gatekeeper: Gatekeeper): Promise<boolean> {
    if (events.length === 0) {
      return false;
    }
    try {
      const learned = await this.learn(did, events, 'gatekeeper');
      if (learned.kind === 'refused') {
        this.#parts.gatekeepers.lied(gatekeeper.name, learned.reason);
      }
      return learned.kind === 'learned';
    } catch (error) {
      this.#parts.gatekeepers.lied(gatekeeper.name, describeError(error));
      return false;
    }
  }

  async #foreignCount(): Promise<number> {
    const { reader } = this.#parts.store;
    const row = await reader
      .selectFrom('archon_operations')
      .select(reader.fn.countAll<number>().as('count'))
      .where('own', '=', 0)
      .executeTakeFirstOrThrow();
    return row.count;
  }

  #noteAsked(did: Did, source: 'gatekeeper' | 'peer'): void {
    this.#failed.delete(did);
    remember(this.#asked, did, { at: this.#parts.clock.monotonic(), source });
  }
}

/** Notes something about a DID; the one that was noted first makes room. */
function remember<T>(notes: Map<Did, T>, did: Did, note: T): void {
  notes.delete(did);
  notes.set(did, note);
  const [oldest] = notes.keys();
  if (notes.size > ASKED_MAX && oldest !== undefined) {
    notes.delete(oldest);
  }
}

/** Whether both tell the same registry and time of the operations that both have. */
function sameClaims(known: readonly DidEvent[], served: readonly DidEvent[]): boolean {
  return known.every(
    ({ registry, time }, at) => served[at]?.registry === registry && served[at].time === time,
  );
}
