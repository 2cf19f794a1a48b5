import { isJsonObject, type Msat, parseMsat } from '@cl-hive/core';

/** Channels of lightningd whose balance cannot go without a closing: a bond may stand in them. */
const BONDED_STATES: readonly unknown[] = ['CHANNELD_NORMAL', 'CHANNELD_AWAITING_SPLICE'];

/** What this node holds on its own side of working channels, from the answer of `listpeerchannels`. */
export function bondedMsat(listpeerchannels: unknown): Msat {
  const channels = isJsonObject(listpeerchannels) ? listpeerchannels['channels'] : undefined;
  let sum = 0n;
  for (const channel of Array.isArray(channels) ? channels : []) {
    const balance = isJsonObject(channel) && BONDED_STATES.includes(channel['state']);
    sum += (balance ? parseMsat(channel['to_us_msat']) : undefined) ?? 0n;
  }
  return sum as Msat;
}

/** Whether a bond stands; in msat against sat. */
export function bondStands(balance: Msat, bondSat: bigint): boolean {
  return balance >= bondSat * 1000n;
}
