import type { Clock } from '@cl-hive/core';
import type { NodeConfig } from '../config/node-config.ts';
import type { Lifeline } from '../lifeline.ts';
import type { LogBook } from '../log-book.ts';
import type { Handshake } from './handshake.ts';
import type { HookChains } from './hook-chains.ts';
import type { Notifier } from './notifier.ts';
import type { PluginSet } from './plugin-set.ts';

/** What a plugin host stands on. */
export interface PluginHostParts {
  readonly lightningDir: string;
  readonly baseDir: string;
  readonly developer: boolean;
  readonly clock: Clock;
  readonly lifeline: Lifeline;
  readonly log: LogBook;
  readonly config: NodeConfig;
  readonly plugins: PluginSet;
  readonly notifier: Notifier;
  readonly hooks: HookChains;
  readonly handshake: Handshake;
  readonly onStderr: (plugin: string, line: string) => void;
}
