import { bytesToHex, hexToBytes } from '@cl-hive/core';
import type { Channel } from '../channel.ts';
import { sha256 } from '../digest.ts';
import type { LabNode } from '../lab-node.ts';
import { PAYMENT_PARTS_MAX } from '../limits.ts';
import type { WorldState } from '../state.ts';
import type { Carrier, Held } from './carrier.ts';
import type { Graphs } from './graph.ts';
import type { CarryFailure } from './onion-failure.ts';
import type { Claim, Receiver } from './receiver.ts';
import type { SendPay } from './records.ts';
import { type Edge, edgeKey, findRoute, type Hop } from './routing.ts';
import type { SendPayBook } from './sendpay-book.ts';
import { remoteFailure } from './sendpay-failure.ts';

/** Tries before a payment is given up, failed parts counted. */
const ATTEMPTS_MAX = 60;

/** Parts are not split below this. */
const PART_MIN_MSAT = 10_000n;

/** What to pay, and at what cost at most. */
export interface PaymentRequest {
  readonly destination: string;
  readonly amountMsat: bigint;
  readonly paymentHash: string;
  readonly paymentSecret: string | undefined;
  readonly maxFeeMsat: bigint;
  readonly finalCltv: number;
  readonly maxDelay: number;
  /** Seconds. */
  readonly retryFor: number;
  readonly hints: readonly Edge[];
  readonly invoice: string | undefined;
  readonly label: string | undefined;
  readonly description: string | undefined;
  /** Makes the payment spontaneous. */
  readonly keysend: string | undefined;
}

/** How a payment ended. */
export type PaymentOutcome =
  | {
      readonly status: 'complete';
      readonly preimage: string;
      readonly sentMsat: bigint;
      readonly parts: number;
      readonly failedParts: number;
      readonly createdAt: number;
    }
  | {
      readonly status: 'failed';
      readonly reason: 'no_route' | 'too_expensive' | 'too_long' | 'refused' | 'timeout';
      readonly failedParts: number;
      readonly last: CarryFailure | undefined;
    };

interface Part {
  readonly held: Held;
  readonly row: SendPay;
}

interface Attempt {
  readonly node: LabNode;
  readonly request: PaymentRequest;
  readonly groupId: bigint;
  readonly learnt: Map<string, bigint>;
  readonly parts: Part[];
  failed: number;
  last: CarryFailure | undefined;
}

/** Pays: finds routes, splits and tries again, as xpay does. */
export class Payments {
  readonly #state: WorldState;
  readonly #graphs: Graphs;
  readonly #carrier: Carrier;
  readonly #receiver: Receiver;
  readonly #book: SendPayBook;

  constructor(
    state: WorldState,
    graphs: Graphs,
    carrier: Carrier,
    receiver: Receiver,
    book: SendPayBook,
  ) {
    this.#state = state;
    this.#graphs = graphs;
    this.#carrier = carrier;
    this.#receiver = receiver;
    this.#book = book;
  }

  /** Fails what is under way through a channel that is closed by force. */
  failStuck(channel: Channel): void {
    this.#carrier.failThrough(channel);
  }

  /** Sends a payment in as many parts as it takes; nothing stays under way when it ends. */
  async pay(node: LabNode, request: PaymentRequest): Promise<PaymentOutcome> {
    const attempt: Attempt = {
      node,
      request,
      groupId: node.draws.u64('group') >> 1n,
      learnt: new Map(),
      parts: [],
      failed: 0,
      last: undefined,
    };
    const failure = await this.#lockIn(attempt);
    if (failure !== undefined) {
      return this.#giveUp(attempt, failure);
    }
    const claim = await this.#claim(attempt);
    // A part may have been cut off by a forced close while the destination made up its mind.
    const cut = attempt.parts.some(({ held }) => held.ended);
    if (claim === undefined || cut) {
      claim?.abandoned();
      attempt.last = {
        failure: cut ? 'temporary_channel_failure' : 'incorrect_or_unknown_payment_details',
        node: request.destination,
        edge: undefined,
        forAmount: false,
      };
      return this.#giveUp(attempt, cut ? 'no_route' : 'refused');
    }
    const { preimage } = claim;
    const settled = attempt.parts.filter(({ held }) => this.#carrier.settle(held, preimage));
    claim.claimed();
    for (const { row, held } of settled) {
      this.#book.complete(node, row, held, preimage);
    }
    return {
      status: 'complete',
      preimage,
      sentMsat: settled.reduce((sum, { row }) => sum + row.sentMsat, 0n),
      parts: settled.length,
      failedParts: attempt.failed,
      createdAt: this.#state.clock.now() / 1000,
    };
  }

  /** Locks parts in on routes until the whole amount waits at the destination. */
  async #lockIn(
    attempt: Attempt,
  ): Promise<'no_route' | 'too_expensive' | 'too_long' | 'refused' | 'timeout' | undefined> {
    const { node, request } = attempt;
    const graph = this.#graphs.view({ own: node.id, hints: request.hints });
    const open = [request.amountMsat];
    const deadline = this.#state.clock.now() + request.retryFor * 1000;
    let feesMsat = 0n;
    for (let amount = open.pop(); amount !== undefined; amount = open.pop()) {
      const route = findRoute(graph, {
        source: node.id,
        destination: request.destination,
        amountMsat: amount,
        finalCltv: request.finalCltv,
        maxDelay: request.maxDelay,
        maxFeeMsat: request.maxFeeMsat - feesMsat,
        learnt: attempt.learnt,
      });
      if (!route.found) {
        const splits = attempt.parts.length + open.length + 2 <= PAYMENT_PARTS_MAX;
        if (route.reason !== 'none' || amount < PART_MIN_MSAT * 2n || !splits) {
          return route.reason === 'fee'
            ? 'too_expensive'
            : route.reason === 'delay'
              ? 'too_long'
              : 'no_route';
        }
        open.push(amount - amount / 2n, amount / 2n);
        continue;
      }
      if (attempt.failed >= ATTEMPTS_MAX || this.#state.clock.now() > deadline) {
        return 'timeout';
      }
      const done = await this.#send(attempt, route.hops, amount);
      if (done === 'refused') {
        return 'refused';
      }
      if (done === 'failed') {
        open.push(amount);
      } else {
        feesMsat += route.feeMsat;
      }
    }
    return undefined;
  }

