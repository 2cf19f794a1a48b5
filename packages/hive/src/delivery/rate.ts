import type { NodeId } from '@cl-hive/core';
import { RATE_BURST, RATE_ENTRIES_MAX, RATE_REFILL_MS } from '../limits.ts';

/** Guard time at which a peer's allowance for a type is whole again, by `peer/type`. Not durable. */
export type Rates = ReadonlyMap<string, number>;

/**
 * Whether `peer` may send one more message of `type` at guard time `now`: bursts of 30, then one each
 * 2 s. Guard time only grows, so that a step of the clock blocks nobody.
 */
export function allow(
  rates: Rates,
  peer: NodeId,
  type: string,
  now: number,
): { readonly allowed: boolean; readonly rates: Rates } {
  const key = `${peer}/${type}`;
  const whole = Math.max(rates.get(key) ?? now, now);
  if (whole + RATE_REFILL_MS > now + RATE_BURST * RATE_REFILL_MS) {
    return { allowed: false, rates };
  }
  let next = new Map(rates);
  if (!next.has(key) && next.size >= RATE_ENTRIES_MAX) {
    next = new Map([...next].filter(([, at]) => at > now));
    if (next.size >= RATE_ENTRIES_MAX) {
      return { allowed: false, rates };
    }
  }
  next.set(key, whole + RATE_REFILL_MS);
  return { allowed: true, rates: next };
}
