import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
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
  readonly run: (...words: readonly string[]) => Promise<Ended>;
  /** Waits until the output of a run holds `text`. */
  readonly seen: (run: LabRun, text: string) => Promise<void>;
  /** The processes of the fleet whose state is in `dir`, the program itself left out. */
  readonly processes: (dir: string) => readonly ProcessRef[];
  readonly remove: () => void;
}

/** Builds the program as `build.mjs` does, into a temporary folder. */
export async function buildLab(): Promise<Lab> {
  const base = mkdtempSync(path.join(tmpdir(), 'hl-cli-'));
  const program = path.join(base, 'hive-lab.mjs');
  await build({
    absWorkingDir: path.resolve(import.meta.dirname, '../..'),
    entryPoints: ['src/main.ts'],
    outfile: program,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    conditions: ['@cl-hive/source'],
    external: ['bufferutil', 'utf-8-validate'],
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);",
    },
  });
  const { npm_lifecycle_event: _, ...env } = process.env;
  const runs = new Set<ChildProcess>();
  const start = (...words: readonly string[]): LabRun => {
    const child = spawn(process.execPath, [program, ...words], {
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
    spawn: start,
    run: (...words) => start(...words).ended,
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
