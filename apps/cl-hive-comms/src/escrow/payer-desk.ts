import { type CashuProof, type Gift, readLock, writeToken } from '@cl-hive/cashu';
import { addReceipt } from '@cl-hive/comms';
import type { JsonObject } from '@cl-hive/core';
import {
  type Evidence,
  type PayerCommand,
  type PayerEvent,
  type PayerTicket,
  planTicket,
  stepPayer,
  type TicketTerms,
  termsToJson,
} from '@cl-hive/payments';
import type { Reader } from '@cl-hive/store';
import { operationOf } from '../pay/rails/cashu.ts';
import {
  beginSwap,
  type EscrowParts,
  type Funding,
  isSpent,
  lookAtSwap,
  nowS,
  refuseTicket,
} from './escrow-parts.ts';
import { type EscrowTables, findHeld, type Held, listHeld, PAYER, putHeld } from './escrow-rows.ts';

/** What a commit adds to a ticket beside its state. */
interface Also {
  readonly intent?: number | undefined;
  readonly swap?: { readonly part: number; readonly key: string };
}

/** The locked parts of a ticket as the wallet sends them; undefined where there is no such ticket. */
export async function ticketGifts(
  {
    store,
    sealer,
  }: Pick<EscrowParts, 'sealer'> & { readonly store: { readonly reader: Reader<EscrowTables> } },
  id: string,
): Promise<readonly Gift[] | undefined> {
  const held = await findHeld(store.reader, PAYER, id, sealer);
  return held?.ticket.terms.parts.map(({ amountMsat, hash }) => {
    const { receiverKey, payerKey, locktime } = held.ticket.terms;
    const keys = { publicKeys: [receiverKey], required: 1, refundKeys: [payerKey] };
    return { amountMsat, lock: { ...keys, requiredRefund: 1, hash, locktimeS: locktime } };
  });
}

/** Carries out what the payer's machine decides: each state is on disk before its commands. */
export class PayerDesk {
  readonly #parts: EscrowParts;

  constructor(parts: EscrowParts) {
    this.#parts = parts;
  }

  /** Stores a ticket that nothing was done for yet. */
  async create(terms: TicketTerms): Promise<Held<PayerTicket>> {
    const { store, sealer, clock } = this.#parts;
    const held: Held<PayerTicket> = {
      ticket: planTicket(terms),
      intent: undefined,
      swaps: new Map(),
      proofs: [],
      atMs: clock.now(),
    };
    await store.transact((tx) => putHeld(tx, PAYER, held, sealer));
    return held;
  }

  async find(id: string): Promise<Held<PayerTicket>> {
    const { store, sealer } = this.#parts;
    const held = await findHeld(store.reader, PAYER, id, sealer);
    return held ?? refuseTicket('no_such_ticket', 'hive-client-escrow lists them');
  }

  fund(id: string): Promise<Held<PayerTicket>> {
    return this.#apply(id, { kind: 'fund' });
  }

  /** Gives a part's secret for evidence. */
  release(id: string, part: number, evidence: Evidence): Promise<Held<PayerTicket>> {
    return this.#apply(id, { kind: 'evidence', part, evidence });
  }

  refund(id: string, part: number): Promise<Held<PayerTicket>> {
    return this.#apply(id, { kind: 'refund', part });
  }

  /** After a start and on a timer: finds out what became of all that can still change. */
  async look(limit: number): Promise<void> {
    const { store, sealer } = this.#parts;
    for (const { ticket } of await listHeld(
      store.reader,
      PAYER,
      { openOnly: true, limit },
      sealer,
    )) {
      if (ticket.funding !== 'planned') {
        await this.#apply(ticket.terms.id, { kind: 'look' });
      }
    }
  }

