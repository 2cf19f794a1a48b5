import {
  bodyOf,
  HELD_SHARES_MAX,
  HELD_SHARES_PER_OWNER_MAX,
  REQUESTS_PER_OWNER_MAX,
  type SignedStatement,
  shareJson,
  statementJson,
} from '@cl-hive/archon';
import { type JsonObject, nodeId, parseJson, stringifyJson } from '@cl-hive/core';
import {
  bytesOf,
  decodeCancel,
  decodeHandOver,
  decodeRequest,
  refuse,
  type ShareOfficeParts,
  shareOf,
} from './share-parts.ts';
import type { VaultTables } from './vault-tables.ts';

/** Shares that this node keeps for others: taken, and given back to whom they belong to. */
export class ShareKeeper {
  readonly #parts: ShareOfficeParts;

  constructor(parts: ShareOfficeParts) {
    this.#parts = parts;
  }

  /** As a holder: does not give the share back for this request. */
  async refuseRequest(id: string): Promise<JsonObject> {
    await this.#move(id, 'refused');
    return { request: id, refused: true };
  }

  /** Gives shares back whose delay has passed. */
  async releaseDue(height: number): Promise<void> {
    const { store } = this.#parts;
    const waiting = await store.reader
      .selectFrom('archon_share_requests')
      .selectAll()
      .where('state', '=', 'waiting')
      .execute();
    for (const request of waiting) {
      await this.#release(request, height);
    }
  }

  /** A share to keep. */
  async take(statement: SignedStatement | undefined): Promise<JsonObject> {
    const { store, self, keys, neighbours, clock, log } = this.#parts;
    const body = bodyOf(statement, decodeHandOver);
    if (
      statement === undefined ||
      body?.to !== self ||
      !(await neighbours.knows(statement.signer))
    ) {
      refuse('share_stranger', 'the share is of a stranger, or for another node', 'open a channel');
    }
    const { share } = body;
    const owner = statement.signer;
    const sealed = await keys.seal(bytesOf(share));
    const row = {
      set_id: share.set,
      owner,
      idx: share.index,
      delay_blocks: body.delay_blocks,
      holders: stringifyJson(body.holders),
      sealed,
      at_ms: clock.now(),
    };
    const held = await store.transact(async (tx) => {
      const all = await tx
        .selectFrom('archon_held_shares')
        .select(['set_id', 'owner', 'at_ms'])
        .execute();
      if (all.some(({ set_id }) => set_id === share.set)) {
        return true;
      }
      const own = all.filter((one) => one.owner === owner).sort((a, b) => a.at_ms - b.at_ms);
      if (all.length >= HELD_SHARES_MAX) {
        return false;
      }
      for (const { set_id } of own.slice(
        0,
        Math.max(0, own.length + 1 - HELD_SHARES_PER_OWNER_MAX),
      )) {
        await tx.deleteFrom('archon_held_shares').where('set_id', '=', set_id).execute();
      }
      await tx.insertInto('archon_held_shares').values(row).execute();
      return true;
    });
    log.info(
      `a share of the vault key of ${owner} is ${held ? 'kept' : 'refused: too many are kept'}`,
    );
    const answer = { set: share.set, index: share.index, held: held ? 1 : 0 };
    await this.#say(owner, 'share-answer', { type: 'cl-hive-share-answer', ...answer });
    return { held };
  }

