import { FINISHED_WISHES_MAX, RECONCILE_AGAIN_MS, WISHES_MAX } from '../limits.ts';
import { abandon, isFinal } from './holder.ts';
import { proveOpening } from './proof.ts';
import type { Turn } from './turn.ts';
import type { LockInput, Wish } from './types.ts';
import { attemptId, releaseHeight, windowOf } from './window.ts';

/**
 * Takes an opening up, unless one for the same target has not ended (an unknown one included), or
 * too many have not. The same id twice is one wish.
 */
export function addWish(turn: Turn, input: Extract<LockInput, { readonly kind: 'wish' }>): void {
  const all = [...turn.state.tables.wishes.values()];
  const open = all.filter((wish) => !isFinal(wish));
  if (
    turn.state.tables.wishes.has(input.id) ||
    open.some(({ target }) => target === input.target) ||
    open.length >= WISHES_MAX
  ) {
    return;
  }
  const finished = all.filter(isFinal);
  for (const { id } of finished.slice(0, Math.max(0, finished.length - FINISHED_WISHES_MAX))) {
    turn.row('wishes', id, undefined);
  }
  const { id, target, capacitySat, approved } = input;
  const madeIn = windowOf(turn.state.height);
  turn.row('wishes', id, {
    id,
    target,
    capacitySat,
    approved,
    madeIn,
    phase: 'waiting',
    window: -1,
  });
}

/** A person's yes, no, or word over the majority's. */
export function decideWish(
  turn: Turn,
  input: Extract<LockInput, { readonly kind: 'approve' | 'cancel' | 'overrule' }>,
): void {
  const wish = turn.state.tables.wishes.get(input.id);
  if (wish === undefined || isFinal(wish) || wish.phase === 'opening' || wish.phase === 'unknown') {
    return;
  }
  if (input.kind === 'approve') {
    const phase = wish.phase === 'approval' ? 'waiting' : wish.phase;
    turn.row('wishes', wish.id, { ...wish, phase, approved: true });
  } else if (input.kind === 'cancel') {
    const to: Partial<Wish> = { phase: 'cancelled', reason: 'person' };
    if (wish.phase === 'gathering') {
      abandon(turn, wish, to);
    } else {
      turn.row('wishes', wish.id, { ...wish, ...to });
    }
  } else {
    const window = windowOf(turn.state.height);
    const { id, target, capacitySat } = wish;
    turn.row('wishes', id, {
      ...wish,
      phase: 'opening',
      window,
      approved: true,
      reason: 'overruled',
    });
    turn.command({ kind: 'notice', code: 'overruled', id });
    turn.command({ kind: 'open', id, attempt: attemptId(id, window), target, capacitySat });
  }
}

/** What became of an opening, from the RPC or from reconciling; only a definite answer ends it. */
export function settleWish(
  turn: Turn,
  input: Extract<LockInput, { readonly kind: 'outcome' }>,
): void {
  const wish = turn.state.tables.wishes.get(input.id);
  if (wish === undefined || (wish.phase !== 'opening' && wish.phase !== 'unknown')) {
    return;
  }
  const { reason: _, ...rest } = wish;
  if (input.outcome === 'opened') {
    proveOpening(turn, wish);
    turn.row('wishes', wish.id, {
      ...rest,
      phase: 'opened',
      ...(input.marker === undefined ? {} : { outcome: input.marker }),
    });
  } else if (input.outcome === 'not_opened') {
    abandon(turn, wish, { phase: 'failed', reason: 'open_failed' });
  } else if (wish.phase === 'opening') {
    turn.row('wishes', wish.id, { ...rest, phase: 'unknown', reason: 'outcome_unknown' });
    turn.command({ kind: 'notice', code: 'outcome_unknown', id: wish.id });
  }
}

/** Asks again what became of openings that are unknown. */
export function reconcileUnknown(turn: Turn): void {
  for (const { id, phase, target, window } of turn.state.tables.wishes.values()) {
    const last = turn.state.reconciledAt.get(id);
    if (phase === 'unknown' && (last === undefined || turn.now - last >= RECONCILE_AGAIN_MS)) {
      turn.patch({ reconciledAt: new Map(turn.state.reconciledAt).set(id, turn.now) });
      turn.command({ kind: 'reconcile', id, attempt: attemptId(id, window), target });
    }
  }
}

/** Tells aborts again to those that have not answered, until the grants are past anyway. */
export function repeatReleases(turn: Turn): void {
  const { tables, height } = turn.state;
  for (const [attempt, { target, window, untold }] of tables.releases) {
    if (height >= releaseHeight(window)) {
      turn.row('releases', attempt, undefined);
      turn.row('marks', 'height', height);
      continue;
    }
    if (untold.length > 0) {
      const message = { kind: 'abort', attempt, target, window } as const;
      turn.command({ kind: 'send_signed', to: untold, message });
    }
  }
}
