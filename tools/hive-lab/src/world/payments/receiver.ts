import { bytesToHex, hexToBytes, type JsonObject } from '@cl-hive/core';
import { sha256 } from '../digest.ts';
import type { LabNode } from '../lab-node.ts';
import type { WorldState } from '../state.ts';
import type { Treasury } from '../treasury.ts';
import type { Waits } from '../waits.ts';
import type { Held } from './carrier.ts';
import type { Invoice } from './records.ts';

/** A whole payment at its destination. */
export interface Arrival {
  readonly paymentHash: string;
  readonly amountMsat: bigint;
  readonly paymentSecret: string | undefined;
  /** The preimage that a spontaneous payment carries. */
  readonly keysend: string | undefined;
  /** Empty where a node pays itself without a channel. */
  readonly parts: readonly Held[];
}

/** A payment that its destination takes: one of both functions must be called, at once. */
export interface Claim {
  readonly preimage: string;
  /** The parts were paid out. */
  readonly claimed: () => void;
  /** They could not be any more. */
  readonly abandoned: () => void;
}

/** Decides at the destination whether a payment is wanted, and books it once it is paid out. */
export class Receiver {
  readonly #state: WorldState;
  readonly #treasury: Treasury;
  readonly #waits: Waits;
  /** Invoices that are being paid out right now. */
  readonly #claiming = new Set<Invoice>();

  constructor(state: WorldState, treasury: Treasury, waits: Waits) {
    this.#state = state;
    this.#treasury = treasury;
    this.#waits = waits;
  }

  /** The preimage that claims the payment, with what to do once it is claimed; undefined when it is refused. */
  async accept(node: LabNode, arrival: Arrival): Promise<Claim | undefined> {
    const invoice =
      node.invoices.rows.find(({ paymentHash }) => paymentHash === arrival.paymentHash) ??
      this.#keysendInvoice(node, arrival);
    if (invoice === undefined || !this.#wanted(invoice, arrival)) {
      return undefined;
    }
    const reply = await this.#ask(node, invoice, arrival);
    if (
      reply['result'] === 'reject' ||
      !this.#wanted(invoice, arrival) ||
      this.#claiming.has(invoice)
    ) {
      return undefined;
    }
    this.#claiming.add(invoice);
    return {
      preimage: invoice.preimage,
      claimed: () => this.#claim(node, invoice, arrival),
      abandoned: () => this.#claiming.delete(invoice),
    };
  }

  /** lightningd asks nobody about what a node pays itself. */
  async #ask(node: LabNode, invoice: Invoice, arrival: Arrival): Promise<JsonObject> {
    const { label, preimage } = invoice;
    return arrival.parts.length === 0
      ? { result: 'continue' }
      : node.hook('invoice_payment', {
          payment: { label, preimage, msat: arrival.amountMsat, extratlvs: [] },
        });
  }

  #wanted(invoice: Invoice, { amountMsat, paymentSecret, keysend }: Arrival): boolean {
    const { amountMsat: asked } = invoice;
    return (
      invoice.paid === undefined &&
      this.#state.now() < invoice.expiresAt &&
      (keysend !== undefined || paymentSecret === invoice.paymentSecret) &&
      // BOLT 4: at least what was asked, at most twice that.
      (asked === undefined || (amountMsat >= asked && amountMsat <= asked * 2n))
    );
  }

  #keysendInvoice(node: LabNode, arrival: Arrival): Invoice | undefined {
    const { keysend } = arrival;
    if (keysend === undefined || bytesToHex(sha256(hexToBytes(keysend))) !== arrival.paymentHash) {
      return undefined;
    }
    return node.invoices.add((row) => ({
      ...row,
      label: `keysend-${this.#state.now()}.${String(row.createdIndex).padStart(9, '0')}`,
      description: 'keysend',
      amountMsat: arrival.amountMsat,
      paymentHash: arrival.paymentHash,
      preimage: keysend,
      paymentSecret: bytesToHex(node.draws.next('payment_secret')),
      expiresAt: this.#state.now() + 604_800,
      bolt11: undefined,
      bolt12: undefined,
      offerId: undefined,
      payerNote: undefined,
      paid: undefined,
      expired: false,
    }));
  }

  #claim(node: LabNode, invoice: Invoice, arrival: Arrival): void {
    this.#claiming.delete(invoice);
    node.payIndex += 1;
    invoice.paid = {
      index: node.payIndex,
      receivedMsat: arrival.amountMsat,
      at: this.#state.now(),
    };
    node.invoices.touch(invoice);
    markOffer(node, invoice);
    for (const part of arrival.parts) {
      const last = part.hops.at(-1)?.lab;
      if (last !== undefined) {
        this.#treasury.bookChannel(node, {
          account: last.channel.channelId,
          credit: last.htlc.amountMsat,
          debit: 0n,
          tag: 'invoice',
          fees: 0n,
          paymentHash: arrival.paymentHash,
          partId: 0,
        });
      }
    }
    const payload: JsonObject = {
      msat: arrival.amountMsat,
      preimage: invoice.preimage,
      label: invoice.label,
    };
    node.notify('invoice_payment', payload);
    this.#waits.changed();
  }

  /** Notes invoices whose time is over. */
  expire(node: LabNode): void {
    for (const invoice of node.invoices.rows) {
      if (
        !invoice.expired &&
        invoice.paid === undefined &&
        this.#state.now() >= invoice.expiresAt
      ) {
        invoice.expired = true;
        node.invoices.touch(invoice);
      }
    }
  }
}

/** Notes that an offer led to a payment; one for single use is over with that. */
function markOffer(node: LabNode, invoice: Invoice): void {
  const offer = node.offers.find(({ offerId }) => offerId === invoice.offerId);
  if (offer !== undefined) {
    offer.used = true;
    offer.active = offer.active && !offer.singleUse;
  }
}
