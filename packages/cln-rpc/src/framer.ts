import { isAscii, isUtf8 } from 'node:buffer';
import { CodedError, JSON_DEPTH_MAX } from '@cl-hive/core';
import { FRAMER_BLOCK_BYTES, LONG_INTEGERS_MAX, MESSAGE_BYTES_MAX } from './limits.ts';

/** One whole JSON text. */
export interface Frame {
  readonly text: string;
  /** No number needs more than a double and depth is within bounds: for `parseJson(text, exact)`. */
  readonly exact: boolean;
  /**
   * Where runs of 16 digits and more begin, when that is all that makes the message inexact: for
   * `parseFrame`.
   */
  readonly longIntegers?: readonly number[];
}

/** Why the framer refuses what it got. */
export type FrameErrorCode = 'frame_garbage' | 'frame_too_large' | 'frame_depth' | 'frame_utf8';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** Value of the run of digits once a fraction has begun: its digits never make a number inexact. */
const IN_FRACTION = -1_000_000_000;
/** Integers of this many digits may need more than a double. */
const INEXACT_DIGITS = 16;
/** Bytes of a string looked at one by one before the native search takes over: a node id has 66. */
const SHORT_STRING = 72;
const NOTHING = new Uint8Array(0);

/**
 * Cuts a stream of bytes into JSON objects and arrays. It counts brackets outside strings on
 * bytes, so that messages may come concatenated, with or without white space, split anywhere. Each
 * byte is looked at once and copied at most a few times, whatever the size of the chunks.
 *
 * `push` throws CodedError {@link FrameErrorCode}. Messages that were complete before the fault are
 * returned first: then `fault` holds it and the next `push` throws it. After `frame_utf8` and
 * `frame_depth` (whose `data.text` is the refused message, with U+FFFD for what is not UTF-8) the
 * stream goes on with the next message: push an empty chunk for those that had already come. The
 * other faults are final.
 */
export class JsonFramer {
  readonly #maxBytes: number;
  /** What came after a fault that can be got over, not yet looked at. */
  #rest: Uint8Array = NOTHING;
  /** Bytes of the message under way: full blocks, then the first `#filled` of `#block`. */
  #blocks: Uint8Array[] = [];
  #block: Uint8Array = NOTHING;
  #filled = 0;
  #depth = 0;
  #deepest = 0;
  #inString = false;
  #escaped = false;
  #digits = 0;
  #exponent = false;
  #longIntegers: number[] = [];
  #fault: CodedError<FrameErrorCode> | undefined;

  constructor(options: { readonly maxBytes?: number } = {}) {
    this.#maxBytes = options.maxBytes ?? MESSAGE_BYTES_MAX;
  }

  /** True when in the middle of a message. */
  get partial(): boolean {
    return this.#depth > 0;
  }

  /** The fault that the next `push` throws. */
  get fault(): CodedError<FrameErrorCode> | undefined {
    return this.#fault;
  }

  /** Takes the next bytes (which may be reused afterwards) and returns the messages they complete. */
  push(chunk: Uint8Array): Frame[] {
    const fault = this.#fault;
    if (fault !== undefined) {
      if (fault.code === 'frame_utf8' || fault.code === 'frame_depth') {
        this.#fault = undefined;
        this.#rest = join(this.#rest, chunk);
      }
      throw fault;
    }
    if (this.#rest.length === 0) {
      return this.#read(chunk, false);
    }
    const bytes = join(this.#rest, chunk);
    this.#rest = NOTHING;
    return this.#read(bytes, true);
  }

  /** `own` says that the chunk is not the caller's, so that a part of it may be kept as it is. */
  #read(chunk: Uint8Array, own: boolean): Frame[] {
    const frames: Frame[] = [];
    let at = 0;
    try {
      while (at < chunk.length) {
        if (this.#depth === 0) {
          at = skipSpace(chunk, at);
          if (at === chunk.length) {
            break;
          }
        }
        const end = this.#scan(chunk, at);
        this.#checkSize(end - at);
        if (this.#depth > 0) {
          this.#keep(chunk, at, end);
          break;
        }
        const start = at;
        at = end;
        frames.push(this.#finish(chunk, start, end));
      }
    } catch (error) {
      const fault = error as CodedError<FrameErrorCode>;
      const final = fault.code === 'frame_garbage' || fault.code === 'frame_too_large';
      if (final) {
        this.#blocks = [];
        this.#block = NOTHING;
      } else {
        this.#rest = own ? chunk.subarray(at) : Uint8Array.from(chunk.subarray(at));
      }
      this.#fault = final || frames.length > 0 ? fault : undefined;
      if (frames.length === 0) {
        throw fault;
      }
    }
    return frames;
  }

  get #keptBytes(): number {
    return this.#blocks.length * FRAMER_BLOCK_BYTES + this.#filled;
  }

