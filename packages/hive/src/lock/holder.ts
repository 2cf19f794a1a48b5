import type { NodeId } from '@cl-hive/core';
import { INTENT_HOLD_MS, REQUEST_AGAIN_MS, WISH_WINDOWS_MAX } from '../limits.ts';
import { type Epoch, epochFor, grantsNeeded } from './epoch.ts';
import { decideGrant, grantFor } from './grantor.ts';
import type { LockState, Round } from './state.ts';
import type { Turn } from './turn.ts';
import type { LockMessage, RefusalReason, Wish, WishReason } from './types.ts';
import { attemptId, outranks, windowOf } from './window.ts';

/** Whether an opening has come to its end. */
export function isFinal({ phase }: Wish): boolean {
  return phase === 'opened' || phase === 'failed' || phase === 'cancelled' || phase === 'given_up';
}

function change(turn: Turn, wish: Wish, to: Partial<Wish>): Wish {
  const { reason: _, ...rest } = wish;
  const next = { ...rest, ...to };
  turn.row('wishes', wish.id, next);
  return next;
}

function forget(turn: Turn, id: string): void {
  const rounds = new Map(turn.state.rounds);
  rounds.delete(id);
  turn.patch({ rounds });
}

/** Moves every opening on as far as it can go now. */
export function advance(turn: Turn): void {
  for (const { id } of turn.state.tables.wishes.values()) {
    const wish = turn.state.tables.wishes.get(id);
    if (wish?.phase === 'waiting') {
      begin(turn, wish);
    } else if (wish?.phase === 'gathering') {
      gather(turn, wish);
    }
  }
}

/** Why no attempt can begin now; undefined when one can. */
function obstacle(state: LockState, wish: Wish, epoch: Epoch | undefined): WishReason | undefined {
  if (epoch === undefined) {
    return 'no_epoch';
  }
  if (!epoch.members.includes(state.self)) {
    return 'not_in_epoch';
  }
  if (state.taken.has(wish.target)) {
    return 'already_open';
  }
  return contestedBy(state, wish.target).length > 0 ? 'contested_by_original' : undefined;
}

function contestedBy(state: LockState, target: NodeId): readonly string[] {
  return [...state.foreign.keys()].filter((key) => key.endsWith(`|${target}`));
}

/** Starts the attempt of this window; one that was begun is taken up again, never begun anew. */
function begin(turn: Turn, wish: Wish): void {
  const { state } = turn;
  const window = windowOf(state.height);
  if (state.originals.size > 0 && !wish.approved) {
    change(turn, wish, { phase: 'approval', reason: 'contestable_by_originals' });
    return;
  }
  if (window - wish.madeIn > WISH_WINDOWS_MAX) {
    change(turn, wish, { phase: 'given_up', reason: wish.reason ?? 'no_quorum' });
    turn.command({ kind: 'notice', code: 'no_quorum', id: wish.id });
    return;
  }
  if (wish.window >= window || state.height === 0) {
    return;
  }
  const epoch = epochFor(state.tables.epochs.values(), window);
  const blocked = obstacle(state, wish, epoch);
  if (blocked !== undefined || epoch === undefined) {
    note(turn, wish, blocked ?? 'no_epoch');
    return;
  }
  const attempt = attemptId(wish.id, window);
  const own = decideGrant(turn, state.self, {
    kind: 'request',
    attempt,
    target: wish.target,
    window,
    epoch: epoch.number,
  });
  if (!own.granted) {
    note(turn, wish, own.reason === 'epoch_ending' ? 'no_epoch' : 'held_by_other');
    return;
  }
  gather(turn, change(turn, wish, { phase: 'gathering', window }));
}

function note(turn: Turn, wish: Wish, reason: WishReason): void {
  if (wish.reason !== reason) {
    change(turn, wish, { reason });
  }
}

