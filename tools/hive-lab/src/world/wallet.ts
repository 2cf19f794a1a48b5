import { virtualSize } from './chain/transaction.ts';
import { scriptOf, secretFrom } from './keys.ts';

/** An output that a node can spend, or could. */
export interface WalletOutput {
  readonly txid: string;
  readonly vout: number;
  readonly sat: bigint;
  readonly script: string;
  /** Height it was mined at; undefined while it waits in the mempool. */
  height: number | undefined;
  spentBy: string | undefined;
  /** Height up to which the output is set aside; 0 for none. */
  reservedTo: number;
}

/** A key of the wallet with both its locking scripts. */
export interface WalletKey {
  readonly index: number;
  readonly p2wpkh: string;
  readonly p2tr: string;
  /** Whether an address of it was given out, and of which kind. */
  shown: 'bech32' | 'p2tr' | 'all' | undefined;
}

/** Outputs below this are not relayed (Core Lightning's limit for its own). */
export const DUST_SAT = 546n;

/** The on-chain money of one node. */
export class Wallet {
  readonly outputs: WalletOutput[] = [];
  readonly keys: WalletKey[] = [];
  readonly #seed: Uint8Array;
  readonly #scripts = new Set<string>();

  constructor(secretKey: Uint8Array) {
    this.#seed = secretFrom(secretKey, 'wallet');
  }

  /** A fresh key; its number counts from 1. */
  newKey(shown: WalletKey['shown']): WalletKey {
    const index = this.keys.length + 1;
    const secret = secretFrom(this.#seed, `key/${index}`);
    const key: WalletKey = {
      index,
      p2wpkh: scriptOf(secret, 'p2wpkh'),
      p2tr: scriptOf(secret, 'p2tr'),
      shown,
    };
    this.keys.push(key);
    this.#scripts.add(key.p2wpkh).add(key.p2tr);
    return key;
  }

  /** Whether an output with this script is the node's. */
  owns(script: string): boolean {
    return this.#scripts.has(script);
  }

  find(txid: string, vout: number): WalletOutput | undefined {
    return this.outputs.find((output) => output.txid === txid && output.vout === vout);
  }

  /** Outputs that can be spent at `height` with at least `minconf` confirmations. */
  available(height: number, minconf: number): WalletOutput[] {
    return this.outputs.filter(
      (output) =>
        output.spentBy === undefined &&
        output.reservedTo <= height &&
        (output.height === undefined ? minconf === 0 : height - output.height + 1 >= minconf),
    );
  }
}

/** Which outputs pay for what, and what comes back. */
export interface Selection {
  readonly inputs: readonly WalletOutput[];
  readonly feeSat: bigint;
  /** 0 where it would be dust; then it is part of the fee. */
  readonly changeSat: bigint;
}

/** The fee of a transaction, rounded up. */
export function transactionFee(inputs: number, outputs: number, perKw: number): bigint {
  return BigInt(Math.ceil((virtualSize(inputs, outputs) * 4 * perKw) / 1000));
}

/**
 * Chooses outputs, largest first, for `sat` in `outputs` outputs at a fee rate in sat/kw. Returns how
 * many satoshi are missing where all of them do not suffice.
 */
export function selectCoins(
  candidates: readonly WalletOutput[],
  sat: bigint,
  outputs: number,
  perKw: number,
): Selection | { readonly shortSat: bigint } {
  const sorted = [...candidates].sort((a, b) => (a.sat < b.sat ? 1 : a.sat > b.sat ? -1 : 0));
  const inputs: WalletOutput[] = [];
  let sum = 0n;
  let feeSat = transactionFee(0, outputs, perKw);
  for (const candidate of sorted) {
    inputs.push(candidate);
    sum += candidate.sat;
    feeSat = transactionFee(inputs.length, outputs, perKw);
    if (sum >= sat + feeSat) {
      const withChange = transactionFee(inputs.length, outputs + 1, perKw);
      const changeSat = sum - sat - withChange;
      return changeSat >= DUST_SAT
        ? { inputs, feeSat: withChange, changeSat }
        : { inputs, feeSat: sum - sat, changeSat: 0n };
    }
  }
  return { shortSat: sat + feeSat - sum };
}

/** All candidates, and what they leave for one output after the fee. */
export function selectAll(
  candidates: readonly WalletOutput[],
  outputs: number,
  perKw: number,
): { readonly inputs: readonly WalletOutput[]; readonly feeSat: bigint; readonly leftSat: bigint } {
  const feeSat = transactionFee(candidates.length, outputs, perKw);
  const sum = candidates.reduce((total, output) => total + output.sat, 0n);
  return { inputs: candidates, feeSat, leftSat: sum - feeSat };
}
