import type { NodeId } from '@cl-hive/core';
import type { LockMessage } from '@cl-hive/hive';

/** The hive around this node, as its membership has it. */
export interface Standing {
  /** All members and neophytes but this node. */
  readonly others: readonly NodeId[];
  /** All with a vote, this node too where it has one. */
  readonly voting: readonly NodeId[];
  /** Members, this node too where it is one, that take part in the lock: with a vote, and able to. */
  readonly voters: readonly NodeId[];
  /** Others that are known to run this software, with a vote or without. */
  readonly capable: readonly NodeId[];
}

/** What the lock needs of the rest of the plugin. Sending promises nothing: the lock repeats. */
export interface HivePort {
  /** Undefined while this node is in no hive. */
  readonly standing: () => Standing | undefined;
  readonly send: (to: NodeId, message: LockMessage) => void;
  /** Tells members that the lock does not bind of an intent to open, or takes it back. */
  readonly announce: (target: NodeId, to: readonly NodeId[]) => void;
  readonly takeBack: (target: NodeId, to: readonly NodeId[]) => void;
  /** Signs a text with the node's key, zbase32. */
  readonly sign: (text: string) => Promise<string>;
  readonly verify: (claim: {
    readonly signer: NodeId;
    readonly text: string;
    readonly signature: string;
  }) => boolean;
}
