import type { Cell, Write } from './cell.ts';

interface Draft {
  readonly before: unknown;
  value: unknown;
  readonly writes: () => readonly Write[];
  readonly take: () => void;
}

/** One decision in the making: what it changes, what must be on disk, and what follows. */
export class Turn {
  /** Guard time: milliseconds since 1970 that steps of the wall clock do not move. */
  readonly now: number;
  readonly #drafts = new Map<unknown, Draft>();
  readonly #writes: Write[] = [];
  readonly #effects: (() => void)[] = [];

  constructor(now: number) {
    this.now = now;
  }

  /** Guard time in whole seconds. */
  get seconds(): number {
    return Math.floor(this.now / 1000);
  }

  /** A cell's value as this turn has it so far. */
  get<S>(cell: Cell<S>): S {
    const draft = this.#drafts.get(cell);
    return draft === undefined ? cell.value : (draft.value as S);
  }

  /** Gives a cell a new value; nobody else sees it before it is on disk. */
  set<S>(cell: Cell<S>, value: S): void {
    const draft = this.#drafts.get(cell);
    if (draft !== undefined) {
      draft.value = value;
      return;
    }
    const made: Draft = {
      before: cell.value,
      value,
      writes: () => cell.rows(made.before as S, made.value as S),
      take: () => cell.take(made.value as S),
    };
    this.#drafts.set(cell, made);
  }

  /** Writes rows beyond those of the cells, in the same transaction. */
  write(write: Write): void {
    this.#writes.push(write);
  }

  /** Begins something once all is on disk, in the order of the calls; not when the turn fails. */
  after(effect: () => void): void {
    this.#effects.push(effect);
  }

  /** All rows to write. */
  get writes(): readonly Write[] {
    return [...[...this.#drafts.values()].flatMap(({ writes }) => writes()), ...this.#writes];
  }

  /** For the line alone: what is on disk becomes what is seen. */
  commit(): readonly (() => void)[] {
    for (const { take } of this.#drafts.values()) {
      take();
    }
    return this.#effects;
  }
}
