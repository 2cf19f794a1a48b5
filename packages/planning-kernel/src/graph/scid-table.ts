/** A short channel id in its three numbers (BOLT 7). */
export interface Scid {
  /** Below 2^24. */
  block: number;
  /** Below 2^24. */
  transaction: number;
  /** Below 2^16. */
  output: number;
}

const ZERO = 0x30;
const X = 0x78;
/** Longer than any short channel id. */
const TEXT_UNITS_MAX = 24;

/**
 * Reads `BLOCKxTXxOUT`, decimal without leading zeros, into `scid`; false where the text is anything
 * else. Numbers are found again without the hash of a text.
 */
export function readScid(text: string, scid: Scid): boolean {
  if (text.length > TEXT_UNITS_MAX) {
    return false;
  }
  let part = 0;
  let value = 0;
  let digits = 0;
  for (let at = 0; at <= text.length; at += 1) {
    const unit = at === text.length ? X : text.charCodeAt(at);
    if (unit === X) {
      if (digits === 0 || value >= (part === 2 ? 0x10000 : 0x1000000)) {
        return false;
      }
      if (part === 0) {
        scid.block = value;
      } else if (part === 1) {
        scid.transaction = value;
      } else {
        scid.output = value;
      }
      part += 1;
      value = 0;
      digits = 0;
    } else if (unit < ZERO || unit > ZERO + 9 || (digits > 0 && value === 0) || part > 2) {
      return false;
    } else {
      value = value * 10 + unit - ZERO;
      digits += 1;
    }
  }
  return part === 3;
}

/** Rows of short channel ids, append-only. One that was handed on is copied before something is appended. */
export class ScidTable {
  #shared: boolean;
  #size: number;
  #blocks: Uint32Array;
  #transactions: Uint32Array;
  #outputs: Uint16Array;
  /** Rows by hash, one added; 0 where there is none. Linear probing, at most half full. */
  #slots: Int32Array;

  /** Begins with the rows of `before`, which stays as it is. */
  constructor(before?: ScidTable) {
    this.#shared = before !== undefined;
    this.#size = before === undefined ? 0 : before.#size;
    this.#blocks = before === undefined ? new Uint32Array(8) : before.#blocks;
    this.#transactions = before === undefined ? new Uint32Array(8) : before.#transactions;
    this.#outputs = before === undefined ? new Uint16Array(8) : before.#outputs;
    this.#slots = before === undefined ? new Int32Array(16) : before.#slots;
  }

  /** Rows. */
  get size(): number {
    return this.#size;
  }

  /** The row of a short channel id; undefined where there is none. */
  find(scid: Scid): number | undefined {
    const row = (this.#slots[this.#slotOf(scid)] ?? 0) - 1;
    return row < 0 ? undefined : row;
  }

  /** Whether row `row` holds it; false where there is no such row. */
  holds(row: number, { block, transaction, output }: Scid): boolean {
    return (
      row < this.#size &&
      this.#blocks[row] === block &&
      this.#transactions[row] === transaction &&
      this.#outputs[row] === output
    );
  }

  /** Appends what has no row yet; returns its row. */
  append(scid: Scid): number {
    const row = this.#size;
    if (this.#shared || row === this.#blocks.length) {
      this.#copy(row === this.#blocks.length ? row * 2 : this.#blocks.length);
    }
    this.#blocks[row] = scid.block;
    this.#transactions[row] = scid.transaction;
    this.#outputs[row] = scid.output;
    this.#slots[this.#slotOf(scid)] = row + 1;
    this.#size = row + 1;
    return row;
  }

  /** The text of row `row`. */
  textOf(row: number): string {
    return `${this.#blocks[row] ?? 0}x${this.#transactions[row] ?? 0}x${this.#outputs[row] ?? 0}`;
  }

  /** The slot that holds it, or the empty one where it belongs. */
  #slotOf(scid: Scid): number {
    const mask = this.#slots.length - 1;
    let slot = hashOf(scid.block, scid.transaction, scid.output) & mask;
    for (let row = this.#slots[slot] ?? 0; row !== 0; row = this.#slots[slot] ?? 0) {
      if (this.holds(row - 1, scid)) {
        return slot;
      }
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  #copy(rows: number): void {
    const grown = <T extends Uint32Array | Uint16Array>(to: T, from: T): T => {
      to.set(from);
      return to;
    };
    this.#blocks = grown(new Uint32Array(rows), this.#blocks);
    this.#transactions = grown(new Uint32Array(rows), this.#transactions);
    this.#outputs = grown(new Uint16Array(rows), this.#outputs);
    this.#shared = false;
    if (this.#slots.length === rows * 2) {
      this.#slots = this.#slots.slice();
      return;
    }
    this.#slots = new Int32Array(rows * 2);
    const mask = rows * 2 - 1;
    for (let row = 0; row < this.#size; row += 1) {
      const [block, transaction, output] = [
        this.#blocks[row] ?? 0,
        this.#transactions[row] ?? 0,
        this.#outputs[row] ?? 0,
      ];
      let slot = hashOf(block, transaction, output) & mask;
      while (this.#slots[slot] !== 0) {
        slot = (slot + 1) & mask;
      }
      this.#slots[slot] = row + 1;
    }
  }
}

/** Spreads three small numbers over 32 bits, with constants of MurmurHash3's finalizer. */
function hashOf(block: number, transaction: number, output: number): number {
  let hash = Math.imul(block, 0x85ebca6b) ^ Math.imul(transaction, 0xc2b2ae35) ^ output;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
