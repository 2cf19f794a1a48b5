import { MESSAGE_BYTES_MAX, QUOTED_TEXT_MAX } from '../limits.ts';
import { WireObject } from './json-members.ts';

/** What the scanner found: a message, or what makes lightningd give the sender up. */
export type Scanned =
  | { readonly kind: 'message'; readonly message: WireObject }
  | { readonly kind: 'broken'; readonly reason: string };

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const LENIENT = new TextDecoder('utf-8', { ignoreBOM: true });

/** First bytes that lightningd's parser (jsmn, strict) takes for the start of some JSON value. */
const VALUE_START = /^[-0-9tfn"[]/;

/**
 * Cuts a byte stream into messages the way lightningd reads plugins and RPC clients: nothing is
 * looked at before the first `}`, so stray text is only noticed with the message that follows it;
 * every message must be an object with a `jsonrpc` member. After `broken` it reads nothing more.
 */
export class WireScanner {
  #chunks: Uint8Array[] = [];
  #size = 0;
  #state: 'between' | 'object' | 'garbage' | 'broken' = 'between';
  #depth = 0;
  #inString = false;
  #escaped = false;

  push(chunk: Uint8Array): readonly Scanned[] {
    const found: Scanned[] = [];
    let start = 0;
    for (let at = 0; at < chunk.length && this.#state !== 'broken'; at += 1) {
      const byte = chunk[at] ?? 0;
      if (this.#state === 'between') {
        start = this.#open(byte) ? at : at + 1;
      }
      if (this.#state === 'garbage' && byte === 0x7d) {
        found.push(this.#break(this.#take(chunk.subarray(start))));
      } else if (this.#state === 'object' && this.#closes(byte)) {
        found.push(this.#finish(this.#take(chunk.subarray(start, at + 1))));
        start = at + 1;
      }
    }
    if (this.#state === 'object' || this.#state === 'garbage') {
      this.#keep(chunk.subarray(start), found);
    }
    return found;
  }

  /** Whether `byte` begins something. */
  #open(byte: number): boolean {
    if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) {
      return false;
    }
    this.#state = byte === 0x7b ? 'object' : 'garbage';
    return true;
  }

  /** Whether `byte` closes the object that is being read. */
  #closes(byte: number): boolean {
    if (this.#inString) {
      if (this.#escaped) {
        this.#escaped = false;
      } else if (byte === 0x5c) {
        this.#escaped = true;
      } else if (byte === 0x22) {
        this.#inString = false;
      }
      return false;
    }
    if (byte === 0x22) {
      this.#inString = true;
    } else if (byte === 0x7b || byte === 0x5b) {
      this.#depth += 1;
    } else if (byte === 0x7d || byte === 0x5d) {
      this.#depth -= 1;
      return this.#depth === 0;
    }
    return false;
  }

  #keep(rest: Uint8Array, found: Scanned[]): void {
    this.#chunks.push(rest);
    this.#size += rest.length;
    if (this.#size > MESSAGE_BYTES_MAX) {
      found.push(this.#break(this.#take(new Uint8Array())));
    }
  }

  #take(last: Uint8Array): Uint8Array {
    const whole = this.#chunks.length === 0 ? last : Buffer.concat([...this.#chunks, last]);
    this.#chunks = [];
    this.#size = 0;
    return whole;
  }

  #finish(bytes: Uint8Array): Scanned {
    this.#state = 'between';
    let text: string;
    try {
      text = UTF8.decode(bytes);
      JSON.parse(text);
    } catch {
      return this.#break(bytes);
    }
    const message = new WireObject(text);
    return message.has('jsonrpc') ? { kind: 'message', message } : this.#break(bytes, true);
  }

  #break(bytes: Uint8Array, parsed = false): Scanned {
    this.#state = 'broken';
    const text = LENIENT.decode(bytes.subarray(0, QUOTED_TEXT_MAX));
    const reason =
      parsed || VALUE_START.test(text)
        ? `JSON-RPC message does not contain "jsonrpc" field: '${text}'`
        : `Failed to parse RPC JSON response '${text}'`;
    return { kind: 'broken', reason };
  }
}
