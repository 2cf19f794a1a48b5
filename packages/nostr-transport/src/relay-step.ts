import { backoffMs } from './backoff.ts';
import { NOSTR_LIMITS, NOSTR_TIMES } from './limits.ts';
import type { Moment, RelayFailureCode, RelayState } from './relay-state.ts';

/** What happened to a connection. */
export type RelayInput =
  | { readonly type: 'start' }
  | { readonly type: 'stop' }
  | { readonly type: 'tick' }
  | { readonly type: 'opened' }
  | { readonly type: 'lost'; readonly reason: string }
  | { readonly type: 'hostile'; readonly reason: string }
  | { readonly type: 'heard' }
  | { readonly type: 'challenge'; readonly challenge: string }
  | { readonly type: 'auth-answer'; readonly accepted: boolean; readonly reason: string }
  | { readonly type: 'inbox-live' }
  | { readonly type: 'inbox-closed'; readonly reason: string }
  | { readonly type: 'resync' }
  | { readonly type: 'probe-refused'; readonly reason: string }
  | { readonly type: 'probe-seen' }
  | { readonly type: 'event-refused'; readonly reason: string };

/** What is to be done about it. */
export type RelayCommand =
  | { readonly do: 'dial' }
  /** The connection, if it still stands, is closed and what waits on it ends. */
  | { readonly do: 'hang-up' }
  | { readonly do: 'authenticate'; readonly challenge: string }
  | { readonly do: 'subscribe' }
  | { readonly do: 'probe' }
  /** Events may be published now. */
  | { readonly do: 'ready' };

/** The next state and the commands to carry out. */
export interface RelayTransition {
  readonly state: RelayState;
  readonly commands: readonly RelayCommand[];
}

/** Attempts that a relay which sent garbage is set back to: about the longest wait. */
const HOSTILE_ATTEMPT = 6;

/** Decides what a connection does next. Inputs that do not fit the phase change nothing. */
export function stepRelay(state: RelayState, input: RelayInput, now: Moment): RelayTransition {
  switch (input.type) {
    case 'start':
      return state.phase === 'idle' ? dial(state, now) : keep(state);
    case 'stop':
      return {
        state: { ...state, phase: 'stopped', since: now.monotonic },
        commands: connected(state) ? [{ do: 'hang-up' }] : [],
      };
    case 'tick':
      return tick(state, now);
    case 'opened':
      return state.phase === 'connecting' ? opened(state, now) : keep(state);
    case 'lost':
      return connected(state)
        ? wait(state, state.phase === 'connecting' ? 'connect_failed' : 'lost', input.reason, now)
        : keep(state);
    case 'hostile': {
      const raised = { ...state, attempt: Math.max(state.attempt, HOSTILE_ATTEMPT) };
      return connected(state) ? wait(raised, 'hostile', input.reason, now) : keep(state);
    }
    case 'event-refused':
      // One event refused says nothing about round trips, so the verdict stays.
      return keep({
        ...state,
        health: { ...state.health, lastFailure: failure('event_refused', input.reason, now) },
      });
    default:
      return state.phase === 'open' ? stepOpen(state, input, now) : keep(state);
  }
}

/** When `tick` is due next (monotonic milliseconds); undefined when nothing is waited for. */
export function nextTickAt(state: RelayState): number | undefined {
  switch (state.phase) {
    case 'waiting':
      return state.retryAt;
    case 'connecting':
      return state.since + NOSTR_TIMES.connect;
    case 'open': {
      const due: number[] = [];
      if (state.inbox.status === 'requested') {
        due.push(state.inbox.at + NOSTR_TIMES.eose);
      } else if (state.inbox.status === 'refused') {
        due.push(state.inbox.at);
      }
      if (state.probe.status !== 'none') {
        due.push(state.probe.at + (state.probe.status === 'sent' ? NOSTR_TIMES.probeAnswer : 0));
      }
      return due.length === 0 ? undefined : Math.min(...due);
    }
    default:
      return undefined;
  }
}

type OpenInput = Exclude<
  RelayInput,
  { type: 'start' | 'stop' | 'tick' | 'opened' | 'lost' | 'hostile' | 'event-refused' }
>;

function stepOpen(state: RelayState, input: OpenInput, now: Moment): RelayTransition {
  switch (input.type) {
    case 'heard':
      return keep({ ...state, heardAt: now.monotonic });
    case 'challenge':
      return challenged(state, input.challenge, now);
    case 'auth-answer':
      return authenticated(state, input.accepted, input.reason, now);
    case 'inbox-live':
      return live(state, now);
    case 'inbox-closed':
      return inboxClosed(state, input.reason, now);
    case 'resync':
      return state.inbox.status === 'live' ? subscribe(state, now) : keep(state);
    case 'probe-refused':
      return state.probe.status === 'sent'
        ? keep(nextProbe(failed(state, 'probe_refused', input.reason, now), now))
        : keep(state);
    case 'probe-seen':
      return state.probe.status === 'sent' ? probeSeen(state, now) : keep(state);
  }
}

function tick(state: RelayState, now: Moment): RelayTransition {
  const due = nextTickAt(state);
  if (due === undefined || now.monotonic < due) {
    return keep(state);
  }
  if (state.phase === 'waiting') {
    return dial(state, now);
  }
  if (state.phase === 'connecting') {
    return wait(state, 'connect_timeout', 'no answer to the handshake', now);
  }
  const { inbox, probe } = state;
  if (inbox.status === 'requested' && now.monotonic >= inbox.at + NOSTR_TIMES.eose) {
    return live(state, now);
  }
  if (inbox.status === 'refused' && now.monotonic >= inbox.at) {
    return subscribe(state, now);
  }
  return probe.status === 'sent' ? probeUnanswered(state, now) : sendProbe(state, now);
}

