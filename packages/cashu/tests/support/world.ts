import { createHash, randomBytes } from 'node:crypto';
import {
  type CashuParts,
  type CashuTables,
  CashuWallet,
  cashuError,
  cashuMigration,
  type InvoiceTerms,
  type MintLink,
  type Sealer,
} from '@cl-hive/cashu';
import { type Msat, satToMsat, stringifyJson } from '@cl-hive/core';
import { openStore, type Store } from '@cl-hive/store';
import {
  Mint,
  MintFront,
  type MintLightning,
  type MintOptions,
  type MintPayment,
} from '@cl-hive/test-mint';
import { VirtualClock } from '@cl-hive/testkit';

export const URL_A = 'https://mint-a.example';

/** What went wrong on purpose. */
export class Killed extends Error {}

/** Invoices as texts `ln:<sat>:<preimage>`, and who paid them. */
export class PaperLightning implements MintLightning {
  readonly paid = new Set<string>();
  /** What the next payments do; then they succeed. */
  readonly fates: ('failed' | 'pending')[] = [];
  readonly #pending = new Set<string>();
  /** Sat that left by payments, fees included, and how often each invoice was paid. */
  leftSat = 0;
  readonly times = new Map<string, number>();
  feeSat = 1;
  /** Random bytes, from a seed where a test needs the same again. */
  bytes = (): string => randomBytes(32).toString('hex');

  newInvoice(sat: number): string {
    return `ln:${sat}:${this.bytes()}`;
  }

  async invoice(amountSat: number) {
    const request = this.newInvoice(amountSat);
    return { request, hash: request };
  }

  async isPaid(hash: string): Promise<boolean> {
    return this.paid.has(hash);
  }

  async amountOf(request: string): Promise<number | undefined> {
    return readPaper(request) === undefined ? undefined : Number(request.split(':')[1]);
  }

  async pay(request: string, maxFeeSat: number): Promise<MintPayment> {
    const fate = this.fates.shift();
    if (fate === 'failed' || maxFeeSat < this.feeSat) {
      return { state: 'failed' };
    }
    if (fate === 'pending') {
      this.#pending.add(request);
      return { state: 'pending' };
    }
    return this.#settle(request);
  }

  async look(request: string): Promise<MintPayment> {
    return this.#pending.has(request)
      ? { state: 'pending' }
      : this.paid.has(request)
        ? this.#paid(request)
        : { state: 'failed' };
  }

  /** Ends the payments that are under way. */
  settle(outcome: 'paid' | 'failed'): void {
    for (const request of this.#pending) {
      if (outcome === 'paid') {
        this.#settle(request);
      }
    }
    this.#pending.clear();
  }

  #settle(request: string): MintPayment {
    this.times.set(request, (this.times.get(request) ?? 0) + 1);
    this.paid.add(request);
    this.leftSat += Number(request.split(':')[1]) + this.feeSat;
    return this.#paid(request);
  }

  #paid(request: string): MintPayment {
    return { state: 'paid', preimage: request.split(':')[2] ?? '', feeSat: this.feeSat };
  }
}

/** Reads what {@link PaperLightning} writes. */
export function readPaper(invoice: string): InvoiceTerms | undefined {
  const [kind, sat, preimage = ''] = invoice.split(':');
  if (kind !== 'ln') {
    return undefined;
  }
  const hash = createHash('sha256').update(Buffer.from(preimage, 'hex')).digest('hex');
  return { amountMsat: satToMsat(Number(sat)), hash };
}

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

/**
 * Ends a wallet at its n-th step from 1: each request to a mint and each commit is two, right before and
 * right after. From then on everything it does ends the same way, as after a SIGKILL.
 */
export class Killer {
  steps = 0;
  readonly #at: number;

  constructor(at: number) {
    this.#at = at;
  }

  #step(): void {
    this.steps += 1;
    if (this.steps >= this.#at) {
      throw new Killed(`killed at step ${this.#at}`);
    }
  }

  async #around<T>(work: () => Promise<T>): Promise<T> {
    this.#step();
    const done = await work();
    this.#step();
    return done;
  }

  over(parts: CashuParts): CashuParts {
    const { store, link } = parts;
    return {
      ...parts,
      link: (request) => this.#around(() => link(request)),
      store: {
        reader: store.reader,
        info: () => store.info(),
        transact: (work) => this.#around(() => store.transact(work)),
      } satisfies Pick<Store<CashuTables>, 'reader' | 'info' | 'transact'> as Store<CashuTables>,
    };
  }
}

/** Carries requests straight to mints by their address, without a network. */
export function paperLink(fronts: ReadonlyMap<string, MintFront>): MintLink {
  return async ({ mint, method, path, body }) => {
    const front = fronts.get(mint.url);
    const answer = await front?.request(
      method,
      path,
      body === undefined ? undefined : stringifyJson(body),
    );
    if (answer === undefined || answer === null) {
      throw cashuError('mint_silent', `${mint.url} gave no whole answer`, 'wait');
    }
    return answer;
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
