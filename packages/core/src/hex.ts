const HEX = /^(?:[0-9a-fA-F]{2})*$/;
const DIGITS = '0123456789abcdef';

/** Whether `text` is hexadecimal with an even number of digits. */
export function isHex(text: string): boolean {
  return HEX.test(text);
}

/** The bytes of a hexadecimal text. Throws RangeError on anything else. */
export function hexToBytes(text: string): Uint8Array {
  if (!isHex(text)) {
    throw new RangeError('not hexadecimal');
  }
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i += 1) {
    bytes[i] = Number.parseInt(text.slice(i * 2, i * 2 + 2), 16);
  }
  return bytes;
}

/** Lower-case hexadecimal of `bytes`. */
export function bytesToHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) {
    text += DIGITS.charAt(byte >> 4) + DIGITS.charAt(byte & 15);
  }
  return text;
}
