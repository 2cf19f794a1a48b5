import { describeError, type Msat } from '@cl-hive/core';
import { Courier } from './courier.ts';
import { CASHU_LIMITS } from './limits.ts';
import type { ProofState } from './mint-client.ts';
import { MintDesk } from './mint-desk.ts';
import { listKeysets } from './mint-rows.ts';
import type { Operation } from './operation.ts';
import {
  findOperation,
  listOperations,
  type OperationSummary,
  operationKeys,
} from './operation-rows.ts';
import { isProven } from './outputs.ts';
import { breathe, type CashuParts } from './parts.ts';
import { Preparer } from './prepare.ts';
import { type CashuProof, pointOf } from './proof.ts';
import { dropProofs, type HoldState, holdings, listProofs } from './proof-rows.ts';
import { type CashuToken, readToken, writeToken } from './token.ts';

/** What the wallet has of one mint, in msat. */
export type MintHolding = Readonly<Record<HoldState, Msat>> & { readonly mint: string };

/** The wallet: what is prepared survives a kill, what was asked is never asked anew. */
export class CashuWallet {
  readonly mints: MintDesk;
  readonly prepare: Preparer;
  readonly #parts: CashuParts;
  readonly #courier: Courier;

  constructor(parts: CashuParts) {
    this.#parts = parts;
    this.mints = new MintDesk(parts);
    this.prepare = new Preparer(parts, this.mints);
    this.#courier = new Courier(parts, this.mints, this.prepare);
  }

  /** Does what was prepared, or finds out what became of it; see {@link Courier.run}. */
  run(key: string): Promise<Operation> {
    return this.#courier.run(key);
  }

  /** Gives up what was prepared and never run; what it held is free. Anything else stays as it is. */
  cancel(key: string): Promise<void> {
    return this.#courier.cancel(key, 'it was given up before the mint was asked');
  }

  /** Stops waiting for a mint's invoice that surely is not paid; paid all the same, `run` finds it. */
  giveUp(key: string): Promise<void> {
    return this.#courier.giveUp(key, 'its invoice was not paid');
  }

  /** Gives up all that a stop left prepared. To be called at a start, once nothing else will run it. */
  async cancelPrepared(): Promise<void> {
    for (const key of await operationKeys(this.#parts.store.reader, 'prepared')) {
      await this.cancel(key);
    }
  }

  /** An operation by its key. */
  find(key: string): Promise<Operation | undefined> {
    return findOperation(this.#parts.store.reader, key, this.#parts.sealer);
  }

  /** The newest operations, without what spends. */
  operations(limit: number = CASHU_LIMITS.shown): Promise<readonly OperationSummary[]> {
    return listOperations(this.#parts.store.reader, limit);
  }

  /** The token that a send made; undefined unless it is done. */
  tokenOf({ kind, state, mint, sent }: Operation): string | undefined {
    return kind === 'send' && state === 'done' ? writeToken({ mint, proofs: sent }) : undefined;
  }

  /** Reads a token of a mint that is known here or not. Throws `token_malformed`, `token_unusable`. */
  async read(text: string): Promise<CashuToken> {
    const known = await listKeysets(this.#parts.store.reader);
    return readToken(
      text,
      known.map(({ id }) => id),
    );
  }

  /** What a listed mint says of proofs, whoever has them (NUT-07). Throws what its requests throw. */
  async statesOf(mint: string, proofs: readonly CashuProof[]): Promise<readonly ProofState[]> {
    const client = this.mints.client(await this.mints.listed(mint));
    return client.states(proofs.map(({ secret }) => pointOf(secret)));
  }

  /** Whether every proof shows that the mint signed it (NUT-12). Throws what its requests throw. */
  async areProven(mint: string, proofs: readonly CashuProof[]): Promise<boolean> {
    const listed = await this.mints.listed(mint);
    await this.mints.refresh(listed);
    const keysets = await this.mints.keysets(listed.url);
    for (const proof of proofs) {
      const keyset = keysets.get(proof.keyset);
      if (keyset === undefined || !isProven(proof, keyset)) {
        return false;
      }
      await breathe();
    }
    return true;
  }

  /** What the wallet has, by mint. */
  async balance(): Promise<readonly MintHolding[]> {
    const none = 0n as Msat;
    const all = new Map<string, MintHolding>();
    for (const { mint, state, msat } of await holdings(this.#parts.store.reader)) {
      const before = all.get(mint) ?? { mint, unspent: none, held: none, sent: none };
      all.set(mint, { ...before, [state]: msat });
    }
    return [...all.values()];
  }

  /**
   * Finds out about everything that is open, and which tokens were redeemed. One that fails does not
   * keep the others; gives how many are still open.
   */
  async reconcile(): Promise<number> {
    const { store, trouble } = this.#parts;
    let open = 0;
    for (const mint of new Set((await this.mints.list()).map(({ url }) => url))) {
      this.#courier.silent.delete(mint);
      for (const key of await operationKeys(store.reader, 'open', mint)) {
        // A mint that does not answer costs one deadline a round, not one for each operation.
        if (this.#courier.silent.has(mint)) {
          open += 1;
          continue;
        }
        try {
          open += (await this.run(key)).state === 'open' ? 1 : 0;
        } catch (error) {
          open += 1;
          trouble(`an operation could not be looked after: ${describeError(error)}`);
        }
      }
    }
    await this.#forgetRedeemed();
    return open;
  }

  async #forgetRedeemed(): Promise<void> {
    const { store } = this.#parts;
    for (const mint of await this.mints.list()) {
      const given = await listProofs(store.reader, { mint: mint.url, state: 'sent' });
      const points = given.map(({ point }) => point);
      try {
        const states = points.length === 0 ? [] : await this.mints.client(mint).states(points);
        const gone = points.filter((_point, index) => states[index] === 'SPENT');
        await store.transact((tx) => dropProofs(tx, gone));
      } catch {
        // The mint is silent: the next time will do, what was given is not counted as ours anyway.
      }
    }
  }
}
