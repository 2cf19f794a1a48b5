import { vaultError } from './errors.ts';

/** That what is read is no whole archive. */
export function damaged(what: string, cause?: unknown): Error {
  const options = cause === undefined ? {} : { cause };
  return vaultError('vault_damaged', `the archive is damaged: ${what}`, 'use another one', options);
}

/** Reads a stream of bytes by lines and by lengths. */
export class ByteSource {
  readonly #source: AsyncIterator<Uint8Array>;
  #left: Buffer = Buffer.alloc(0);
  #over = false;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** The line up to the next line feed, without it. Throws `vault_damaged` beyond `max` bytes. */
  async line(max: number): Promise<string> {
    let at = this.#left.indexOf(10);
    while (at < 0 && this.#left.length <= max && (await this.#more())) {
      at = this.#left.indexOf(10);
    }
    if (at < 0 || at > max) {
      throw damaged('a line does not end');
    }
    const line = this.#left.subarray(0, at).toString('utf8');
    this.#left = this.#left.subarray(at + 1);
    return line;
  }

  /** The next `length` bytes, fewer only at the end. */
  async take(length: number): Promise<Buffer> {
    if (this.#left.length < length) {
      const parts = [this.#left];
      let have = this.#left.length;
      this.#left = Buffer.alloc(0);
      while (have < length && (await this.#more())) {
        parts.push(this.#left);
        have += this.#left.length;
        this.#left = Buffer.alloc(0);
      }
      this.#left = Buffer.concat(parts);
    }
    const taken = this.#left.subarray(0, length);
    this.#left = this.#left.subarray(length);
    return taken;
  }

  /** Whether nothing is left. */
  async atEnd(): Promise<boolean> {
    while (this.#left.length === 0) {
      if (!(await this.#more())) {
        return true;
      }
    }
    return false;
  }

  /** Ends the stream behind it. */
  async close(): Promise<void> {
    await this.#source.return?.();
  }

  async #more(): Promise<boolean> {
    if (this.#over) {
      return false;
    }
    const next = await this.#source.next();
    if (next.done === true) {
      this.#over = true;
      return false;
    }
    const { buffer, byteOffset, byteLength } = next.value;
    const bytes = Buffer.from(buffer, byteOffset, byteLength);
    this.#left = this.#left.length === 0 ? bytes : Buffer.concat([this.#left, bytes]);
    return true;
  }
}
