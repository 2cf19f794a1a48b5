import type { JsonObject, JsonValue, NodeId } from '@cl-hive/core';

/** Whom a message is for, under every name that the sender knows; one is enough. */
export interface Target {
  /** A Lightning node. */
  readonly node?: NodeId;
  /** A Nostr key: x only, 64 hexadecimal digits. */
  readonly nostr?: string;
  readonly did?: string;
}

/** A key that a transport verified as the sender's; never what the message says of itself. */
export interface VerifiedKey {
  readonly scheme: 'schnorr' | 'lightning' | 'did';
  readonly key: string;
}

/**
 * What keeps a message from others: `recipient` is encrypted to the recipient's own key from end to
 * end; `link` to the recipient's node, where every plugin can read it.
 */
export type Seal = 'link' | 'recipient';

/** Whether a target can be reached: at once, through a store that keeps it for them, or not, and why. */
export type Reach =
  | { readonly kind: 'now' }
  | { readonly kind: 'later'; readonly reason: string }
  | { readonly kind: 'none'; readonly reason: string };

/** `down` is not used until it recovers; `degraded` is used after those that are up. */
export interface TransportHealth {
  readonly state: 'up' | 'degraded' | 'down';
  readonly reason?: string;
  /** Counters and parts, for people. */
  readonly detail: JsonObject;
}

/**
 * What became of a message. `sent`: handed over for good; `queued`: kept, also over a restart, until
 * it can be; `failed`: surely not sent, another transport may try; `unknown`: it may have been sent.
 */
export type SendOutcome =
  | { readonly kind: 'sent' | 'queued'; readonly detail: JsonObject }
  | {
      readonly kind: 'failed' | 'unknown';
      readonly code: SendErrorCode;
      readonly message: string;
      readonly remedy: string;
    };

/** Why a message was not sent. */
export type SendErrorCode =
  | 'message_too_large'
  | 'target_unreachable'
  | 'transport_down'
  | 'transport_full'
  | 'route_invalid'
  | 'send_failed';

/** A message that came in, its sender verified by the transport. */
export interface IncomingMessage {
  readonly transport: string;
  /** Undefined for a transport that vouches for nobody (one that a sibling registered). */
  readonly sender: VerifiedKey | undefined;
  /** At most 65,535 bytes; not yet read. */
  readonly body: Uint8Array;
  /** How to answer: hand it to {@link TransportPort.reply}, also after a restart. */
  readonly route: JsonObject;
}

/** Takes incoming messages; never rejects. A transport may give the same message more than once. */
export type MessageHandler = (message: IncomingMessage) => Promise<void>;

/** A way for messages between this node and others. Nothing of it throws for what the outside does. */
export interface TransportPort {
  /** Lower-case letters, digits and `-`; compared exactly, never folded. */
  readonly id: string;
  readonly seal: Seal;
  /** What it vouches for as the sender's key; undefined for none. */
  readonly verifies: VerifiedKey['scheme'] | undefined;
  readonly reach: (target: Target) => Promise<Reach>;
  readonly health: () => TransportHealth;
  /** Sends 1 to 65,535 bytes. */
  readonly send: (target: Target, body: Uint8Array) => Promise<SendOutcome>;
  /** Answers along the route of a message that came in. */
  readonly reply: (route: JsonObject, body: Uint8Array) => Promise<SendOutcome>;
  /** Sets who takes incoming messages; called once, before anything comes in. */
  readonly onMessage: (handler: MessageHandler) => void;
  /** Stops; what is queued stays for the next start. */
  readonly close: () => Promise<void>;
}

/** How much it matters that nobody but the recipient reads a message. */
export type Sensitivity = 'routine' | 'sensitive';

/** A message of a sibling or of this plugin, for {@link Target}. */
export interface OutgoingMessage {
  readonly target: Target;
  /** What it is about, such as `hive:gossip`; says at the other end who handles it. */
  readonly topic: string;
  readonly payload: JsonValue;
  readonly sensitivity: Sensitivity;
  /** The one transport to use; undefined lets reach, health and sensitivity decide. */
  readonly transport?: string;
}
