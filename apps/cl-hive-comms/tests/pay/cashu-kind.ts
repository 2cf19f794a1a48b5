import { createHash } from 'node:crypto';
import {
  CashuWallet,
  cashuError,
  type InvoiceTerms,
  type MintLink,
  type Sealer,
} from '@cl-hive/cashu';
import { satToMsat, stringifyJson } from '@cl-hive/core';
import { readInvoice } from '@cl-hive/payments';
import { Mint, MintFront, type MintLightning, type MintPayment } from '@cl-hive/test-mint';
import type { SeededRandom } from '@cl-hive/testkit';
import { cashuRail } from '../../src/pay/rails/cashu.ts';
import { invoiceFrom, type KindSetting, type PaymentKind } from './payment-kind.ts';

const URL_A = 'https://mint-a.example';
/** Sat that each payer has at its mint. */
const FUNDS_SAT = 1_000_000;
const FEE_SAT = 1;
const MAX_FEE = satToMsat(4);

/** What the mint pays from: it fails, or takes its time, as the seed has it. */
class MintPurse implements MintLightning {
  readonly paid = new Map<string, number>();
  readonly #random: SeededRandom;
  readonly #calm: { readonly on: boolean };
  readonly #pending = new Set<string>();
  #funded = 0;

  constructor({ random, calm }: Pick<KindSetting, 'random' | 'calm'>) {
    this.#random = random;
    this.#calm = calm;
  }

  async invoice(amountSat: number) {
    this.#funded += 1;
    const request = `paper:${amountSat}:${this.#funded}`;
    return { request, hash: request };
  }

  /** What is bought is paid for at once. */
  async isPaid(): Promise<boolean> {
    return true;
  }

  async amountOf(request: string): Promise<number | undefined> {
    const { amountMsat = 0n } = readInvoice(request);
    return Number(amountMsat / 1000n);
  }

  async pay(request: string): Promise<MintPayment> {
    const draw = this.#calm.on ? 99 : this.#random.below(100);
    if (draw < 8) {
      return { state: 'failed' };
    }
    if (draw < 16) {
      this.#pending.add(request);
      return { state: 'pending' };
    }
    return this.#settle(request);
  }

  async look(request: string): Promise<MintPayment> {
    if (this.#pending.has(request) && (this.#calm.on || this.#random.below(2) === 0)) {
      this.#pending.delete(request);
      return this.#random.below(2) === 0 ? this.#settle(request) : { state: 'failed' };
    }
    if (this.#pending.has(request)) {
      return { state: 'pending' };
    }
    return this.paid.has(request) ? PAID : { state: 'failed' };
  }

  #settle(request: string): MintPayment {
    this.paid.set(request, (this.paid.get(request) ?? 0) + 1);
    return PAID;
  }
}

const PAID: MintPayment = { state: 'paid', preimage: '00'.repeat(32), feeSat: FEE_SAT };

/** Hides nothing: what is sealed is not what is tried here. */
const openSealer: Sealer = {
  seal: (secret) => Buffer.from(secret),
  unseal: (sealed) => Buffer.from(sealed),
};

function termsOf(invoice: string): InvoiceTerms | undefined {
  const [kind, sat] = invoice.split(':');
  if (kind === 'paper') {
    return {
      amountMsat: satToMsat(Number(sat)),
      hash: createHash('sha256').update(invoice).digest('hex'),
    };
  }
  const { amountMsat, paymentHash: hash } = readInvoice(invoice);
  return amountMsat === undefined ? undefined : { amountMsat, hash };
}

/** Requests to the mint of which some are lost, and some answers. */
function faultyLink(front: MintFront, { random, calm }: KindSetting): MintLink {
  const silent = (): Error => cashuError('mint_silent', 'the mint gave no answer', 'wait');
  return async ({ method, path, body }) => {
    const draw = calm.on ? 99 : random.below(100);
    if (draw < 3) {
      throw silent();
    }
    const text = body === undefined ? undefined : stringifyJson(body);
    const answer = await front.request(method, path, text);
    if (draw < 6 || answer === undefined || answer === null) {
      throw silent();
    }
    return answer;
  };
}

/** Invoices that a mint pays with the payer's proofs. */
export const cashuKind: PaymentKind = {
  method: 'cashu',
  once: true,
  open: async (setting) => {
    const { store, clock, payee } = setting;
    const purse = new MintPurse(setting);
    const mint = new Mint({
      lightning: purse,
      nowS: () => Math.floor(clock.now() / 1000),
      keyset: { name: 'first', version: 1, heights: 21 },
    });
    const link = faultyLink(new MintFront(mint), setting);
    const shared = {
      sealer: openSealer,
      seed: createHash('sha512').update('seed').digest(),
      clock,
      generation: 0,
      readInvoice: termsOf,
      trouble: () => undefined,
    };
    const calmLink = faultyLink(new MintFront(mint), { ...setting, calm: { on: true } });
    const first = new CashuWallet({ ...shared, store, link: calmLink });
    await first.mints.add(URL_A, false);
    const { key } = await first.prepare.mint({
      key: 'funds',
      mint: URL_A,
      amountMsat: satToMsat(FUNDS_SAT),
    });
    await first.run(key);
    return {
      rail: async ({ store: own, alive }) => {
        const wallet = new CashuWallet({
          ...shared,
          store: own,
          link: (request) => alive(() => link(request)),
        });
        await wallet.cancelPrepared();
        return cashuRail({ wallet, gifts: async () => undefined });
      },
      ask: async (number) => {
        const amountMsat = satToMsat(20 + (number % 30));
        const { bolt11 } = await invoiceFrom(payee, `cashu-${number}`, amountMsat);
        return { amountMsat: undefined, maxFeeMsat: MAX_FEE, detail: { mint: URL_A, bolt11 } };
      },
      left: async () => BigInt(FUNDS_SAT - mint.outstanding) * 1000n,
      times: async () => [...purse.paid.values()],
    };
  },
};
