import type { LabNode } from '../lab-node.ts';
import type { WorldState } from '../state.ts';
import type { Carrier, Held } from './carrier.ts';
import type { OnionFailure } from './onion-failure.ts';
import type { Receiver } from './receiver.ts';

/** How long a node holds parts of a payment whose others do not come, ms (lightningd: 70 s). */
const PARTS_WAIT_MS = 70_000;

/** One part that waits at its destination. */
export interface ArrivedPart {
  readonly paymentHash: string;
  readonly paymentSecret: string | undefined;
  readonly amountMsat: bigint;
  /** Of all parts together, as the sender says. */
  readonly totalMsat: bigint;
  readonly held: Held;
}

/** What became of a part. */
export type ArrivalOutcome =
  | { readonly kind: 'paid'; readonly preimage: string }
  | { readonly kind: 'failed'; readonly failure: OnionFailure };

interface Waiting {
  readonly part: ArrivedPart;
  readonly end: (outcome: ArrivalOutcome) => void;
}

interface PartSet {
  readonly waiting: Waiting[];
  readonly cancel: () => void;
}

/** Puts the parts of payments together at their destinations (BOLT 4, basic multi-part payments). */
export class PartArrivals {
  readonly #state: WorldState;
  readonly #carrier: Carrier;
  readonly #receiver: Receiver;
  readonly #sets = new Map<string, PartSet>();

  constructor(state: WorldState, carrier: Carrier, receiver: Receiver) {
    this.#state = state;
    this.#carrier = carrier;
    this.#receiver = receiver;
  }

  /** Waits until the part is paid out or refused; refused parts are the caller's to give back. */
  async join(node: LabNode, part: ArrivedPart): Promise<ArrivalOutcome> {
    const { paymentHash, paymentSecret = '', totalMsat } = part;
    const key = `${node.id}/${paymentHash}/${paymentSecret}/${totalMsat}`;
    return new Promise((end) => {
      const set = this.#sets.get(key) ?? this.#open(key);
      set.waiting.push({ part, end });
      const there = set.waiting.filter(({ part: { held } }) => !held.ended);
      if (there.reduce((sum, one) => sum + one.part.amountMsat, 0n) >= totalMsat) {
        this.#close(key, set);
        void this.#take(node, set.waiting);
      }
    });
  }

  #open(key: string): PartSet {
    const cancel = this.#state.clock.after(PARTS_WAIT_MS, () => {
      this.#sets.delete(key);
      endAll(set.waiting, { kind: 'failed', failure: 'mpp_timeout' });
    });
    const set: PartSet = { waiting: [], cancel };
    this.#sets.set(key, set);
    return set;
  }

  #close(key: string, set: PartSet): void {
    set.cancel();
    this.#sets.delete(key);
  }

  async #take(node: LabNode, waiting: readonly Waiting[]): Promise<void> {
    const [first] = waiting;
    const claim =
      first === undefined
        ? undefined
        : await this.#receiver.accept(node, {
            paymentHash: first.part.paymentHash,
            paymentSecret: first.part.paymentSecret,
            amountMsat: waiting.reduce((sum, { part }) => sum + part.amountMsat, 0n),
            keysend: undefined,
            parts: waiting.map(({ part }) => part.held),
          });
    // A part may have been cut off by a forced close while the destination made up its mind.
    const cut = waiting.some(({ part }) => part.held.ended);
    if (claim === undefined || cut) {
      claim?.abandoned();
      endAll(waiting, {
        kind: 'failed',
        failure: cut ? 'temporary_channel_failure' : 'incorrect_or_unknown_payment_details',
      });
      return;
    }
    for (const { part } of waiting) {
      this.#carrier.settle(part.held, claim.preimage);
    }
    claim.claimed();
    endAll(waiting, { kind: 'paid', preimage: claim.preimage });
  }
}

function endAll(waiting: readonly Waiting[], outcome: ArrivalOutcome): void {
  for (const { end } of waiting) {
    end(outcome);
  }
}
