/** Bits in one word of bech32. */
const WORD_BITS = 5;

/** The unsigned number that big-endian words spell. Up to 53 bits are exact; more give undefined. */
export function wordsToNumber(words: readonly number[]): number | undefined {
  let value = 0;
  for (const word of words) {
    value = value * 32 + word;
    if (value > Number.MAX_SAFE_INTEGER) {
      return undefined;
    }
  }
  return value;
}

/** The whole bytes in `words`; up to 7 bits that are left over are padding and fall away. */
export function wordsToBytes(words: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(Math.floor((words.length * WORD_BITS) / 8));
  packWords(words, bytes);
  return bytes;
}

/** The bytes that a BOLT 11 signature covers: the words, padded with zero bits to a whole byte. */
export function wordsToPaddedBytes(words: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(Math.ceil((words.length * WORD_BITS) / 8));
  packWords(words, bytes);
  return bytes;
}

function packWords(words: readonly number[], bytes: Uint8Array): void {
  let bits = 0;
  let value = 0;
  let at = 0;
  for (const word of words) {
    value = ((value << WORD_BITS) | word) & 0xfff;
    bits += WORD_BITS;
    if (bits >= 8) {
      bits -= 8;
      bytes[at] = (value >> bits) & 0xff;
      at += 1;
    }
  }
  if (bits > 0 && at < bytes.length) {
    bytes[at] = (value << (8 - bits)) & 0xff;
  }
}

/** The numbers of the bits that are set in big-endian `words`, lowest first. */
export function setBits(words: readonly number[]): readonly number[] {
  const bits: number[] = [];
  for (let index = words.length - 1; index >= 0; index -= 1) {
    const base = (words.length - 1 - index) * WORD_BITS;
    for (let bit = 0; bit < WORD_BITS; bit += 1) {
      if ((((words[index] ?? 0) >> bit) & 1) === 1) {
        bits.push(base + bit);
      }
    }
  }
  return bits;
}
