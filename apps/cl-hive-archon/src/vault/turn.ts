import { vaultError } from '@cl-hive/archon';

/** One backup or restore at a time. */
export class Turn {
  #busy: string | undefined;

  /** What is under way. */
  get busy(): string | undefined {
    return this.#busy;
  }

  /** Does `work`, unless something else is under way: `vault_busy`. */
  async alone<T>(what: string, work: () => Promise<T>): Promise<T> {
    if (this.#busy !== undefined) {
      throw vaultError('vault_busy', `${this.#busy} is under way`, 'wait until it has ended');
    }
    this.#busy = what;
    try {
      return await work();
    } finally {
      this.#busy = undefined;
    }
  }
}
