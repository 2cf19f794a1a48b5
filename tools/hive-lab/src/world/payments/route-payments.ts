import { bytesToHex, hexToBytes } from '@cl-hive/core';
import { sha256 } from '../digest.ts';
import type { LabNode } from '../lab-node.ts';
import type { WorldState } from '../state.ts';
import { FINAL_CLTV } from './bolt11.ts';
import type { Carrier, Held } from './carrier.ts';
import { hopsOf, type RouteMap, type RouteStep } from './given-route.ts';
import type { OnionFailure } from './onion-failure.ts';
import type { PartArrivals } from './part-arrivals.ts';
import type { Receiver } from './receiver.ts';
import type { SendPay } from './records.ts';
import type { Hop } from './routing.ts';
import type { NewPart, SendPayBook } from './sendpay-book.ts';
import { remoteFailure, SENDPAY_CODE } from './sendpay-failure.ts';

/** A part to send on a route that the caller chose. */
export interface RoutePayment {
  /** Empty: the node pays itself. */
  readonly route: readonly RouteStep[];
  readonly paymentSecret: string | undefined;
  readonly part: Omit<NewPart, 'destination' | 'sentMsat'>;
}

/** Sends payments on given routes, one part at a time, as `sendpay` does. */
export class RoutePayments {
  readonly #state: WorldState;
  readonly #map: RouteMap;
  readonly #carrier: Carrier;
  readonly #receiver: Receiver;
  readonly #arrivals: PartArrivals;
  readonly #book: SendPayBook;

  constructor(
    state: WorldState,
    map: RouteMap,
    parts: {
      readonly carrier: Carrier;
      readonly receiver: Receiver;
      readonly arrivals: PartArrivals;
      readonly book: SendPayBook;
    },
  ) {
    this.#state = state;
    this.#map = map;
    this.#carrier = parts.carrier;
    this.#receiver = parts.receiver;
    this.#arrivals = parts.arrivals;
    this.#book = parts.book;
  }

  /** Sets a part out; it is pending until it ends by itself. */
  send(node: LabNode, payment: RoutePayment): SendPay {
    const { route, part } = payment;
    const row = this.#book.begin(node, {
      ...part,
      destination: route.at(-1)?.id ?? node.id,
      sentMsat: route[0]?.amountMsat ?? part.amountMsat,
    });
    void this.#carry(node, row, payment);
    return row;
  }

  /** The node pays an invoice of its own without any channel. */
  async payItself(node: LabNode, payment: RoutePayment): Promise<SendPay> {
    const { part, paymentSecret } = payment;
    const row = this.#book.begin(node, {
      ...part,
      destination: node.id,
      sentMsat: part.amountMsat,
    });
    const claim = await this.#receiver.accept(node, {
      paymentHash: part.paymentHash,
      amountMsat: part.amountMsat,
      paymentSecret,
      keysend: undefined,
      parts: [],
    });
    if (claim === undefined) {
      const { message, place } = remoteFailure(node.id, [], refused(node.id));
      this.#book.fail(node, row, { code: SENDPAY_CODE.destination, message, place });
    } else {
      claim.claimed();
      this.#book.complete(node, row, undefined, claim.preimage);
    }
    return row;
  }

  async #carry(node: LabNode, row: SendPay, payment: RoutePayment): Promise<void> {
    const hops = hopsOf(this.#map, node.id, payment.route);
    const held = await this.#carrier.carry(hops, {
      paymentHash: row.paymentHash,
      totalMsat: row.totalMsat,
      paymentSecret: payment.paymentSecret,
    });
    if ('failure' in held) {
      this.#book.fail(node, row, remoteFailure(node.id, hops, held));
      return;
    }
    const outcome = await this.#arrive(row, held, hops, payment);
    if (outcome.kind === 'paid') {
      this.#book.complete(node, row, held, outcome.preimage);
      return;
    }
    this.#carrier.fail(held, outcome.failure);
    const reported = { ...refused(row.destination), failure: outcome.failure };
    this.#book.fail(node, row, remoteFailure(node.id, hops, reported));
  }

  async #arrive(
    row: SendPay,
    held: Held,
    hops: readonly Hop[],
    { paymentSecret }: RoutePayment,
  ): ReturnType<PartArrivals['join']> {
    const no = (failure: OnionFailure) => ({ kind: 'failed', failure }) as const;
    const { preimage } = held;
    if (preimage !== undefined) {
      // A hook of a node on the way took it.
      const right = bytesToHex(sha256(hexToBytes(preimage))) === row.paymentHash;
      return right && this.#carrier.settle(held, preimage)
        ? { kind: 'paid', preimage }
        : no('temporary_channel_failure');
    }
    const destination = this.#state.nodes.get(row.destination);
    const blocks = hops.at(-1)?.cltvOut ?? 0;
    // The sender adds one block to the height that it knows.
    if (destination === undefined || blocks + 1 < FINAL_CLTV) {
      return no('incorrect_or_unknown_payment_details');
    }
    const { paymentHash, amountMsat, totalMsat } = row;
    const part = { paymentHash, paymentSecret, amountMsat, totalMsat, held };
    return this.#arrivals.join(destination, part);
  }
}

function refused(node: string) {
  const failure: OnionFailure = 'incorrect_or_unknown_payment_details';
  return { failure, node, edge: undefined, forAmount: false };
}
