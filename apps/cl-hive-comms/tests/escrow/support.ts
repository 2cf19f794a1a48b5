import { createHash } from 'node:crypto';
import { type CashuParts, CashuWallet } from '@cl-hive/cashu';
import { listReceipts } from '@cl-hive/comms';
import { CodedError, type JsonObject, type NodeId, satToMsat } from '@cl-hive/core';
import { seal, unseal } from '@cl-hive/runtime/services';
import { openStore, type Store } from '@cl-hive/store';
import {
  Mint,
  MintFront,
  type MintOptions,
  PaperLightning,
  paperLink,
  readPaper,
} from '@cl-hive/test-mint';
import { Killer, VirtualClock } from '@cl-hive/testkit';
import { EscrowDesk } from '../../src/escrow/escrow-desk.ts';
import { EscrowKeys } from '../../src/escrow/escrow-keys.ts';
import type { EscrowParts, Funding } from '../../src/escrow/escrow-parts.ts';
import { ticketGifts } from '../../src/escrow/payer-desk.ts';
import { operationOf } from '../../src/pay/rails/cashu.ts';
import type { CommsDatabase } from '../../src/store/database.ts';
import { migrations } from '../../src/store/migrations.ts';

export const MINT = 'https://mint.example';
const NODE = `02${'11'.repeat(32)}` as NodeId;
const NEVER = Number.POSITIVE_INFINITY;

/** One side of a ticket: its desk and wallet on a database of its own. */
export interface Party {
  readonly desk: EscrowDesk;
  readonly wallet: CashuWallet;
}

/** A mint and two parties in virtual time, whose processes can be killed and started again. */
export class Court {
  readonly clock = new VirtualClock();
  readonly lightning = new PaperLightning();
  readonly front: MintFront;
  readonly alerts: string[] = [];
  readonly #stores = new Map<string, Store<CommsDatabase>>();
  readonly #orders = new Map<string, number>();

  constructor(options: Partial<MintOptions> = {}) {
    const nowS = () => Math.floor(this.clock.now() / 1000);
    this.front = new MintFront(
      new Mint({
        lightning: this.lightning,
        nowS,
        keyset: { name: 'court', version: 1, heights: 10 },
        ...options,
      }),
    );
  }

  get mint(): Mint {
    return this.front.mint;
  }

  async open(name: string, location: string): Promise<void> {
    const store = await openStore<CommsDatabase>({
      location,
      owner: 'cl-hive-comms',
      migrations,
      clock: this.clock,
      log: () => {},
    });
    this.#stores.set(name, store);
    const { wallet } = this.party(name);
    await wallet.mints.add(MINT, false);
  }

  store(name: string): Store<CommsDatabase> {
    const store = this.#stores.get(name);
    if (store === undefined) {
      throw new Error(`nobody is called ${name}`);
    }
    return store;
  }

  /** A party as a process that starts now; it ends at the killer's step. */
  party(name: string, killer = new Killer(NEVER)): Party {
    const whole = this.store(name);
    const store = {
      reader: whole.reader,
      info: () => whole.info(),
      transact: (work) => killer.around(() => whole.transact(work)),
    } as Pick<Store<CommsDatabase>, 'reader' | 'info' | 'transact'> as Store<CommsDatabase>;
    const link = paperLink(new Map([[MINT, this.front]]));
    const key = createHash('sha256').update(name).digest();
    const sealer: EscrowParts['sealer'] = {
      seal: (secret, context) => seal(secret, key, context),
      unseal: (sealed, context) => unseal(sealed, key, context),
    };
    const parts: CashuParts = {
      store,
      sealer,
      link: (request) => killer.around(() => link(request)),
      seed: createHash('sha512').update(name).digest(),
      clock: this.clock,
      generation: 0,
      gap: 10,
      readInvoice: readPaper,
      trouble: (text) => this.alerts.push(text),
    };
    const wallet = new CashuWallet(parts);
    const desk = new EscrowDesk({
      store,
      wallet,
      sealer,
      keys: new EscrowKeys(key),
      clock: this.clock,
      node: NODE,
      wrote: () => {},
      alert: (_key, text) => this.alerts.push(text),
      check: async () => {},
      fund: (ticket) => this.#fund({ store, sealer, wallet }, ticket),
      lookFund: (ticket) => this.#look(wallet, ticket),
    });
    return { desk, wallet };
  }

  // In the plugin this is an order of the pipeline, which numbers it before anything is tried.
  async #fund(
    of: Pick<EscrowParts, 'store' | 'sealer' | 'wallet'>,
    ticket: string,
  ): Promise<Funding> {
    const intent = this.#orders.size + 1;
    this.#orders.set(ticket, intent);
    const gifts = (await ticketGifts(of, ticket)) ?? [];
    await of.wallet.prepare.send({ key: operationOf({ id: intent }), mint: MINT, gifts });
    await of.wallet.run(operationOf({ id: intent }));
    return this.#look(of.wallet, ticket);
  }

  async #look(wallet: CashuWallet, ticket: string): Promise<Funding> {
    const intent = this.#orders.get(ticket);
    const operation =
      intent === undefined ? undefined : await wallet.find(operationOf({ id: intent }));
    if (operation === undefined || operation.state === 'void') {
      return { outcome: 'failed', intent };
    }
    return { outcome: operation.state === 'done' ? 'done' : 'unknown', intent };
  }

  async buy({ wallet }: Party, sat: number): Promise<void> {
    const key = `buy-${this.clock.now()}-${sat}`;
    const { terms } = await wallet.prepare.mint({ key, mint: MINT, amountMsat: satToMsat(sat) });
    this.lightning.paid.add(terms.invoice ?? '');
    const { state } = await wallet.run(key);
    if (state !== 'done') {
      throw new CodedError('state', state);
    }
  }

  /** What became of a party's tickets, as its receipts say it, in order. */
  async receipts(name: string): Promise<readonly unknown[]> {
    const all = await listReceipts(this.store(name).reader, 1, 1000);
    return all
      .map(({ body }) => (JSON.parse(body) as { data: JsonObject }).data)
      .filter(({ change }) => change === 'escrow')
      .map(({ what, part }) => (part === null ? what : `${what as string} ${part as number}`));
  }

  async close(): Promise<void> {
    for (const store of this.#stores.values()) {
      await store.close();
    }
  }
}
