import { createHash } from 'node:crypto';
import {
  type CashuParts,
  type CashuTables,
  CashuWallet,
  cashuMigration,
  type Sealer,
} from '@cl-hive/cashu';
import { type Msat, satToMsat } from '@cl-hive/core';
import { openStore, type Store } from '@cl-hive/store';
import {
  Mint,
  MintFront,
  type MintOptions,
  PaperLightning,
  paperLink,
  readPaper,
} from '@cl-hive/test-mint';
import { type Killer, VirtualClock } from '@cl-hive/testkit';

export const URL_A = 'https://mint-a.example';

/** Seals by hiding nothing, so that tests are quick; the real one is the plugin's. */
const paperSealer: Sealer = {
  seal: (secret, context) =>
    Buffer.from(`${context}|${Buffer.from(secret).toString('latin1')}`, 'latin1'),
  unseal: (sealed, context) => {
    const text = Buffer.from(sealed).toString('latin1');
    if (!text.startsWith(`${context}|`)) {
      throw new Error('seal_broken');
    }
    return Buffer.from(text.slice(context.length + 1), 'latin1');
  },
};

/** A wallet's parts under a killer: each request to a mint and each commit is two steps. */
export function killable(killer: Killer, parts: CashuParts): CashuParts {
  const { store, link } = parts;
  return {
    ...parts,
    link: (request) => killer.around(() => link(request)),
    store: {
      reader: store.reader,
      info: () => store.info(),
      transact: (work) => killer.around(() => store.transact(work)),
    } satisfies Pick<Store<CashuTables>, 'reader' | 'info' | 'transact'> as Store<CashuTables>,
  };
}

/** A store, a mint and wallets on them, in virtual time. */
export class World {
  readonly clock: VirtualClock;
  readonly lightning = new PaperLightning();
  readonly mint: Mint;
  readonly front: MintFront;
  readonly fronts: Map<string, MintFront>;
  readonly troubles: string[] = [];
  readonly stores: Store<CashuTables>[] = [];
  #keys = 0;

  constructor(options: Partial<MintOptions> = {}, clock = new VirtualClock()) {
    this.clock = clock;
    this.mint = new Mint({
      lightning: this.lightning,
      nowS: () => Math.floor(this.clock.now() / 1000),
      keyset: { name: 'first', version: 1, heights: 20 },
      ...options,
    });
    this.front = new MintFront(this.mint);
    this.fronts = new Map([[URL_A, this.front]]);
  }

  async store(location: string): Promise<Store<CashuTables>> {
    const store = await openStore<CashuTables>({
      location,
      owner: 'cl-hive-comms',
      migrations: [cashuMigration(1)],
      clock: this.clock,
      log: () => {},
    });
    this.stores.push(store);
    return store;
  }

  parts(store: Store<CashuTables>, seed = 'seed'): CashuParts {
    return {
      store,
      link: paperLink(this.fronts),
      sealer: paperSealer,
      seed: createHash('sha512').update(seed).digest(),
      clock: this.clock,
      generation: 0,
      gap: 10,
      readInvoice: readPaper,
      trouble: (message) => this.troubles.push(message),
    };
  }

  async wallet(location: string, seed?: string): Promise<CashuWallet> {
    const wallet = new CashuWallet(this.parts(await this.store(location), seed));
    await wallet.mints.add(URL_A, false);
    return wallet;
  }

  /** A new key for each operation. */
  key(): string {
    this.#keys += 1;
    return `key-${this.#keys}`;
  }

  /** Buys proofs. */
  async fund(wallet: CashuWallet, sat: number): Promise<void> {
    const { key, terms } = await wallet.prepare.mint({
      key: this.key(),
      mint: URL_A,
      amountMsat: satToMsat(sat),
    });
    this.lightning.paid.add(terms.invoice ?? '');
    const { state } = await wallet.run(key);
    if (state !== 'done') {
      throw new Error(`funding is ${state}`);
    }
  }

  async close(): Promise<void> {
    for (const store of this.stores) {
      await store.close();
    }
  }
}

/** Ends everything that is open, as hours would. */
export async function settleAll(world: World, wallet: CashuWallet): Promise<void> {
  for (let round = 0; round < 6; round += 1) {
    world.lightning.settle('paid');
    if ((await wallet.reconcile()) === 0) {
      return;
    }
    world.clock.advance(round < 3 ? 200_000 : 90_000_000);
  }
}

/** What a wallet has in all, given tokens included, in sat. */
export async function satOf(wallet: CashuWallet): Promise<number> {
  let sum = 0n as Msat;
  for (const { unspent, held, sent } of await wallet.balance()) {
    sum = (sum + unspent + held + sent) as Msat;
  }
  return Number(sum / 1000n);
}
