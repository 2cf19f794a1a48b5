import { checkConditions, type WireProof } from './conditions.ts';
import { isSigned, pointOfSecret, proveEqual, signBlinded } from './curve.ts';
import { type KeysetOptions, MintKeyset } from './keyset.ts';
import type { MintLightning } from './lightning.ts';
import { Refusal } from './refusal.ts';
import { changeFor, known, sum, type WireOutput, type WireSignature } from './wire.ts';

interface MintQuote {
  readonly quote: string;
  readonly request: string;
  readonly hash: string;
  readonly amount: number;
  readonly expiry: number;
  issued: boolean;
}

interface MeltQuote {
  readonly quote: string;
  readonly request: string;
  readonly amount: number;
  readonly feeReserve: number;
  readonly expiry: number;
  state: 'UNPAID' | 'PENDING' | 'PAID';
  preimage: string | null;
  held: readonly WireProof[];
  blanks: readonly WireOutput[];
  change: readonly WireSignature[];
}

/** What a mint is made of. */
export interface MintOptions {
  readonly lightning: MintLightning;
  /** Unix seconds. */
  readonly nowS: () => number;
  readonly keyset?: KeysetOptions;
  /** NUTs that it advertises as supported. */
  readonly nuts?: readonly number[];
  /** Sat that it asks as reserve for routing. */
  readonly feeReserveSat?: number;
}

const NUTS = [7, 8, 9, 10, 11, 12, 14];
const QUOTE_LIFE_S = 3600;
const OUTPUTS_MAX = 1000;

/** A mint's state and what it does; amounts in sat. All in memory. */
export class Mint {
  readonly keysets: MintKeyset[];
  readonly #options: MintOptions;
  readonly #spent = new Map<string, WireProof>();
  readonly #pending = new Set<string>();
  readonly #signed = new Map<string, WireSignature>();
  readonly #mintQuotes = new Map<string, MintQuote>();
  readonly #meltQuotes = new Map<string, MeltQuote>();
  #serial = 0;
  /** Sat it signed for, less those it took back: what wallets hold of it. */
  #outstanding = 0;

  constructor(options: MintOptions) {
    this.#options = options;
    this.keysets = [new MintKeyset(options.keyset ?? { name: 'first' })];
  }

  /** What all wallets together hold, in sat. */
  get outstanding(): number {
    return this.#outstanding;
  }

  /** Takes all keysets out of use for new outputs and adds one that is in use. */
  rotate(options: KeysetOptions): MintKeyset {
    for (const keyset of this.keysets) {
      keyset.active = false;
    }
    const next = new MintKeyset(options);
    this.keysets.push(next);
    return next;
  }

  info(): object {
    const method = { method: 'bolt11', unit: 'sat', min_amount: 1, max_amount: 10_000_000 };
    const nuts = this.#options.nuts ?? NUTS;
    return {
      name: 'test mint',
      version: 'test-mint/0.1.0',
      nuts: {
        '4': { methods: [method], disabled: false },
        '5': { methods: [method], disabled: false },
        ...Object.fromEntries(nuts.map((nut) => [String(nut), { supported: true }])),
      },
    };
  }

  keysetsView(): object {
    return {
      keysets: this.keysets.map(({ id, unit, active, feePpk, finalExpiry }) => ({
        id,
        unit,
        active,
        input_fee_ppk: feePpk,
        ...(finalExpiry === undefined ? {} : { final_expiry: finalExpiry }),
      })),
    };
  }

  keysView(id?: string): object {
    const shown = this.keysets.filter((one) => (id === undefined ? one.active : one.id === id));
    if (shown.length === 0) {
      throw new Refusal(12_001, 'keyset is not known');
    }
    return {
      keysets: shown.map(({ id, unit, active, feePpk, finalExpiry, publicKeys }) => ({
        id,
        unit,
        active,
        input_fee_ppk: feePpk,
        ...(finalExpiry === undefined ? {} : { final_expiry: finalExpiry }),
        keys: publicKeys,
      })),
    };
  }

