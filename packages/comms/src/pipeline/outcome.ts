import { CodedError, type JsonValue, type Msat, stringifyJson } from '@cl-hive/core';
import type { LedgerEntry } from '../ledger/entry.ts';
import { changeEntry, type LedgerChange } from '../ledger/transition.ts';
import { OUTCOME_RESULT_MAX } from '../limits.ts';
import { payerOf } from '../orders/order.ts';
import { paymentNote } from '../orders/stop.ts';
import { FINAL_STATES, type Intent, type IntentOutcome, type IntentState } from './intent.ts';
import { outcomeReceipt, recordText } from './receipt-data.ts';
import type { Moment, Write } from './write.ts';

/** What carrying out an action came to, or looking for its effect after a crash. */
export type EffectResult =
  | {
      readonly kind: 'executed';
      readonly result: JsonValue;
      readonly leftMsat: Msat;
      /** Money left, but what it was for did not come: a sentence. It stops the payer. */
      readonly undelivered?: string;
    }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'unsupported'; readonly message: string }
  | { readonly kind: 'not_started' }
  | { readonly kind: 'unknown'; readonly message: string };

/** What the node showed after the action. */
export interface Observation {
  /** Hash of what the action may change, after it. */
  readonly stateAfter: string | undefined;
  /** Whether the effect is there; undefined when that cannot be seen. */
  readonly confirmed: boolean | undefined;
}

/** An outcome with what is to be stored in the transaction that read the intent. */
export interface OutcomeDecision {
  readonly intent: Intent;
  readonly writes: readonly Write[];
}

/** A result as it is kept: one that is too long is its beginning, with a mark that says so. */
function boundedResult(result: JsonValue): JsonValue {
  const text = stringifyJson(result);
  return text.length <= OUTCOME_RESULT_MAX
    ? result
    : { cut: true, characters: text.length, beginning: text.slice(0, OUTCOME_RESULT_MAX) };
}

function outcomeOf(result: EffectResult): {
  readonly state: IntentState;
  readonly outcome: IntentOutcome;
} {
  switch (result.kind) {
    case 'executed':
      return {
        state: 'executed',
        outcome: {
          outcome: 'executed',
          result: boundedResult(result.result),
          ...(result.undelivered === undefined ? {} : noEffect(result.undelivered)),
        },
      };
    case 'failed':
      return {
        state: 'failed',
        outcome: {
          outcome: 'failed',
          code: 'execution_failed',
          message: recordText(result.message),
          remedy: 'see the reason, then ask again with a new nonce',
        },
      };
    case 'unsupported':
      return {
        state: 'unsupported',
        outcome: {
          outcome: 'unsupported',
          code: 'unsupported',
          message: recordText(result.message),
          remedy: 'this node cannot do it; nothing was charged',
        },
      };
    case 'not_started':
      return {
        state: 'failed',
        outcome: {
          outcome: 'failed',
          code: 'not_started',
          message: 'the node stopped before the action began',
          remedy: 'ask again with a new nonce',
        },
      };
    case 'unknown':
      return {
        state: 'unknown',
        outcome: {
          outcome: 'unknown',
          code: 'outcome_unknown',
          message: recordText(result.message),
          remedy: 'the node keeps looking; ask again with the same nonce for the outcome',
        },
      };
  }
}

function noEffect(why: string): Pick<IntentOutcome, 'code' | 'message' | 'remedy'> {
  return {
    code: 'paid_no_effect',
    message: recordText(why),
    remedy: 'look into it with the payee, then let the payer go on: hive-client-payments resume',
  };
}

function ledgerChange(result: EffectResult, entry: LedgerEntry): LedgerChange {
  switch (result.kind) {
    case 'executed':
      return {
        to: 'settled',
        leftMsat: entry.power === 'spend' ? result.leftMsat : entry.amountMsat,
      };
    case 'unknown':
      return { to: 'unknown' };
    case 'failed':
    case 'unsupported':
    case 'not_started':
      return { to: 'released' };
  }
}

/**
 * Records what an action came to: state, ledger, receipt and answer together. An effect that was
 * reported but is not there counts as unknown, since money may be on its way. Recording the same
 * again writes nothing; contradicting a final outcome throws CodedError `intent_final`.
 */
export function decideOutcome(
  intent: Intent,
  entries: readonly LedgerEntry[],
  reported: EffectResult,
  observed: Observation,
  moment: Moment,
): OutcomeDecision {
  const result: EffectResult =
    reported.kind === 'executed' && observed.confirmed === false
      ? { kind: 'unknown', message: 'it was reported as done, but the node does not show it' }
      : reported;
  const { state, outcome } = outcomeOf(result);
  if (intent.state === state) {
    return { intent, writes: [] };
  }
  if (FINAL_STATES.has(intent.state) || intent.state === 'waiting') {
    throw new CodedError('intent_final', `intent ${intent.id} is ${intent.state}, not ${state}`);
  }
  const next: Intent = { ...intent, state, outcome };
  const left = result.kind === 'executed' ? result.leftMsat : 0n;
  const draft = outcomeReceipt(intent, outcome, left, observed.stateAfter, moment.now);
  return {
    intent: next,
    writes: [
      { kind: 'intent', intent: next },
      ...entries.map(
        (entry) =>
          ({
            kind: 'ledger',
            entry: changeEntry(entry, ledgerChange(result, entry), moment.guardMs),
          }) as const,
      ),
      ...stopAfter(intent, result, moment),
      ...(result.kind === 'executed' || result.kind === 'unknown'
        ? []
        : [{ kind: 'token_back', intent: intent.id } as const]),
      { kind: 'receipt', draft },
      { kind: 'answer', intent: intent.id },
    ],
  };
}

function stopAfter(intent: Intent, result: EffectResult, { now }: Moment): readonly Write[] {
  if (result.kind !== 'executed' || result.undelivered === undefined) {
    return [];
  }
  const payer = payerOf(intent.principal, paymentNote(intent).purpose);
  const reason = recordText(result.undelivered);
  return [{ kind: 'stop', stop: { payer, intent: intent.id, reason, since: now } }];
}

/** What is to be done with an intent after a start. */
export type Recovery = 'record_not_started' | 'reconcile' | 'nothing';

/**
 * An intent that was claimed but not started never runs late: it ends as not started. One that was
 * started, or is unknown, is looked for at the node before anything else is done with it.
 */
export function recoveryOf(intent: Intent): Recovery {
  switch (intent.state) {
    case 'claimed':
      return 'record_not_started';
    case 'started':
    case 'unknown':
      return 'reconcile';
    default:
      return 'nothing';
  }
}
