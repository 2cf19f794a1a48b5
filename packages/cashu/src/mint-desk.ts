import { isCodedError, type Msat } from '@cl-hive/core';
import { cashuError } from './errors.ts';
import { checkKeyset, chooseKeyset, type Keyset } from './keyset.ts';
import { CASHU_LIMITS } from './limits.ts';
import type { Lock } from './lock.ts';
import { MintClient } from './mint-client.ts';
import { type MintAddress, readMintUrl } from './mint-link.ts';
import {
  dropMint,
  type KeysetRecord,
  listKeysets,
  listMints,
  type MintRecord,
  markScanned,
  putKeyset,
  putMint,
  quarantineMint,
  raiseCounter,
} from './mint-rows.ts';
import { operationKeys } from './operation-rows.ts';
import { blindedMessage, seededOutputs, unblind } from './outputs.ts';
import { breathe, type CashuParts } from './parts.ts';
import { type CashuProof, pointOf, worthOf } from './proof.ts';
import { addProofs, holdings, knownPoints } from './proof-rows.ts';

/** NUTs without which a lost answer, or a dishonest one, could not be told: states, restore, DLEQ. */
const NEEDED = [4, 5, 7, 8, 9, 12];
const NONE = 0n as Msat;

/** What a look through a mint found. */
export interface Restored {
  readonly proofs: number;
  readonly foundMsat: Msat;
  /** Proofs in melts that are under way: they may come back. */
  readonly pending: number;
}

/** The mints of the operator's list, and their keysets. */
export class MintDesk {
  readonly #parts: CashuParts;

  constructor(parts: CashuParts) {
    this.#parts = parts;
  }

