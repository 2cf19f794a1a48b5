import { ZBASE32_CHARS_MAX } from './limits.ts';

const ALPHABET = 'ybndrfg8ejkmcpqxot1uwisza345h769';
const VALUES = new Map(Array.from(ALPHABET, (digit, value) => [digit, value]));

/** zbase32 of `bytes` as lightningd writes it: 5 bits a digit, the last digit filled with zeros. */
export function encodeZbase32(bytes: Uint8Array): string {
  let text = '';
  let pending = 0;
  let bits = 0;
  for (const byte of bytes) {
    pending = (pending << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET.charAt((pending >> bits) & 31);
    }
    pending &= (1 << bits) - 1;
  }
  return bits === 0 ? text : text + ALPHABET.charAt((pending << (5 - bits)) & 31);
}

/**
 * The bytes of a zbase32 text; undefined for a foreign digit (upper case included), a length that
 * no number of bytes gives, filling bits that are not zero, or more than 4096 digits. So each
 * sequence of bytes has exactly one text.
 */
export function decodeZbase32(text: string): Uint8Array | undefined {
  if (text.length > ZBASE32_CHARS_MAX || (text.length * 5) % 8 >= 5) {
    return undefined;
  }
  const bytes = new Uint8Array(Math.floor((text.length * 5) / 8));
  let pending = 0;
  let bits = 0;
  let length = 0;
  for (const digit of text) {
    const value = VALUES.get(digit);
    if (value === undefined) {
      return undefined;
    }
    pending = (pending << 5) | value;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes[length] = pending >> bits;
      length += 1;
      pending &= (1 << bits) - 1;
    }
  }
  return pending === 0 ? bytes : undefined;
}