function gather(turn: Turn, wish: Wish): void {
  const { state } = turn;
  const window = windowOf(state.height);
  if (wish.window !== window) {
    const had = state.rounds.get(wish.id)?.granted.size ?? 0;
    turn.command({
      kind: 'notice',
      code: 'no_quorum',
      id: wish.id,
      detail: `${had} grants in window ${wish.window}`,
    });
    abandon(turn, wish, { phase: 'waiting', reason: 'no_quorum' });
    return;
  }
  if (state.originals.size > 0 && !wish.approved) {
    abandon(turn, wish, { phase: 'approval', reason: 'contestable_by_originals' });
    return;
  }
  const epoch = epochFor(state.tables.epochs.values(), window);
  const blocked = obstacle(state, wish, epoch);
  if (blocked !== undefined || epoch === undefined) {
    abandon(turn, wish, { phase: 'waiting', reason: blocked ?? 'no_epoch' });
    return;
  }
  const round = state.rounds.get(wish.id);
  if (round === undefined) {
    ask(turn, wish, epoch, firstRound(turn, wish));
  } else if (mayOpen(turn.state, wish.id, turn.now, 'gathering')) {
    commit(turn, wish);
  } else if (hopeless(state, wish, round, epoch)) {
    abandon(turn, wish, { phase: 'waiting', reason: 'gave_way' });
  } else if (turn.now - round.askedAt >= REQUEST_AGAIN_MS) {
    ask(turn, wish, epoch, round);
  }
}

function firstRound(turn: Turn, wish: Wish): Round {
  const alone = turn.state.originals.size === 0;
  if (!alone) {
    turn.command({ kind: 'announce', target: wish.target });
  }
  const { self, tables } = turn.state;
  const { id, target, window } = wish;
  const epoch = epochFor(tables.epochs.values(), window)?.number ?? 0;
  const own = { kind: 'grant', attempt: attemptId(id, window), target, window, epoch } as const;
  turn.command({ kind: 'send_signed', to: [self], message: own });
  return {
    granted: new Set([self]),
    words: new Map(),
    refused: new Map(),
    askedAt: turn.now,
    holdUntil: alone ? turn.now : turn.now + INTENT_HOLD_MS,
  };
}

function ask(turn: Turn, wish: Wish, epoch: Epoch, round: Round): void {
  const rounds = new Map(turn.state.rounds);
  rounds.set(wish.id, { ...round, askedAt: turn.now });
  turn.patch({ rounds });
  const message: LockMessage = {
    kind: 'request',
    attempt: attemptId(wish.id, wish.window),
    target: wish.target,
    window: wish.window,
    epoch: epoch.number,
  };
  for (const member of epoch.members) {
    if (!round.granted.has(member)) {
      turn.send(member, message);
    }
  }
  if (mayOpen(turn.state, wish.id, turn.now, 'gathering')) {
    commit(turn, wish);
  }
}

/**
 * Whether an opening may be made now: own grant still held, a majority of the epoch that decides
 * about its window, the window not over, no channel, no contest. It is asked when the last grant
 * arrives (`gathering`) and by the runner once more right before the RPC (`opening`).
 */
export function mayOpen(
  state: LockState,
  id: string,
  now: number,
  phase: 'gathering' | 'opening' = 'opening',
): boolean {
  const wish = state.tables.wishes.get(id);
  const round = state.rounds.get(id);
  if (wish?.phase !== phase) {
    return false;
  }
  if (wish.reason === 'overruled') {
    return true;
  }
  const epoch = epochFor(state.tables.epochs.values(), wish.window);
  if (round === undefined || epoch === undefined || wish.window !== windowOf(state.height)) {
    return false;
  }
  const granted = epoch.members.filter((member) => round.granted.has(member)).length;
  return (
    granted >= grantsNeeded(epoch.members.length, state.liars) &&
    grantFor(state, wish.target)?.attempt === attemptId(id, wish.window) &&
    now >= round.holdUntil &&
    (state.originals.size === 0 || wish.approved) &&
    obstacle(state, wish, epoch) === undefined
  );
}

