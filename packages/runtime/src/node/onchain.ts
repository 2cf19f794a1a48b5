import {
  type FeeratesPerkw,
  feerates,
  type ListfundsOutputs,
  listfunds,
  type RpcClient,
} from '@cl-hive/cln-rpc';
import { type Msat, satToMsat } from '@cl-hive/core';
import {
  ASK_MS,
  BASE_WEIGHT,
  DUST_SLACK_SAT,
  INPUT_WEIGHT,
  NESTED_INPUT_WEIGHT,
} from './limits.ts';

/** Coins that are spent together, with what that costs at most. */
export interface Funding {
  /** As `TXID:OUTNUM`. */
  readonly utxos: readonly string[];
  readonly inputsSat: bigint;
  /** Satoshi per 1000 weight units. */
  readonly perKw: number;
  /** The fee's bound. */
  readonly feeSat: bigint;
}

/** Blocks within which a named feerate aims to be mined, as lightningd has them. */
const TARGET_BLOCKS: Readonly<Record<string, number>> = { urgent: 6, normal: 12, slow: 100 };

/** What a rise of the feerate between judging and doing may cost, as a share of a hundred. */
const HEADROOM_PERCENT = 125n;

/** The feerates of the moment; undefined when lightningd has no estimate. */
async function ratesOf(rpc: RpcClient): Promise<FeeratesPerkw | undefined> {
  const { perkw } = await rpc.call(feerates, { style: 'perkw' }, { timeoutMs: ASK_MS });
  return perkw;
}

/** Satoshi per 1000 weight units of a name or a number; undefined without an estimate. */
export async function feeratePerKw(rpc: RpcClient, feerate: string): Promise<number | undefined> {
  const number = /^(\d+)per(kb|kw)$/.exec(feerate);
  if (number !== null) {
    return Math.ceil(Number(number[1]) / (number[2] === 'kb' ? 4 : 1));
  }
  const rates = await ratesOf(rpc);
  const blocks = TARGET_BLOCKS[feerate] ?? 12;
  const estimate = rates?.estimates.filter(({ blockcount }) => blockcount <= blocks).at(-1);
  const perKw = estimate?.feerate ?? rates?.opening;
  return perKw === undefined ? undefined : Math.max(perKw, rates?.floor ?? 0);
}

/** A fee in satoshi, rounded up. */
export function feeOf(weight: number, perKw: number): bigint {
  return (BigInt(weight) * BigInt(perKw) + 999n) / 1000n;
}

function spendable({ status, reserved }: ListfundsOutputs): boolean {
  return status === 'confirmed' && !reserved;
}

/**
 * Chooses confirmed, free coins for an amount, the largest first, so that they are few. Undefined
 * when there are not enough.
 */
export async function chooseCoins(
  rpc: RpcClient,
  amountSat: bigint,
  perKw: number,
): Promise<Funding | undefined> {
  const { outputs } = await rpc.call(listfunds, {}, { timeoutMs: ASK_MS });
  const coins = outputs
    .filter(spendable)
    .sort((a, b) => (a.amount_msat < b.amount_msat ? 1 : a.amount_msat > b.amount_msat ? -1 : 0));
  const utxos: string[] = [];
  let inputsSat = 0n;
  let weight = BASE_WEIGHT;
  for (const coin of coins) {
    utxos.push(`${coin.txid}:${coin.output}`);
    inputsSat += coin.amount_msat / 1000n;
    weight += coin.redeemscript === undefined ? INPUT_WEIGHT : NESTED_INPUT_WEIGHT;
    const feeSat = feeOf(weight, perKw) + DUST_SLACK_SAT;
    if (inputsSat >= amountSat + feeSat) {
      return { utxos, inputsSat, perKw, feeSat };
    }
  }
  return undefined;
}

/** The fee to reserve for spending an amount; what no coins cover is bound as one input. */
export async function feeBound(
  rpc: RpcClient,
  amountSat: bigint,
  feerate: string,
): Promise<Msat | undefined> {
  const perKw = await feeratePerKw(rpc, feerate);
  if (perKw === undefined) {
    return undefined;
  }
  const funding = await chooseCoins(rpc, amountSat, perKw);
  const feeSat = funding?.feeSat ?? feeOf(BASE_WEIGHT + INPUT_WEIGHT, perKw) + DUST_SLACK_SAT;
  return satToMsat((feeSat * HEADROOM_PERCENT) / 100n);
}

/** Coins for an amount whose fee stays within what was reserved, or why there are none. */
export async function fundWithin(
  rpc: RpcClient,
  amountSat: bigint,
  feerate: string,
  reservedFeeMsat: bigint,
): Promise<Funding | string> {
  const perKw = await feeratePerKw(rpc, feerate);
  if (perKw === undefined) {
    return 'lightningd has no fee estimate yet';
  }
  const funding = await chooseCoins(rpc, amountSat, perKw);
  if (funding === undefined) {
    return `the wallet has no confirmed, free coins of ${amountSat} sat and the fee`;
  }
  return funding.feeSat * 1000n > reservedFeeMsat
    ? `the fee may be ${funding.feeSat} sat by now, more than the ${reservedFeeMsat} msat that were reserved`
    : funding;
}
