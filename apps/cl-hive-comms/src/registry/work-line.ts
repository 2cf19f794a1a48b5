/** Bounds of a {@link WorkLine}. */
export interface WorkLineBounds {
  /** Items worked on at once. */
  readonly atOnce: number;
  /** Of them, those of one sender; with 1 they are worked on in the order of arrival. */
  readonly atOncePerSender: number;
  /** Items that wait. */
  readonly waiting: number;
  readonly waitingPerSender: number;
}

interface Entry<T> {
  readonly item: T;
  readonly done: (fate: 'done' | 'dropped') => void;
}

interface Sender<T> {
  readonly waiting: Entry<T>[];
  active: number;
}

/**
 * Works on items of many senders, a bounded number at once, each sender in its turn: one that floods
 * the line delays itself.
 */
export class WorkLine<T> {
  readonly #bounds: WorkLineBounds;
  readonly #work: (item: T) => Promise<void>;
  /** Senders with something waiting or under way, in the order of their turns. */
  readonly #senders = new Map<string, Sender<T>>();
  #active = 0;
  #waiting = 0;

  /** `work` never rejects. */
  constructor(bounds: WorkLineBounds, work: (item: T) => Promise<void>) {
    this.#bounds = bounds;
    this.#work = work;
  }

  get waiting(): number {
    return this.#waiting;
  }

  get active(): number {
    return this.#active;
  }

  /** Lines an item up; resolves once it was worked on, or is dropped because there is no room or the line is cleared. */
  offer(sender: string, item: T): Promise<'done' | 'dropped'> {
    const line: Sender<T> = this.#senders.get(sender) ?? { waiting: [], active: 0 };
    if (
      this.#waiting >= this.#bounds.waiting ||
      line.waiting.length >= this.#bounds.waitingPerSender
    ) {
      return Promise.resolve('dropped');
    }
    this.#senders.set(sender, line);
    return new Promise((done) => {
      line.waiting.push({ item, done });
      this.#waiting += 1;
      this.#advance();
    });
  }

  /** Drops what waits; what is under way goes on. */
  clear(): void {
    for (const [name, sender] of this.#senders) {
      for (const { done } of sender.waiting.splice(0)) {
        done('dropped');
      }
      if (sender.active === 0) {
        this.#senders.delete(name);
      }
    }
    this.#waiting = 0;
  }

  #advance(): void {
    while (this.#active < this.#bounds.atOnce) {
      const next = this.#next();
      if (next === undefined) {
        return;
      }
      void this.#run(...next);
    }
  }

  /** The first waiting item of the first sender whose turn it is; the sender goes to the end. */
  #next(): [string, Sender<T>, Entry<T>] | undefined {
    for (const [name, sender] of this.#senders) {
      if (sender.active < this.#bounds.atOncePerSender) {
        const entry = sender.waiting.shift();
        if (entry !== undefined) {
          this.#waiting -= 1;
          this.#senders.delete(name);
          this.#senders.set(name, sender);
          return [name, sender, entry];
        }
      }
    }
    return undefined;
  }

  async #run(name: string, sender: Sender<T>, { item, done }: Entry<T>): Promise<void> {
    this.#active += 1;
    sender.active += 1;
    await this.#work(item);
    this.#active -= 1;
    sender.active -= 1;
    if (sender.active === 0 && sender.waiting.length === 0) {
      this.#senders.delete(name);
    }
    done('done');
    this.#advance();
  }
}
