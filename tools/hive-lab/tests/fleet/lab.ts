import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { MARK_VARIABLE, parseFleetState } from '../../src/fleet/fleet-state.ts';
import { findByEnvironment, type ProcessRef } from '../../src/fleet/process-table.ts';
import { until } from '../../src/fleet/until.ts';

/** How a run of the program ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

/** A run of the program that is under way. */
export interface LabRun {
  readonly child: ChildProcess;
  readonly out: () => string;
  readonly ended: Promise<Ended>;
}

/** hive-lab built once for a test file, with a folder of its own. */
export interface Lab {
  readonly base: string;
  /** Runs it with `words`, working in `base`. */
  readonly spawn: (...words: readonly string[]) => LabRun;
  /** The same, with code in it that throws at SIGUSR2. */
  readonly spawnFaulty: (...words: readonly string[]) => LabRun;
  readonly run: (...words: readonly string[]) => Promise<Ended>;
  /** Waits until the output of a run holds `text`. */
  readonly seen: (run: LabRun, text: string) => Promise<void>;
  /** The processes of the fleet whose state is in `dir`, the program itself left out. */
  readonly processes: (dir: string) => readonly ProcessRef[];
  readonly remove: () => void;
}

const THROW_ON_SIGUSR2 =
  "data:text/javascript,process.on('SIGUSR2', () => { throw new Error('boom') })";

/** Builds the program with `build.mjs` into a temporary folder. */
export function buildLab(): Lab {
  const base = mkdtempSync(path.join(tmpdir(), 'hl-cli-'));
  const program = path.join(base, 'hive-lab.mjs');
  const root = path.resolve(import.meta.dirname, '../..');
  execFileSync(process.execPath, [path.join(root, 'build.mjs'), program], { stdio: 'inherit' });
  const { npm_lifecycle_event: _, ...env } = process.env;
  const runs = new Set<ChildProcess>();
  const start = (nodeArgs: readonly string[], words: readonly string[]): LabRun => {
    const child = spawn(process.execPath, [...nodeArgs, program, ...words], {
      cwd: base,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    runs.add(child);
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    const ended = new Promise<Ended>((resolve) => {
      child.once('close', (code, signal) => {
        runs.delete(child);
        resolve({ code, signal, out, err });
      });
    });
    return { child, out: () => out, ended };
  };
  return {
    base,
    spawn: (...words) => start([], words),
    spawnFaulty: (...words) => start(['--import', THROW_ON_SIGUSR2], words),
    run: (...words) => start([], words).ended,
    seen: async (run, text) => {
      await until(() => run.out().includes(text), { what: `"${text}"`, timeoutMs: 20_000 }).catch(
        (error: unknown) => {
          throw new Error(`${String(error)} in:\n${run.out()}`);
        },
      );
    },
    processes: (dir) => {
      const state = parseFleetState(readFileSync(path.join(dir, 'fleet.json'), 'utf8'));
      return state === undefined ? [] : findByEnvironment(MARK_VARIABLE, state.mark);
    },
    remove: () => {
      for (const child of runs) {
        child.kill('SIGKILL');
      }
      rmSync(base, { recursive: true, force: true });
    },
  };
}