  #checkSize(more: number): void {
    if (this.#keptBytes + more > this.#maxBytes) {
      throw new CodedError<FrameErrorCode>(
        'frame_too_large',
        `a message is larger than ${this.#maxBytes} bytes`,
        { data: { maxBytes: this.#maxBytes } },
      );
    }
  }

  /**
   * Goes through one message from `at`; returns the index after its last byte, or the chunk's
   * length when it goes on in the next chunk (then `#depth` is above 0).
   */
  #scan(chunk: Uint8Array, start: number): number {
    const length = chunk.length;
    let at = start;
    let depth = this.#depth;
    let deepest = this.#deepest;
    let digits = this.#digits;
    if (this.#inString) {
      at = this.#string(chunk, at);
    }
    while (at < length) {
      const byte = chunk[at] as number;
      at += 1;
      if (byte === QUOTE) {
        digits = 0;
        // The usual member name or short value ends within a few bytes: no call for those.
        const near = at + SHORT_STRING < length ? at + SHORT_STRING : length;
        const opened = at;
        while (at < near && chunk[at] !== QUOTE) {
          at += 1;
        }
        if (at < near && chunk[at - 1] !== BACKSLASH) {
          at += 1;
        } else {
          at = this.#string(chunk, opened);
        }
      } else if (byte <= 0x39) {
        if (byte >= 0x30) {
          digits += 1;
          if (digits === INEXACT_DIGITS && this.#longIntegers.length <= LONG_INTEGERS_MAX) {
            this.#longIntegers.push(this.#keptBytes + at - start - INEXACT_DIGITS);
          }
        } else {
          digits = byte === 0x2e ? IN_FRACTION : 0;
        }
      } else if (byte === 0x7b || byte === 0x5b) {
        depth += 1;
        deepest = depth > deepest ? depth : deepest;
      } else if (byte === 0x7d || byte === 0x5d) {
        digits = 0;
        depth -= 1;
        if (depth === 0) {
          break;
        }
      } else if ((byte | 0x20) === 0x65 && digits !== 0) {
        this.#exponent = true;
      }
    }
    this.#depth = depth;
    this.#deepest = deepest;
    this.#digits = digits;
    return at;
  }

  /** Goes to the end of the string that `at` lies in; returns the index after its quote. */
  #string(chunk: Uint8Array, at: number): number {
    const from = this.#escaped ? at + 1 : at;
    this.#escaped = false;
    let quote = chunk.indexOf(QUOTE, from);
    while (quote !== -1) {
      if (slashesBefore(chunk, from, quote) % 2 === 0) {
        this.#inString = false;
        return quote + 1;
      }
      quote = chunk.indexOf(QUOTE, quote + 1);
    }
    this.#inString = true;
    this.#escaped = slashesBefore(chunk, from, chunk.length) % 2 === 1;
    return chunk.length;
  }

  #keep(chunk: Uint8Array, start: number, end: number): void {
    for (let at = start; at < end; ) {
      if (this.#filled === this.#block.length) {
        if (this.#filled > 0) {
          this.#blocks.push(this.#block);
        }
        this.#block = Buffer.allocUnsafeSlow(FRAMER_BLOCK_BYTES);
        this.#filled = 0;
      }
      const length = Math.min(end - at, this.#block.length - this.#filled);
      this.#block.set(chunk.subarray(at, at + length), this.#filled);
      this.#filled += length;
      at += length;
    }
  }

  /** All bytes of the message whose last part is given; forgets those that were kept. */
  #gather(chunk: Uint8Array, start: number, end: number): Uint8Array {
    if (this.#filled === 0) {
      return chunk.subarray(start, end);
    }
    this.#keep(chunk, start, end);
    const last = this.#block.subarray(0, this.#filled);
    const bytes = this.#blocks.length === 0 ? last : Buffer.concat([...this.#blocks, last]);
    this.#blocks = [];
    this.#filled = 0;
    return bytes;
  }

  #finish(chunk: Uint8Array, start: number, end: number): Frame {
    const bytes = this.#gather(chunk, start, end);
    const tooDeep = this.#deepest > JSON_DEPTH_MAX;
    const longIntegers = this.#longIntegers;
    const exact = !this.#exponent && longIntegers.length === 0;
    const quick = !this.#exponent && longIntegers.length <= LONG_INTEGERS_MAX;
    this.#deepest = 0;
    this.#digits = 0;
    this.#exponent = false;
    this.#longIntegers = [];
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    // Latin-1 is a plain copy, several times faster than decoding; nearly all messages are ASCII.
    const ascii = isAscii(buffer);
    const text = buffer.toString(ascii ? 'latin1' : 'utf8');
    if (tooDeep) {
      throw new CodedError<FrameErrorCode>(
        'frame_depth',
        `a message is nested deeper than ${JSON_DEPTH_MAX}`,
        { data: { text } },
      );
    }
    if (!ascii && !isUtf8(buffer)) {
      throw new CodedError<FrameErrorCode>('frame_utf8', 'a message is not valid UTF-8', {
        data: { text },
      });
    }
    // Places in bytes are places in the text only where every character is one byte.
    return exact || !quick || !ascii ? { text, exact } : { text, exact, longIntegers };
  }
}

/** Index of the first byte that is not JSON white space. Throws when it cannot open a message. */
function skipSpace(chunk: Uint8Array, start: number): number {
  let at = start;
  while (at < chunk.length) {
    const byte = chunk[at];
    if (byte === 0x7b || byte === 0x5b) {
      return at;
    }
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) {
      throw new CodedError<FrameErrorCode>(
        'frame_garbage',
        `expected { or [ at the start of a message, found byte 0x${(byte ?? 0).toString(16).padStart(2, '0')}`,
        { data: { byte } },
      );
    }
    at += 1;
  }
  return at;
}

/** How many backslashes stand directly before `end`, not going below `from`. */
function slashesBefore(chunk: Uint8Array, from: number, end: number): number {
  let at = end;
  while (at > from && chunk[at - 1] === BACKSLASH) {
    at -= 1;
  }
  return end - at;
}

/** Both in order; `first` itself when nothing follows. */
function join(first: Uint8Array, second: Uint8Array): Uint8Array {
  return second.length === 0 ? first : Buffer.concat([first, second]);
}