  client(address: MintAddress): MintClient {
    return new MintClient(address, this.#parts.link);
  }

  list(): Promise<readonly MintRecord[]> {
    return listMints(this.#parts.store.reader);
  }

  /** A mint of the list. Throws `mint_unlisted`. */
  async listed(url: string): Promise<MintRecord> {
    const mint = (await this.list()).find((one) => one.url === url.replace(/\/+$/, ''));
    if (mint === undefined) {
      throw cashuError(
        'mint_unlisted',
        'the mint is not one of yours',
        'hive-client-mints action=add lists it, if you trust it with the amount',
      );
    }
    return mint;
  }

  /** A mint with which something new may begin. Throws `mint_unlisted`, `mint_quarantined`. */
  async usable(url: string): Promise<MintRecord> {
    const mint = await this.listed(url);
    if (mint.quarantine !== undefined) {
      throw cashuError(
        'mint_quarantined',
        `nothing new is begun with this mint: ${mint.quarantine}`,
        'melt what it holds, remove it, and list another',
      );
    }
    return mint;
  }

  /**
   * Lists a mint, and looks for proofs that an earlier database of this node had of it. Throws
   * `mint_url`, `mint_listed`, `mint_unfit`, `keyset_unusable`, and what its requests throw.
   */
  async add(text: string, isPrivate: boolean): Promise<Restored> {
    const address = readMintUrl(text, isPrivate);
    const mints = await this.list();
    if (mints.some(({ url }) => url === address.url)) {
      throw cashuError('mint_listed', 'the mint is listed already', 'see hive-client-mints');
    }
    if (mints.length >= CASHU_LIMITS.mints) {
      throw cashuError(
        'mint_listed',
        `${CASHU_LIMITS.mints} mints are listed, the most there can be`,
        'remove one that holds nothing',
      );
    }
    const { nuts, name } = await this.client(address).info();
    const missing = NEEDED.filter((nut) => !nuts.has(nut));
    if (missing.length > 0) {
      throw cashuError(
        'mint_unfit',
        `the mint does not offer NUT ${missing.join(', ')}`,
        'use a mint that does: without them money could be lost unseen',
      );
    }
    const mint = { ...address, quarantine: undefined, nuts, name, atMs: this.#parts.clock.now() };
    await this.#parts.store.transact((tx) => putMint(tx, mint));
    return this.refresh(mint);
  }

  /** Takes a mint off the list. Throws `mint_unlisted`, `mint_holds`. */
  async remove(url: string): Promise<void> {
    const mint = await this.listed(url);
    const { reader } = this.#parts.store;
    const held = (await holdings(reader)).filter((one) => one.mint === mint.url);
    const open = [
      ...(await operationKeys(reader, 'open', mint.url)),
      ...(await operationKeys(reader, 'prepared', mint.url)),
    ];
    if (held.some(({ msat }) => msat > 0n) || open.length > 0) {
      throw cashuError(
        'mint_holds',
        `the mint still holds ${worthOf(held.map(({ msat }) => ({ amountMsat: msat })))} msat or has ${open.length} open operations`,
        'melt or send what it holds, and wait for what is open',
      );
    }
    await this.#parts.store.transact((tx) => dropMint(tx, mint.url));
  }

  /** Begins nothing new with a mint any more, and says so. */
  async quarantine(url: string, why: string): Promise<void> {
    await this.#parts.store.transact((tx) => quarantineMint(tx, url, why));
    this.#parts.trouble(`${url}: ${why}`);
  }

  /** The keysets of a mint as they are stored, by id. */
  async keysets(url: string): Promise<ReadonlyMap<string, KeysetRecord>> {
    const all = await listKeysets(this.#parts.store.reader, url);
    return new Map(all.map((one) => [one.id, one]));
  }

  /** Asks a mint for its keysets, and looks through those that are new or were restored. */
  async refresh(mint: MintAddress): Promise<Restored> {
    const { store, generation } = this.#parts;
    const client = this.client(mint);
    const told = (await client.keysets()).filter(({ unit }) => unit === 'sat');
    const all = new Map((await listKeysets(store.reader)).map((one) => [one.id, one]));
    const fresh: Keyset[] = [];
    for (const one of told) {
      const known = all.get(one.id);
      if (known !== undefined && known.mint !== mint.url) {
        throw cashuError(
          'keyset_unusable',
          `the keyset ${one.id} is that of ${known.mint}`,
          'two mints with one key cannot be told apart: use one of them',
        );
      }
      const keyset = { ...one, keys: known?.keys ?? (await client.keys(one.id)) };
      checkKeyset(keyset);
      fresh.push(keyset);
    }
    await store.transact(async (tx) => {
      for (const keyset of fresh) {
        await putKeyset(tx, mint.url, keyset);
      }
    });
    let sum: Restored = { proofs: 0, foundMsat: NONE, pending: 0 };
    for (const keyset of (await this.keysets(mint.url)).values()) {
      if (keyset.scanned !== generation) {
        sum = addUp(sum, await this.scan(mint, keyset, keyset.counter));
      }
    }
    return sum;
  }

  /** Looks for proofs of a keyset from a counter on, and moves its counter past all that are signed. */
  async scan(mint: MintAddress, keyset: KeysetRecord, from: number): Promise<Restored> {
    const { store, seed, sealer, generation, gap = CASHU_LIMITS.restoreGap } = this.#parts;
    const batch = Math.min(gap, CASHU_LIMITS.restoreBatch);
    const client = this.client(mint);
    const found: CashuProof[] = [];
    let next = from;
    for (let at = from; at - next < gap; at += batch) {
      const outputs = [];
      for (let counter = at; counter < at + batch; counter += 1) {
        outputs.push(...seededOutputs('change', [NONE], { seed, keyset: keyset.id, counter }));
        await breathe();
      }
      const signatures = await client.restore(outputs.map(blindedMessage));
      for (const [index, output] of outputs.entries()) {
        const signature = signatures[index];
        if (signature !== undefined) {
          found.push(unblind(output, signature, keyset));
          next = at + index + 1;
          await breathe();
        }
      }
    }
    const states = await client.states(found.map(({ secret }) => pointOf(secret)));
    const unspent = found.filter((_proof, index) => states[index] === 'UNSPENT');
    const known = await knownPoints(
      store.reader,
      unspent.map(({ secret }) => pointOf(secret)),
    );
    const fresh = unspent.filter(({ secret }) => !known.has(pointOf(secret)));
    await store.transact(async (tx) => {
      await addProofs(tx, fresh, { mint: mint.url, state: 'unspent' }, sealer);
      await raiseCounter(tx, keyset.id, next);
      await markScanned(tx, keyset.id, generation);
    });
    const pending = states.filter((state) => state === 'PENDING').length;
    return { proofs: fresh.length, foundMsat: worthOf(fresh), pending };
  }

  /** Looks through all keysets of a mint from the first counter. */
  async restore(url: string): Promise<Restored> {
    const mint = await this.listed(url);
    await this.refresh(mint);
    let sum: Restored = { proofs: 0, foundMsat: NONE, pending: 0 };
    for (const keyset of (await this.keysets(mint.url)).values()) {
      sum = addUp(sum, await this.scan(mint, keyset, 0));
    }
    return sum;
  }

  /**
   * The keyset for new proofs. Throws `keyset_unusable` when there is none, `lock_unsupported` and
   * `lock_outlives_keyset` when it cannot carry the lock.
   */
  async keysetFor(mint: MintRecord, lock?: Lock): Promise<KeysetRecord> {
    const nowS = this.#parts.clock.now() / 1000;
    const keysets = await this.keysets(mint.url);
    const chosen = chooseKeyset([...keysets.values()], nowS);
    const keyset = chosen === undefined ? undefined : keysets.get(chosen.id);
    if (keyset === undefined) {
      throw cashuError(
        'keyset_unusable',
        'the mint has no keyset in sat that is in use for another day',
        'ask who runs the mint, or use another',
      );
    }
    if (lock !== undefined) {
      checkLockFits(lock, mint, keyset);
    }
    return keyset;
  }

  /** What a mint says now, or why it says nothing. */
  async health(mint: MintAddress) {
    try {
      const { name, version, nuts } = await this.client(mint).info();
      return { answers: true as const, name, version, nuts: [...nuts].sort((a, b) => a - b) };
    } catch (error) {
      return { answers: false as const, why: isCodedError(error) ? error.message : 'fault' };
    }
  }
}

function checkLockFits(lock: Lock, mint: MintRecord, { finalExpiryS }: Keyset): void {
  const needed = lock.hash === undefined ? [10, 11] : [10, 11, 14];
  const missing = needed.filter((nut) => !mint.nuts.has(nut));
  if (missing.length > 0) {
    throw cashuError(
      'lock_unsupported',
      `the mint does not say that it keeps such locks (NUT ${missing.join(', ')}): anybody could spend it`,
      'use a mint whose hive-client-mints action=info shows them',
    );
  }
  const end = lock.locktimeS ?? Number.POSITIVE_INFINITY;
  if (finalExpiryS !== undefined && end + CASHU_LIMITS.keysetMarginS > finalExpiryS) {
    throw cashuError(
      'lock_outlives_keyset',
      `the mint's keyset ends at ${finalExpiryS} (Unix seconds), before the lock and a day`,
      'choose an earlier locktime, or a mint whose keyset lives longer',
    );
  }
}

function addUp(a: Restored, b: Restored): Restored {
  return {
    proofs: a.proofs + b.proofs,
    foundMsat: (a.foundMsat + b.foundMsat) as Msat,
    pending: a.pending + b.pending,
  };
}
