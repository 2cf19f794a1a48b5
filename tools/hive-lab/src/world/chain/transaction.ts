import { bytesToHex, hexToBytes } from '@cl-hive/core';
import { sha256d } from '../digest.ts';

/** An output of a transaction. */
export interface TxOutput {
  /** Satoshi. */
  readonly sat: bigint;
  /** Locking script, hexadecimal. */
  readonly script: string;
}

/** What a transaction spends. */
export interface TxInput {
  readonly txid: string;
  readonly vout: number;
}

/** A transaction: its id is the hash of its contents. Inputs carry no signatures. */
export interface Transaction {
  readonly txid: string;
  /** Bitcoin's serialisation without witness. */
  readonly hex: string;
  readonly inputs: readonly TxInput[];
  readonly outputs: readonly TxOutput[];
}

/** Serialises a transaction (version 2) as Bitcoin does, and names it. */
export function makeTransaction(
  inputs: readonly TxInput[],
  outputs: readonly TxOutput[],
  locktime: number,
): Transaction {
  const parts: string[] = [u32(2), compact(inputs.length)];
  for (const input of inputs) {
    parts.push(reverseHex(input.txid), u32(input.vout), '00', 'fdffffff');
  }
  parts.push(compact(outputs.length));
  for (const output of outputs) {
    parts.push(u64(output.sat), compact(output.script.length / 2), output.script);
  }
  parts.push(u32(locktime));
  const hex = parts.join('');
  return { txid: reverseHex(bytesToHex(sha256d(hexToBytes(hex)))), hex, inputs, outputs };
}

/** The bytes of a hexadecimal text in opposite order: Bitcoin shows hashes this way round. */
export function reverseHex(hex: string): string {
  return bytesToHex(hexToBytes(hex).reverse());
}

function u32(value: number): string {
  return reverseHex(value.toString(16).padStart(8, '0'));
}

function u64(value: bigint): string {
  return reverseHex(value.toString(16).padStart(16, '0'));
}

/** Bitcoin's variable-length count; counts here stay below 2^16. */
function compact(value: number): string {
  return value < 0xfd
    ? value.toString(16).padStart(2, '0')
    : `fd${reverseHex(value.toString(16).padStart(4, '0'))}`;
}

/** Virtual size of a transaction with key-path witnesses, as fees are reckoned. */
export function virtualSize(inputs: number, outputs: number): number {
  return 11 + inputs * 68 + outputs * 43;
}
