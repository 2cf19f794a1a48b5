import {
  HISTORY_KEEP_MS,
  HISTORY_KEEP_MS_MIN,
  type PrunedHistory,
  pruneHistory,
  shortenKept,
} from '@cl-hive/comms';
import { CodedError } from '@cl-hive/core';
import type { Store } from '@cl-hive/store';
import type { CommsDatabase } from '../store/database.ts';
import { type Moment, whileMs } from './moment.ts';

/** How long requests are kept, in ms. Throws CodedError `prune_keep` for less than limits look back. */
export function keepMs(keep: Moment | undefined): number {
  const ms = keep === undefined ? HISTORY_KEEP_MS : whileMs(keep);
  if (ms === undefined || ms < HISTORY_KEEP_MS_MIN) {
    const days = HISTORY_KEEP_MS_MIN / 86_400_000;
    throw new CodedError('prune_keep', `keep: expected a while of at least ${days}d`, {
      remedy: 'give it as 90d; limits look back nearly as far',
    });
  }
  return ms;
}

/** Removes, or where a key keeps them shortens, all requests over before `beforeGuardMs`, a batch at a time. */
export async function pruneAllHistory(
  store: Store<CommsDatabase>,
  beforeGuardMs: number,
): Promise<PrunedHistory> {
  let requests = 0;
  let ledgerEntries = 0;
  while ((await store.transact((tx) => shortenKept(tx, beforeGuardMs))) > 0) {
    // A batch at a time, as below.
  }
  for (;;) {
    const done = await store.transact((tx) => pruneHistory(tx, beforeGuardMs));
    requests += done.requests;
    ledgerEntries += done.ledgerEntries;
    if (done.requests === 0) {
      return { requests, ledgerEntries };
    }
  }
}
