import { mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import path from 'node:path';
import { killMarkedProcesses, processMark } from '@cl-hive/hive-lab';

/**
 * Makes a folder in which everything that is tried is made, and marks every process that is started: when
 * this one exits, by itself or by Ctrl-C in the middle of a drill, both are gone.
 */
export function leaveNothingBehind(): void {
  processMark();
  // Short: the sockets of nodes are below it, and their paths have an upper bound.
  const folder = mkdtempSync(path.join(tmpdir(), 'hg-'));
  process.env['TMPDIR'] = folder;
  process.on('exit', () => {
    killMarkedProcesses();
    // What was killed may not be gone yet.
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => process.exit(128 + constants.signals[signal]));
  }
}
