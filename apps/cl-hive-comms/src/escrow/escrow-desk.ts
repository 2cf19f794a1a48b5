import { randomBytes } from 'node:crypto';
import { CASHU_LIMITS } from '@cl-hive/cashu';
import type { JsonObject, JsonValue } from '@cl-hive/core';
import {
  judgeOffer,
  judgeTerms,
  type OfferQuestion,
  type PayerTicket,
  type ReceiverTicket,
  type TicketKind,
  type TicketTerms,
  termsToJson,
  ticketMsat,
} from '@cl-hive/payments';
import { type EscrowParts, nowS, refuseTicket } from './escrow-parts.ts';
import { type Held, listHeld, PAYER, RECEIVER } from './escrow-rows.ts';
import { PayerDesk } from './payer-desk.ts';
import { ReceiverDesk } from './receiver-desk.ts';
import { decodeEvidence, decodeOffer, decodeParts } from './ticket-params.ts';

/** A ticket that is to be made. */
export interface TicketWish {
  readonly kind: TicketKind;
  readonly mint: string;
  readonly receiverKey: string;
  /** Seconds for which the money stays locked. */
  readonly seconds: number;
  readonly parts: JsonValue;
}

/** Tickets that one look goes through, and that one answer lists. */
const TICKETS_MAX = 100;
const ID_BYTES = 32;

/** What `hive-client-escrow` does and answers. */
export class EscrowDesk {
  readonly payer: PayerDesk;
  readonly receiver: ReceiverDesk;
  readonly #parts: EscrowParts;

  constructor(parts: EscrowParts) {
    this.#parts = parts;
    this.payer = new PayerDesk(parts);
    this.receiver = new ReceiverDesk(parts);
  }

  async list(): Promise<JsonObject> {
    const { store, sealer, keys } = this.#parts;
    const of = { openOnly: false, limit: TICKETS_MAX };
    const paying = await listHeld(store.reader, PAYER, of, sealer);
    const earning = await listHeld(store.reader, RECEIVER, of, sealer);
    return {
      receiver_key: keys.receiver().publicKey,
      paying: paying.map(({ ticket }) => payerView(ticket)),
      earning: earning.map(({ ticket }) => receiverView(ticket)),
    };
  }

  /** A ticket with what is to be handed over: to the receiver alone. */
  async show(id: string): Promise<JsonObject> {
    const { store, sealer } = this.#parts;
    const of = { openOnly: false, limit: TICKETS_MAX };
    const earning = await listHeld(store.reader, RECEIVER, of, sealer);
    const mine = earning.find(({ ticket }) => ticket.terms.id === id);
    return mine === undefined
      ? this.#paying(await this.payer.find(id))
      : { ...receiverView(mine.ticket), terms: termsToJson(mine.ticket.terms) };
  }

