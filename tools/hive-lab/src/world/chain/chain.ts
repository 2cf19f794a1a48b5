import { bytesToHex, type Cancel, type Clock } from '@cl-hive/core';
import { sha256 } from '../digest.ts';
import { BLOCKS_MAX } from '../limits.ts';
import { reverseHex, type Transaction } from './transaction.ts';

/** A mined block. */
export interface Block {
  readonly height: number;
  readonly hash: string;
  /** Without the coinbase, which has position 0. */
  readonly transactions: readonly Transaction[];
}

/** Where a transaction was mined; `index` is its position in the block, from 1. */
export interface Confirmation {
  readonly height: number;
  readonly index: number;
}

/** When blocks come without being asked for. */
export interface MiningPlan {
  /** Milliseconds between blocks. */
  readonly everyMs?: number;
  /** Milliseconds from a transaction's arrival to the block that holds it. */
  readonly onTransactionMs?: number;
}

/** One chain for all nodes: no forks, every valid transaction enters the next block. */
export class Chain {
  readonly #clock: Clock;
  readonly #start: number;
  readonly #hashes: string[] = [];
  readonly #confirmed = new Map<string, Confirmation>();
  readonly #spent = new Map<string, string>();
  readonly #listeners: ((block: Block) => void)[] = [];
  #mempool: Transaction[] = [];
  #plan: MiningPlan = {};
  #cancels: Cancel[] = [];
  #due = false;

  constructor(clock: Clock, startHeight: number) {
    this.#clock = clock;
    this.#start = startHeight;
    this.#hashes.push(blockHash('', startHeight, []));
  }

  get height(): number {
    return this.#start + this.#hashes.length - 1;
  }

  get mempool(): readonly Transaction[] {
    return this.#mempool;
  }

  /** The hash of the block at `height`, where the world has seen it. */
  hashAt(height: number): string | undefined {
    return this.#hashes[height - this.#start];
  }

  confirmation(txid: string): Confirmation | undefined {
    return this.#confirmed.get(txid);
  }

  /** Which transaction spends an output, mined or not. */
  spenderOf(txid: string, vout: number): string | undefined {
    return this.#spent.get(`${txid}:${vout}`);
  }

  /** Listeners hear of each block after it is complete, in the order they were added. */
  onBlock(listener: (block: Block) => void): void {
    this.#listeners.push(listener);
  }

  /** Takes a transaction into the mempool; false when it spends what another one spends. */
  submit(transaction: Transaction): boolean {
    const keys = transaction.inputs.map((input) => `${input.txid}:${input.vout}`);
    if (keys.some((key) => this.#spent.has(key))) {
      return false;
    }
    for (const key of keys) {
      this.#spent.set(key, transaction.txid);
    }
    this.#mempool.push(transaction);
    if (this.#plan.onTransactionMs !== undefined && !this.#due) {
      this.#due = true;
      this.#cancels.push(
        this.#clock.after(this.#plan.onTransactionMs, () => {
          this.#due = false;
          this.mine(1);
        }),
      );
    }
    return true;
  }

  /** Mines `count` blocks; the first holds the whole mempool. Throws RangeError. */
  mine(count: number): void {
    if (!Number.isInteger(count) || count < 0 || count > BLOCKS_MAX) {
      throw new RangeError(`one call mines 0 to ${BLOCKS_MAX} blocks, not ${count}`);
    }
    for (let i = 0; i < count; i += 1) {
      const transactions = this.#mempool;
      this.#mempool = [];
      const height = this.height + 1;
      const hash = blockHash(this.#hashes.at(-1) ?? '', height, transactions);
      this.#hashes.push(hash);
      transactions.forEach((transaction, index) =>
        this.#confirmed.set(transaction.txid, { height, index: index + 1 }),
      );
      for (const listener of this.#listeners) {
        listener({ height, hash, transactions });
      }
    }
  }

  /** Mines by itself from now on; an empty plan stops that. */
  mineBy(plan: MiningPlan): void {
    for (const cancel of this.#cancels) {
      cancel();
    }
    this.#cancels = [];
    this.#due = false;
    this.#plan = plan;
    if (plan.everyMs !== undefined) {
      this.#tick(plan, plan.everyMs);
    }
  }

  #tick(plan: MiningPlan, everyMs: number): void {
    this.#cancels = [
      this.#clock.after(everyMs, () => {
        if (this.#plan === plan) {
          this.mine(1);
          this.#tick(plan, everyMs);
        }
      }),
    ];
  }
}

function blockHash(previous: string, height: number, transactions: readonly Transaction[]): string {
  const digest = sha256(previous, `/${height}/`, transactions.map(({ txid }) => txid).join());
  // Proof of work shows as trailing zeros here, leading ones when printed.
  digest.fill(0, 30);
  return reverseHex(bytesToHex(digest));
}
