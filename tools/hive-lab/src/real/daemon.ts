import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { CodedError } from '@cl-hive/core';
import { DAEMON_STOP_MS, LAST_WORDS_MAX } from './limits.ts';

/** How a daemon is run in the foreground. */
export interface DaemonSpec {
  /** For messages: `bitcoind`, `lightningd of node 2`. */
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  /** Takes what it prints. */
  readonly logFile: string;
  /** Additions to the environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly onLine?: (line: string) => void;
  /** Called once, when it ends without having been asked to. */
  readonly onDeath: (reason: string) => void;
}

/** A process of another program that runs for as long as the fleet. */
export class Daemon {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<string>;
  #words = '';
  #death: string | undefined;
  #stopping = false;

  constructor(spec: DaemonSpec) {
    this.name = spec.name;
    // A group of its own: Ctrl-C in the terminal reaches hive-lab only, which stops it in order.
    this.#child = spawn(spec.program, spec.args, {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...spec.env },
    });
    const log = createWriteStream(spec.logFile, { flags: 'a', mode: 0o600 });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream !== null) {
        createInterface({ input: stream }).on('line', (line) => {
          this.#words = `${this.#words}${line}\n`.slice(-LAST_WORDS_MAX);
          log.write(`${line}\n`);
          spec.onLine?.(line);
        });
      }
    }
    this.#ended = new Promise((resolve) => {
      const end = (how: string): void => {
        this.#death = how;
        log.end();
        if (!this.#stopping) {
          spec.onDeath(`${spec.name} ended (${how})`);
        }
        resolve(how);
      };
      this.#child.once('error', (error) => end(error.message));
      this.#child.once('close', (code, signal) => {
        end(signal === null ? `exit code ${code}` : `signal ${signal}`);
      });
    });
  }

  /** Throws CodedError `daemon_died` with its last words when it runs no more. */
  assertRunning(): void {
    if (this.#death !== undefined) {
      throw new CodedError(
        'daemon_died',
        `${this.name} ended (${this.#death}): ${this.#words.trim().split('\n').slice(-5).join(' / ')}`,
      );
    }
  }

  /** Ends it without asking; what {@link stop} may be given in place of a question. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
  }

  /** Resolves when it has ended: after `ask`, else by SIGTERM, else by SIGKILL. Idempotent. */
  async stop(ask: () => Promise<unknown>): Promise<void> {
    const asked = this.#stopping;
    this.#stopping = true;
    if (this.#death === undefined && !asked) {
      // An answer may never come, or be cut off by the end that was asked for.
      void ask().catch(() => this.#child.kill('SIGTERM'));
    }
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      const timer = new AbortController();
      const pause = sleep(DAEMON_STOP_MS, undefined, { signal: timer.signal }).catch(
        () => undefined,
      );
      await Promise.race([this.#ended, pause]);
      timer.abort();
      if (this.#death !== undefined) {
        return;
      }
      this.#child.kill(signal);
    }
    await this.#ended;
  }
}

/** TCP ports of 127.0.0.1 that are free at this moment, all different. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen({ host: '127.0.0.1', port: 0 }, resolve);
      });
      return server;
    }),
  );
  return Promise.all(
    servers.map(async (server) => {
      const address = server.address();
      await new Promise((resolve) => server.close(resolve));
      return typeof address === 'object' && address !== null ? address.port : 0;
    }),
  );
}
