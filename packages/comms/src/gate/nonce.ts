import type { UnixMs } from '@cl-hive/core';
import { NONCE_AHEAD_MAX } from '../limits.ts';

/** What a nonce is: new, used or passed over before, or too far ahead to be taken. */
export type NonceVerdict =
  | { readonly kind: 'fresh' }
  | { readonly kind: 'used'; readonly highest: number }
  | { readonly kind: 'ahead'; readonly most: number };

/**
 * Judges a nonce against the highest one that the resolved principal used (0 for none), under
 * whatever name. The answer is worth something only within the transaction that also stores it.
 */
export function judgeNonce(nonce: number, highest: number, now: UnixMs): NonceVerdict {
  if (nonce <= highest) {
    return { kind: 'used', highest };
  }
  const most = Math.max(highest, now * 1000) + NONCE_AHEAD_MAX;
  return nonce > most ? { kind: 'ahead', most } : { kind: 'fresh' };
}
