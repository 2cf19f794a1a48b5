import { type Msat, msatToSatFloor } from '@cl-hive/core';
import type { Transactor } from '@cl-hive/store';
import { cashuError } from './errors.ts';
import { inputFee, splitAmount } from './keyset.ts';
import { CASHU_LIMITS } from './limits.ts';
import { type Lock, type Opener, openProof } from './lock.ts';
import type { MintDesk } from './mint-desk.ts';
import { type KeysetRecord, takeCounters } from './mint-rows.ts';
import type { Operation, OperationKind } from './operation.ts';
import { findOperation, putOperation } from './operation-rows.ts';
import {
  blankCount,
  isProven,
  lockedOutputs,
  type Output,
  type OutputRole,
  seededOutputs,
} from './outputs.ts';
import type { CashuParts } from './parts.ts';
import { pointOf, worthOf } from './proof.ts';
import { holdProofs, knownPoints, listProofs, openRow, passProofs } from './proof-rows.ts';
import { selectProofs } from './select.ts';
import type { CashuTables } from './tables.ts';
import type { CashuToken } from './token.ts';

/** Who asks and of which mint; the same key is the same operation for ever. */
export interface OperationWish {
  readonly key: string;
  readonly mint: string;
}

/** A part of a send: whoever opens the lock has it; without one, whoever has the token. */
export interface Gift {
  readonly amountMsat: Msat;
  readonly lock?: Lock;
}

/** Something to send; all gifts in one swap, so that there are all or none. */
export interface SendWish extends OperationWish {
  readonly gifts: readonly Gift[];
  /** The most that the mint may take for its inputs; absent: what it takes. */
  readonly maxFeeMsat?: Msat;
}

/** An invoice to pay with proofs. */
export interface MeltWish extends OperationWish {
  readonly invoice: string;
  /** The most that mint and route may take together; absent: what the mint asks. */
  readonly maxFeeMsat?: Msat;
}

const NONE = 0n as Msat;

/**
 * Writes down what is about to be asked of a mint: quotes are asked for, inputs held, counters taken.
 * No money has moved when it is done. Asked again with the same key, it gives what was written.
 */
export class Preparer {
  readonly #parts: CashuParts;
  readonly #desk: MintDesk;

  constructor(parts: CashuParts, desk: MintDesk) {
    this.#parts = parts;
    this.#desk = desk;
  }

