import { type CashuProof, type Lock, readLock } from '@cl-hive/cashu';
import { addReceipt } from '@cl-hive/comms';
import { isCodedError } from '@cl-hive/core';
import {
  type ReceiverCommand,
  type ReceiverEvent,
  type ReceiverStep,
  type ReceiverTicket,
  stepReceiver,
  type TicketTerms,
  takeTicket,
} from '@cl-hive/payments';
import { beginSwap, type EscrowParts, isSpent, lookAtSwap, refuseTicket } from './escrow-parts.ts';
import { findHeld, type Held, listHeld, putHeld, RECEIVER } from './escrow-rows.ts';

/** Carries out what the receiver's machine decides: each state is on disk before its commands. */
export class ReceiverDesk {
  readonly #parts: EscrowParts;

  constructor(parts: EscrowParts) {
    this.#parts = parts;
  }

  /** Takes a ticket that was judged acceptable, with the proofs of each part. */
  async take(
    terms: TicketTerms,
    proofs: readonly (readonly CashuProof[])[],
  ): Promise<Held<ReceiverTicket>> {
    const { store, sealer, clock } = this.#parts;
    const known = await findHeld(store.reader, RECEIVER, terms.id, sealer);
    if (known !== undefined) {
      return refuseTicket('ticket_known', 'see it: hive-client-escrow action=show');
    }
    const { state, commands } = takeTicket(terms);
    const held = { ticket: state, intent: undefined, swaps: new Map<string, string>(), proofs };
    const whole: Held<ReceiverTicket> = { ...held, atMs: clock.now() };
    await store.transact((tx) => putHeld(tx, RECEIVER, whole, sealer));
    for (const command of commands) {
      await this.#carryOut(whole, command);
    }
    return this.find(terms.id);
  }

  async find(id: string): Promise<Held<ReceiverTicket>> {
    const { store, sealer } = this.#parts;
    const held = await findHeld(store.reader, RECEIVER, id, sealer);
    return held ?? refuseTicket('no_such_ticket', 'hive-client-escrow lists them');
  }

