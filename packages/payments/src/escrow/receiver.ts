import { bytesToHex, hexToBytes, isHex } from '@cl-hive/core';
import { sha256 } from '@noble/hashes/sha2.js';
import type { SwapOutcome } from './payer.ts';
import type { TicketTerms } from './terms.ts';

/** Where one part stands for the receiver. A part that is `redeeming` may be redeemed already. */
export type ReceiverPart =
  | { readonly at: 'held' }
  | { readonly at: 'redeemable'; readonly preimage: string }
  | { readonly at: 'redeeming'; readonly preimage: string }
  | { readonly at: 'redeemed' }
  | { readonly at: 'taken_back' };

/** A ticket as its receiver keeps it. `checking`: the wallet has not yet found the proofs good. */
export interface ReceiverTicket {
  readonly terms: TicketTerms;
  readonly taken: 'checking' | 'refused' | 'held';
  /** One for each part of the terms once held; none before. */
  readonly parts: readonly ReceiverPart[];
}

/** What happened. `part` is an index of the terms' parts. */
export type ReceiverEvent =
  | { readonly kind: 'checked'; readonly good: boolean }
  | { readonly kind: 'secret'; readonly part: number; readonly preimage: string }
  | { readonly kind: 'redeem'; readonly part: number }
  | { readonly kind: 'redeem_swapped'; readonly part: number; readonly outcome: SwapOutcome }
  | { readonly kind: 'mint_says'; readonly part: number; readonly spent: boolean }
  /** After a start, and on a timer. */
  | { readonly kind: 'look' };

/** What to do, after the new state is on disk. `swap_redeem` is done once; `look_redeem` only looks. */
export type ReceiverCommand =
  | { readonly kind: 'check' }
  | { readonly kind: 'swap_redeem'; readonly part: number; readonly preimage: string }
  | { readonly kind: 'look_redeem'; readonly part: number }
  | { readonly kind: 'ask_mint'; readonly part: number }
  | { readonly kind: 'alert'; readonly part: number; readonly reason: 'earned_but_taken_back' }
  | {
      readonly kind: 'receipt';
      readonly what: 'held' | 'refused' | 'redeemed' | 'taken_back';
      readonly part: number | undefined;
    };

/** Why the receiver does not do what it is asked (closed list). */
export type ReceiverRefusal =
  | 'no_such_part'
  | 'not_held'
  | 'secret_differs'
  | 'secret_missing'
  | 'redeem_under_way'
  | 'part_over';

/** A step's outcome: the state, stored before any command is carried out. */
export interface ReceiverStep {
  readonly state: ReceiverTicket;
  readonly commands: readonly ReceiverCommand[];
  readonly refusal: ReceiverRefusal | undefined;
}

/** A ticket that was offered and judged acceptable (`judgeOffer`); the wallet checks its proofs. */
export function takeTicket(terms: TicketTerms): ReceiverStep {
  return then({ terms, taken: 'checking', parts: [] }, [{ kind: 'check' }]);
}

/** Whether the payer may take an unspent part back from now on; the receiver still can redeem it. */
export function payerMayRefund(terms: Pick<TicketTerms, 'locktime'>, now: number): boolean {
  return now >= terms.locktime;
}

/**
 * The receiver's next step. No clock closes its way: a part can be redeemed after the locktime too, until
 * the mint says that it is spent (NUT-11), and it is redeemed only when the mint has swapped it.
 */
export function stepReceiver(state: ReceiverTicket, event: ReceiverEvent): ReceiverStep {
  switch (event.kind) {
    case 'checked':
      return checked(state, event.good);
    case 'look':
      return state.taken === 'checking'
        ? then(state, [{ kind: 'check' }])
        : then(state, state.parts.flatMap(lookAt));
    default:
      return ofPart(state, event);
  }
}

function then(state: ReceiverTicket, commands: readonly ReceiverCommand[]): ReceiverStep {
  return { state, commands, refusal: undefined };
}

function refuse(state: ReceiverTicket, refusal: ReceiverRefusal): ReceiverStep {
  return { state, commands: [], refusal };
}

function checked(state: ReceiverTicket, good: boolean): ReceiverStep {
  if (state.taken !== 'checking') {
    return then(state, []);
  }
  return good
    ? then({ ...state, taken: 'held', parts: state.terms.parts.map(() => ({ at: 'held' })) }, [
        { kind: 'receipt', what: 'held', part: undefined },
      ])
    : then({ ...state, taken: 'refused' }, [{ kind: 'receipt', what: 'refused', part: undefined }]);
}