function commit(turn: Turn, wish: Wish): void {
  const round = turn.state.rounds.get(wish.id);
  const words = [...(round?.words ?? [])].map(([member, signature]) => ({ member, signature }));
  const { id, target, capacitySat, window } = change(turn, wish, { phase: 'opening', words });
  turn.command({ kind: 'open', id, attempt: attemptId(id, window), target, capacitySat });
}

/** Refusals that do not pass within a window. */
const LASTING: ReadonlySet<RefusalReason> = new Set([
  'aborted',
  'one_per_window',
  'not_a_member',
  'already_open',
  'quota',
  'backed_off',
  'full',
]);

/**
 * Whether to give way: a majority is out of reach and a holder in the way has the lower rank. The
 * one of highest rank stays, so that one of them gets through.
 */
function hopeless(state: LockState, wish: Wish, round: Round, epoch: Epoch): boolean {
  const { members } = epoch;
  const lost = members.filter((member) => round.refused.has(member));
  if (members.length - lost.length >= grantsNeeded(members.length, state.liars)) {
    return false;
  }
  return lost.some((member) => {
    const { reason, holder } = round.refused.get(member) ?? {};
    return reason === 'held'
      ? holder !== undefined && outranks(holder, state.self, wish.target, wish.window)
      : reason !== undefined && LASTING.has(reason);
  });
}

/** Ends the attempt for good, on disk first; those that were asked are told until they answer. */
export function abandon(turn: Turn, wish: Wish, to: Partial<Wish>): void {
  const { state } = turn;
  const attempt = attemptId(wish.id, wish.window);
  const epoch = epochFor(state.tables.epochs.values(), wish.window);
  const untold = (epoch?.members ?? []).filter((member) => member !== state.self);
  turn.row('grants', attempt, undefined);
  turn.row('releases', attempt, { target: wish.target, window: wish.window, untold });
  const message = { kind: 'abort', attempt, target: wish.target, window: wish.window } as const;
  turn.command({ kind: 'send_signed', to: untold, message });
  if (state.originals.size > 0) {
    turn.command({ kind: 'take_back', target: wish.target });
  }
  forget(turn, wish.id);
  change(turn, wish, to);
}

/** A member's answer to a request of this node. */
export function onAnswer(
  turn: Turn,
  from: NodeId,
  message: Extract<LockMessage, { readonly kind: 'grant' | 'refuse' }>,
): void {
  const { state } = turn;
  const wish = state.tables.wishes.get(message.attempt.slice(0, message.attempt.lastIndexOf('.')));
  const round = wish === undefined ? undefined : state.rounds.get(wish.id);
  if (
    wish?.phase !== 'gathering' ||
    attemptId(wish.id, wish.window) !== message.attempt ||
    round === undefined
  ) {
    return;
  }
  const epoch = epochFor(state.tables.epochs.values(), wish.window);
  if (epoch?.members.includes(from) !== true) {
    return;
  }
  const granted = new Set(round.granted);
  const refused = new Map(round.refused);
  const words = new Map(round.words);
  if (
    message.kind === 'grant' &&
    message.epoch === epoch.number &&
    message.target === wish.target &&
    message.window === wish.window
  ) {
    granted.add(from);
    words.set(from, message.signature);
    refused.delete(from);
  } else if (message.kind === 'refuse' && !granted.has(from)) {
    const { reason, holder } = message;
    refused.set(from, { reason, ...(holder === undefined ? {} : { holder }) });
    if (reason === 'epoch' && message.epoch > epoch.number) {
      turn.send(from, { kind: 'ask_epoch', after: epoch.number });
    }
  }
  turn.patch({ rounds: new Map(state.rounds).set(wish.id, { ...round, granted, words, refused }) });
  gather(turn, wish);
}
