import { randomBytes } from 'node:crypto';
import { type CashuWallet, type Operation, worthOf } from '@cl-hive/cashu';
import { invoice as makeInvoice, type RpcClient } from '@cl-hive/cln-rpc';
import { bytesToHex, CodedError, type JsonObject, type Msat } from '@cl-hive/core';
import { ASK_MS } from '../actions/limits.ts';
import { feeBound } from '../pay/fee-bound.ts';
import type { PayOffice } from '../pay/pay-office.ts';
import type { PayAsk } from '../pay/rail.ts';
import { operationOf } from '../pay/rails/cashu.ts';
import { holdingView, operationView, payView } from './wallet-views.ts';

/** What the wallet's commands work with. */
export interface WalletDeskParts {
  readonly wallet: CashuWallet;
  readonly pay: PayOffice;
  readonly rpc: RpcClient;
  readonly raise: (alert: {
    readonly key: string;
    readonly level: 'warning';
    readonly text: string;
  }) => void;
}

/** What is asked of the wallet; what an action does not take is absent. */
export interface WalletRequest {
  readonly mint: string;
  readonly amountMsat: Msat | undefined;
  readonly maxFeeMsat: Msat | undefined;
  readonly purpose: string;
  readonly key: string | undefined;
  readonly dryRun: boolean;
}

const KEY_BYTES = 16;

/** What `hive-client-mints` and `hive-client-wallet` do and answer. */
export class WalletDesk {
  readonly #parts: WalletDeskParts;

  constructor(parts: WalletDeskParts) {
    this.#parts = parts;
  }

  async mints(): Promise<JsonObject> {
    const { wallet } = this.#parts;
    const held = new Map((await wallet.balance()).map((one) => [one.mint, one]));
    const mints = await wallet.mints.list();
    return {
      mints: mints.map(({ url, name, nuts, quarantine, private: own, atMs }) => ({
        url,
        name,
        private: own,
        locks: [10, 11, 14].every((nut) => nuts.has(nut)),
        ...(quarantine === undefined ? {} : { quarantine }),
        listed_at: Math.floor(atMs / 1000),
        holds: holdingView(held.get(url)),
      })),
    };
  }

  async addMint(url: string, own: boolean): Promise<JsonObject> {
    const { proofs, foundMsat, pending } = await this.#parts.wallet.mints.add(url, own);
    return { ...(await this.mints()), found: { proofs, amount_msat: foundMsat, pending } };
  }

  async removeMint(url: string): Promise<JsonObject> {
    await this.#parts.wallet.mints.remove(url);
    return this.mints();
  }

  /** What a listed mint says of itself now. */
  async mintInfo(url: string): Promise<JsonObject> {
    const { mints } = this.#parts.wallet;
    const mint = await mints.listed(url);
    const keysets = [...(await mints.keysets(mint.url)).values()];
    return {
      url: mint.url,
      health: { ...(await mints.health(mint)) },
      keysets: keysets.map(({ id, active, feePpk, finalExpiryS }) => ({
        id,
        active,
        input_fee_ppk: feePpk,
        ...(finalExpiryS === undefined ? {} : { final_expiry: finalExpiryS }),
      })),
    };
  }

  async balance(): Promise<JsonObject> {
    const { wallet } = this.#parts;
    const held = await wallet.balance();
    const spendable = worthOf(held.map(({ unspent }) => ({ amountMsat: unspent })));
    return {
      spendable_msat: spendable,
      mints: held.map((one) => ({ mint: one.mint, ...holdingView(one) })),
      operations: (await wallet.operations()).map(operationView),
    };
  }

  /** Buys proofs: the node pays the mint's invoice, as every payment is made. */
  async buy(request: WalletRequest): Promise<JsonObject> {
    const { wallet, pay } = this.#parts;
    const { mint, key = newKey() } = request;
    const amountMsat = needed(request.amountMsat);
    const name = `mint/${key}`;
    if (request.dryRun) {
      const { address } = wallet.mints.client(await wallet.mints.usable(mint));
      const { invoice } = await wallet.mints.client(address).quoteMint(amountMsat);
      return payView(await pay.dryRun(invoiceAsk(request, name, invoice)));
    }
    const { terms } = await wallet.prepare.mint({ key: name, mint, amountMsat });
    const outcome = await pay.pay(invoiceAsk(request, name, terms.invoice ?? ''));
    if (outcome.kind === 'refused') {
      await wallet.giveUp(name);
    }
    const payment = payView(outcome);
    const operation = await wallet.run(name);
    if (operation.state === 'open' && payment['outcome'] === 'executed') {
      const text = `${operation.mint} was paid and has not given its proofs yet (${key})`;
      this.#parts.raise({ key: `cashu/${key}`, level: 'warning', text });
    }
    return { key, payment, operation: operationView(operation) };
  }

