import { createHash } from 'node:crypto';
import { CashuWallet, type MintLink } from '@cl-hive/cashu';
import { type Msat, satToMsat } from '@cl-hive/core';
import { seal, unseal } from '@cl-hive/runtime/services';
import type { Store } from '@cl-hive/store';
import { Mint, MintFront, PaperLightning, paperLink, readPaper } from '@cl-hive/test-mint';
import type { VirtualClock } from '@cl-hive/testkit';
import type { CommsDatabase } from '../../src/store/database.ts';

export const BANK = 'https://bank.example';

/** A mint of one payer's own, so that what left that payer is seen at the mint. */
export class CashuBank {
  readonly front: MintFront;
  readonly lightning = new PaperLightning();
  readonly troubles: string[] = [];
  readonly #clock: VirtualClock;
  boughtMsat = 0n as Msat;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
    this.front = new MintFront(
      new Mint({
        lightning: this.lightning,
        nowS: () => Math.floor(clock.now() / 1000),
        keyset: { name: 'bank', version: 1, heights: 8, feePpk: 100 },
      }),
    );
  }

  /** The wallet of a process; once that is not `alive`, nothing it asks is sent or answered. */
  wallet(
    store: Store<CommsDatabase>,
    name: string,
    alive: () => boolean = () => true,
  ): CashuWallet {
    const key = createHash('sha256').update(name).digest();
    const carry = paperLink(new Map([[BANK, this.front]]));
    const never = new Promise<never>(() => undefined);
    const link: MintLink = async (request) => {
      if (!alive()) {
        return never;
      }
      const answer = await carry(request);
      return alive() ? answer : never;
    };
    return new CashuWallet({
      store,
      link,
      sealer: {
        seal: (secret, context) => seal(secret, key, context),
        unseal: (sealed, context) => unseal(sealed, key, context),
      },
      seed: createHash('sha512').update(name).digest(),
      clock: this.#clock,
      generation: 0,
      gap: 10,
      readInvoice: readPaper,
      trouble: (text) => this.troubles.push(text),
    });
  }

  async buy(wallet: CashuWallet, sat: number): Promise<void> {
    const key = `buy-${this.boughtMsat}`;
    const amountMsat = satToMsat(sat);
    const { terms } = await wallet.prepare.mint({ key, mint: BANK, amountMsat });
    this.lightning.paid.add(terms.invoice ?? '');
    if ((await wallet.run(key)).state !== 'done') {
      throw new Error('the bank does not sell');
    }
    this.boughtMsat = (this.boughtMsat + amountMsat) as Msat;
  }
}
