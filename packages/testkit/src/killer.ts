/** What {@link Killer} ends things with. */
export class Killed extends Error {}

/**
 * Ends what runs under it at its n-th step, from 1: each `around` is two, right before and right after its
 * work. From then on every step ends the same way, as after a SIGKILL.
 */
export class Killer {
  readonly #at: number;
  #steps = 0;

  constructor(at: number) {
    this.#at = at;
  }

  #step(): void {
    this.#steps += 1;
    if (this.#steps >= this.#at) {
      throw new Killed(`killed at step ${this.#at}`);
    }
  }

  async around<T>(work: () => Promise<T>): Promise<T> {
    this.#step();
    const done = await work();
    this.#step();
    return done;
  }
}
