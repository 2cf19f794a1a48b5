import { RECENT_MAX } from '../limits.ts';

/** The ids seen lately; the oldest go first. Forgetting one costs a second, harmless handling. */
export class Recent {
  readonly #ids = new Set<string>();

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  add(id: string): void {
    this.#ids.delete(id);
    this.#ids.add(id);
    if (this.#ids.size > RECENT_MAX) {
      const [oldest] = this.#ids;
      this.#ids.delete(oldest ?? '');
    }
  }
}
