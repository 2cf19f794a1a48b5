import type { LabNode } from '../lab-node.ts';
import type { WorldState } from '../state.ts';
import type { Row } from '../table.ts';
import type { Treasury } from '../treasury.ts';
import type { Waits } from '../waits.ts';
import type { Held } from './carrier.ts';
import type { SendPay, SendPayFailure } from './records.ts';
import { renderSendPay } from './sendpay-render.ts';

/** What is known of a part when it sets out. */
export type NewPart = Omit<
  SendPay,
  keyof Row | 'createdAt' | 'status' | 'completedAt' | 'preimage' | 'failure'
>;

/** Keeps the parts that nodes send, and tells their plugins and those who wait how each ends. */
export class SendPayBook {
  readonly #state: WorldState;
  readonly #treasury: Treasury;
  readonly #waits: Waits;

  constructor(state: WorldState, treasury: Treasury, waits: Waits) {
    this.#state = state;
    this.#treasury = treasury;
    this.#waits = waits;
  }

  begin(node: LabNode, part: NewPart): SendPay {
    return node.sendpays.add((row) => ({
      ...row,
      ...part,
      createdAt: this.#state.now(),
      status: 'pending',
      completedAt: undefined,
      preimage: undefined,
      failure: undefined,
    }));
  }

  /** A part was paid out; `held` is undefined where a node paid itself without a channel. */
  complete(node: LabNode, row: SendPay, held: Held | undefined, preimage: string): void {
    row.preimage = preimage;
    this.#end(node, row, 'complete');
    const first = held?.hops[0]?.lab;
    if (first !== undefined) {
      this.#treasury.bookChannel(node, {
        account: first.channel.channelId,
        credit: 0n,
        debit: row.sentMsat,
        tag: 'invoice',
        fees: row.sentMsat - row.amountMsat,
        paymentHash: row.paymentHash,
        partId: row.partId,
        groupId: row.groupId,
      });
    }
    node.notify('sendpay_success', renderSendPay(row));
    this.#waits.changed();
  }

  fail(node: LabNode, row: SendPay, failure: SendPayFailure): void {
    row.failure = failure;
    this.#end(node, row, 'failed');
    const { code, message, place } = failure;
    node.notify('sendpay_failure', { code, message, data: { ...renderSendPay(row), ...place } });
    this.#waits.changed();
  }

  #end(node: LabNode, row: SendPay, status: 'complete' | 'failed'): void {
    row.status = status;
    row.completedAt = this.#state.now();
    node.sendpays.touch(row);
  }
}
