import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** One process, told from a later one with the same number by its start. */
export interface ProcessRef {
  readonly pid: number;
  /** Opaque: equal for the same process only. */
  readonly start: string;
}

/** Names the process `pid`; undefined when there is none, or it has ended and waits to be reaped. */
export function processRef(pid: number): ProcessRef | undefined {
  const start = process.platform === 'linux' ? linuxStart(pid) : psStart(pid);
  return start === undefined ? undefined : { pid, start };
}

/** Whether this very process is still running. */
export function isRunning(ref: ProcessRef): boolean {
  return processRef(ref.pid)?.start === ref.start;
}

function linuxStart(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field, the name in parentheses, may itself hold spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state] = fields;
    const started = fields[19];
    if (state === 'Z' || state === 'X' || started === undefined) {
      return undefined;
    }
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${started}`;
  } catch {
    return undefined;
  }
}

function psStart(pid: number): string | undefined {
  try {
    const options = { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } } as const;
    const line = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], options).trim();
    return line === '' || line.startsWith('Z') ? undefined : line.replace(/^\S+\s+/, '');
  } catch {
    return undefined;
  }
}

/**
 * The processes that were started with `name=value` in their environment, ended ones left out.
 * Linux only (`/proc`); empty elsewhere, where plugins end by themselves at the end of their input.
 */
export function findByEnvironment(name: string, value: string): readonly ProcessRef[] {
  const wanted = `${name}=${value}`;
  return pids().flatMap((pid) => {
    try {
      if (!readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(wanted)) {
        return [];
      }
    } catch {
      return [];
    }
    const ref = processRef(pid);
    return ref === undefined ? [] : [ref];
  });
}

/** The arguments and working directory of a process, where `/proc` tells them. */
export function processDetails(
  pid: number,
): { readonly argv: readonly string[]; readonly cwd: string } | undefined {
  try {
    const argv = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
    return { argv, cwd: readlinkSync(`/proc/${pid}/cwd`) };
  } catch {
    return undefined;
  }
}

function pids(): readonly number[] {
  try {
    return readdirSync('/proc')
      .filter((entry) => /^\d+$/.test(entry))
      .map(Number);
  } catch {
    return [];
  }
}

/** Sends a signal to exactly this process; nothing happens when it is gone. */
export function signalProcess(ref: ProcessRef, signal: NodeJS.Signals): void {
  if (isRunning(ref)) {
    try {
      process.kill(ref.pid, signal);
    } catch {
      // It ended in between, or is not ours: either way there is nothing to end.
    }
  }
}

/**
 * Ends processes: SIGTERM, then SIGKILL after `graceMs`. Resolves with those that still run a
 * moment later, which only happens to processes of another user.
 */
export async function endProcesses(
  refs: readonly ProcessRef[],
  graceMs: number,
): Promise<readonly ProcessRef[]> {
  for (const ref of refs) {
    signalProcess(ref, 'SIGTERM');
  }
  const left = await waitForEnd(refs, graceMs);
  for (const ref of left) {
    signalProcess(ref, 'SIGKILL');
  }
  return waitForEnd(left, 1_000);
}

async function waitForEnd(
  refs: readonly ProcessRef[],
  timeoutMs: number,
): Promise<readonly ProcessRef[]> {
  const deadline = performance.now() + timeoutMs;
  let left = refs.filter(isRunning);
  while (left.length > 0 && performance.now() < deadline) {
    await sleep(20);
    left = left.filter(isRunning);
  }
  return left;
}
