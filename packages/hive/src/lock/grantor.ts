import type { NodeId } from '@cl-hive/core';
import {
  ABORT_WORDS_MAX,
  ABORTED_MAX,
  BACK_OFF_WINDOWS_MAX,
  GRANTS_MAX,
  GRANTS_PER_HOLDER_MAX,
  PROOF_WINDOWS,
  STRIKES_FREE,
} from '../limits.ts';
import { epochFor, newestEpoch } from './epoch.ts';
import type { LockState } from './state.ts';
import type { Turn } from './turn.ts';
import type { Grant, LockMessage, RefusalReason } from './types.ts';
import { releaseHeight, windowOf } from './window.ts';

type Request = Extract<LockMessage, { readonly kind: 'request' }>;
type Answer =
  | { readonly granted: true }
  | { readonly granted: false; readonly reason: RefusalReason; readonly holder?: NodeId };

const refusal = (reason: RefusalReason): Answer => ({ granted: false, reason });

/** Whether `grant` still binds: until its holder's abort, or a block height. No clock releases it. */
function binds(grant: Grant, state: LockState): boolean {
  return state.height < releaseHeight(grant.window);
}

/** The grant that binds this node for `target`, if any. */
export function grantFor(state: LockState, target: NodeId): Grant | undefined {
  for (const grant of state.tables.grants.values()) {
    if (grant.target === target && binds(grant, state)) {
      return grant;
    }
  }
  return undefined;
}

/** Answers a request of `holder`, and stores the grant. This node's own attempts ask here too. */
export function decideGrant(turn: Turn, holder: NodeId, request: Request): Answer {
  const { state } = turn;
  const { attempt, target, window } = request;
  const now = windowOf(state.height);
  if (window < now) {
    return refusal('window_over');
  }
  if (window > now + 1) {
    return refusal('window_ahead');
  }
  const epoch = epochFor(state.tables.epochs.values(), window);
  if (epoch === undefined || epoch.number !== request.epoch) {
    return refusal('epoch');
  }
  if (!epoch.members.includes(holder) || !epoch.members.includes(state.self)) {
    return refusal('not_a_member');
  }
  const stop = state.tables.acceptors.get(String(epoch.number))?.stop;
  if (stop !== undefined && window >= stop) {
    return refusal('epoch_ending');
  }
  if (state.tables.aborted.has(attempt) || state.tables.releases.has(attempt)) {
    return refusal('aborted');
  }
  const held = grantFor(state, target);
  if (held !== undefined) {
    if (held.attempt === attempt && held.holder === holder) {
      return { granted: true };
    }
    return held.holder === holder && held.window === window
      ? refusal('one_per_window')
      : { granted: false, reason: 'held', holder: held.holder };
  }
  return newGrant(turn, holder, request);
}

/** Aborts whose requests could still be answered. */
function liveAborts({ tables, height }: LockState): number {
  return [...tables.aborted.values()].filter(({ window }) => height < releaseHeight(window)).length;
}

/** Makes room for a word: the oldest that only serves as evidence goes. */
function dropAbortWord(turn: Turn): void {
  const { aborted } = turn.state.tables;
  if (aborted.size >= ABORT_WORDS_MAX) {
    const [oldest] = [...aborted].sort(([, a], [, b]) => a.window - b.window);
    turn.row('aborted', oldest?.[0] ?? '', undefined);
  }
}

function newGrant(turn: Turn, holder: NodeId, request: Request): Answer {
  const { state } = turn;
  const { attempt, target, window } = request;
  if (state.tables.grants.has(attempt)) {
    // Its row is another grant's: an id that somebody else chose, or one for two targets.
    return refusal('one_per_window');
  }
  if (state.taken.has(target)) {
    return refusal('already_open');
  }
  if ((state.tables.strikes.get(holder)?.until ?? 0) > window) {
    return refusal('backed_off');
  }
  const live = [...state.tables.grants.values()].filter((grant) => grant.holder === holder);
  if (live.length >= GRANTS_PER_HOLDER_MAX) {
    return refusal('quota');
  }
  if (state.tables.grants.size >= GRANTS_MAX || liveAborts(state) >= ABORTED_MAX) {
    turn.command({ kind: 'notice', code: 'bound_reached', detail: 'grants' });
    return refusal('full');
  }
  turn.row('grants', attempt, {
    attempt,
    target,
    window,
    holder,
    epoch: request.epoch,
    since: turn.now,
  });
  return { granted: true };
}

/** Reads a member's request and answers it. */
export function onRequest(turn: Turn, from: NodeId, request: Request): void {
  const answer = decideGrant(turn, from, request);
  const { attempt } = request;
  const epoch = newestEpoch(turn.state.tables.epochs.values())?.number ?? 0;
  if (answer.granted) {
    const { target, window } = request;
    const message = { kind: 'grant', attempt, target, window, epoch: request.epoch } as const;
    turn.command({ kind: 'send_signed', to: [from], message });
    return;
  }
  const { reason, holder } = answer;
  turn.send(from, {
    kind: 'refuse',
    attempt,
    reason,
    epoch,
    ...(holder === undefined ? {} : { holder }),
  });
}

/**
 * A holder gives an attempt up, which it can never take back: the grant is free, and a late copy of
 * the request stays refused. One member cannot release another's grant, nor fill the list for long.
 */
export function onAbort(
  turn: Turn,
  from: NodeId,
  message: Extract<LockMessage, { readonly kind: 'abort' }>,
): void {
  const { attempt, window } = message;
  const { state } = turn;
  const grant = state.tables.grants.get(attempt);
  if (grant !== undefined && grant.holder !== from) {
    return;
  }
  const now = windowOf(state.height);
  const known = state.tables.aborted.has(attempt);
  const room = liveAborts(state) < ABORTED_MAX;
  if (!known && window >= now && window <= now + 1 && (room || grant !== undefined)) {
    dropAbortWord(turn);
    turn.row('aborted', attempt, { window, holder: from, signature: message.signature });
  }
  turn.row('grants', attempt, undefined);
  turn.send(from, { kind: 'aborted', attempt });
}

/**
 * What a new height releases. The height is stored with it: after a restart with a chain that lags,
 * nothing that was released can be granted again in its old window.
 */
export function releaseByHeight(turn: Turn): void {
  const { tables, height } = turn.state;
  const over = [...tables.grants.values()].filter((grant) => !binds(grant, turn.state));
  const oldest = windowOf(height) - PROOF_WINDOWS;
  const past = [...tables.aborted].filter(([, { window }]) => window < oldest);
  if (over.length + past.length > 0) {
    turn.row('marks', 'height', height);
  }
  for (const grant of over) {
    turn.row('grants', grant.attempt, undefined);
    const used = turn.state.taken.get(grant.target)?.has(grant.holder) ?? false;
    if (grant.holder !== turn.state.self) {
      strike(turn, grant.holder, used);
    }
  }
  for (const [attempt] of past) {
    turn.row('aborted', attempt, undefined);
  }
}

/** A holder that lets grants pass unused is backed off, twice as long each time; one use forgives. */
function strike(turn: Turn, holder: NodeId, used: boolean): void {
  if (used) {
    turn.row('strikes', holder, undefined);
    return;
  }
  const count = (turn.state.tables.strikes.get(holder)?.count ?? 0) + 1;
  const windows =
    count < STRIKES_FREE ? 0 : Math.min(2 ** (count - STRIKES_FREE + 1), BACK_OFF_WINDOWS_MAX);
  turn.row('strikes', holder, { count, until: windowOf(turn.state.height) + windows });
}