  swap(inputs: readonly WireProof[], outputs: readonly WireOutput[]): object {
    const fee = this.#checkInputs(
      inputs,
      outputs.flatMap(({ amount, B_ }) => [`${amount}`, B_]),
    );
    this.#checkOutputs(outputs);
    if (sum(inputs) - fee !== sum(outputs)) {
      throw new Refusal(11_005, 'transaction is not balanced');
    }
    const signatures = this.#sign(outputs);
    this.#spend(inputs);
    return { signatures };
  }

  async mintQuote(amount: number, unit: string): Promise<object> {
    if (unit !== 'sat') {
      throw new Refusal(11_013, 'unit is not supported');
    }
    if (!Number.isSafeInteger(amount) || amount < 1 || amount > 10_000_000) {
      throw new Refusal(11_006, 'amount outside of limit range');
    }
    const quote = this.#quoteId();
    const { request, hash } = await this.#options.lightning.invoice(amount);
    const expiry = this.#options.nowS() + QUOTE_LIFE_S;
    this.#mintQuotes.set(quote, { quote, request, hash, amount, expiry, issued: false });
    return this.mintQuoteView(quote);
  }

  async mintQuoteView(id: string): Promise<object> {
    const { quote, request, amount, expiry, issued, hash } = known(this.#mintQuotes.get(id));
    const paid = await this.#options.lightning.isPaid(hash);
    const state = issued ? 'ISSUED' : paid ? 'PAID' : 'UNPAID';
    return { quote, request, amount, unit: 'sat', state, expiry };
  }

  async mint(id: string, outputs: readonly WireOutput[]): Promise<object> {
    const quote = known(this.#mintQuotes.get(id));
    const paid = await this.#options.lightning.isPaid(quote.hash);
    if (quote.issued) {
      throw new Refusal(20_002, 'quote has already been issued');
    }
    if (!paid) {
      throw new Refusal(20_001, 'quote request is not paid');
    }
    this.#checkOutputs(outputs);
    if (sum(outputs) !== quote.amount) {
      throw new Refusal(11_005, 'the outputs are not the amount of the quote');
    }
    quote.issued = true;
    return { signatures: this.#sign(outputs) };
  }

  async meltQuote(request: string, unit: string): Promise<object> {
    if (unit !== 'sat') {
      throw new Refusal(11_013, 'unit is not supported');
    }
    const amount = await this.#options.lightning.amountOf(request);
    if (amount === undefined) {
      throw new Refusal(11_011, 'no invoice with an amount');
    }
    const quote = this.#quoteId();
    this.#meltQuotes.set(quote, {
      quote,
      request,
      amount,
      feeReserve: this.#options.feeReserveSat ?? 2,
      expiry: this.#options.nowS() + QUOTE_LIFE_S,
      state: 'UNPAID',
      preimage: null,
      held: [],
      blanks: [],
      change: [],
    });
    return this.#meltView(known(this.#meltQuotes.get(quote)));
  }

  async meltQuoteView(id: string): Promise<object> {
    const quote = known(this.#meltQuotes.get(id));
    if (quote.state === 'PENDING') {
      await this.#settle(quote, await this.#options.lightning.look(quote.request));
    }
    return this.#meltView(quote);
  }

  async melt(
    id: string,
    inputs: readonly WireProof[],
    blanks: readonly WireOutput[],
  ): Promise<object> {
    const quote = known(this.#meltQuotes.get(id));
    if (quote.state === 'PAID') {
      throw new Refusal(20_006, 'invoice already paid');
    }
    if (quote.state === 'PENDING') {
      throw new Refusal(20_005, 'quote is pending');
    }
    if (this.#options.nowS() > quote.expiry) {
      throw new Refusal(20_007, 'quote is expired');
    }
    const signed = [...blanks.flatMap(({ amount, B_ }) => [`${amount}`, B_]), id];
    const fee = this.#checkInputs(inputs, signed);
    this.#checkOutputs(blanks, { blank: true });
    if (sum(inputs) < quote.amount + quote.feeReserve + fee) {
      throw new Refusal(11_005, 'the inputs do not cover amount, reserve and fee');
    }
    quote.state = 'PENDING';
    quote.held = inputs;
    quote.blanks = blanks;
    for (const { secret } of inputs) {
      this.#pending.add(pointOfSecret(secret));
    }
    await this.#settle(quote, await this.#options.lightning.pay(quote.request, quote.feeReserve));
    if ((quote.state as MeltQuote['state']) === 'UNPAID') {
      throw new Refusal(20_004, 'Lightning payment failed');
    }
    return this.#meltView(quote);
  }

  checkState(points: readonly string[]): object {
    return {
      states: points.map((Y) => {
        const spent = this.#spent.get(Y);
        const pending = this.#pending.has(Y);
        const state = spent === undefined ? (pending ? 'PENDING' : 'UNSPENT') : 'SPENT';
        const witness = typeof spent?.witness === 'string' ? spent.witness : null;
        return { Y, state, witness };
      }),
    };
  }

  restore(outputs: readonly WireOutput[]): object {
    const found = outputs.filter(({ B_ }) => this.#signed.has(B_));
    return { outputs: found, signatures: found.map(({ B_ }) => this.#signed.get(B_)) };
  }

  #meltView({ quote, request, amount, feeReserve, expiry, state, preimage, change }: MeltQuote) {
    return {
      quote,
      request,
      amount,
      unit: 'sat',
      fee_reserve: feeReserve,
      state,
      expiry,
      payment_preimage: preimage,
      ...(state === 'PAID' && change.length > 0 ? { change } : {}),
    };
  }

  async #settle(
    quote: MeltQuote,
    payment: Awaited<ReturnType<MintLightning['look']>>,
  ): Promise<void> {
    if (quote.state !== 'PENDING' || payment.state === 'pending') {
      return;
    }
    for (const { secret } of quote.held) {
      this.#pending.delete(pointOfSecret(secret));
    }
    if (payment.state === 'failed') {
      quote.state = 'UNPAID';
      quote.held = [];
      return;
    }
    quote.state = 'PAID';
    quote.preimage = payment.preimage;
    const over = sum(quote.held) - this.#fee(quote.held) - quote.amount - payment.feeSat;
    this.#spend(quote.held);
    quote.change = this.#sign(changeFor(quote.blanks, over));
  }

  #quoteId(): string {
    this.#serial += 1;
    return `quote-${this.#serial}`;
  }

  #fee(inputs: readonly WireProof[]): number {
    const ppk = inputs.reduce((all, { id }) => all + (this.#keyset(id)?.feePpk ?? 0), 0);
    return Math.ceil(ppk / 1000);
  }

  #keyset(id: string): MintKeyset | undefined {
    return this.keysets.find((one) => one.id === id);
  }

  /** The fee of the inputs, in sat. Throws a {@link Refusal} unless all may be spent. */
  #checkInputs(inputs: readonly WireProof[], outputs: readonly string[]): number {
    if (new Set(inputs.map(({ secret }) => secret)).size !== inputs.length) {
      throw new Refusal(11_007, 'duplicate inputs provided');
    }
    if (inputs.length === 0 || inputs.length > OUTPUTS_MAX) {
      throw new Refusal(11_014, 'no inputs, or too many');
    }
    for (const { id, amount, secret, C } of inputs) {
      const keyset = this.#keyset(id);
      if (keyset === undefined) {
        throw new Refusal(12_001, 'keyset is not known');
      }
      if (keyset.finalExpiry !== undefined && this.#options.nowS() > keyset.finalExpiry) {
        throw new Refusal(12_003, 'keyset has expired');
      }
      const point = pointOfSecret(secret);
      if (this.#spent.has(point)) {
        throw new Refusal(11_001, 'proofs already spent');
      }
      if (this.#pending.has(point)) {
        throw new Refusal(11_002, 'proofs are pending');
      }
      const key = keyset.secretFor(amount);
      if (key === undefined || !isSigned(secret, C, key)) {
        throw new Refusal(10_001, 'proof verification failed');
      }
    }
    checkConditions(inputs, outputs, this.#options.nowS());
    return this.#fee(inputs);
  }

  #checkOutputs(outputs: readonly WireOutput[], { blank = false } = {}): void {
    if (new Set(outputs.map(({ B_ }) => B_)).size !== outputs.length) {
      throw new Refusal(11_008, 'duplicate outputs provided');
    }
    if (outputs.length > OUTPUTS_MAX) {
      throw new Refusal(11_015, 'max outputs exceeded');
    }
    for (const { id, amount, B_ } of outputs) {
      const keyset = this.#keyset(id);
      if (keyset === undefined) {
        throw new Refusal(12_001, 'keyset is not known');
      }
      if (!keyset.active) {
        throw new Refusal(12_002, 'keyset is inactive');
      }
      if (!blank && keyset.secretFor(amount) === undefined) {
        throw new Refusal(11_006, 'no key for this amount');
      }
      if (this.#signed.has(B_)) {
        throw new Refusal(11_003, 'outputs already signed');
      }
    }
  }

  #sign(outputs: readonly WireOutput[]): readonly WireSignature[] {
    const made = outputs.map(({ id, amount, B_ }): [string, WireSignature] => {
      const secret = this.#keyset(id)?.secretFor(amount);
      if (secret === undefined) {
        throw new Refusal(11_006, 'no key for this amount');
      }
      return [B_, { id, amount, C_: signBlinded(B_, secret), dleq: proveEqual(B_, secret) }];
    });
    for (const [point, signature] of made) {
      this.#signed.set(point, signature);
      this.#outstanding += signature.amount;
    }
    return made.map(([, signature]) => signature);
  }

  #spend(inputs: readonly WireProof[]): void {
    for (const proof of inputs) {
      this.#spent.set(pointOfSecret(proof.secret), proof);
      this.#outstanding -= proof.amount;
    }
  }
}
