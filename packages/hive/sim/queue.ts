interface Entry {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** Events in order of time, then of insertion: a binary heap. */
export class EventQueue {
  now = 0;
  readonly #heap: Entry[] = [];
  #order = 0;

  /** Runs `run` after `delayMs` of virtual time. */
  after(delayMs: number, run: () => void): void {
    const heap = this.#heap;
    const entry = { at: this.now + delayMs, order: this.#order, run };
    this.#order += 1;
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = heap[up];
      if (parent === undefined || !before(entry, parent)) {
        break;
      }
      heap[at] = parent;
      at = up;
    }
    heap[at] = entry;
  }

  /** Runs everything that is due until `end`. */
  runUntil(end: number): void {
    for (let next = this.#heap[0]; next !== undefined && next.at <= end; next = this.#heap[0]) {
      this.#removeFirst();
      this.now = next.at;
      next.run();
    }
    this.now = end;
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) {
      return;
    }
    let at = 0;
    for (;;) {
      const left = heap[2 * at + 1];
      const right = heap[2 * at + 2];
      if (left === undefined) {
        break;
      }
      const takeRight = right !== undefined && before(right, left);
      const child = takeRight ? right : left;
      if (!before(child, last)) {
        break;
      }
      heap[at] = child;
      at = 2 * at + (takeRight ? 2 : 1);
    }
    heap[at] = last;
  }
}

function before(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
