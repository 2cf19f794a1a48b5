import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { describeError } from '@cl-hive/core';
import type { WireObject } from '../rules/json-members.ts';
import { WireScanner } from '../rules/wire-scanner.ts';
import { VERSION } from '../version.ts';

/** What a plugin's process tells. Nothing is called after {@link PluginProcess.forget}. */
export interface PluginProcessEvents {
  readonly message: (message: WireObject) => void;
  /** It wrote what lightningd cannot read. */
  readonly broken: (reason: string) => void;
  /** Its standard output closed: lightningd notices a dead plugin only by that. */
  readonly closed: () => void;
  /** It could not be started. */
  readonly failed: (reason: string) => void;
}

/** How a plugin's process is started. */
export interface PluginProcessSpec {
  readonly path: string;
  readonly cwd: string;
  readonly developer: boolean;
  /** A line on its standard error, also of one that is forgotten already: why it died, mostly. */
  readonly onStderr: (line: string) => void;
}

/** A plugin's process with its pipes, started as lightningd starts it. */
export class PluginProcess {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #scanner = new WireScanner();
  #events: PluginProcessEvents | undefined;
  /** Settles once the process is gone and its pipes are closed. */
  readonly gone: Promise<void>;

  /** Throws, or reports `failed`, when it cannot be started. */
  constructor(spec: PluginProcessSpec, events: PluginProcessEvents) {
    this.#events = events;
    this.#child = spawn(spec.path, spec.developer ? ['--developer'] : [], {
      cwd: spec.cwd,
      env: { ...process.env, LIGHTNINGD_PLUGIN: '1', LIGHTNINGD_VERSION: VERSION },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.gone = new Promise((resolve) => {
      this.#child.once('close', () => resolve());
      this.#child.once('error', (error) => {
        this.#events?.failed(describeError(error));
        resolve();
      });
    });
    // A plugin that is gone breaks the pipe; its closed output says so.
    this.#child.stdin.on('error', () => {});
    this.#child.stdout.on('error', () => {});
    this.#child.stdout.on('data', (chunk: Buffer) => this.#read(chunk));
    this.#child.stdout.once('close', () => this.#events?.closed());
    this.#watchStderr(spec.onStderr);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  send(text: string): void {
    if (this.#child.stdin.writable) {
      this.#child.stdin.write(text);
    }
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /** Closes both pipes, as they close when lightningd dies. */
  hangUp(): void {
    this.#child.stdin.destroy();
    this.#child.stdout.destroy();
  }

  /** No event is reported any more. */
  forget(): void {
    this.#events = undefined;
  }

  #read(chunk: Buffer): void {
    for (const found of this.#scanner.push(chunk)) {
      if (found.kind === 'broken') {
        this.#events?.broken(found.reason);
      } else {
        this.#events?.message(found.message);
      }
    }
  }

  #watchStderr(onLine: (line: string) => void): void {
    let rest = '';
    this.#child.stderr.on('error', () => {});
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        onLine(line);
      }
    });
    this.#child.stderr.once('end', () => {
      if (rest !== '') {
        onLine(rest);
      }
    });
  }
}
