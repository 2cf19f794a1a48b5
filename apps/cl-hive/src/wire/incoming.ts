import type { JsonValue, NodeId } from '@cl-hive/core';
import type { HiveMessageName, KnownHiveMessage } from '@cl-hive/protocol';
import type { Turn } from '../line/turn.ts';

/** A message that was decoded, whose signatures hold, of a peer whose key its connection proves. */
export interface Incoming<Name extends HiveMessageName> {
  readonly message: KnownHiveMessage<Name>;
  /** Who delivered it. */
  readonly from: NodeId;
  /** Whose signatures it carries; empty for unsigned types. */
  readonly signers: readonly NodeId[];
  /** Whose word it is: its signer, or else who delivered it. */
  readonly author: NodeId;
  /** Whether somebody else than its author delivered it. */
  readonly relayed: boolean;
}

/**
 * What a handler made of a message. `taken` is acknowledged and passed on where that is due; `refused`
 * is acknowledged as invalid and goes no further; `later` is not acknowledged, so that it comes again.
 */
export type Verdict = 'taken' | 'refused' | 'later';

/** What takes one type of message. `F` is what it asks outside before it decides. */
export interface MessageHandler<Name extends HiveMessageName, F = undefined> {
  /** Gathers facts; runs before the turn, and may run for a message that turns out to be a copy. */
  readonly prepare?: (incoming: Incoming<Name>) => Promise<F>;
  /** Decides; in the same turn the message is remembered against a second handling. */
  readonly decide: (turn: Turn, incoming: Incoming<Name>, facts: F) => Verdict;
}

/** A message of a topic of this software's own, whose sender's key the connection proves. */
export interface NativeIncoming {
  readonly from: NodeId;
  readonly topic: string;
  readonly payload: JsonValue;
}

/** Takes messages of one topic; a throw is logged and counted. */
export type NativeHandler = (incoming: NativeIncoming) => Promise<void>;
