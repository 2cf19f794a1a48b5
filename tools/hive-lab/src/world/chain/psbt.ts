import { hexToBytes } from '@cl-hive/core';
import type { Transaction } from './transaction.ts';

/** A transaction as an unsigned version 0 PSBT (BIP 174) in base64. */
export function psbtOf(transaction: Transaction): string {
  const bytes = hexToBytes(transaction.hex);
  const length =
    bytes.length < 0xfd ? [bytes.length] : [0xfd, bytes.length & 0xff, bytes.length >> 8];
  const maps = transaction.inputs.length + transaction.outputs.length;
  return Buffer.from([
    0x70,
    0x73,
    0x62,
    0x74,
    0xff,
    1,
    0,
    ...length,
    ...bytes,
    0,
    ...new Uint8Array(maps),
  ]).toString('base64');
}