  /** Redeems a part with its secret; without one, a part whose secret came before. */
  redeem(id: string, part: number, preimage: string | undefined): Promise<Held<ReceiverTicket>> {
    return this.#apply(
      id,
      preimage === undefined ? { kind: 'redeem', part } : { kind: 'secret', part, preimage },
    );
  }

  /** After a start and on a timer: finds out what became of all that can still change. */
  async look(limit: number): Promise<void> {
    const { store, sealer } = this.#parts;
    const of = { openOnly: true, limit };
    for (const { ticket } of await listHeld(store.reader, RECEIVER, of, sealer)) {
      await this.#apply(ticket.terms.id, { kind: 'look' });
    }
  }

  async #apply(
    id: string,
    event: ReceiverEvent,
    swap?: { readonly part: number; readonly key: string },
  ): Promise<Held<ReceiverTicket>> {
    const { held, commands } = await this.#commit(id, event, swap);
    for (const command of commands) {
      await this.#carryOut(held, command);
    }
    return commands.length === 0 ? held : this.find(id);
  }

  async #commit(
    id: string,
    event: ReceiverEvent,
    swap: { readonly part: number; readonly key: string } | undefined,
  ): Promise<Pick<ReceiverStep, 'commands'> & { readonly held: Held<ReceiverTicket> }> {
    const { store, sealer, clock, node, wrote } = this.#parts;
    const done = await store.transact(async (tx) => {
      const held = await findHeld(tx, RECEIVER, id, sealer);
      if (held === undefined) {
        return refuseTicket('no_such_ticket', 'hive-client-escrow lists them');
      }
      const { state, commands, refusal } = stepReceiver(held.ticket, event);
      if (refusal !== undefined) {
        return refuseTicket(refusal, 'see the ticket: hive-client-escrow action=show');
      }
      const swaps = new Map(held.swaps);
      if (swap !== undefined) {
        swaps.set(String(swap.part), swap.key);
      }
      const next = { ...held, ticket: state, swaps };
      await putHeld(tx, RECEIVER, next, sealer);
      for (const command of commands) {
        if (command.kind === 'receipt') {
          const { what, part } = command;
          const data = { change: 'escrow', ticket: id, side: 'receiver', what, part: part ?? null };
          await addReceipt(tx, { kind: 'admin', at: clock.now(), data }, node);
        }
      }
      return { held: next, commands };
    });
    wrote();
    return done;
  }

  async #carryOut(held: Held<ReceiverTicket>, command: ReceiverCommand): Promise<void> {
    const { wallet, alert } = this.#parts;
    const { id, mint } = held.ticket.terms;
    switch (command.kind) {
      case 'check': {
        const good = await this.#isGood(held);
        if (good !== undefined) {
          await this.#apply(id, { kind: 'checked', good });
        }
        return;
      }
      case 'swap_redeem':
        return this.#redeem(held, command.part, command.preimage);
      case 'look_redeem': {
        const { part } = command;
        const key = held.swaps.get(String(part)) ?? '';
        const outcome = await lookAtSwap(wallet, key, { mint, proofs: held.proofs[part] ?? [] });
        await this.#apply(id, { kind: 'redeem_swapped', part, outcome });
        return;
      }
      case 'ask_mint': {
        const { part } = command;
        const spent = await isSpent(wallet, mint, held.proofs[part] ?? []);
        if (spent !== undefined) {
          await this.#apply(id, { kind: 'mint_says', part, spent });
        }
        return;
      }
      case 'alert':
        alert(
          `escrow/${id}/${command.part}`,
          `part ${command.part} of the escrow ticket ${id} was earned, and its payer took it back`,
        );
        return;
      case 'receipt':
        return;
    }
  }

  async #redeem(held: Held<ReceiverTicket>, part: number, preimage: string): Promise<void> {
    const { wallet, keys, clock } = this.#parts;
    const { id, mint } = held.ticket.terms;
    const key = `escrow/${id}/${part}/redeem/${clock.now()}`;
    await this.#apply(id, { kind: 'redeem_swapped', part, outcome: 'unknown' }, { part, key });
    const { publicKey, secret } = keys.receiver();
    const outcome = await beginSwap(wallet, key, {
      mint,
      proofs: held.proofs[part] ?? [],
      opener: { secrets: new Map([[publicKey, secret]]), preimage },
    });
    await this.#apply(id, { kind: 'redeem_swapped', part, outcome });
  }

  /** Whether all proofs are what the terms say, signed and unspent; undefined while the mint is silent. */
  async #isGood({ ticket, proofs }: Held<ReceiverTicket>): Promise<boolean | undefined> {
    const { wallet } = this.#parts;
    const { terms } = ticket;
    const fits = terms.parts.every((part, index) => {
      const mine = proofs[index] ?? [];
      const worth = mine.reduce((sum, { amountMsat }) => sum + amountMsat, 0n);
      return (
        worth === part.amountMsat && mine.every(({ secret }) => isLock(secret, terms, part.hash))
      );
    });
    const all = proofs.flat();
    if (!fits || new Set(all.map(({ secret }) => secret)).size !== all.length) {
      return false;
    }
    try {
      return (
        (await wallet.areProven(terms.mint, all)) &&
        (await wallet.statesOf(terms.mint, all)).every((state) => state === 'UNSPENT')
      );
    } catch (error) {
      if (isCodedError(error, 'mint_silent')) {
        return undefined;
      }
      throw error;
    }
  }
}

function isLock(secret: string, terms: TicketTerms, hash: string): boolean {
  let lock: Lock | undefined;
  try {
    lock = readLock(secret);
  } catch (error) {
    if (isCodedError(error, 'lock_malformed')) {
      return false;
    }
    throw error;
  }
  return (
    lock !== undefined &&
    lock.hash === hash &&
    lock.locktimeS === terms.locktime &&
    lock.required === 1 &&
    lock.requiredRefund === 1 &&
    lock.publicKeys.length === 1 &&
    lock.publicKeys[0] === terms.receiverKey &&
    lock.refundKeys.length === 1 &&
    lock.refundKeys[0] === terms.payerKey
  );
}
