import { JITTER_PPM } from '../limits.ts';

/**
 * When the next cycle begins, ms from now: the interval, up to a tenth earlier or later, so that the
 * nodes of a fleet do not all ask and plan in the same moment. `chance` is 32 random bits.
 */
export function nextCycleMs(intervalMs: number, chance: number): number {
  const span = Math.floor((intervalMs * JITTER_PPM) / 1_000_000);
  return intervalMs - span + Math.floor((chance / 2 ** 32) * (2 * span + 1));
}
