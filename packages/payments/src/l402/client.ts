import { bytesToHex, hexToBytes, isCodedError, type Msat } from '@cl-hive/core';
import { sha256 } from '@noble/hashes/sha2.js';
import { type Bolt11Invoice, readInvoice } from '../bolt11/invoice.ts';
import { judgeInvoice, type NotPayable, type PayableQuestion } from '../bolt11/payable.ts';
import type { L402Challenge, L402Token } from './challenge.ts';
import { readMacaroon } from './token.ts';

/** Why a resource that asks for payment is not paid for, or was and still is not given (closed list). */
export type L402Refusal =
  | NotPayable
  | 'server_failed'
  | 'challenge_malformed'
  | 'invoice_invalid'
  | 'invoice_of_other_token'
  | 'price_too_high'
  | 'payment_failed'
  | 'payment_unknown'
  | 'preimage_differs'
  | 'paid_but_asked_again'
  | 'paid_but_failed';

/** What the server said. `given` is any answer that is not 402 and no failure. */
export type L402Response =
  | { readonly kind: 'given' }
  | { readonly kind: 'payment_required'; readonly challenge: L402Challenge | undefined }
  | { readonly kind: 'failed'; readonly why: string };

/** What happened since the last step. */
export type L402Input =
  | { readonly kind: 'response'; readonly response: L402Response }
  | { readonly kind: 'paid'; readonly preimage: string }
  | { readonly kind: 'not_paid'; readonly outcome: 'failed' | 'unknown' };

/** Where a request for a resource stands. It is kept on disk from `paying` on. */
export type L402State =
  | { readonly stage: 'asking'; readonly token: L402Token | undefined }
  | { readonly stage: 'paying'; readonly macaroon: Uint8Array; readonly invoice: Bolt11Invoice }
  | { readonly stage: 'retrying'; readonly token: L402Token; readonly paidMsat: Msat }
  | { readonly stage: 'given'; readonly token: L402Token | undefined }
  | {
      readonly stage: 'refused';
      readonly reason: L402Refusal;
      /** A token that was paid for is kept: the resource may be given later. */
      readonly token: L402Token | undefined;
    };

/** What to do next. `pay` goes through the ledger, which pays one payment hash once. */
export type L402Command =
  | { readonly kind: 'request'; readonly token: L402Token | undefined }
  | { readonly kind: 'pay'; readonly invoice: Bolt11Invoice; readonly amountMsat: Msat }
  | { readonly kind: 'keep'; readonly token: L402Token }
  | { readonly kind: 'forget'; readonly token: L402Token }
  | { readonly kind: 'alert'; readonly reason: 'paid_but_asked_again' | 'paid_but_failed' };

/** A step's outcome: the new state, which is stored before any command is carried out. */
export interface L402Step {
  readonly state: L402State;
  readonly commands: readonly L402Command[];
}

/** The first step: the request, with a token that was paid for earlier where there is one. */
export function beginL402(token: L402Token | undefined): L402Step {
  return { state: { stage: 'asking', token }, commands: [{ kind: 'request', token }] };
}

/**
 * The next step. One request pays at most once, whatever the server answers; a token that was paid for is
 * never thrown away because the server failed. `maxMsat` is the most that the resource may cost.
 */
export function stepL402(
  state: L402State,
  input: L402Input,
  question: Omit<PayableQuestion, 'amountMsat'> & { readonly maxMsat: Msat },
): L402Step {
  if (state.stage === 'asking' && input.kind === 'response') {
    return asked(state, input.response, question);
  }
  if (state.stage === 'paying' && input.kind === 'paid') {
    return paid(state, input.preimage);
  }
  if (state.stage === 'paying' && input.kind === 'not_paid') {
    return refuse(input.outcome === 'unknown' ? 'payment_unknown' : 'payment_failed');
  }
  if (state.stage === 'retrying' && input.kind === 'response') {
    return retried(state, input.response);
  }
  return { state, commands: [] };
}

function asked(
  state: Extract<L402State, { stage: 'asking' }>,
  response: L402Response,
  question: Omit<PayableQuestion, 'amountMsat'> & { readonly maxMsat: Msat },
): L402Step {
  if (response.kind === 'given') {
    return { state: { stage: 'given', token: state.token }, commands: [] };
  }
  if (response.kind === 'failed') {
    return state.token === undefined
      ? refuse('server_failed')
      : refuse('paid_but_failed', state.token);
  }
  const forget: readonly L402Command[] =
    state.token === undefined ? [] : [{ kind: 'forget', token: state.token }];
  const { challenge } = response;
  const identifier =
    challenge === undefined ? undefined : readMacaroon(challenge.macaroon)?.identifier;
  if (challenge === undefined || identifier === undefined) {
    return refuse('challenge_malformed');
  }
  const invoice = readable(challenge.invoice);
  if (invoice === undefined) {
    return refuse('invoice_invalid');
  }
  if (invoice.paymentHash !== identifier.paymentHash) {
    return refuse('invoice_of_other_token');
  }
  const verdict = judgeInvoice(invoice, { ...question, amountMsat: undefined });
  if (!verdict.ok) {
    return refuse(verdict.reason);
  }
  if (verdict.amountMsat > question.maxMsat) {
    return refuse('price_too_high');
  }
  return {
    state: { stage: 'paying', macaroon: challenge.macaroon, invoice },
    commands: [...forget, { kind: 'pay', invoice, amountMsat: verdict.amountMsat }],
  };
}

function paid(state: Extract<L402State, { stage: 'paying' }>, preimage: string): L402Step {
  if (bytesToHex(sha256(hexToBytes(preimage))) !== state.invoice.paymentHash) {
    return refuse('preimage_differs');
  }
  const token: L402Token = { macaroon: state.macaroon, preimage };
  return {
    state: { stage: 'retrying', token, paidMsat: state.invoice.amountMsat ?? (0n as Msat) },
    commands: [
      { kind: 'keep', token },
      { kind: 'request', token },
    ],
  };
}

function retried(
  { token }: Extract<L402State, { stage: 'retrying' }>,
  response: L402Response,
): L402Step {
  switch (response.kind) {
    case 'given':
      return { state: { stage: 'given', token }, commands: [] };
    case 'payment_required':
      return refuse('paid_but_asked_again', token);
    case 'failed':
      return refuse('paid_but_failed', token);
  }
}

function refuse(reason: L402Refusal, token?: L402Token): L402Step {
  const alert = reason === 'paid_but_asked_again' || reason === 'paid_but_failed';
  return {
    state: { stage: 'refused', reason, token },
    commands: alert ? [{ kind: 'alert', reason }] : [],
  };
}

function readable(text: string): Bolt11Invoice | undefined {
  try {
    return readInvoice(text);
  } catch (error) {
    if (isCodedError(error, 'invoice_invalid')) {
      return undefined;
    }
    throw error;
  }
}
