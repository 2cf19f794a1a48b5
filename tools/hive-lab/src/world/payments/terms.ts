import { forwardFee, type Policy } from '../policy.ts';
import type { OnionFailure } from './onion-failure.ts';
import type { Hop } from './routing.ts';

/**
 * Why a node does not forward over a hop: undefined where one of the policies that are in force allows it, by
 * amount, fee and blocks; else the failure under the first of them (BOLT 4).
 */
export function termsFault(policies: readonly Policy[], hop: Hop): OnionFailure | undefined {
  const failures = policies.map((policy) => faultUnder(policy, hop));
  return failures.includes(undefined) ? undefined : failures[0];
}

function faultUnder(policy: Policy, hop: Hop): OnionFailure | undefined {
  const out = hop.amountOutMsat;
  if (out < policy.htlcMinMsat) {
    return 'amount_below_minimum';
  }
  if (out > policy.htlcMaxMsat) {
    return 'temporary_channel_failure';
  }
  if (hop.amountInMsat - out < forwardFee(policy, out)) {
    return 'fee_insufficient';
  }
  return hop.cltvIn - hop.cltvOut < policy.delay ? 'incorrect_cltv_expiry' : undefined;
}
