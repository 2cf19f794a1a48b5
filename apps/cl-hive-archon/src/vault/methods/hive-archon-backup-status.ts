import { method } from '@cl-hive/cln-plugin';
import type { JsonObject } from '@cl-hive/core';

/** `hive-archon-backup-status`: archives, attempts, the schedule, and what waits for a start. */
export const archonBackupStatus = (view: () => Promise<JsonObject>) =>
  method({
    description: 'The archives that there are, when the next is due, and what is wrong',
    handle: () => view(),
  });