  /** What goes to the receiver once it is funded: the terms, and a token for each part. */
  async offer(held: Held<PayerTicket>): Promise<JsonObject | undefined> {
    const { terms, funding } = held.ticket;
    if (funding !== 'funded') {
      return undefined;
    }
    const tokens = await Promise.all(
      terms.parts.map(async (_part, index) =>
        writeToken({ mint: terms.mint, proofs: await this.#proofs(held, index) }),
      ),
    );
    return { terms: termsToJson(terms), tokens };
  }

  /** The secrets that were given, by part. */
  reveals({ ticket }: Held<PayerTicket>): readonly (string | undefined)[] {
    return ticket.parts.map((part, index) =>
      part.at === 'released' ? this.#parts.keys.part(ticket.terms.id, index).preimage : undefined,
    );
  }

  async #proofs(
    { ticket, intent }: Held<PayerTicket>,
    part: number,
  ): Promise<readonly CashuProof[]> {
    const operation =
      intent === undefined ? undefined : await this.#parts.wallet.find(operationOf({ id: intent }));
    const hash = ticket.terms.parts[part]?.hash;
    return (operation?.sent ?? []).filter(({ secret }) => readLock(secret)?.hash === hash);
  }

  async #apply(id: string, event: PayerEvent, also: Also = {}): Promise<Held<PayerTicket>> {
    const { held, commands } = await this.#commit(id, event, also);
    for (const command of commands) {
      await this.#carryOut(held, command);
    }
    return commands.length === 0 ? held : this.find(id);
  }

  async #commit(id: string, event: PayerEvent, also: Also) {
    const { store, sealer, clock, node, wrote } = this.#parts;
    const done = await store.transact(async (tx) => {
      const held = await findHeld(tx, PAYER, id, sealer);
      if (held === undefined) {
        return refuseTicket('no_such_ticket', 'hive-client-escrow lists them');
      }
      const { state, commands, refusal } = stepPayer(held.ticket, event, nowS(clock));
      if (refusal !== undefined) {
        return refuseTicket(refusal, 'see the ticket: hive-client-escrow action=show');
      }
      const swaps = new Map(held.swaps);
      if (also.swap !== undefined) {
        swaps.set(String(also.swap.part), also.swap.key);
      }
      const next = { ...held, ticket: state, intent: also.intent ?? held.intent, swaps };
      await putHeld(tx, PAYER, next, sealer);
      for (const command of commands) {
        if (command.kind === 'receipt') {
          const { what, part } = command;
          const data = { change: 'escrow', ticket: id, side: 'payer', what, part: part ?? null };
          await addReceipt(tx, { kind: 'admin', at: clock.now(), data }, node);
        }
      }
      return { held: next, commands };
    });
    wrote();
    return done;
  }

  async #carryOut(held: Held<PayerTicket>, command: PayerCommand): Promise<void> {
    const { fund, lookFund, alert } = this.#parts;
    const { id, mint } = held.ticket.terms;
    switch (command.kind) {
      case 'lock':
        return this.#locked(id, await fund(id, mint));
      case 'look_lock':
        return this.#locked(id, await lookFund(id, mint));
      case 'swap_refund':
        return this.#refund(held, command.part);
      case 'look_refund':
        return this.#lookAtRefund(held, command.part);
      case 'ask_mint': {
        const spent = await isSpent(
          this.#parts.wallet,
          mint,
          await this.#proofs(held, command.part),
        );
        if (spent === true) {
          await this.#apply(id, { kind: 'mint_says', part: command.part, spent });
        }
        return;
      }
      case 'alert':
        alert(
          `escrow/${id}/${command.part}`,
          `part ${command.part} of the escrow ticket ${id} was spent, and its secret was never given`,
        );
        return;
      case 'hand_over':
      case 'reveal':
      case 'receipt':
        // The commands' answers show the offer and the secrets; receipts are in the commit.
        return;
    }
  }

  async #locked(id: string, { outcome, intent }: Funding): Promise<void> {
    await this.#apply(id, { kind: 'locked', outcome }, { intent });
  }

  async #refund(held: Held<PayerTicket>, part: number): Promise<void> {
    const { wallet, keys, clock } = this.#parts;
    const { id, mint } = held.ticket.terms;
    const key = `escrow/${id}/${part}/refund/${clock.now()}`;
    await this.#apply(
      id,
      { kind: 'refund_swapped', part, outcome: 'unknown' },
      { swap: { part, key } },
    );
    const { publicKey, secret } = keys.payer(id);
    const outcome = await beginSwap(wallet, key, {
      mint,
      proofs: await this.#proofs(held, part),
      opener: { secrets: new Map([[publicKey, secret]]) },
    });
    await this.#apply(id, { kind: 'refund_swapped', part, outcome });
  }

  async #lookAtRefund(held: Held<PayerTicket>, part: number): Promise<void> {
    const { id, mint } = held.ticket.terms;
    const key = held.swaps.get(String(part)) ?? '';
    const proofs = await this.#proofs(held, part);
    const outcome = await lookAtSwap(this.#parts.wallet, key, { mint, proofs });
    await this.#apply(id, { kind: 'refund_swapped', part, outcome });
  }
}
