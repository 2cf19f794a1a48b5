const HOUR_MS = 3_600_000;

/**
 * How long an action waits for a person, in ms of guard time: the more dangerous, the shorter, since
 * what it was asked for holds for less long. It never lapses into a yes.
 */
export function approvalLifeMs(danger: number): number {
  if (danger >= 9) {
    return HOUR_MS;
  }
  if (danger >= 7) {
    return 6 * HOUR_MS;
  }
  return danger >= 5 ? 24 * HOUR_MS : 72 * HOUR_MS;
}
