import { randomBytes } from 'node:crypto';
import {
  bodyOf,
  combineShares,
  describeShares,
  publicKeyOf,
  type Share,
  type SignedStatement,
  shareJson,
  splitKey,
  statementJson,
} from '@cl-hive/archon';
import {
  bytesToHex,
  hexToBytes,
  type JsonObject,
  type NodeId,
  nodeId,
  parseJson,
  stringifyJson,
} from '@cl-hive/core';
import {
  bytesOf,
  decodeAnswer,
  decodeRelease,
  refuse,
  type ShareOfficeParts,
  shareOf,
} from './share-parts.ts';

/**
 * This node's shared key among holders: its secret is split once and then forgotten. A request under this
 * node's own key brings the shares back, after a delay in which every holder knows, any holder refuses and
 * this node cancels.
 */
export class ShareOwner {
  readonly #parts: ShareOfficeParts;

  constructor(parts: ShareOfficeParts) {
    this.#parts = parts;
  }

  /** The public key that archives are encrypted to besides; undefined before all holders have their shares. */
  async sharedKey(): Promise<Uint8Array | undefined> {
    const active = await this.#set('active');
    return active === undefined ? undefined : hexToBytes(active.public_key);
  }

  /** The shared key's secret out of the shares that came back. Throws `shares_missing` and its like. */
  async sharedSecret(): Promise<Uint8Array> {
    const all = await this.#returned();
    const sets = [...new Set(all.map(({ set }) => set))].map((set) =>
      all.filter((one) => one.set === set),
    );
    // A holder that gives something else back must not keep the others' shares from being enough.
    const enough = sets.find((shares) => shares.length >= (shares[0]?.threshold ?? 0));
    return combineShares(enough ?? all);
  }

  /**
   * Shares a new key among holders; it takes the place of the one before once all have their shares.
   * Throws `shares_threshold`, `holders_invalid`.
   */
  async rotate(
    holders: readonly NodeId[],
    threshold: number,
    delayBlocks: number,
  ): Promise<JsonObject> {
    const { store, self, clock, keys } = this.#parts;
    if (new Set(holders).size !== holders.length || holders.includes(self)) {
      refuse(
        'holders_invalid',
        'a holder is named twice, or is this node',
        'name other nodes, each once',
      );
    }
    const secret = randomBytes(32);
    const shares = await splitKey(secret, threshold, holders.length);
    const public_key = bytesToHex(publicKeyOf(secret));
    secret.fill(0);
    const set_id = shares[0]?.set ?? '';
    const rows = await Promise.all(
      shares.map(async (share, at) => ({
        set_id,
        idx: share.index,
        holder: holders[at] ?? '',
        state: 'pending' as const,
        sealed: await keys.seal(bytesOf(share)),
      })),
    );
    await store.transact(async (tx) => {
      await tx
        .updateTable('archon_share_sets')
        .set({ state: 'cancelled' })
        .where('state', '=', 'spreading')
        .execute();
      const at_ms = clock.now();
      const row = { set_id, public_key, threshold, delay_blocks: delayBlocks, at_ms };
      await tx
        .insertInto('archon_share_sets')
        .values({ ...row, state: 'spreading' })
        .execute();
      await tx.insertInto('archon_share_holders').values(rows).execute();
    });
    await this.spread();
    return this.view();
  }

  /** Sends the shares that holders do not have yet; safe to repeat. */
  async spread(): Promise<void> {
    const { keys, sign, send } = this.#parts;
    const set = await this.#set('spreading');
    if (set === undefined) {
      return;
    }
    const rows = await this.#holders(set.set_id);
    const holders = rows.map(({ holder }) => holder);
    for (const row of rows.filter(({ state }) => state === 'pending')) {
      if (row.sealed !== null) {
        const share = shareJson(shareOf(await keys.open(row.sealed)));
        const to = nodeId(row.holder);
        const { delay_blocks } = set;
        const body = { type: 'cl-hive-share', to, delay_blocks, holders, share };
        const statement = statementJson(await sign('share', body));
        await send(to, 'share', statement, 'sensitive');
      }
    }
  }

  /** Asks holders for their shares, under this node's key. */
  async request(holders: readonly NodeId[]): Promise<JsonObject> {
    const { store, sign, send, clock } = this.#parts;
    const id = bytesToHex(randomBytes(16));
    const statement = statementJson(
      await sign('share-request', { type: 'cl-hive-share-request', id }),
    );
    await store.transact(async (tx) => {
      const row = { id, statement: stringifyJson(statement), holders: stringifyJson(holders) };
      const at_ms = clock.now();
      await tx
        .insertInto('archon_own_requests')
        .values({ ...row, state: 'open', at_ms })
        .execute();
    });
    const asked = [];
    for (const holder of holders) {
      asked.push({ holder, ...(await send(holder, 'share-request', statement)) });
    }
    return { request: id, asked };
  }

