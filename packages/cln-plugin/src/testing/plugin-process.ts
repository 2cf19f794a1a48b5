import { type ChildProcess, spawn } from 'node:child_process';
import { basename } from 'node:path';
import { PassThrough, type Readable, type Writable } from 'node:stream';
import type { Cancel, Clock } from '@cl-hive/core';
import type { PluginIo } from '../io.ts';
import type { LogLevel } from '../log.ts';
import type { Plugin } from '../plugin.ts';
import { systemClock } from '../process-io.ts';

/** The two pipes of a plugin, and its life. */
export interface PluginProcess {
  /** Basename by which lightningd knows it. */
  readonly file: string;
  /** Where lightningd writes. */
  readonly stdin: Writable;
  /** Where lightningd reads. */
  readonly stdout: Readable;
  /** The exit status; null after a kill. */
  readonly exited: Promise<number | null>;
  readonly signal: (name: 'SIGTERM' | 'SIGINT') => void;
  /** Ends it the hard way. */
  readonly kill: () => void;
  /** What it wrote to stderr so far. */
  readonly stderr: () => string;
}

/** Runs a plugin within this process, on pipes. Time may be a virtual clock's. */
export function runInProcess(
  plugin: Pick<Plugin, 'start'>,
  settings: { readonly file?: string; readonly clock?: Clock } = {},
): PluginProcess & {
  /** Plays code of the plugin that prints or fails without being caught. */
  readonly stray: {
    readonly print: (level: LogLevel, text: string) => void;
    readonly error: (error: unknown, fatal: boolean) => void;
  };
} {
  const stdin = new PassThrough();
  const stdout = new PassThrough();
  const file = settings.file ?? 'plugin.js';
  const signals = new Set<(signal: string) => void>();
  const sinks = new Set<(level: LogLevel, text: string) => void>();
  const errors = new Set<(error: unknown, fatal: boolean) => void>();
  let exit: (code: number | null) => void = () => undefined;
  const exited = new Promise<number | null>((resolve) => {
    exit = resolve;
  });
  const io: PluginIo = {
    input: stdin,
    output: stdout,
    clock: settings.clock ?? systemClock,
    file,
    underLightningd: true,
    args: [],
    explain: () => Promise.resolve(),
    exit: (code) => {
      stdout.end();
      exit(code);
    },
    onSignal: (handler) => register(signals, handler),
    onStrayError: (handler) => register(errors, handler),
    captureStray: (sink) => register(sinks, sink),
  };
  plugin.start(io);
  return {
    file,
    stdin,
    stdout,
    exited,
    signal: (name) => each(signals, (handler) => handler(name)),
    kill: () => {
      stdin.destroy();
      exit(null);
    },
    stderr: () => '',
    stray: {
      print: (level, text) => each(sinks, (sink) => sink(level, text)),
      error: (error, fatal) => each(errors, (handler) => handler(error, fatal)),
    },
  };
}

/** Starts a plugin file as lightningd does: environment, working directory, pipes. */
export function runFile(
  path: string,
  settings: {
    readonly cwd: string;
    readonly env?: Readonly<Record<string, string>>;
    /** `--developer` where the node runs in developer mode. */
    readonly args?: readonly string[];
  },
): PluginProcess {
  const child: ChildProcess = spawn(path, settings.args ?? [], {
    cwd: settings.cwd,
    env: {
      ...process.env,
      LIGHTNINGD_PLUGIN: '1',
      LIGHTNINGD_VERSION: 'v26.06.6',
      ...settings.env,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const { stdin, stdout, stderr } = child;
  if (stdin === null || stdout === null || stderr === null) {
    throw new Error('the plugin has no pipes');
  }
  let text = '';
  stderr.on('data', (chunk: Uint8Array) => {
    text += Buffer.from(chunk).toString();
  });
  stdin.on('error', () => undefined);
  return {
    file: basename(path),
    stdin,
    stdout,
    exited: new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => resolve(code));
    }),
    signal: (name) => void child.kill(name),
    kill: () => void child.kill('SIGKILL'),
    stderr: () => text,
  };
}

function register<T>(set: Set<T>, member: T): Cancel {
  set.add(member);
  return () => void set.delete(member);
}

function each<T>(set: ReadonlySet<T>, visit: (member: T) => void): void {
  // oxlint-disable-next-line unicorn/no-useless-spread -- a visit may change the set
  for (const member of [...set]) {
    visit(member);
  }
}
