import { basename } from 'node:path';
import { Writable } from 'node:stream';
import type { Cancel, Clock, UnixMs } from '@cl-hive/core';
import type { PluginIo } from './io.ts';
import type { LogLevel } from './log.ts';

const TIMER_MAX_MS = 2_147_483_647;

/** The machine's clock. Its timers do not keep the process alive. */
export const systemClock: Clock = {
  now: () => Date.now() as UnixMs,
  monotonic: () => performance.now(),
  after: (delayMs, task) => {
    let timer: NodeJS.Timeout;
    const wait = (left: number): void => {
      const step = Math.min(left, TIMER_MAX_MS);
      timer = setTimeout(() => (left > step ? wait(left - step) : task()), step);
      timer.unref();
    };
    wait(Math.max(0, delayMs));
    return () => clearTimeout(timer);
  },
};

/** The process that lightningd started. Takes stdout: after this call only the SDK writes to it. */
export function processIo(): PluginIo {
  const write = process.stdout.write.bind(process.stdout);
  return {
    input: process.stdin,
    output: ownOutput(write),
    clock: systemClock,
    file: basename(process.argv[1] ?? 'plugin'),
    underLightningd: process.env['LIGHTNINGD_PLUGIN'] !== undefined,
    args: process.argv.slice(2),
    explain: (stream, text) =>
      new Promise((resolve) => {
        process[stream].write(text, () => resolve());
      }),
    exit: (code) => process.exit(code),
    onSignal,
    onStrayError,
    captureStray: (sink) => captureStray(sink),
  };
}

/** A stream over the real stdout that ends up in its write callback: done means handed to the pipe. */
function ownOutput(write: typeof process.stdout.write): Writable {
  const output = new Writable({
    decodeStrings: false,
    write: (chunk: string | Uint8Array, _encoding, done) => {
      write(chunk, (error) => done(error ?? null));
    },
  });
  process.stdout.on('error', (error) => output.destroy(error));
  return output;
}

function onSignal(handler: (signal: string) => void): Cancel {
  process.on('SIGTERM', handler);
  process.on('SIGINT', handler);
  return () => {
    process.off('SIGTERM', handler);
    process.off('SIGINT', handler);
  };
}

function onStrayError(handler: (error: unknown, fatal: boolean) => void): Cancel {
  const fatal = (error: unknown): void => handler(error, true);
  const stray = (error: unknown): void => handler(error, false);
  process.on('uncaughtException', fatal);
  process.on('unhandledRejection', stray);
  return () => {
    process.off('uncaughtException', fatal);
    process.off('unhandledRejection', stray);
  };
}

const CONSOLE_LEVELS = {
  log: 'info',
  info: 'info',
  dir: 'info',
  table: 'info',
  debug: 'debug',
  trace: 'debug',
  warn: 'unusual',
  error: 'broken',
  assert: 'broken',
} as const satisfies Readonly<Record<string, LogLevel>>;

function captureStray(sink: (level: LogLevel, text: string) => void): Cancel {
  const stdout = process.stdout;
  const write = stdout.write.bind(stdout);
  stdout.write = (chunk: string | Uint8Array, encoding?: unknown, done?: unknown): boolean => {
    sink('info', typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString());
    const callback = typeof encoding === 'function' ? encoding : done;
    if (typeof callback === 'function') {
      process.nextTick(callback);
    }
    return true;
  };
  const restoreConsole = captureConsole(sink);
  const warn = (warning: Error): void => sink('unusual', `${warning.name}: ${warning.message}`);
  process.on('warning', warn);
  return () => {
    stdout.write = write;
    restoreConsole();
    process.off('warning', warn);
  };
}

/** The console's methods at the level that their name says; the rest of it prints to stdout, at info. */
function captureConsole(sink: (level: LogLevel, text: string) => void): Cancel {
  const target = globalThis.console as unknown as Record<string, unknown>;
  const originals = new Map<string, unknown>();
  for (const [method, level] of Object.entries(CONSOLE_LEVELS)) {
    originals.set(method, target[method]);
    target[method] = (...parts: readonly unknown[]): void => {
      const [first, ...rest] = parts;
      if (method !== 'assert') {
        void print(sink, level, parts);
      } else if (first !== true && !first) {
        void print(sink, level, ['Assertion failed', ...rest]);
      }
    };
  }
  return () => {
    for (const [method, original] of originals) {
      target[method] = original;
    }
  };
}

async function print(
  sink: (level: LogLevel, text: string) => void,
  level: LogLevel,
  parts: readonly unknown[],
): Promise<void> {
  if (parts.every((part) => typeof part === 'string' && !part.includes('%'))) {
    sink(level, parts.join(' '));
    return;
  }
  const { format } = await import('node:util');
  sink(level, format(...parts));
}
