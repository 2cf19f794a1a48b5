import { bytesToHex, type JsonObject, type UnixMs } from '@cl-hive/core';
import { canonicalText, type ManagementCommand, utf8ToBytes } from '@cl-hive/protocol';
import { sha256 } from '@noble/hashes/sha2.js';
import { REASON_TEXT_MAX } from '../limits.ts';
import type { ReceiptDraft } from '../receipts/receipt.ts';
import type { Intent, IntentOutcome } from './intent.ts';

/** SHA-256, in hexadecimal, of what a command is. */
export function commandDigest(command: ManagementCommand): string {
  const { schema, action, params } = command;
  return bytesToHex(sha256(utf8ToBytes(canonicalText({ schema, action, params }))));
}

/** A text for a record: bounded, and well-formed whatever it was cut from. */
export function recordText(text: string): string {
  return text.slice(0, REASON_TEXT_MAX).replace(/\p{Surrogate}/gu, '\ufffd');
}

function identity(intent: Intent): JsonObject {
  const { schema, action } = intent.command;
  return { principal: intent.principal, schema, action, danger: intent.danger };
}

/** The receipt that stands before an effect. */
export function intentReceipt(
  intent: Intent,
  grant: number | undefined,
  stateBefore: string | undefined,
  at: UnixMs,
): ReceiptDraft {
  const { scheme, key } = intent.proof;
  const data: JsonObject = {
    intent: intent.id,
    ...identity(intent),
    ...(grant === undefined ? {} : { grant }),
    request: intent.request,
    request_digest: intent.requestDigest,
    proof: { scheme, key },
    amount_msat: String(intent.facts.amountMsat ?? 0n),
    fee_msat: String(intent.facts.feeMsat),
    closes_msat: String(intent.facts.closesMsat),
    ...(stateBefore === undefined ? {} : { state_before: stateBefore }),
  };
  return { kind: 'intent', at, data };
}

/** The receipt of a refused request that was dangerous. */
export function refusalReceipt(intent: Intent, code: string, at: UnixMs): ReceiptDraft {
  const data: JsonObject = {
    ...identity(intent),
    request: intent.request,
    request_digest: intent.requestDigest,
    code,
  };
  return { kind: 'refusal', at, data };
}

/** The receipt of a person's word, or of its absence. */
export function approvalReceipt(
  intent: Intent,
  word: 'asked' | 'approved' | 'rejected' | 'expired',
  by: string,
  at: UnixMs,
): ReceiptDraft {
  const data = { waiting: intent.id, ...identity(intent), word, by: recordText(by) };
  return {
    kind: 'approval',
    at,
    data: word === 'asked' ? { ...data, request_digest: intent.requestDigest } : data,
  };
}

/** The receipt that stands after an effect, or says that it is not known. */
export function outcomeReceipt(
  intent: Intent,
  outcome: IntentOutcome,
  leftMsat: bigint,
  stateAfter: string | undefined,
  at: UnixMs,
): ReceiptDraft {
  const data: JsonObject = {
    intent: intent.id,
    outcome: outcome.outcome,
    left_msat: String(leftMsat),
    ...(outcome.code === undefined ? {} : { code: outcome.code }),
    ...(outcome.message === undefined ? {} : { message: recordText(outcome.message) }),
    ...(stateAfter === undefined ? {} : { state_after: stateAfter }),
  };
  return { kind: outcome.outcome === 'unknown' ? 'unknown' : 'outcome', at, data };
}
