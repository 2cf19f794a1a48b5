import type { JsonObject, Msat } from '@cl-hive/core';
import type { ManagementCommand } from '@cl-hive/protocol';
import type { AdvisorBook, AdvisorKey } from '../advisors/book.ts';
import type { OrderClaim, OrderDecision } from '../orders/decide-order.ts';
import type { ActionFacts } from '../policy/facts.ts';
import type { Toll } from '../price/toll.ts';
import type { ApprovalDecision } from './approval.ts';
import type { Claim, ClaimDecision } from './claim.ts';
import type { Intent, IntentOutcome } from './intent.ts';
import type { Malformed } from './malformed.ts';
import type { EffectResult, Observation, OutcomeDecision } from './outcome.ts';
import type { Refusal } from './reason.ts';
import type { Inbound, Received } from './receive.ts';

/** An answer on its way to a sender. */
export interface OutgoingAnswer {
  readonly route: JsonObject;
  /** Whether its sender is known; a transport may leave strangers without an answer. */
  readonly authenticated: boolean;
  readonly nonce: number | undefined;
  readonly requestDigest: string | undefined;
  /** The intent it is about; its answer is taken off the queue once it is out. */
  readonly intent: number | undefined;
  /** Number of the waiting approval. */
  readonly approval: number | undefined;
  /** Whether the same request was answered before; a transport that delivers copies may stay silent. */
  readonly repeated: boolean;
  readonly outcome: IntentOutcome;
}

/** Who sent a request, as its transport verified it, with the book to look it up in. */
export type Authentication =
  | { readonly ok: true; readonly key: AdvisorKey; readonly advisors: AdvisorBook }
  | {
      readonly ok: false;
      readonly message: string;
      /** Where more is known than that no signature counts. */
      readonly refusal?: Refusal;
    };

/** What the node knows about a command right now. */
export interface GatheredFacts {
  readonly facts: ActionFacts;
  readonly stateBefore: string | undefined;
}

/**
 * Everything that the pipeline does to the world, as values: what each carries, and what it gives
 * back. `refuse`, `claim`, `order`, `start`, `approve`, `reject`, `record` and `answered` are one transaction
 * each; `execute` is the only one that has an effect on the node. A process may die between any two.
 */
export interface PipelineCommands {
  /** Verifies the sender's signature, token or rune over the request's signing text. */
  readonly authenticate: readonly [
    { readonly inbound: Inbound; readonly received: Received },
    Authentication,
  ];
  /** Stores the refusal of a request without a command. */
  readonly refuse: readonly [{ readonly malformed: Malformed }, undefined];
  /** Asks the node what the command touches. */
  readonly facts: readonly [{ readonly command: ManagementCommand }, GatheredFacts];
  /** What the sender is asked for, and whether the L402 token that it shows is a good one. */
  readonly toll: readonly [
    {
      readonly principal: string;
      readonly command: ManagementCommand;
      /** The token, not yet checked. */
      readonly token: string | undefined;
    },
    Toll | undefined,
  ];
  /** Makes a challenge: how to pay, and what for. It is shown to the sender as it is. */
  readonly charge: readonly [
    {
      readonly principal: string;
      readonly command: ManagementCommand;
      readonly priceMsat: Msat;
    },
    JsonObject,
  ];
  /** Reads the snapshot, decides ({@link ClaimDecision}) and stores, in one transaction. */
  readonly claim: readonly [{ readonly claim: Claim }, ClaimDecision];
  /** The same for an order of the operator ({@link OrderDecision}). */
  readonly order: readonly [{ readonly order: OrderClaim }, OrderDecision];
  /** Carries out an action that only reads. */
  readonly read: readonly [
    { readonly command: ManagementCommand; readonly historySince: number | undefined },
    EffectResult,
  ];
  /** Tells the operator that something waits. */
  readonly notify: readonly [{ readonly intent: Intent }, undefined];
  /** Loads a waiting intent for the operator; undefined when there is none. */
  readonly waiting: readonly [{ readonly id: number }, Intent | undefined];
  readonly approve: readonly [
    { readonly id: number; readonly by: string; readonly gathered: GatheredFacts },
    ApprovalDecision,
  ];
  readonly reject: readonly [{ readonly id: number; readonly by: string }, ApprovalDecision];
  /** Stores that the effect is about to be tried. */
  readonly start: readonly [{ readonly intent: Intent }, undefined];
  /**
   * Carries out the intent's frozen command, once, under its effect key. What surely did nothing is
   * `failed` or `unsupported`; whatever cannot be told is `unknown`. A read that a person approved
   * comes here too.
   */
  readonly execute: readonly [{ readonly intent: Intent }, EffectResult];
  /** Looks whether the effect is there. */
  readonly observe: readonly [
    { readonly intent: Intent; readonly result: EffectResult },
    Observation,
  ];
  /** Looks for the effect of an intent whose outcome is not known; never tries it again. */
  readonly reconcile: readonly [{ readonly intent: Intent }, EffectResult];
  /** Decides ({@link OutcomeDecision}) and stores, in one transaction. */
  readonly record: readonly [
    {
      readonly intent: Intent;
      readonly result: EffectResult;
      readonly observation: Observation;
    },
    OutcomeDecision,
  ];
  /** Sends an answer, or keeps it for later: a sender that is out of reach is no fault. */
  readonly answer: readonly [{ readonly answer: OutgoingAnswer }, undefined];
  /** Takes a sent answer off the outgoing queue. */
  readonly answered: readonly [{ readonly intent: number }, undefined];
  /** Logs what a port threw, and has the unfinished intents that no flow holds recovered. */
  readonly fault: readonly [{ readonly error: unknown }, undefined];
}

/** The kinds of commands. */
export type CommandKind = keyof PipelineCommands;

/** A command as a value. */
export type PipelineCommand = {
  readonly [K in CommandKind]: { readonly kind: K } & PipelineCommands[K][0];
}[CommandKind];

/** What carries commands out: one method per kind. */
export type PipelinePorts = {
  readonly [K in CommandKind]: (command: PipelineCommands[K][0]) => Promise<PipelineCommands[K][1]>;
};

/** A flow: it yields commands, is given their results, and touches nothing itself. */
export type Flow<T> = Generator<PipelineCommand, T, unknown>;

/** Yields one command and gives its result its type. */
export function* ask<K extends CommandKind>(
  kind: K,
  input: PipelineCommands[K][0],
): Flow<PipelineCommands[K][1]> {
  // The driver answers each command with the result of the port of its kind.
  return (yield { kind, ...input } as unknown as PipelineCommand) as PipelineCommands[K][1];
}