  /** An invoice to buy proofs with: `terms.invoice` is to be paid by the node. Throws `invoice_unfit`. */
  async mint(wish: OperationWish & { readonly amountMsat: Msat }): Promise<Operation> {
    const { amountMsat } = wish;
    const known = await this.#known(wish, 'mint', amountMsat);
    if (known !== undefined) {
      return known;
    }
    checkAmount(amountMsat);
    const mint = await this.#desk.usable(wish.mint);
    await this.#desk.refresh(mint);
    const keyset = await this.#desk.keysetFor(mint);
    const { quote, invoice, expiryS } = await this.#desk.client(mint).quoteMint(amountMsat);
    if (this.#parts.readInvoice(invoice)?.amountMsat !== amountMsat) {
      throw cashuError(
        'invoice_unfit',
        'the mint’s invoice is not over the amount that was asked for, or not for this network',
        'use another mint',
      );
    }
    const terms = { quote, invoice, ...(expiryS === undefined ? {} : { expiryS }) };
    return this.#write(async (tx) => ({
      ...this.#blank(wish, 'mint', amountMsat),
      terms,
      outputs: await this.#outputs(tx, 'keep', splitAmount(amountMsat, keyset), keyset),
    }));
  }

  /** Proofs for somebody, locked where locks are given. Throws `balance`, `fee`, `lock_…`, `amount`. */
  async send(wish: SendWish): Promise<Operation> {
    const { gifts, maxFeeMsat } = wish;
    const amountMsat = worthOf(gifts);
    const known = await this.#known(wish, 'send', amountMsat);
    if (known !== undefined) {
      return known;
    }
    const { keyset, keysets } = await this.#readyToSend(wish);
    return this.#write(async (tx) => {
      const { inputs, feeMsat } = await this.#hold(tx, wish, amountMsat, keysets);
      checkFee(feeMsat, maxFeeMsat);
      const rest = (worthOf(inputs) - feeMsat - amountMsat) as Msat;
      const kept = await this.#outputs(tx, 'keep', splitAmount(rest, keyset), keyset);
      const sent = gifts.flatMap((gift) =>
        lockedOutputs(splitAmount(gift.amountMsat, keyset), keyset.id, gift.lock),
      );
      // In the order of amounts, so that the mint cannot tell which are for whom.
      const outputs = [...kept, ...sent].sort(
        (a, b) => Number(a.amountMsat - b.amountMsat) || (a.point < b.point ? -1 : 1),
      );
      const blank = this.#blank(wish, 'send', amountMsat);
      return { ...blank, state: 'prepared', feeMsat, inputs, outputs };
    });
  }

  /** What a send would cost now, with nothing held. Throws what {@link Preparer.send} throws. */
  async estimateSend(wish: Omit<SendWish, 'key'>): Promise<Msat> {
    const { keysets, mint } = await this.#readyToSend(wish);
    const { reader } = this.#parts.store;
    const coins = await listProofs(reader, { mint: mint.url, state: 'unspent' });
    const { feeMsat } = selectProofs(coins, worthOf(wish.gifts), keysets);
    checkFee(feeMsat, wish.maxFeeMsat);
    return feeMsat;
  }

  async #readyToSend({ mint: url, gifts }: Omit<SendWish, 'key'>) {
    for (const { amountMsat } of gifts) {
      checkAmount(amountMsat);
    }
    checkAmount(worthOf(gifts));
    const mint = await this.#desk.usable(url);
    await this.#desk.refresh(mint);
    let keyset = await this.#desk.keysetFor(mint);
    for (const { lock } of gifts) {
      keyset = await this.#desk.keysetFor(mint, lock);
    }
    return { mint, keyset, keysets: await this.#desk.keysets(mint.url) };
  }

  /** Proofs pay an invoice through the mint. Throws `balance`, `fee`, `invoice_unfit`, `mint_refused`. */
  async melt(wish: MeltWish): Promise<Operation> {
    const { invoice, maxFeeMsat } = wish;
    const known = await this.#known(wish, 'melt');
    if (known !== undefined) {
      return known.terms.invoice === invoice ? known : mismatch();
    }
    const { quote, keyset, keysets } = await this.#quoteMelt(wish);
    const { amountMsat, reserveMsat, expiryS } = quote;
    return this.#write(async (tx) => {
      const most = (amountMsat + reserveMsat) as Msat;
      const { inputs, feeMsat } = await this.#hold(tx, wish, most, keysets);
      checkFee((feeMsat + reserveMsat) as Msat, maxFeeMsat);
      const over = (worthOf(inputs) - feeMsat - amountMsat) as Msat;
      const blanks = Array<Msat>(blankCount(over)).fill(NONE);
      return {
        ...this.#blank(wish, 'melt', amountMsat),
        state: 'prepared',
        feeMsat: (feeMsat + reserveMsat) as Msat,
        terms: { quote: quote.quote, invoice, expiryS },
        inputs,
        outputs: await this.#outputs(tx, 'change', blanks, keyset),
      };
    });
  }

  /** What a melt would come to now, with nothing held. Throws what {@link Preparer.melt} throws. */
  async estimateMelt(
    wish: Omit<MeltWish, 'key'>,
  ): Promise<{ readonly amountMsat: Msat; readonly feeMsat: Msat }> {
    const { quote, keysets, mint } = await this.#quoteMelt(wish);
    const { amountMsat, reserveMsat } = quote;
    const { reader } = this.#parts.store;
    const coins = await listProofs(reader, { mint: mint.url, state: 'unspent' });
    const most = (amountMsat + reserveMsat) as Msat;
    const feeMsat = (selectProofs(coins, most, keysets).feeMsat + reserveMsat) as Msat;
    checkFee(feeMsat, wish.maxFeeMsat);
    return { amountMsat, feeMsat };
  }

  async #quoteMelt({ mint: url, invoice }: Omit<MeltWish, 'key'>) {
    const asked = this.#parts.readInvoice(invoice);
    if (asked === undefined) {
      throw cashuError('invoice_unfit', 'no invoice with an amount', 'ask for a BOLT 11 invoice');
    }
    const mint = await this.#desk.listed(url);
    await this.#desk.refresh(mint);
    const keyset = await this.#desk.keysetFor(mint);
    const keysets = await this.#desk.keysets(mint.url);
    const quote = await this.#desk.client(mint).quoteMelt(invoice);
    // Mints deal in sats: they round up.
    if (quote.amountMsat !== ((asked.amountMsat + 999n) / 1000n) * 1000n) {
      throw cashuError('invoice_unfit', 'the mint reads another amount', 'use another mint');
    }
    return { mint, keyset, keysets, quote };
  }

  /**
   * Somebody's proofs become ours. Throws `mint_unlisted`, `token_unusable`, `lock_closed`,
   * `lock_malformed`; a token given by this wallet is taken back the same way.
   */
  async receive(
    wish: Omit<OperationWish, 'mint'> & { readonly token: CashuToken; readonly opener: Opener },
  ): Promise<Operation> {
    const { token, opener, key } = wish;
    const known = await this.#known({ key, mint: token.mint }, 'receive', worthOf(token.proofs));
    if (known !== undefined) {
      return known;
    }
    const mint = await this.#desk.usable(token.mint);
    await this.#desk.refresh(mint);
    const keyset = await this.#desk.keysetFor(mint);
    const keysets = await this.#desk.keysets(mint.url);
    const nowS = this.#parts.clock.now() / 1000;
    const amountMsat = worthOf(token.proofs);
    checkAmount(amountMsat);
    const inputs = token.proofs.map((proof) => {
      const own = keysets.get(proof.keyset);
      // Whoever leaves the proof out (NUT-12) is answered by the mint itself; a wrong one is a lie.
      if (own === undefined || (proof.dleq !== undefined && !isProven(proof, own))) {
        throw cashuError('token_unusable', 'the mint did not sign this token', 'ask for another');
      }
      return openProof(proof, opener, nowS);
    });
    const points = inputs.map(({ secret }) => pointOf(secret));
    const feeMsat = inputFee(inputs, keysets);
    const rest = (amountMsat - feeMsat) as Msat;
    if (rest <= 0n || new Set(points).size !== points.length) {
      throw cashuError('token_unusable', 'the token is worth nothing', 'ask for another');
    }
    return this.#write(async (tx) => {
      const held = [...(await knownPoints(tx, points)).values()];
      if (held.some((state) => state !== 'sent')) {
        throw cashuError(
          'token_unusable',
          'these proofs are in this wallet already',
          'nothing to do',
        );
      }
      const outputs = await this.#outputs(tx, 'keep', splitAmount(rest, keyset), keyset);
      return {
        ...this.#blank({ key, mint: mint.url }, 'receive', amountMsat),
        feeMsat,
        inputs,
        outputs,
      };
    });
  }

  /** Gives a paid quote outputs of the keyset that is in use now; none of the former was signed. */
  async renew(operation: Operation): Promise<Operation> {
    const mint = await this.#desk.listed(operation.mint);
    await this.#desk.refresh(mint);
    const keyset = await this.#desk.keysetFor(mint);
    return this.#parts.store.transact(async (tx) => {
      const amounts = splitAmount(operation.amountMsat, keyset);
      const outputs = await this.#outputs(tx, 'keep', amounts, keyset);
      const renewed = { ...operation, outputs, reason: 'the mint has changed its keyset' };
      await putOperation(tx, renewed, this.#parts.sealer);
      return renewed;
    });
  }

  /** What takes the inputs of a melt back, so that it can never happen; the melt hands them over. */
  async fence(melt: Operation): Promise<Operation> {
    const mint = await this.#desk.listed(melt.mint);
    await this.#desk.refresh(mint);
    const keyset = await this.#desk.keysetFor(mint);
    const feeMsat = inputFee(melt.inputs, await this.#desk.keysets(mint.url));
    const amountMsat = worthOf(melt.inputs);
    const rest = (amountMsat - feeMsat) as Msat;
    const key = `${melt.key}/back/${this.#parts.clock.now()}`;
    return this.#write(async (tx) => {
      await passProofs(tx, melt.key, key);
      const fenced = { ...melt, terms: { ...melt.terms, fence: key } };
      await putOperation(tx, fenced, this.#parts.sealer);
      return {
        ...this.#blank({ key, mint: mint.url }, 'receive', amountMsat),
        terms: { fences: melt.key },
        feeMsat,
        inputs: melt.inputs,
        outputs: await this.#outputs(tx, 'keep', splitAmount(rest, keyset), keyset),
      };
    });
  }

  async #known(
    { key, mint }: OperationWish,
    kind: OperationKind,
    amountMsat?: Msat,
  ): Promise<Operation | undefined> {
    const { store, sealer } = this.#parts;
    const known = await findOperation(store.reader, key, sealer);
    const same =
      known === undefined ||
      (known.kind === kind &&
        known.mint === mint.replace(/\/+$/, '') &&
        (amountMsat === undefined || amountMsat === known.amountMsat));
    return same ? known : mismatch();
  }

  /** Stores an operation, unless one with its key came first: then that one is given. */
  #write(make: (tx: Transactor<CashuTables>) => Promise<Operation>): Promise<Operation> {
    const { store, sealer } = this.#parts;
    return store.transact(async (tx) => {
      const operation = await make(tx);
      if ((await findOperation(tx, operation.key, sealer)) !== undefined) {
        throw cashuError(
          'operation_known',
          'the same was asked for twice at once',
          'ask again: the first one is under way',
        );
      }
      await putOperation(tx, operation, sealer);
      return operation;
    });
  }

  #blank({ key, mint }: OperationWish, kind: OperationKind, amountMsat: Msat): Operation {
    return {
      key,
      kind,
      mint: mint.replace(/\/+$/, ''),
      state: 'open',
      amountMsat,
      feeMsat: NONE,
      atMs: this.#parts.clock.now(),
      terms: {},
      inputs: [],
      outputs: [],
      sent: [],
      reason: '',
    };
  }

  async #hold(
    tx: Transactor<CashuTables>,
    { key, mint }: OperationWish,
    amountMsat: Msat,
    keysets: ReadonlyMap<string, KeysetRecord>,
  ) {
    const coins = await listProofs(tx, { mint: mint.replace(/\/+$/, ''), state: 'unspent' });
    const { chosen, feeMsat } = selectProofs(coins, amountMsat, keysets);
    await holdProofs(
      tx,
      chosen.map(({ point }) => point),
      key,
    );
    return { inputs: chosen.map((row) => openRow(row, this.#parts.sealer)), feeMsat };
  }

  async #outputs(
    tx: Transactor<CashuTables>,
    role: OutputRole,
    amounts: readonly Msat[],
    { id }: KeysetRecord,
  ): Promise<readonly Output[]> {
    const counter = await takeCounters(tx, id, amounts.length);
    return seededOutputs(role, amounts, { seed: this.#parts.seed, keyset: id, counter });
  }
}

function mismatch(): never {
  throw cashuError(
    'operation_known',
    'this key stands for another operation',
    'use a new key for something new',
  );
}

function checkFee(feeMsat: Msat, maxFeeMsat: Msat | undefined): void {
  if (maxFeeMsat !== undefined && feeMsat > maxFeeMsat) {
    throw cashuError(
      'fee',
      `the mint takes up to ${feeMsat} msat, at most ${maxFeeMsat} msat are allowed`,
      'allow more, or use another mint',
    );
  }
}

function checkAmount(amountMsat: Msat): void {
  const whole = msatToSatFloor(amountMsat) * 1000n === amountMsat;
  if (!whole || amountMsat <= 0n || amountMsat > CASHU_LIMITS.amountMsat) {
    throw cashuError(
      'amount',
      `${amountMsat} msat: mints deal in whole sats, at most ${CASHU_LIMITS.amountMsat} msat at once`,
      'name a whole number of sats',
    );
  }
}
