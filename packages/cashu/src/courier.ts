import { createHash } from 'node:crypto';
import { hexToBytes, isCodedError, type Msat } from '@cl-hive/core';
import type { Transactor } from '@cl-hive/store';
import { cashuError } from './errors.ts';
import { Harvest } from './harvest.ts';
import { CASHU_LIMITS } from './limits.ts';
import type { MeltQuote, MintClient } from './mint-client.ts';
import type { MintDesk } from './mint-desk.ts';
import type { Operation, OperationState } from './operation.ts';
import { findOperation, putOperation } from './operation-rows.ts';
import { blindedMessage } from './outputs.ts';
import type { CashuParts } from './parts.ts';
import type { Preparer } from './prepare.ts';
import { type CashuProof, pointOf, worthOf } from './proof.ts';
import { addProofs, dropProofs, freeProofs, passProofs } from './proof-rows.ts';
import type { CashuTables } from './tables.ts';

/** What a mint says when it, or an earlier copy of the request, may have done it already (NUT-00). */
const MAYBE_DONE: ReadonlySet<unknown> = new Set([
  10_002, 11_001, 11_002, 11_003, 11_004, 20_002, 20_005, 20_006,
]);

/** What a mint says when the keyset of the outputs went out of use. */
const KEYSET_GONE: ReadonlySet<unknown> = new Set([12_001, 12_002, 12_003]);

/** Carries operations to mints, and finds out what became of them; each once at a time. */
export class Courier {
  readonly #parts: CashuParts;
  readonly #desk: MintDesk;
  readonly #prepare: Preparer;
  readonly #harvest: Harvest;
  /** Mints that gave no answer when they were last asked. */
  readonly silent = new Set<string>();
  readonly #running = new Map<string, Promise<Operation>>();

  constructor(parts: CashuParts, desk: MintDesk, prepare: Preparer) {
    this.#parts = parts;
    this.#desk = desk;
    this.#prepare = prepare;
    this.#harvest = new Harvest(desk);
  }

  /**
   * Asks the mint to do an operation, or what became of it when it was asked before. What cannot be
   * known now stays `open` with the reason. Throws `operation_unknown`, and store errors.
   */
  run(key: string): Promise<Operation> {
    const running = this.#running.get(key);
    if (running !== undefined) {
      return running;
    }
    const work = this.#run(key).finally(() => this.#running.delete(key));
    this.#running.set(key, work);
    return work;
  }

