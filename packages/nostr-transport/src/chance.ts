import { bytesToHex, type Random } from '@cl-hive/core';

/** A number from 0, inclusive, to 1, exclusive. */
export function roll(random: Random): number {
  const bytes = random.bytes(4);
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0) / 0x1_0000_0000;
}

/** An integer from 0, inclusive, to `below`, exclusive. */
export function rollBelow(random: Random, below: number): number {
  return Math.floor(roll(random) * below);
}

/** An unpredictable name of `bytes` bytes in hexadecimal. */
export function rollName(random: Random, bytes: number): string {
  return bytesToHex(random.bytes(bytes));
}
