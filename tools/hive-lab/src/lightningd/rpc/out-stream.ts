/** What goes out on a connection: text, or JSON that was rendered before. */
export type OutPart = string | Uint8Array;

/**
 * The output of one command. A connection writes its streams one after the other, in the order in
 * which they were opened: one that stays open holds back all later ones.
 */
export class OutStream {
  readonly #changed: () => void;
  #parts: OutPart[] = [];
  #closed = false;

  /** `changed` is called whenever there is more to write or the stream was closed. */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  get closed(): boolean {
    return this.#closed;
  }

  write(...parts: readonly OutPart[]): void {
    this.#parts.push(...parts);
    this.#changed();
  }

  close(): void {
    this.#closed = true;
    this.#changed();
  }

  /** Takes what was written and not yet taken. */
  take(): readonly OutPart[] {
    const parts = this.#parts;
    this.#parts = [];
    return parts;
  }
}