  async #send(
    attempt: Attempt,
    hops: readonly Hop[],
    amountMsat: bigint,
  ): Promise<'held' | 'failed' | 'refused'> {
    const { node, request } = attempt;
    const row = this.#book.begin(node, {
      groupId: attempt.groupId,
      partId: attempt.parts.length + attempt.failed + 1,
      paymentHash: request.paymentHash,
      destination: request.destination,
      amountMsat,
      totalMsat: request.amountMsat,
      sentMsat: hops[0]?.amountInMsat ?? amountMsat,
      label: request.label,
      invoice: request.invoice,
      description: request.description,
    });
    const result = await this.#carrier.carry(hops, {
      paymentHash: request.paymentHash,
      totalMsat: request.amountMsat,
      paymentSecret: request.paymentSecret,
    });
    if (!('failure' in result)) {
      attempt.parts.push({ held: result, row });
      return 'held';
    }
    attempt.failed += 1;
    attempt.last = result;
    this.#book.fail(node, row, remoteFailure(node.id, hops, result));
    if (result.edge === undefined && result.node === request.destination) {
      return 'refused';
    }
    learn(attempt.learnt, result, hops);
    return 'failed';
  }

  async #claim(attempt: Attempt): Promise<Claim | undefined> {
    const { request, parts } = attempt;
    const resolved = parts.find(({ held }) => held.preimage !== undefined)?.held.preimage;
    if (resolved !== undefined) {
      const right = bytesToHex(sha256(hexToBytes(resolved))) === request.paymentHash;
      return right ? unclaimed(resolved) : undefined;
    }
    const destination = this.#state.nodes.get(request.destination);
    if (destination === undefined) {
      const { keysend } = request;
      return keysend === undefined ? undefined : unclaimed(keysend);
    }
    return this.#receiver.accept(destination, {
      paymentHash: request.paymentHash,
      amountMsat: request.amountMsat,
      paymentSecret: request.paymentSecret,
      keysend: request.keysend,
      parts: parts.map(({ held }) => held),
    });
  }

  #giveUp(
    attempt: Attempt,
    reason: 'no_route' | 'too_expensive' | 'too_long' | 'refused' | 'timeout',
  ): PaymentOutcome {
    const failure = attempt.last?.failure ?? 'temporary_channel_failure';
    for (const { held, row } of attempt.parts) {
      this.#carrier.fail(
        held,
        reason === 'refused' ? 'incorrect_or_unknown_payment_details' : failure,
      );
      const hops = held.hops.map(({ hop }) => hop);
      const last = attempt.last ?? { failure, node: '', edge: undefined, forAmount: false };
      this.#book.fail(attempt.node, row, remoteFailure(attempt.node.id, hops, last));
    }
    return {
      status: 'failed',
      reason,
      failedParts: attempt.failed + attempt.parts.length,
      last: attempt.last,
    };
  }
}

/** Remembers what did not pass, so that the next route avoids it. */
function learn(learnt: Map<string, bigint>, failure: CarryFailure, hops: readonly Hop[]): void {
  const hop = hops.find(({ edge }) => edgeKey(edge) === failure.edge);
  if (hop === undefined) {
    // A node in the middle refused: none of its edges is of use.
    for (const { edge } of hops) {
      if (edge.from === failure.node || edge.to === failure.node) {
        learnt.set(edgeKey(edge), 0n);
      }
    }
  } else {
    const most = failure.forAmount ? hop.amountOutMsat - 1n : 0n;
    const known = learnt.get(edgeKey(hop.edge));
    learnt.set(edgeKey(hop.edge), known === undefined || most < known ? most : known);
  }
}

/** The claim of a payment that no invoice stands for. */
function unclaimed(preimage: string): Claim {
  return { preimage, claimed: () => undefined, abandoned: () => undefined };
}
