/**
 * How long to wait before try number `attempt` (0 first): doubles from `firstMs` to `maxMs`, of which
 * between half and all is waited, as `roll` from 0 to 1 says.
 */
export function backoffMs(attempt: number, roll: number, firstMs: number, maxMs: number): number {
  const full = Math.min(maxMs, firstMs * 2 ** Math.min(attempt, 30));
  return Math.round(full * (0.5 + 0.5 * roll));
}