function lookAt(one: ReceiverPart, part: number): readonly ReceiverCommand[] {
  switch (one.at) {
    case 'held':
    case 'redeemable':
      return [{ kind: 'ask_mint', part }];
    case 'redeeming':
      return [{ kind: 'look_redeem', part }];
    case 'redeemed':
    case 'taken_back':
      return [];
  }
}

function ofPart(
  state: ReceiverTicket,
  event: Extract<ReceiverEvent, { readonly part: number }>,
): ReceiverStep {
  const terms = state.terms.parts[event.part];
  if (terms === undefined) {
    return refuse(state, 'no_such_part');
  }
  const part = state.parts[event.part];
  if (part === undefined) {
    return refuse(state, 'not_held');
  }
  switch (event.kind) {
    case 'secret':
      return secret(state, event.part, part, event.preimage);
    case 'redeem':
      return redeem(state, event.part, part);
    case 'redeem_swapped':
      return swapped(state, event.part, part, event.outcome);
    case 'mint_says':
      return mintSays(state, event.part, part, event.spent);
  }
}

function put(state: ReceiverTicket, at: number, part: ReceiverPart): ReceiverTicket {
  return { ...state, parts: state.parts.with(at, part) };
}

function opens(preimage: string, hash: string): boolean {
  return (
    preimage.length === 64 && isHex(preimage) && bytesToHex(sha256(hexToBytes(preimage))) === hash
  );
}

function secret(
  state: ReceiverTicket,
  index: number,
  part: ReceiverPart,
  preimage: string,
): ReceiverStep {
  if (!opens(preimage, state.terms.parts[index]?.hash ?? '')) {
    return refuse(state, 'secret_differs');
  }
  return part.at === 'held'
    ? redeem(state, index, { at: 'redeemable', preimage })
    : redeem(state, index, part);
}

function redeem(state: ReceiverTicket, index: number, part: ReceiverPart): ReceiverStep {
  switch (part.at) {
    case 'held':
      return refuse(state, 'secret_missing');
    case 'redeeming':
      return refuse(state, 'redeem_under_way');
    case 'redeemed':
    case 'taken_back':
      return refuse(state, 'part_over');
    case 'redeemable': {
      const { preimage } = part;
      return then(put(state, index, { at: 'redeeming', preimage }), [
        { kind: 'swap_redeem', part: index, preimage },
      ]);
    }
  }
}

function swapped(
  state: ReceiverTicket,
  index: number,
  part: ReceiverPart,
  outcome: SwapOutcome,
): ReceiverStep {
  if (part.at !== 'redeeming' || outcome === 'unknown') {
    return then(state, []);
  }
  switch (outcome) {
    case 'done':
      return then(put(state, index, { at: 'redeemed' }), [
        { kind: 'receipt', what: 'redeemed', part: index },
      ]);
    case 'failed':
      return then(put(state, index, { at: 'redeemable', preimage: part.preimage }), []);
    case 'spent':
      return lost(state, index, true);
  }
}

/**
 * What is unspent and earned is redeemed; what is spent is lost, but for a part that is being redeemed,
 * where it can have been ourselves: the wallet looks.
 */
function mintSays(
  state: ReceiverTicket,
  index: number,
  part: ReceiverPart,
  isSpent: boolean,
): ReceiverStep {
  switch (part.at) {
    case 'redeemed':
    case 'taken_back':
      return then(state, []);
    case 'redeeming':
      return isSpent ? then(state, [{ kind: 'look_redeem', part: index }]) : then(state, []);
    case 'held':
      return isSpent ? lost(state, index, false) : then(state, []);
    case 'redeemable':
      return isSpent ? lost(state, index, true) : redeem(state, index, part);
  }
}

function lost(state: ReceiverTicket, index: number, earned: boolean): ReceiverStep {
  const alarm: readonly ReceiverCommand[] = earned
    ? [{ kind: 'alert', part: index, reason: 'earned_but_taken_back' }]
    : [];
  return then(put(state, index, { at: 'taken_back' }), [
    { kind: 'receipt', what: 'taken_back', part: index },
    ...alarm,
  ]);
}