function dial(state: RelayState, now: Moment): RelayTransition {
  return {
    state: { ...state, phase: 'connecting', since: now.monotonic, dials: state.dials + 1 },
    commands: [{ do: 'dial' }],
  };
}

function opened(state: RelayState, now: Moment): RelayTransition {
  const open: RelayState = {
    ...state,
    phase: 'open',
    since: now.monotonic,
    heardAt: now.monotonic,
    auth: 'none',
    challenges: 0,
    inbox: { status: 'none', at: 0, refusals: 0 },
    probe: { status: 'none', at: 0, sentUnixMs: 0 },
  };
  if (!state.role.reads) {
    return { state: open, commands: [{ do: 'ready' }] };
  }
  const subscribed = subscribe(open, now);
  return { state: subscribed.state, commands: [...subscribed.commands, { do: 'ready' }] };
}

function subscribe(state: RelayState, now: Moment): RelayTransition {
  return {
    state: { ...state, inbox: { ...state.inbox, status: 'requested', at: now.monotonic } },
    commands: [{ do: 'subscribe' }],
  };
}

function live(state: RelayState, now: Moment): RelayTransition {
  if (state.inbox.status !== 'requested') {
    return keep(state);
  }
  const subscribed: RelayState = {
    ...state,
    inbox: { status: 'live', at: now.monotonic, refusals: 0 },
  };
  // A probe under way or due soon proves this subscription as well as the last one.
  return state.probe.status === 'none' ? sendProbe(subscribed, now) : keep(subscribed);
}

function inboxClosed(state: RelayState, reason: string, now: Moment): RelayTransition {
  if (state.inbox.status === 'none' || state.inbox.status === 'refused') {
    return keep(state);
  }
  const { refusals } = state.inbox;
  const pause = backoffMs(refusals, now.roll, NOSTR_TIMES.resubscribe, NOSTR_TIMES.backoffMax);
  return keep({
    ...failed(state, 'subscription_refused', reason, now),
    inbox: { status: 'refused', at: now.monotonic + pause, refusals: refusals + 1 },
    probe: { status: 'none', at: 0, sentUnixMs: 0 },
  });
}

function challenged(state: RelayState, challenge: string, now: Moment): RelayTransition {
  if (!state.role.authenticates) {
    return keep(state);
  }
  if (state.challenges >= NOSTR_LIMITS.challenges) {
    return wait(state, 'hostile', 'it sent one challenge after another', now);
  }
  return {
    state: { ...state, auth: 'sent', challenges: state.challenges + 1 },
    commands: [{ do: 'authenticate', challenge }],
  };
}

function authenticated(
  state: RelayState,
  accepted: boolean,
  reason: string,
  now: Moment,
): RelayTransition {
  if (!accepted) {
    return keep({ ...failed(state, 'auth_refused', reason, now), auth: 'refused' });
  }
  const open: RelayState = { ...state, auth: 'accepted' };
  // What was asked before the relay knew this node may have been refused, or answered with nothing.
  const again = state.role.reads ? subscribe(open, now) : keep(open);
  return { state: again.state, commands: [...again.commands, { do: 'ready' }] };
}

function sendProbe(state: RelayState, now: Moment): RelayTransition {
  return {
    state: { ...state, probe: { status: 'sent', at: now.monotonic, sentUnixMs: now.unixMs } },
    commands: [{ do: 'probe' }],
  };
}

function nextProbe(state: RelayState, now: Moment): RelayState {
  const at = now.monotonic + NOSTR_TIMES.probeEvery * (0.75 + 0.25 * now.roll);
  return { ...state, probe: { status: 'due', at, sentUnixMs: 0 } };
}

function probeSeen(state: RelayState, now: Moment): RelayTransition {
  const stable = now.monotonic - state.since >= NOSTR_TIMES.stable;
  return keep({
    ...nextProbe(state, now),
    attempt: stable ? 0 : state.attempt,
    health: {
      ...state.health,
      verdict: 'healthy',
      latencyMs: Math.round(now.monotonic - state.probe.at),
      lastSuccessAt: now.unixMs,
    },
  });
}

function probeUnanswered(state: RelayState, now: Moment): RelayTransition {
  if (state.heardAt <= state.probe.at) {
    return wait(state, 'mute', 'nothing was heard since the last round trip began', now);
  }
  // The relay talks but the subscription may be dead: ask for it again.
  const next = nextProbe(failed(state, 'probe_unseen', 'an own event did not come back', now), now);
  return state.inbox.status === 'live' ? subscribe(next, now) : keep(next);
}

function wait(
  state: RelayState,
  code: RelayFailureCode,
  reason: string,
  now: Moment,
): RelayTransition {
  const pause = backoffMs(
    state.attempt,
    now.roll,
    NOSTR_TIMES.backoffFirst,
    NOSTR_TIMES.backoffMax,
  );
  const next: RelayState = {
    ...failed(state, code, reason, now),
    phase: 'waiting',
    since: now.monotonic,
    retryAt: now.monotonic + pause,
    attempt: state.attempt + 1,
  };
  return { state: next, commands: [{ do: 'hang-up' }] };
}

function failed(
  state: RelayState,
  code: RelayFailureCode,
  reason: string,
  now: Moment,
): RelayState {
  const lastFailure = failure(code, reason, now);
  return { ...state, health: { ...state.health, verdict: 'unhealthy', lastFailure } };
}

function failure(
  code: RelayFailureCode,
  reason: string,
  now: Moment,
): NonNullable<RelayState['health']['lastFailure']> {
  return { code, reason, at: now.unixMs };
}

function connected(state: RelayState): boolean {
  return state.phase === 'connecting' || state.phase === 'open';
}

function keep(state: RelayState): RelayTransition {
  return { state, commands: [] };
}