  async #run(key: string): Promise<Operation> {
    const operation = await this.#begin(key);
    // An invoice may be paid after it was given up: then the proofs are there for the taking.
    const revived = operation.kind === 'mint' && operation.state === 'void';
    if (operation.state !== 'open' && !revived) {
      return operation;
    }
    try {
      const client = this.#desk.client(await this.#desk.listed(operation.mint));
      this.silent.delete(operation.mint);
      switch (operation.kind) {
        case 'mint':
          return await this.#mint(operation, client);
        case 'melt':
          return await this.#melt(operation, client);
        case 'send':
        case 'receive':
          return await this.#swap(operation, client);
      }
    } catch (error) {
      if (isCodedError(error, 'mint_lies')) {
        await this.#desk.quarantine(operation.mint, error.message);
        return this.#close(operation, 'disputed', error.message);
      }
      if (isCodedError(error) && ['mint_silent', 'mint_url', 'mint_refused'].includes(error.code)) {
        if (error.code !== 'mint_refused') {
          this.silent.add(operation.mint);
        }
        return this.#wait(operation, error.message);
      }
      throw error;
    }
  }

  /** From here on the mint may know of it; a melt is sent by whoever finds it prepared, and nobody else. */
  async #begin(key: string): Promise<Operation & { readonly first?: true }> {
    const { store, sealer, clock } = this.#parts;
    const operation = await findOperation(store.reader, key, sealer);
    if (operation === undefined) {
      throw cashuError('operation_unknown', 'there is no such operation', 'see hive-client-wallet');
    }
    if (operation.state !== 'prepared') {
      return operation;
    }
    const terms = { ...operation.terms, sentMs: clock.now() };
    const begun: Operation = { ...operation, state: 'open', terms };
    await this.#put(begun);
    return { ...begun, first: true };
  }

  /** Gives up what was prepared and never asked for; anything else stays as it is. */
  async cancel(key: string, reason: string): Promise<void> {
    const { store, sealer } = this.#parts;
    const operation = await findOperation(store.reader, key, sealer);
    if (operation?.state === 'prepared' && !this.#running.has(key)) {
      await this.#void(operation, reason);
    }
  }

  /** Stops waiting for an invoice that surely is not paid; paid all the same, `run` finds it. */
  async giveUp(key: string, reason: string): Promise<void> {
    const { store, sealer } = this.#parts;
    const operation = await findOperation(store.reader, key, sealer);
    if (operation?.kind === 'mint' && operation.state === 'open' && !this.#running.has(key)) {
      await this.#void(operation, reason);
    }
  }

  // A swap is asked again with the very same bytes: done twice, it is done once.
  async #swap(operation: Operation, client: MintClient): Promise<Operation> {
    const { inputs, outputs } = operation;
    try {
      const signatures = await client.swap(inputs, outputs.map(blindedMessage));
      return await this.#finish(
        operation,
        await this.#harvest.unblind(operation, outputs, signatures),
      );
    } catch (error) {
      if (!isCodedError(error, 'mint_refused')) {
        throw error;
      }
      if (!MAYBE_DONE.has(error.data['code'])) {
        return this.#void(operation, error.message);
      }
    }
    const proofs = await this.#harvest.restore(operation, client, outputs);
    if (proofs !== undefined) {
      return this.#finish(operation, proofs);
    }
    const states = await client.states(inputs.map(({ secret }) => pointOf(secret)));
    if (!states.includes('SPENT')) {
      return this.#wait(operation, 'the mint is still at it');
    }
    if (operation.kind === 'receive') {
      return this.#void(operation, 'the proofs were spent by somebody else before');
    }
    this.#parts.trouble(`${operation.mint}: proofs of this wallet were spent without it`);
    const gone = inputs.filter((_proof, index) => states[index] === 'SPENT');
    return this.#close(operation, 'disputed', 'proofs of this wallet were spent without it', gone);
  }

  async #mint(operation: Operation, client: MintClient): Promise<Operation> {
    const { terms, outputs } = operation;
    const quote = terms.quote ?? '';
    const { state } = await client.mintQuote(quote);
    if (state === 'UNPAID') {
      const end = terms.expiryS ?? operation.atMs / 1000;
      return this.#parts.clock.now() / 1000 > end + CASHU_LIMITS.quoteGraceS
        ? this.#void(operation, 'the mint’s invoice was not paid in time')
        : this.#wait(operation, 'the mint’s invoice is not paid');
    }
    if (state === 'PAID') {
      try {
        const signatures = await client.mint(quote, outputs.map(blindedMessage));
        return await this.#finish(
          operation,
          await this.#harvest.unblind(operation, outputs, signatures),
        );
      } catch (error) {
        if (!isCodedError(error, 'mint_refused')) {
          throw error;
        }
        if (KEYSET_GONE.has(error.data['code'])) {
          // The quote is good for any keyset: the next look asks for signatures of the new one.
          return this.#prepare.renew(operation);
        }
        if (!MAYBE_DONE.has(error.data['code'])) {
          throw error;
        }
      }
    }
    const proofs = await this.#harvest.restore(operation, client, outputs);
    if (proofs !== undefined) {
      return this.#finish(operation, proofs);
    }
    this.#parts.trouble(`${operation.mint}: says it has issued what it was paid for, and has not`);
    return this.#close(operation, 'disputed', 'the mint says it has issued it, and has not');
  }

  async #melt(
    operation: Operation & { readonly first?: true },
    client: MintClient,
  ): Promise<Operation> {
    const { first, ...sent } = operation;
    const { terms, inputs, outputs } = sent;
    if (terms.fence !== undefined) {
      return this.#fenced(sent, terms.fence);
    }
    if (first !== true) {
      return this.#lookAtMelt(sent, client, false);
    }
    try {
      const blanks = outputs.map(blindedMessage);
      const answer = await client.melt(terms.quote ?? '', inputs, blanks);
      return await (answer.state === 'PAID'
        ? this.#paid(sent, client, answer)
        : this.#wait(sent, 'the mint is paying'));
    } catch (error) {
      if (!isCodedError(error, 'mint_refused')) {
        throw error;
      }
      // Nothing else of it is on its way: what the mint says now is the end of it.
      return this.#lookAtMelt(sent, client, !MAYBE_DONE.has(error.data['code']), error.message);
    }
  }

  async #lookAtMelt(
    operation: Operation,
    client: MintClient,
    certain: boolean,
    why = 'the mint did not pay',
  ): Promise<Operation> {
    const quote = await client.meltQuote(operation.terms.quote ?? '');
    if (quote.state === 'PAID') {
      return this.#paid(operation, client, quote);
    }
    const states = await client.states(operation.inputs.map(({ secret }) => pointOf(secret)));
    if (quote.state === 'PENDING' || states.includes('PENDING')) {
      return this.#wait(operation, 'the mint is paying');
    }
    if (states.includes('SPENT')) {
      this.#parts.trouble(`${operation.mint}: took proofs for an invoice it says it did not pay`);
      return this.#close(operation, 'disputed', 'the mint took the proofs and says it did not pay');
    }
    if (certain) {
      return this.#void(operation, why);
    }
    const age = this.#parts.clock.now() - (operation.terms.sentMs ?? 0);
    if (age >= 0 && age < CASHU_LIMITS.meltSettleMs) {
      return this.#wait(operation, 'the mint does not know of it yet');
    }
    // It may still arrive. Once its inputs are swapped it cannot be done any more.
    const fence = await this.#prepare.fence(operation);
    return this.#fenced(
      { ...operation, terms: { ...operation.terms, fence: fence.key } },
      fence.key,
    );
  }

  async #fenced(operation: Operation, fence: string): Promise<Operation> {
    const { store, sealer } = this.#parts;
    const { state } = await this.run(fence);
    // The end of the fence has changed the melt in the same transaction.
    const now = (await findOperation(store.reader, operation.key, sealer)) ?? operation;
    return state === 'open' ? this.#wait(now, 'its proofs are being taken back') : now;
  }

  async #paid(operation: Operation, client: MintClient, quote: MeltQuote): Promise<Operation> {
    const { terms, outputs, inputs, amountMsat, feeMsat } = operation;
    const hash = this.#parts.readInvoice(terms.invoice ?? '')?.hash;
    const proven = isPreimage(quote.preimage, hash);
    const change =
      quote.change.length > 0
        ? await this.#harvest.unblind(
            operation,
            outputs.slice(0, quote.change.length),
            quote.change,
          )
        : await this.#harvest.restoreSome(client, operation.mint, outputs);
    const fee = worthOf(inputs) - amountMsat - worthOf(change);
    const preimage = quote.preimage === undefined ? {} : { preimage: quote.preimage };
    const done = { ...operation, terms: { ...terms, ...preimage } };
    if (fee > feeMsat || fee < 0n) {
      await this.#desk.quarantine(
        operation.mint,
        `kept ${fee} msat of a melt, ${feeMsat} were agreed`,
      );
    }
    if (!proven) {
      const what = `says it paid an invoice and ${quote.preimage === undefined ? 'shows no preimage' : 'shows a wrong preimage'}`;
      await (quote.preimage === undefined
        ? this.#parts.trouble(`${operation.mint}: ${what}`)
        : this.#desk.quarantine(operation.mint, what));
    }
    return this.#finish(done, change, (fee < 0n ? 0n : fee) as Msat);
  }

  /** The proofs are ours, what was paid with is gone: in one transaction. */
  #finish(
    operation: Operation,
    proofs: readonly CashuProof[],
    feeMsat: Msat = operation.feeMsat,
  ): Promise<Operation> {
    const { key, mint, inputs, outputs, terms } = operation;
    const given = new Set(
      outputs.filter(({ role }) => role === 'send').map(({ secret }) => secret),
    );
    const sent = proofs.filter(({ secret }) => given.has(secret));
    const kept = proofs.filter(({ secret }) => !given.has(secret));
    const done: Operation = { ...operation, state: 'done', feeMsat, sent, reason: '' };
    return this.#parts.store.transact(async (tx) => {
      const { sealer } = this.#parts;
      await dropProofs(
        tx,
        inputs.map(({ secret }) => pointOf(secret)),
      );
      await addProofs(tx, kept, { mint, state: 'unspent' }, sealer);
      await addProofs(tx, sent, { mint, state: 'sent', operation: key }, sealer);
      await putOperation(tx, done, sealer);
      if (terms.fences !== undefined) {
        await this.#endMelt(tx, terms.fences);
      }
      return done;
    });
  }

  async #endMelt(tx: Transactor<CashuTables>, key: string): Promise<void> {
    const melt = await findOperation(tx, key, this.#parts.sealer);
    if (melt !== undefined) {
      const reason = 'the mint did not know of it; its proofs were taken back';
      await putOperation(tx, { ...melt, state: 'void', reason }, this.#parts.sealer);
    }
  }

  /** It did not happen and will not: what it held is free, or its melt's again. */
  #void(operation: Operation, reason: string): Promise<Operation> {
    const { key, terms } = operation;
    const ended: Operation = { ...operation, state: 'void', reason };
    return this.#parts.store.transact(async (tx) => {
      const { sealer } = this.#parts;
      if (terms.fences === undefined) {
        await freeProofs(tx, key);
      } else {
        await passProofs(tx, key, terms.fences);
        const melt = await findOperation(tx, terms.fences, sealer);
        if (melt !== undefined) {
          const { fence: _gone, ...rest } = melt.terms;
          await putOperation(tx, { ...melt, terms: rest }, sealer);
        }
      }
      await putOperation(tx, ended, sealer);
      return ended;
    });
  }

  #close(
    operation: Operation,
    state: OperationState,
    reason: string,
    gone: readonly CashuProof[] = [],
  ): Promise<Operation> {
    const ended: Operation = { ...operation, state, reason };
    return this.#parts.store.transact(async (tx) => {
      if (gone.length > 0) {
        await dropProofs(
          tx,
          gone.map(({ secret }) => pointOf(secret)),
        );
        await freeProofs(tx, operation.key);
      }
      await putOperation(tx, ended, this.#parts.sealer);
      return ended;
    });
  }

  async #wait(operation: Operation, reason: string): Promise<Operation> {
    const waiting: Operation = { ...operation, reason };
    if (operation.reason !== reason) {
      await this.#put(waiting);
    }
    return waiting;
  }

  async #put(operation: Operation): Promise<void> {
    await this.#parts.store.transact((tx) => putOperation(tx, operation, this.#parts.sealer));
  }
}

function isPreimage(preimage: string | undefined, hash: string | undefined): boolean {
  try {
    const digest = createHash('sha256')
      .update(hexToBytes(preimage ?? ''))
      .digest('hex');
    return digest === hash;
  } catch {
    // What is no hexadecimal is no preimage.
    return false;
  }
}
