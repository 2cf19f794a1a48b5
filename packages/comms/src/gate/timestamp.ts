import type { UnixMs } from '@cl-hive/core';

/** Whether a request's Unix seconds are within `skewSeconds` of the node's clock, bounds included. */
export function isTimely(timestamp: number, now: UnixMs, skewSeconds: number): boolean {
  return Math.abs(timestamp - Math.floor(now / 1000)) <= skewSeconds;
}
