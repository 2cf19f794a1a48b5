import { CodedError, describeError } from '@cl-hive/core';
import { LINE_WAITING_MAX } from '../limits.ts';
import type { Write } from './cell.ts';
import { Turn } from './turn.ts';

/** Where rows go: all of them, durably, or none. */
export interface Disk {
  readonly commit: (writes: readonly Write[]) => Promise<void>;
}

/** Why no turn was given. */
export type LineErrorCode = 'hive_busy' | 'hive_stopped';

/** What the line works with. */
export interface LineParts {
  readonly disk: Disk;
  /** Guard time in ms. */
  readonly now: () => number;
  readonly log: (level: 'debug' | 'unusual' | 'broken', message: string) => void;
}

/**
 * One decision after another: a turn decides with what is stored, its rows go to disk in one
 * transaction, then it becomes visible and its effects begin. A turn that throws, or whose rows
 * cannot be written, has changed nothing.
 */
export class Line {
  readonly #parts: LineParts;
  #tail: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #stopped = false;

  constructor(parts: LineParts) {
    this.#parts = parts;
  }

  /** Decisions that wait or are being made. */
  get waiting(): number {
    return this.#waiting;
  }

  /**
   * Waits for its turn, then decides. Resolves with what `decide` returned once everything is on
   * disk. Rejects with what it throws, a StoreError, or CodedError `hive_busy`, `hive_stopped`.
   */
  async run<T>(decide: (turn: Turn) => T): Promise<T> {
    if (this.#stopped) {
      throw new CodedError<LineErrorCode>('hive_stopped', 'cl-hive is stopping');
    }
    if (this.#waiting >= LINE_WAITING_MAX) {
      throw new CodedError<LineErrorCode>('hive_busy', 'too many decisions wait for their turn', {
        remedy: 'try again later; if it stays so, look at lightningd and the disk',
      });
    }
    this.#waiting += 1;
    const before = this.#tail;
    const mine = (async () => {
      await before;
      return this.#decide(decide);
    })();
    this.#tail = mine.then(
      () => undefined,
      () => undefined,
    );
    try {
      return await mine;
    } finally {
      this.#waiting -= 1;
    }
  }

  /** Takes no more decisions and waits for those under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#tail;
  }

  async #decide<T>(decide: (turn: Turn) => T): Promise<T> {
    const turn = new Turn(this.#parts.now());
    const result = decide(turn);
    const { writes } = turn;
    if (writes.length > 0) {
      await this.#parts.disk.commit(writes);
    }
    for (const effect of turn.commit()) {
      try {
        effect();
      } catch (error) {
        // What was decided stands; its repetition is the feature's that asked for the effect.
        this.#parts.log('broken', `an effect could not begin: ${describeError(error)}`);
      }
    }
    return result;
  }
}
