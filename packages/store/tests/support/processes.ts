import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const MODULES = path.resolve(HERE, '../../../../node_modules');

/** `child.ts` as a program that plain Node runs. */
export class ChildProgram {
  readonly folder: string;
  readonly #running = new Set<Child>();

  constructor(folder: string) {
    this.folder = folder;
  }

  static async make(): Promise<ChildProgram> {
    const folder = await mkdtemp(path.join(tmpdir(), 'hive-child-'));
    await mkdir(path.join(folder, 'node_modules'));
    for (const name of ['better-sqlite3', 'better-sqlite3-napi', 'pg']) {
      await symlink(path.join(MODULES, name), path.join(folder, 'node_modules', name));
    }
    await build({
      entryPoints: [fileURLToPath(new URL('./child.ts', import.meta.url))],
      outfile: path.join(folder, 'child.mjs'),
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node20.19',
      conditions: ['@cl-hive/source'],
      external: ['better-sqlite3', 'better-sqlite3-napi', 'pg'],
      logLevel: 'silent',
    });
    return new ChildProgram(folder);
  }

  start(args: readonly string[], script = path.join(this.folder, 'child.mjs')): Child {
    const child = new Child(spawn(process.execPath, [script, ...args]));
    this.#running.add(child);
    return child;
  }

  async remove(): Promise<void> {
    await Promise.all([...this.#running].map((child) => child.kill()));
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** A running child and what it has printed. */
export class Child {
  readonly #process: ChildProcess;
  readonly #gone: Promise<unknown>;
  #output = '';
  #errors = '';

  constructor(child: ChildProcess) {
    this.#process = child;
    this.#gone = once(child, 'close');
    child.stdout?.on('data', (data: Buffer) => {
      this.#output += data.toString();
    });
    child.stderr?.on('data', (data: Buffer) => {
      this.#errors += data.toString();
    });
  }

  get errors(): string {
    return this.#errors;
  }

  /** The last whole line that was printed. */
  get last(): string {
    return this.#output.split('\n').at(-2) ?? '';
  }

  /** Resolves as soon as `count` lines were printed. Rejects when the child ends before. */
  async lines(count: number): Promise<void> {
    const ended = this.#gone.then(() => true);
    while (this.#output.split('\n').length <= count) {
      const stdout = this.#process.stdout;
      const more = stdout === null ? Promise.resolve() : once(stdout, 'data');
      if ((await Promise.race([ended, more])) === true) {
        throw new Error(`the child ended: ${this.#errors}`);
      }
    }
  }

  /** Resolves with the exit code. */
  async ended(): Promise<number | null> {
    await this.#gone;
    return this.#process.exitCode;
  }

  /** SIGKILL; resolves when the process is gone. */
  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#gone;
  }
}
