import { GATEKEEPER_FAILURES_MAX, GATEKEEPER_REST_MS, GATEKEEPER_REST_MS_MAX } from '../limits.ts';

/** How a Gatekeeper fares, by the requests that it answered. Times are monotonic ms. */
export interface GatekeeperHealth {
  /** Failures in a row. */
  readonly failures: number;
  /** How often it served what does not verify, in all. */
  readonly lies: number;
  /** Until when it is not asked; undefined while it is. */
  readonly restsUntil: number | undefined;
  readonly answeredAt: number | undefined;
  /** The last thing that was wrong, in a sentence. */
  readonly trouble: string | undefined;
}

/** What happened to a request. */
export type GatekeeperEvent =
  | { readonly kind: 'answered' }
  | { readonly kind: 'failed' | 'lied'; readonly reason: string };

/** Nothing is known of it yet. */
export const NEW_HEALTH: GatekeeperHealth = {
  failures: 0,
  lies: 0,
  restsUntil: undefined,
  answeredAt: undefined,
  trouble: undefined,
};

/**
 * What follows from a request's outcome: after {@link GATEKEEPER_FAILURES_MAX} failures in a row, or one
 * lie, it rests, longer each time.
 */
export function stepHealth(
  health: GatekeeperHealth,
  event: GatekeeperEvent,
  now: number,
): GatekeeperHealth {
  if (event.kind === 'answered') {
    return { ...health, failures: 0, restsUntil: undefined, answeredAt: now };
  }
  const failures = health.failures + 1;
  const over = failures - GATEKEEPER_FAILURES_MAX;
  const rests =
    event.kind === 'lied'
      ? GATEKEEPER_REST_MS_MAX
      : over < 0
        ? undefined
        : Math.min(GATEKEEPER_REST_MS_MAX, GATEKEEPER_REST_MS * 2 ** Math.min(over, 16));
  return {
    ...health,
    failures,
    lies: health.lies + (event.kind === 'lied' ? 1 : 0),
    restsUntil: rests === undefined ? undefined : now + rests,
    trouble: event.reason,
  };
}

/** Whether it is asked now; after its rest it is asked once, and rests again if that fails. */
export function mayAsk({ restsUntil }: GatekeeperHealth, now: number): boolean {
  return restsUntil === undefined || now >= restsUntil;
}

/** In one word. */
export function healthWord(
  health: GatekeeperHealth,
  now: number,
): 'new' | 'good' | 'failing' | 'resting' {
  if (!mayAsk(health, now)) {
    return 'resting';
  }
  if (health.failures > 0) {
    return 'failing';
  }
  return health.answeredAt === undefined ? 'new' : 'good';
}
