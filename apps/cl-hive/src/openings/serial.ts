/** Runs pieces of work one after another, in the order they came. */
export class Serial {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs `work` after all before it; a failure is its own. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const run = this.#last.then(work);
    this.#last = run.catch(() => undefined);
    return run;
  }

  /** Resolves once everything that was given is done. */
  async idle(): Promise<void> {
    await this.#last;
  }
}
