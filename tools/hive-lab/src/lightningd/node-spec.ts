import type { Clock } from '@cl-hive/core';
import type { NodeWorld } from '../contract/node.ts';
import type { GivenValue } from './config/config-vars.ts';
import type { NodeEnd } from './lifeline.ts';
import type { LogEntry } from './log-book.ts';

/** A plugin to start with the node. */
export interface NodePlugin {
  readonly path: string;
  readonly options?: Readonly<Record<string, GivenValue>>;
  /** The node ends when it dies. */
  readonly important?: boolean;
}

/** What an emulated lightningd is started with. */
export interface LightningdSpec {
  /** The lightning folder; the node works in `<dir>/<network>`, which is made when missing. */
  readonly dir: string;
  /** `regtest` unless given. */
  readonly network?: string;
  readonly alias: string;
  /** The node's 32-byte secret key. */
  readonly secretKey: Uint8Array;
  /** 32 bytes that secrets and runes derive from; the secret key unless given. */
  readonly hsmSecret?: Uint8Array;
  readonly plugins: readonly NodePlugin[];
  /** Settings as on the command line, of lightningd itself or of any plugin. */
  readonly config?: Readonly<Record<string, GivenValue>>;
  readonly world: NodeWorld;
  /** Plugins get `--developer`, developer commands work, deprecated APIs do not. */
  readonly developer?: boolean;
  /** The machine's unless given. */
  readonly clock?: Clock;
  readonly onLog?: (entry: LogEntry) => void;
  /** A line that a plugin wrote on its standard error. */
  readonly onStderr?: (plugin: string, line: string) => void;
  /** Called once when the node ended, for whatever reason, also during its start. */
  readonly onExit?: (end: NodeEnd) => void;
}

/** A plugin as a running node shows it. */
export interface PluginView {
  /** Canonical path. */
  readonly path: string;
  readonly name: string;
  /** Its `init` is answered. */
  readonly active: boolean;
  readonly dynamic: boolean;
  readonly pid: number | undefined;
}