  /** Takes this node's request back, at every holder. */
  async cancel(id: string): Promise<JsonObject> {
    const { store, sign, send } = this.#parts;
    const own = await store.reader
      .selectFrom('archon_own_requests')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst();
    const statement = statementJson(
      await sign('share-cancel', { type: 'cl-hive-share-cancel', id }),
    );
    await store.transact(async (tx) => {
      await tx
        .updateTable('archon_own_requests')
        .set({ state: 'cancelled' })
        .where('id', '=', id)
        .execute();
    });
    const active = await this.#set('active');
    const named = own === undefined ? [] : (parseJson(own.holders) as string[]);
    const known =
      active === undefined ? [] : (await this.#holders(active.set_id)).map((one) => one.holder);
    for (const holder of new Set([...named, ...known])) {
      await send(nodeId(holder), 'share-cancel', statement);
    }
    return { request: id, cancelled: true };
  }

  /** Sharings, requests, and what is kept for others; never a share. */
  async view(): Promise<JsonObject> {
    const { reader } = this.#parts.store;
    const sets = await reader
      .selectFrom('archon_share_sets')
      .selectAll()
      .orderBy('at_ms', 'desc')
      .limit(5)
      .execute();
    const sharings = [];
    for (const set of sets) {
      const holders = await this.#holders(set.set_id);
      sharings.push({ ...set, holders: holders.map(({ holder, state }) => ({ holder, state })) });
    }
    const held = await reader
      .selectFrom('archon_held_shares')
      .select(['set_id', 'owner', 'delay_blocks'])
      .execute();
    const requests = await reader
      .selectFrom('archon_share_requests')
      .select(['id', 'owner', 'height', 'state'])
      .execute();
    const own = await reader.selectFrom('archon_own_requests').select(['id', 'state']).execute();
    return {
      sharings,
      held_for_others: held.map((row) => ({ ...row })),
      requests_of_others: requests.map((row) => ({ ...row })),
      own_requests: own.map((row) => ({ ...row })),
      returned: describeShares(await this.#returned()),
    };
  }

  /** A holder has its share, or does not take it. */
  async takeAnswer(statement: SignedStatement | undefined): Promise<JsonObject> {
    const { store, log } = this.#parts;
    const body = bodyOf(statement, decodeAnswer);
    if (statement === undefined || body === undefined) {
      refuse('share_stranger', 'the answer is signed by nobody', 'send it again');
    }
    const done = await store.transact(async (tx) => {
      const state = body.held === 1 ? ('held' as const) : ('refused' as const);
      await tx
        .updateTable('archon_share_holders')
        .set(body.held === 1 ? { state, sealed: null } : { state })
        .where('set_id', '=', body.set)
        .where('idx', '=', body.index)
        .where('holder', '=', statement.signer)
        .execute();
      const left = await tx
        .selectFrom('archon_share_holders')
        .select('idx')
        .where('set_id', '=', body.set)
        .where('state', '!=', 'held')
        .execute();
      const set = await tx
        .selectFrom('archon_share_sets')
        .select('state')
        .where('set_id', '=', body.set)
        .executeTakeFirst();
      if (left.length > 0 || set?.state !== 'spreading') {
        return false;
      }
      // All holders have theirs: archives are encrypted to the new key from now on.
      await tx
        .updateTable('archon_share_sets')
        .set({ state: 'retired' })
        .where('state', '=', 'active')
        .execute();
      await tx
        .updateTable('archon_share_sets')
        .set({ state: 'active' })
        .where('set_id', '=', body.set)
        .execute();
      return true;
    });
    if (done) {
      log.info('every holder has its share of the vault key');
    }
    return {};
  }

  /** A holder gives its share back. */
  async takeRelease(statement: SignedStatement | undefined): Promise<JsonObject> {
    const { store, self, keys, log } = this.#parts;
    const body = bodyOf(statement, decodeRelease);
    const asked =
      body === undefined
        ? undefined
        : await store.reader
            .selectFrom('archon_own_requests')
            .select('id')
            .where('id', '=', body.id)
            .where('state', '=', 'open')
            .executeTakeFirst();
    if (statement === undefined || body?.to !== self || asked === undefined) {
      refuse('share_unasked', 'nobody here asked for this share', 'ask first');
    }
    const { set, index } = body.share;
    const row = { set_id: set, idx: index, holder: statement.signer };
    const sealed = await keys.seal(bytesOf(body.share));
    await store.transact(async (tx) => {
      await tx
        .deleteFrom('archon_returned_shares')
        .where('set_id', '=', set)
        .where('idx', '=', index)
        .execute();
      await tx
        .insertInto('archon_returned_shares')
        .values({ ...row, sealed })
        .execute();
    });
    log.info(`${statement.signer} gave a share of the vault key back`);
    return {};
  }

  async #returned(): Promise<readonly Share[]> {
    const rows = await this.#parts.store.reader
      .selectFrom('archon_returned_shares')
      .selectAll()
      .execute();
    return Promise.all(
      rows.map(async ({ sealed }) => shareOf(await this.#parts.keys.open(sealed))),
    );
  }

  async #set(state: 'spreading' | 'active') {
    return this.#parts.store.reader
      .selectFrom('archon_share_sets')
      .selectAll()
      .where('state', '=', state)
      .executeTakeFirst();
  }

  async #holders(set: string) {
    return this.#parts.store.reader
      .selectFrom('archon_share_holders')
      .selectAll()
      .where('set_id', '=', set)
      .orderBy('idx')
      .execute();
  }
}
