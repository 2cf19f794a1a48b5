import type { JsonObject, JsonValue, Msat, UnixMs } from '@cl-hive/core';
import type { AnswerOutcome, ManagementCommand } from '@cl-hive/protocol';
import type { AdvisorKey } from '../advisors/book.ts';
import type { ActionFacts } from '../policy/facts.ts';
import type { Reason } from './reason.ts';

/**
 * Where an intent stands. `waiting` for a person; `claimed`: nonce, budget and receipt are on disk,
 * nothing was tried; `started`: it may have had its effect; `unknown`: it was looked for in vain so
 * far; the rest is final.
 */
export type IntentState =
  | 'waiting'
  | 'claimed'
  | 'started'
  | 'unknown'
  | 'executed'
  | 'failed'
  | 'unsupported'
  | 'refused'
  | 'rejected'
  | 'expired';

/** States from which nothing follows. */
export const FINAL_STATES: ReadonlySet<IntentState> = new Set([
  'executed',
  'failed',
  'unsupported',
  'refused',
  'rejected',
  'expired',
]);

/** What became of an intent, as its sender is told. */
export interface IntentOutcome {
  readonly outcome: AnswerOutcome;
  readonly code?: Reason;
  readonly message?: string;
  readonly remedy?: string;
  readonly result?: JsonValue;
  /** The receipt that records it. */
  readonly receipt?: { readonly seq: number; readonly digest: string };
}

/** What vouches for who asked: an advisor's key, or the operator's own call. */
export type IntentProof = AdvisorKey | { readonly scheme: 'operator'; readonly key: string };

/** An action that somebody asked for, from its claim to its outcome. */
export interface Intent {
  readonly id: number;
  /** The advisor's id. */
  readonly principal: string;
  readonly nonce: number;
  readonly requestDigest: string;
  /** SHA-256 of schema, action and parameters: what an idempotency key stands for. */
  readonly commandDigest: string;
  readonly idempotencyKey: string | undefined;
  /** The frozen command that was judged, and that is carried out. */
  readonly command: ManagementCommand;
  /** The envelope as it was sent. */
  readonly request: JsonObject;
  readonly proof: IntentProof;
  /** How its sender is answered; the transport's own. */
  readonly route: JsonObject;
  readonly danger: number;
  readonly facts: Pick<ActionFacts, 'amountMsat' | 'feeMsat' | 'closesMsat' | 'payment'>;
  readonly state: IntentState;
  readonly createdAt: UnixMs;
  /** Guard time of the claim; of the wait while it waits. */
  readonly guardMs: number;
  /** Guard time at which a waiting intent lapses. */
  readonly expiresGuardMs: number | undefined;
  readonly outcome: IntentOutcome | undefined;
}

/** The key under which lightningd is asked, so that an effect can be found again after a crash. */
export function effectKey(intent: Pick<Intent, 'id'>, epoch: number): string {
  return `hive-${epoch}-${intent.id}`;
}

/** What is reserved for an intent: spending and its fee, or capacity. */
export interface Reservation {
  readonly power: 'spend' | 'close' | 'force_close';
  readonly amountMsat: Msat;
  readonly feeMsat: Msat;
}

/** The reservations that an action needs; an unknown amount was refused before. */
export function reservations(
  command: ManagementCommand,
  facts: Intent['facts'],
): readonly Reservation[] {
  const wanted: Reservation[] = [];
  const amountMsat = facts.amountMsat ?? (0n as Msat);
  if (command.effect === 'spend' || amountMsat > 0n) {
    wanted.push({ power: 'spend', amountMsat, feeMsat: facts.feeMsat });
  }
  if (command.effect === 'close' || command.effect === 'force_close') {
    wanted.push({ power: command.effect, amountMsat: facts.closesMsat, feeMsat: 0n as Msat });
  }
  return wanted;
}
