import type { NodeId } from '@cl-hive/core';

/** One plugin of a fleet node, by the path of its executable entry file. */
export interface PluginSpec {
  readonly path: string;
  /** Options by name, as `plugin start` or the configuration file would give them. */
  readonly options?: Readonly<Record<string, string | number | boolean | readonly string[]>>;
}

/** What to start: the same on the emulated and on the real lightningd. */
export interface FleetSpec {
  /** A folder of the fleet's own; made when missing. */
  readonly dir: string;
  readonly nodes: number;
  readonly plugins: readonly PluginSpec[];
  /** Makes a run repeatable where the backend can. */
  readonly seed: number;
  /** Public nodes around the fleet (emulated backend only). */
  readonly publicNodes: number;
  /** A gossmap snapshot to take the public network from instead (emulated backend only). */
  readonly gossmap?: string;
}

/** What happens while a fleet runs, for a table or a test to follow. */
export type FleetEvent =
  | { readonly kind: 'progress'; readonly text: string }
  | {
      readonly kind: 'log';
      readonly node: number;
      readonly level: string;
      readonly source: string;
      readonly text: string;
    }
  | { readonly kind: 'node_died'; readonly node: number; readonly reason: string };

/** A running node of a fleet; numbers start at 1. */
export interface FleetNode {
  readonly number: number;
  readonly id: NodeId;
  /** `<lightning-dir>/<network>`. */
  readonly lightningDir: string;
  /** Absolute path of the `lightning-rpc` socket. */
  readonly rpcFile: string;
}

/** A node that can be ended and started again in the same folder, with its configuration as it is then. */
export interface RestartableNode extends FleetNode {
  /** Ends it as SIGKILL would, or in order. */
  readonly end: (how: 'stop' | 'kill') => Promise<void>;
  /** Starts it again after it has ended. Rejects when it does not start. */
  readonly restart: () => Promise<void>;
}

/** A running fleet. */
export interface Fleet {
  readonly nodes: readonly FleetNode[];
  /** Stops everything; no process and no socket is left. Idempotent. */
  readonly stop: () => Promise<void>;
}

/** Starts fleets: hive-lab's emulation or real lightningd processes. */
export interface FleetBackend {
  readonly name: 'lab' | 'real';
  readonly start: (spec: FleetSpec, on: (event: FleetEvent) => void) => Promise<Fleet>;
}
