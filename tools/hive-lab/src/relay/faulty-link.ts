import type { Random } from '@cl-hive/core';
import { frameFate, type LinkFaults } from './faults.ts';

/** Carries the frames of one direction of a connection, as well as its faults let it. */
export class FaultyLink<T> {
  readonly #deliver: (frame: T) => void;
  readonly #faults: () => LinkFaults;
  readonly #random: Random;
  readonly #holdMs: number;
  readonly #timers = new Set<NodeJS.Timeout>();
  #held: T[] = [];

  constructor(
    deliver: (frame: T) => void,
    faults: () => LinkFaults,
    random: Random,
    holdMs: number,
  ) {
    this.#deliver = deliver;
    this.#faults = faults;
    this.#random = random;
    this.#holdMs = holdMs;
  }

  send(frame: T): void {
    const fate = frameFate(this.#faults(), this.#random);
    if (fate.copies === 0) {
      return;
    }
    if (fate.hold) {
      this.#held.push(frame);
      this.#later(this.#holdMs, () => this.#release());
      return;
    }
    const pass = (): void => {
      for (let copy = 0; copy < fate.copies; copy += 1) {
        this.#deliver(frame);
      }
      this.#release();
    };
    if (fate.delayMs > 0) {
      this.#later(fate.delayMs, pass);
    } else {
      pass();
    }
  }

  /** Forgets what is still under way. */
  close(): void {
    for (const timer of this.#timers) {
      clearTimeout(timer);
    }
    this.#timers.clear();
    this.#held = [];
  }

  #release(): void {
    const held = this.#held;
    this.#held = [];
    for (const frame of held) {
      this.#deliver(frame);
    }
  }

  #later(delayMs: number, task: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      task();
    }, delayMs);
    this.#timers.add(timer);
  }
}