  /** Pays an invoice with proofs, or brings them back to the node as an amount of its own invoice. */
  async melt(request: WalletRequest, bolt11: string | undefined): Promise<JsonObject> {
    const { pay } = this.#parts;
    const { mint, key = newKey() } = request;
    if (bolt11 === undefined) {
      return this.#bringHome(request, key);
    }
    const ask = { ...cashuAsk(request, key), amountMsat: undefined, detail: { mint, bolt11 } };
    return request.dryRun
      ? payView(await pay.dryRun(ask))
      : { key, payment: payView(await pay.pay(ask)) };
  }

  // Nothing leaves the operator but the fee, so that no limit of spending is asked.
  async #bringHome(request: WalletRequest, key: string): Promise<JsonObject> {
    const { wallet, rpc } = this.#parts;
    const { mint, maxFeeMsat } = request;
    const amountMsat = needed(request.amountMsat);
    const name = `melt/${key}`;
    const label = `cl-hive-comms/cashu/${key}`;
    const known = await wallet.find(name);
    if (request.dryRun) {
      const most = feeBound(amountMsat, maxFeeMsat);
      return { dry_run: true, mint, amount_msat: amountMsat, max_fee_msat: most };
    }
    const bolt11 =
      known?.terms.invoice ??
      (
        await rpc.call(
          makeInvoice,
          { amount_msat: amountMsat, label, description: 'from the Cashu wallet' },
          { timeoutMs: ASK_MS },
        )
      ).bolt11;
    const most = feeBound(amountMsat, maxFeeMsat);
    await wallet.prepare.melt({ key: name, mint, invoice: bolt11, maxFeeMsat: most });
    return { key, operation: operationView(await wallet.run(name)) };
  }

  /** Makes a token for somebody; asked again with the key, the same token. */
  async send(request: WalletRequest): Promise<JsonObject> {
    const { wallet, pay } = this.#parts;
    const { mint, key = newKey() } = request;
    const ask = {
      ...cashuAsk(request, key),
      amountMsat: needed(request.amountMsat),
      detail: { mint },
    };
    if (request.dryRun) {
      return payView(await pay.dryRun(ask));
    }
    const outcome = await pay.pay(ask);
    const intent = outcome.kind === 'done' ? outcome.answer.intent : undefined;
    const operation =
      intent === undefined ? undefined : await wallet.find(operationOf({ id: intent }));
    return { key, payment: payView(outcome), ...tokenView(wallet, operation) };
  }

  /** Takes somebody's token. */
  async receive(text: string, key: string = newKey()): Promise<JsonObject> {
    const { wallet } = this.#parts;
    const token = await wallet.read(text);
    const name = `receive/${key}`;
    await wallet.prepare.receive({ key: name, token, opener: { secrets: new Map() } });
    return { key, operation: operationView(await wallet.run(name)) };
  }

  /** Looks for proofs of a mint that the node's secret gives, beyond those that are known. */
  async restore(mint: string): Promise<JsonObject> {
    const { proofs, foundMsat, pending } = await this.#parts.wallet.mints.restore(mint);
    return { found: { proofs, amount_msat: foundMsat, pending }, ...(await this.balance()) };
  }

  /** Asks the mints about everything that is open. */
  async look(): Promise<JsonObject> {
    const open = await this.#parts.wallet.reconcile();
    return { still_open: open, ...(await this.balance()) };
  }
}

function newKey(): string {
  return bytesToHex(randomBytes(KEY_BYTES));
}

function needed(amountMsat: Msat | undefined): Msat {
  if (amountMsat === undefined) {
    throw new CodedError('amount', 'there is no amount', { remedy: 'give amount_msat' });
  }
  return amountMsat;
}

function cashuAsk({ purpose, maxFeeMsat }: WalletRequest, key: string): Omit<PayAsk, 'detail'> {
  return {
    method: 'cashu',
    purpose,
    amountMsat: undefined,
    maxFeeMsat,
    payee: undefined,
    idempotencyKey: `wallet/${key}`,
  };
}

function invoiceAsk(request: WalletRequest, name: string, bolt11: string): PayAsk {
  const { amountMsat, maxFeeMsat, purpose } = request;
  const rest = { payee: undefined, idempotencyKey: name };
  return { method: 'bolt11', purpose, amountMsat, maxFeeMsat, detail: { bolt11 }, ...rest };
}

function tokenView(wallet: CashuWallet, operation: Operation | undefined): JsonObject {
  if (operation === undefined) {
    return {};
  }
  const token = wallet.tokenOf(operation);
  return { operation: operationView(operation), ...(token === undefined ? {} : { token }) };
}
