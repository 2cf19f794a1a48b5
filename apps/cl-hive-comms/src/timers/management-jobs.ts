import {
  type Alert,
  addCheckpoint,
  type CheckpointScope,
  checkpointDue,
  HISTORY_KEEP_MS,
  pruneUses,
} from '@cl-hive/comms';
import type { Clock, NodeId, UnixMs } from '@cl-hive/core';
import type { Job } from '@cl-hive/runtime/services';
import type { Store } from '@cl-hive/store';
import type { ManagementDesk } from '../pipeline/management-desk.ts';
import { pruneAllHistory } from '../pipeline/prune-history.ts';
import { publishHead } from '../pipeline/published-head.ts';
import type { ReceiptArchive } from '../pipeline/receipt-archive.ts';
import type { CommsDatabase } from '../store/database.ts';
import type { AlertOffice } from './alert-office.ts';

/** What the jobs work with. */
export interface JobParts {
  readonly store: Store<CommsDatabase>;
  readonly clock: Pick<Clock, 'now'>;
  readonly node: NodeId;
  readonly desk: ManagementDesk;
  readonly archive: ReceiptArchive;
  readonly office: AlertOffice;
  /** Guard time in ms. */
  readonly guardMs: () => number;
  readonly forgetEffects: () => Promise<number>;
}

const MINUTE_MS = 60_000;

/** SQLite begins its log anew every 4 MB unless somebody reads an old state for long, such as a backup tool. */
const DATABASE_LOG_BYTES_MAX = 64 * 1024 * 1024;

/** What cl-hive-comms does by itself. */
export function managementJobs(parts: JobParts): readonly Job[] {
  const { store, clock, desk, archive, office, forgetEffects } = parts;
  return [
    { name: 'looking for interrupted requests', everyMs: 10_000, run: () => desk.sweep() },
    { name: 'closing what waited too long', everyMs: MINUTE_MS, run: () => desk.lapse() },
    { name: 'telling the operator', everyMs: MINUTE_MS, run: () => office.tick() },
    {
      name: 'sealing receipts',
      everyMs: MINUTE_MS,
      run: async () => {
        await seal(parts, 'hour');
        await seal(parts, 'day');
        await publishHead(store, await archive.head(), clock.now(), (seq, digest) =>
          office.head(seq, digest),
        );
      },
    },
    {
      name: 'watching the log of the database',
      everyMs: MINUTE_MS,
      run: async () => {
        const { logBytes } = await store.info();
        if (logBytes > DATABASE_LOG_BYTES_MAX) {
          office.raise(longLog(logBytes));
        }
      },
    },
    {
      name: 'pruning the history',
      everyMs: 60 * MINUTE_MS,
      run: async () => {
        await pruneAllHistory(store, parts.guardMs() - HISTORY_KEEP_MS);
        await store.transact((tx) => pruneUses(tx, parts.guardMs()));
      },
    },
    {
      name: 'clearing marks of effects',
      everyMs: 60 * MINUTE_MS,
      run: async () => void (await forgetEffects()),
    },
  ];
}

/** Seals the hour or the day that is over, when something was recorded in it. */
async function seal({ store, clock, node }: JobParts, scope: CheckpointScope): Promise<void> {
  const state = await checkpointState(store, scope);
  if (checkpointDue(state, clock.now())) {
    await store.transact((tx) => addCheckpoint(tx, scope, clock.now(), node));
  }
}

async function checkpointState(store: Store<CommsDatabase>, scope: CheckpointScope) {
  const last = await store.reader
    .selectFrom('management_receipts')
    .select('seq')
    .where('kind', '=', 'checkpoint')
    .where('body', 'like', `%"scope":"${scope}"%`)
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  const fromSeq = (last?.seq ?? 0) + 1;
  const first = await store.reader
    .selectFrom('management_receipts')
    .select('at_ms')
    .where('seq', '>=', fromSeq)
    .where('kind', '!=', 'checkpoint')
    .orderBy('seq')
    .limit(1)
    .executeTakeFirst();
  return { scope, fromSeq, firstAt: first?.at_ms as UnixMs | undefined };
}

function longLog(bytes: number): Alert {
  const text = `the database's -wal file has ${Math.round(bytes / 1024 / 1024)} MiB: another program holds an old state of it open; end it`;
  return { key: 'database-log', level: 'warning', text };
}
