import { hexToBytes } from '@cl-hive/core';

/** An output that a transaction spends, as `TXID:OUTNUM`. */
export type Outpoint = string;

/** What a fee is reckoned from. */
export interface TransactionParts {
  readonly inputs: readonly Outpoint[];
  readonly outputsSat: bigint;
}

class ByteReader {
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  skip(count: number): void {
    this.#at += count;
  }

  peek(): number {
    return this.#view.getUint8(this.#at);
  }

  u32(): number {
    this.#at += 4;
    return this.#view.getUint32(this.#at - 4, true);
  }

  u64(): bigint {
    this.#at += 8;
    return this.#view.getBigUint64(this.#at - 8, true);
  }

  size(): number {
    const first = this.#view.getUint8(this.#at);
    this.#at += 1;
    if (first < 0xfd) {
      return first;
    }
    const [width, read] =
      first === 0xfd
        ? [2, this.#view.getUint16(this.#at, true)]
        : [4, this.#view.getUint32(this.#at, true)];
    this.#at += width;
    return read;
  }

  reversedHex(count: number): string {
    let hex = '';
    for (let index = count - 1; index >= 0; index -= 1) {
      hex += this.#view
        .getUint8(this.#at + index)
        .toString(16)
        .padStart(2, '0');
    }
    this.#at += count;
    return hex;
  }
}

/** Reads inputs and outputs of a serialised transaction. Throws RangeError when it is none. */
export function readTransaction(hex: string): TransactionParts {
  const reader = new ByteReader(hexToBytes(hex));
  reader.skip(4);
  if (reader.peek() === 0) {
    // BIP 144: marker and flag stand before the inputs.
    reader.skip(2);
  }
  const inputs: Outpoint[] = [];
  for (let left = reader.size(); left > 0; left -= 1) {
    const txid = reader.reversedHex(32);
    inputs.push(`${txid}:${reader.u32()}`);
    reader.skip(reader.size());
    reader.skip(4);
  }
  let outputsSat = 0n;
  for (let left = reader.size(); left > 0; left -= 1) {
    outputsSat += reader.u64();
    reader.skip(reader.size());
  }
  return { inputs, outputsSat };
}
