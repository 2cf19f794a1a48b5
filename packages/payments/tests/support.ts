import { bytesToHex, type Msat } from '@cl-hive/core';
import { nobleCurve, utf8ToBytes } from '@cl-hive/protocol';
import { sha256 } from '@noble/hashes/sha2.js';
import { bech32 } from '@scure/base';
import { wordsToPaddedBytes } from '../src/bolt11/words.ts';

/** The payee of the invoices that tests make. */
export const PAYEE_SECRET = new Uint8Array(32).fill(7);
export const PAYEE = bytesToHex(nobleCurve.publicKey(PAYEE_SECRET));

/** One tagged field: its letter in bech32 and its words. */
export type Field = readonly [letter: string, words: readonly number[]];

const LETTERS = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
export const bytesField = (letter: string, bytes: Uint8Array): Field => [
  letter,
  bech32.toWords(bytes),
];
export const HASH = bytesField('p', new Uint8Array(32).fill(1));
export const SECRET = bytesField('s', new Uint8Array(32).fill(2));
export const textField = (text: string): Field => bytesField('d', utf8ToBytes(text));
export const BASIC: readonly Field[] = [HASH, SECRET, textField('coffee')];

function numberWords(value: number, count: number): number[] {
  return Array.from({ length: count }, (_, at) => Math.floor(value / 32 ** (count - 1 - at)) % 32);
}

/** An invoice made by hand, so that it can be wrong in any way; signed by {@link PAYEE_SECRET}. */
export function makeInvoice(
  fields: readonly Field[],
  options: {
    readonly prefix?: string;
    readonly timestamp?: number;
    readonly tail?: readonly number[];
    readonly change?: (signature: Uint8Array) => void;
  } = {},
): string {
  const { prefix = 'lnbcrt10u', timestamp = 1_800_000_000, tail = [] } = options;
  const body = [
    ...numberWords(timestamp, 7),
    ...fields.flatMap(([letter, words]) => [
      LETTERS.indexOf(letter),
      ...numberWords(words.length, 2),
      ...words,
    ]),
    ...tail,
  ];
  const message = [...utf8ToBytes(prefix), ...wordsToPaddedBytes(body)];
  const { signature, recid } = nobleCurve.ecdsaSignRecoverable(
    sha256(Uint8Array.from(message)),
    PAYEE_SECRET,
  );
  const signed = Uint8Array.from([...signature, recid]);
  options.change?.(signed);
  return bech32.encode(prefix, [...body, ...bech32.toWords(signed)], false);
}

export const sat = (amount: number): Msat => (BigInt(amount) * 1000n) as Msat;