  /** Makes a ticket; nothing is locked yet. Throws the problem of its terms. */
  async create(wish: TicketWish): Promise<JsonObject> {
    const { keys, clock } = this.#parts;
    const id = randomBytes(ID_BYTES).toString('hex');
    const terms: TicketTerms = {
      id,
      kind: wish.kind,
      mint: wish.mint.replace(/\/+$/, ''),
      payerKey: keys.payer(id).publicKey,
      receiverKey: wish.receiverKey.toLowerCase(),
      locktime: nowS(clock) + wish.seconds,
      parts: decodeParts(wish.parts).map((part, index) => ({
        ...part,
        hash: keys.part(id, index).hash,
      })),
    };
    const problem = judgeTerms(terms, await this.#question(terms.mint));
    if (problem !== undefined) {
      return refuseTicket(problem, 'change the terms; nothing was locked');
    }
    return this.#paying(await this.payer.create(terms));
  }

  /** Locks the money of a ticket; `dryRun`: only throws why it would not. */
  async fund(id: string, dryRun: boolean): Promise<JsonObject> {
    const held = await this.payer.find(id);
    const { ticket } = held;
    const problem = judgeTerms(ticket.terms, await this.#question(ticket.terms.mint));
    if (ticket.funding === 'planned' && problem !== undefined) {
      return refuseTicket(problem, 'make a new ticket; nothing was locked');
    }
    if (ticket.funding === 'planned') {
      await this.#parts.check(id, ticket.terms.mint);
    }
    if (dryRun) {
      return { dry_run: true, ...(await this.#paying(held)) };
    }
    return this.#paying(await this.payer.fund(id));
  }

  /** Gives a part's secret for evidence. */
  async release(id: string, part: number, shown: JsonValue): Promise<JsonObject> {
    const terms = (await this.payer.find(id)).ticket.terms.parts[part];
    if (terms === undefined) {
      return refuseTicket('no_such_part', 'parts are counted from 0');
    }
    return this.#paying(await this.payer.release(id, part, decodeEvidence(shown, terms)));
  }

  async refund(id: string, part: number): Promise<JsonObject> {
    return this.#paying(await this.payer.refund(id, part));
  }

  /** Takes a ticket that was offered. Throws the problem of its terms. */
  async take(offer: JsonValue): Promise<JsonObject> {
    const { wallet, keys } = this.#parts;
    const { terms, tokens } = decodeOffer(offer);
    const ownKey = keys.receiver().publicKey;
    const problem = judgeOffer(terms, { ...(await this.#question(terms.mint)), ownKey });
    if (problem !== undefined) {
      return refuseTicket(problem, 'ask the payer for another ticket');
    }
    const read = await Promise.all(tokens.map((token) => wallet.read(token)));
    if (read.flatMap(({ proofs }) => proofs).length > CASHU_LIMITS.tokenProofs) {
      return refuseTicket('too_many_proofs', 'ask the payer for fewer parts');
    }
    if (read.length !== terms.parts.length || read.some(({ mint }) => mint !== terms.mint)) {
      return refuseTicket('tokens_differ', 'a token of the terms’ mint belongs to each part');
    }
    const held = await this.receiver.take(
      terms,
      read.map(({ proofs }) => proofs),
    );
    return receiverView(held.ticket);
  }

  async redeem(id: string, part: number, preimage: string | undefined): Promise<JsonObject> {
    return receiverView((await this.receiver.redeem(id, part, preimage?.toLowerCase())).ticket);
  }

  /** Finds out what became of all tickets that can still change. */
  async look(): Promise<void> {
    await this.payer.look(TICKETS_MAX);
    await this.receiver.look(TICKETS_MAX);
  }

  async #question(mint: string): Promise<Omit<OfferQuestion, 'ownKey'>> {
    const { wallet, clock } = this.#parts;
    const now = nowS(clock);
    const listed = (await wallet.mints.list()).find(({ url }) => url === mint);
    if (listed === undefined) {
      return { mintListed: false, mintLocks: false, keysetEnds: undefined, now };
    }
    const keysets = [...(await wallet.mints.keysets(mint)).values()];
    const ends = keysets
      .filter(({ active }) => active)
      .flatMap(({ finalExpiryS }) => finalExpiryS ?? []);
    return {
      mintListed: true,
      mintLocks: [10, 11, 14].every((nut) => listed.nuts.has(nut)),
      keysetEnds: ends.length === 0 ? undefined : Math.min(...ends),
      now,
    };
  }

  async #paying(held: Held<PayerTicket>): Promise<JsonObject> {
    const offer = await this.payer.offer(held);
    const secrets = this.payer.reveals(held);
    return {
      ...payerView(held.ticket),
      ...(held.intent === undefined ? {} : { payment: held.intent }),
      ...(offer === undefined ? {} : { offer }),
      secrets: secrets.map((secret) => secret ?? null),
    };
  }
}

function payerView({ terms, funding, parts }: PayerTicket): JsonObject {
  return { ...termsView(terms), side: 'payer', funding, parts: partsView(terms, parts) };
}

function receiverView({ terms, taken, parts }: ReceiverTicket): JsonObject {
  return { ...termsView(terms), side: 'receiver', taken, parts: partsView(terms, parts) };
}

function termsView(terms: TicketTerms): JsonObject {
  const { id, kind, mint, locktime } = terms;
  return { ticket: id, kind, mint, locktime, amount_msat: ticketMsat(terms) };
}

function partsView(
  { parts }: TicketTerms,
  states: readonly { readonly at: string }[],
): readonly JsonObject[] {
  return parts.map(({ amountMsat, condition }, index) => ({
    part: index,
    task: condition.task,
    amount_msat: amountMsat,
    state: states[index]?.at ?? 'none',
  }));
}