  /** An owner asks for its share. */
  async takeRequest(statement: SignedStatement | undefined): Promise<JsonObject> {
    const { store, send, log, height } = this.#parts;
    const body = bodyOf(statement, decodeRequest);
    const held = statement && (await this.#heldFor(statement.signer));
    if (statement === undefined || body === undefined || held === undefined) {
      refuse('share_unasked', 'nothing is kept for whoever signed the request', 'ask the holders');
    }
    const now = await height();
    const fresh = await store.transact(async (tx) => {
      const known = await tx
        .selectFrom('archon_share_requests')
        .select('id')
        .where('owner', '=', statement.signer)
        .execute();
      if (known.some(({ id }) => id === body.id)) {
        return false;
      }
      if (known.length >= REQUESTS_PER_OWNER_MAX) {
        await tx
          .deleteFrom('archon_share_requests')
          .where('owner', '=', statement.signer)
          .where('state', '!=', 'waiting')
          .execute();
      }
      const row = { id: body.id, owner: statement.signer, height: now };
      const words = stringifyJson(statementJson(statement));
      await tx
        .insertInto('archon_share_requests')
        .values({ ...row, statement: words, state: 'waiting' })
        .execute();
      return true;
    });
    if (fresh) {
      const at = now + held.delay_blocks;
      const how = `hive-archon-rotate-shares action=refuse request=${body.id}`;
      log.warn(
        `${statement.signer} asks for its share of its vault key: it gets it at block ${at} unless you refuse (${how})`,
      );
      // Every holder learns of it, whomever the request was sent to.
      for (const holder of parseJson(held.holders) as string[]) {
        if (holder !== this.#parts.self) {
          await send(nodeId(holder), 'share-request', statementJson(statement));
        }
      }
      await this.releaseDue(now);
    }
    return { noted: true };
  }

  /** An owner takes its request back. */
  async takeCancel(statement: SignedStatement | undefined): Promise<JsonObject> {
    const body = bodyOf(statement, decodeCancel);
    if (statement === undefined || body === undefined) {
      refuse('share_stranger', 'the cancellation is signed by nobody', 'send it again');
    }
    const { store, send, self, log } = this.#parts;
    const changed = await store.transact(async (tx) => {
      const { numUpdatedRows } = await tx
        .updateTable('archon_share_requests')
        .set({ state: 'cancelled' })
        .where('id', '=', body.id)
        .where('owner', '=', statement.signer)
        .where('state', '=', 'waiting')
        .executeTakeFirst();
      return numUpdatedRows > 0n;
    });
    if (changed) {
      log.warn(`${statement.signer} took its request for its share back`);
      const held = await this.#heldFor(statement.signer);
      for (const holder of held === undefined ? [] : (parseJson(held.holders) as string[])) {
        if (holder !== self) {
          await send(nodeId(holder), 'share-cancel', statementJson(statement));
        }
      }
    }
    return { cancelled: changed };
  }

  async #release(request: VaultTables['archon_share_requests'], height: number): Promise<void> {
    const { keys, log } = this.#parts;
    const held = await this.#heldFor(request.owner);
    if (held === undefined || height < request.height + held.delay_blocks) {
      return;
    }
    const to = nodeId(request.owner);
    const share = shareJson(shareOf(await keys.open(held.sealed)));
    const body = { type: 'cl-hive-share-release', id: request.id, to, share };
    if (await this.#say(to, 'share-release', body)) {
      await this.#move(request.id, 'released');
      log.warn(`the share of the vault key of ${to} was given back to it`);
    }
  }

  async #move(id: string, state: 'refused' | 'released'): Promise<void> {
    await this.#parts.store.transact(async (tx) => {
      const { numUpdatedRows } = await tx
        .updateTable('archon_share_requests')
        .set({ state })
        .where('id', '=', id)
        .where('state', '=', 'waiting')
        .executeTakeFirst();
      if (numUpdatedRows === 0n) {
        refuse('share_request_unknown', 'no such request waits', 'look at action=status');
      }
    });
  }

  /** The newest share that is kept for an owner. */
  async #heldFor(owner: string): Promise<VaultTables['archon_held_shares'] | undefined> {
    return this.#parts.store.reader
      .selectFrom('archon_held_shares')
      .selectAll()
      .where('owner', '=', owner)
      .orderBy('at_ms', 'desc')
      .limit(1)
      .executeTakeFirst();
  }

  async #say(
    to: string,
    kind: 'share-answer' | 'share-release',
    body: JsonObject,
  ): Promise<boolean> {
    const { sign, send } = this.#parts;
    const { sent } = await send(
      nodeId(to),
      kind,
      statementJson(await sign(kind, body)),
      'sensitive',
    );
    return sent;
  }
}
