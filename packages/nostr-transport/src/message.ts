import type { UnixMs } from '@cl-hive/core';
import type { Tags } from './event.ts';

/** How a message was sealed: NIP-17 in a gift wrap, or a plain NIP-44 direct envelope. */
export type MessageForm = 'nip17' | 'nip44';

/** A private message whose writer is proven by a signature. */
export interface IncomingMessage {
  /** Id of the rumor (NIP-17) or of the event (NIP-44): the same in every copy. */
  readonly id: string;
  readonly form: MessageForm;
  /** x-only public key of the writer. */
  readonly sender: string;
  /** x-only public key it was written to: this node's, or one that it had before. */
  readonly reader: string;
  readonly content: string;
  readonly tags: Tags;
  /** The date the writer signed. The date outside a gift wrap is random (NIP-59) and says nothing. */
  readonly sentAt: UnixMs;
  /** Id of the message that this one answers: its `e` tag. */
  readonly replyTo: string | undefined;
  /** The relay that delivered it first. */
  readonly relay: string;
}

/** Why an event was not taken as a message. A closed list. */
export type RefusalCode =
  | 'undecryptable'
  | 'seal_malformed'
  | 'seal_signature'
  | 'rumor_malformed'
  | 'rumor_kind'
  | 'rumor_id'
  | 'rumor_author'
  | 'rumor_recipient'
  | 'nip04';
