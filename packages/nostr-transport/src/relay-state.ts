/** The time of a step, and one draw of chance for it. */
export interface Moment {
  /** Milliseconds that only grow; all waiting is measured in them. */
  readonly monotonic: number;
  /** Wall-clock time; only labels are made of it. */
  readonly unixMs: number;
  /** From 0, inclusive, to 1, exclusive. */
  readonly roll: number;
}

/** Why a relay is not as it should be. A closed list. */
export type RelayFailureCode =
  | 'connect_failed'
  | 'connect_timeout'
  | 'lost'
  | 'auth_refused'
  | 'subscription_refused'
  | 'probe_refused'
  | 'probe_unseen'
  | 'mute'
  | 'hostile'
  | 'event_refused';

/** The last thing that went wrong; `at` in Unix milliseconds. */
export interface RelayFailure {
  readonly code: RelayFailureCode;
  readonly reason: string;
  readonly at: number;
}

/** What a relay is used for. */
export interface RelayRole {
  /** Whether messages are read from it: it is subscribed to, and its health is probed. */
  readonly reads: boolean;
  /** Whether its challenges (NIP-42) are answered, which tells it who this node is. */
  readonly authenticates: boolean;
}

/** Where a connection to a relay stands. Moments are monotonic milliseconds unless said otherwise. */
export interface RelayState {
  readonly role: RelayRole;
  readonly phase: 'idle' | 'waiting' | 'connecting' | 'open' | 'stopped';
  /** When the phase began. */
  readonly since: number;
  /** In phase `waiting`: when it is dialled again. */
  readonly retryAt: number;
  /** Connections that failed or were lost since the last stable one. */
  readonly attempt: number;
  /** Connections tried altogether. */
  readonly dials: number;
  readonly auth: 'none' | 'sent' | 'accepted' | 'refused';
  readonly challenges: number;
  readonly inbox: {
    readonly status: 'none' | 'requested' | 'live' | 'refused';
    /** When it was requested, or when it is requested again. */
    readonly at: number;
    readonly refusals: number;
  };
  /** The round trip under way, or the time of the next one. */
  readonly probe: {
    readonly status: 'none' | 'sent' | 'due';
    readonly at: number;
    /** Wall-clock time of sending. */
    readonly sentUnixMs: number;
  };
  /** When the relay last said anything. */
  readonly heardAt: number;
  readonly health: RelayHealth;
}

/** What is known of a relay from answered round trips; times in Unix milliseconds. */
export interface RelayHealth {
  /** `healthy` after an own event was seen back, `unhealthy` after any failure since, `unknown` before. */
  readonly verdict: 'unknown' | 'healthy' | 'unhealthy';
  /** Of the last round trip, in milliseconds. */
  readonly latencyMs: number | undefined;
  readonly lastSuccessAt: number | undefined;
  readonly lastFailure: RelayFailure | undefined;
}

/** A relay that nothing was done with yet. */
export function initialRelayState(role: RelayRole): RelayState {
  return {
    role,
    phase: 'idle',
    since: 0,
    retryAt: 0,
    attempt: 0,
    dials: 0,
    auth: 'none',
    challenges: 0,
    inbox: { status: 'none', at: 0, refusals: 0 },
    probe: { status: 'none', at: 0, sentUnixMs: 0 },
    heardAt: 0,
    health: {
      verdict: 'unknown',
      latencyMs: undefined,
      lastSuccessAt: undefined,
      lastFailure: undefined,
    },
  };
}
