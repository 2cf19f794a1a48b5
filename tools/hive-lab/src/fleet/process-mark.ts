import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { MARK_VARIABLE } from './fleet-state.ts';
import { END_GRACE_MS } from './limits.ts';
import {
  endProcesses,
  findByEnvironment,
  type ProcessRef,
  processDetails,
  signalProcess,
} from './process-table.ts';

let mark: string | undefined;

/**
 * The text that marks every process which this one starts from now on: they inherit it, and so do
 * theirs.
 */
export function processMark(): string {
  if (mark === undefined) {
    mark = randomBytes(12).toString('hex');
    process.env[MARK_VARIABLE] = mark;
  }
  return mark;
}

/** The processes that this one has started, directly or not, and that work in `dir`. */
export function processesIn(dir: string): readonly ProcessRef[] {
  return findByEnvironment(MARK_VARIABLE, processMark()).filter(({ pid }) => {
    const cwd = processDetails(pid)?.cwd;
    return cwd !== undefined && !path.relative(dir, cwd).startsWith('..');
  });
}

/** Ends what still works in `dir`; resolves with how many there were. */
export async function endProcessesIn(dir: string): Promise<number> {
  const left = processesIn(dir);
  await endProcesses(left, END_GRACE_MS);
  return left.length;
}

/** Kills all that this process has started, at once: for the moment before it exits. */
export function killMarkedProcesses(): void {
  for (const ref of mark === undefined ? [] : findByEnvironment(MARK_VARIABLE, mark)) {
    if (ref.pid !== process.pid) {
      signalProcess(ref, 'SIGKILL');
    }
  }
}
