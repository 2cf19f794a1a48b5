import type { RpcClient } from '@cl-hive/cln-rpc';
import type { ActionFacts, Intent } from '@cl-hive/comms';
import type { Clock, JsonObject, JsonValue, Msat } from '@cl-hive/core';
import type { ManagementCommand } from '@cl-hive/protocol';

/** What the actions work with. */
export interface ActionContext {
  readonly rpc: RpcClient;
  readonly clock: Clock;
  readonly log: { readonly warn: (message: string) => void };
  readonly configuration: { readonly lightningDir: string; readonly network: string };
  /** How often the node's database was restored; part of the keys under which effects are marked. */
  readonly epoch: number;
  /** Names the running lightningd; another name means that it was started anew. */
  readonly instance: () => string;
}

/** What carrying an effect out gave. */
export interface Done {
  readonly result: JsonValue;
  /** What left the node, fees included. */
  readonly leftMsat: Msat;
  /** Money left, but what it was for did not come: a sentence. It stops the payer. */
  readonly undelivered?: string;
}

/** What is needed before anything is tried: nothing lasting may have happened yet. */
export type Plan =
  | { readonly kind: 'go'; readonly marker: JsonObject }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'unsupported'; readonly message: string };

/**
 * What the node shows of an effect. `there`; `partial`: of several, some; `pending`: under way;
 * `absent`: not seen, which may be too early; `over`: it did not happen and will not.
 */
export type Look =
  | ({ readonly kind: 'there' | 'partial' } & Done)
  | { readonly kind: 'pending' | 'absent' | 'over'; readonly message: string };

/** One attempt: the frozen command, and what was stored in lightningd before it began. */
export interface Attempt {
  readonly intent: Intent;
  readonly command: ManagementCommand;
  /** `effectKey` of the intent. */
  readonly key: string;
  readonly marker: JsonObject;
}

/** An action that only reads. */
export interface ReadAction {
  readonly kind: 'read';
  readonly read: (
    context: ActionContext,
    command: ManagementCommand,
    historySince: number | undefined,
  ) => Promise<JsonValue>;
}

/** An action that this node cannot do. */
export interface UnsupportedAction {
  readonly kind: 'unsupported';
  readonly reason: string;
}

/** An action that changes something. */
export interface EffectAction {
  readonly kind: 'effect';
  readonly facts: (context: ActionContext, command: ManagementCommand) => Promise<ActionFacts>;
  /** What it may change, as it stands; hashed into the receipts. */
  readonly state: (context: ActionContext, command: ManagementCommand) => Promise<JsonObject>;
  /** Checks what can be checked, and says what must be known to find the effect again. */
  readonly plan: (
    context: ActionContext,
    command: ManagementCommand,
    intent: Intent,
  ) => Promise<Plan>;
  /** Undoes what a plan holds back, when nothing came of it. */
  readonly release?: (context: ActionContext, marker: JsonObject) => Promise<void>;
  /** The effect. */
  readonly perform: (context: ActionContext, attempt: Attempt) => Promise<Done>;
  /** Looks for it, and changes nothing. */
  readonly look: (context: ActionContext, attempt: Attempt) => Promise<Look>;
  /** How long it has to be absent to count as never happened, in milliseconds. */
  readonly settleMs: number;
  /** Whether its effect may be gone again at once without having failed (a connection). */
  readonly volatile?: boolean;
}

/** What stands behind a schema's action. */
export type Action = ReadAction | UnsupportedAction | EffectAction;

/** The actions of a schema, by name. */
export type SchemaActions = Readonly<Record<string, Action>>;

/** A plan that goes on. */
export function go(marker: JsonObject = {}): Plan {
  return { kind: 'go', marker };
}

/** A plan that ends, since the action would fail. */
export function fail(message: string): Plan {
  return { kind: 'failed', message };
}

/** An effect that is there. */
export function there(result: JsonValue, leftMsat: bigint = 0n): Look {
  return { kind: 'there', result, leftMsat: leftMsat as Msat };
}

/** An effect that is not to be seen. */
export function absent(message: string): Look {
  return { kind: 'absent', message };
}

/** An effect that is under way. */
export function pending(message: string): Look {
  return { kind: 'pending', message };
}

/** An effect that will not happen. */
export function over(message: string): Look {
  return { kind: 'over', message };
}

/** What was done, when nothing left the node. */
export function done(result: JsonValue, leftMsat: bigint = 0n): Done {
  return { result, leftMsat: leftMsat as Msat };
}

/** An action that reads. */
export function reads(read: ReadAction['read']): ReadAction {
  return { kind: 'read', read };
}

/** An action that this node cannot do, and why. */
export function unsupported(reason: string): UnsupportedAction {
  return { kind: 'unsupported', reason };
}
