import { OUTBOX_RETRY_MS, OUTBOX_RETRY_MS_MAX } from '../limits.ts';

/** How long to wait after the given number of failed attempts (from 1), ms: doubling, to an hour. */
export function retryAfterMs(attempts: number): number {
  return Math.min(
    OUTBOX_RETRY_MS_MAX,
    OUTBOX_RETRY_MS * 2 ** Math.min(16, Math.max(0, attempts - 1)),
  );
}
