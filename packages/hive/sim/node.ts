import type { NodeId } from '@cl-hive/core';
import type { LockRow, LockState } from '../src/index.ts';

/** A channel that was really opened, as the chain would show it. */
export interface Opening {
  readonly node: number;
  readonly target: NodeId;
  /** Window its holder asked for. */
  readonly window: number;
  /** Window of the true chain when fundchannel was called. */
  readonly trueWindow: number;
  readonly attempt: string;
  /** Why it should not have been opened, as its node had heard; undefined where nothing spoke against it. */
  readonly against?: string;
}

/** One call of fundchannel; lightningd goes on with it when the plugin is gone. */
export interface Call {
  done: boolean;
  opened: boolean;
}

/** A node: its process, which may be down, its disk, and its lightningd, which is always up. */
export interface SimNode {
  readonly id: NodeId;
  readonly disk: Map<string, LockRow>;
  readonly calls: Map<string, Call>;
  state: LockState | undefined;
  offset: number;
  lag: number;
  group: number;
  life: number;
}

/** The key of the node, target or original numbered `index`; `kind` is its first digit. */
export function simId(kind: string, index: number): NodeId {
  return `02${kind.padEnd(32, '0')}${index.toString(16).padStart(32, '0')}` as NodeId;
}
