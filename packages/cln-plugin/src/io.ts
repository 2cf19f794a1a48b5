import type { Readable, Writable } from 'node:stream';
import type { Cancel, Clock } from '@cl-hive/core';
import type { LogLevel } from './log.ts';

/** Everything that a plugin touches of its process; tests pass pipes instead. */
export interface PluginIo {
  /** What lightningd writes. */
  readonly input: Readable;
  /** What lightningd reads: only the SDK may write to it. */
  readonly output: Writable;
  readonly clock: Clock;
  /** Name by which lightningd knows the plugin: the file's basename with its extension. */
  readonly file: string;
  /** Whether lightningd started us. When not, the usage is shown and the process ends. */
  readonly underLightningd: boolean;
  /** Command line arguments; under lightningd they are ignored, whatever they are. */
  readonly args: readonly string[];
  /** Text for a person who runs the plugin by hand; resolves when it is written. */
  readonly explain: (stream: 'stdout' | 'stderr', text: string) => Promise<void>;
  /** Ends the process. Called once, after everything is flushed. */
  readonly exit: (code: number) => void;
  /** Tells of SIGTERM and SIGINT. */
  readonly onSignal: (handler: (signal: string) => void) => Cancel;
  /** Tells of errors that nobody caught: `fatal` ones leave the process in an unknown state. */
  readonly onStrayError: (handler: (error: unknown, fatal: boolean) => void) => Cancel;
  /**
   * From now on, what other code prints (stdout, console, warnings of Node) goes to `sink`: one
   * stray byte on stdout makes lightningd kill the plugin.
   */
  readonly captureStray: (sink: (level: LogLevel, text: string) => void) => Cancel;
}
