import { GOSSIP_CHANGE_PERCENT, HEARTBEAT_MS } from '../limits.ts';

/** What this node would say about itself. */
export interface OwnState {
  readonly capacitySat: bigint;
  readonly availableSat: bigint;
  /** Canonical text of the fee policy, and of the sorted topology. */
  readonly feePolicy: string;
  readonly topology: string;
}

/** Why a gossip is due. */
export type GossipReason = 'first' | 'capacity' | 'fees' | 'topology' | 'heartbeat';

function changed(before: bigint, after: bigint, capacity: bigint): boolean {
  const difference = before > after ? before - after : after - before;
  return difference > 0n && difference * 100n >= capacity * GOSSIP_CHANGE_PERCENT;
}

/**
 * Whether to gossip: at 10 % of the capacity in capacity or available balance, at any change of fees
 * or topology, else as a heartbeat. `sinceMs` is guard time since the last gossip.
 */
export function gossipDue(
  last: OwnState | undefined,
  now: OwnState,
  sinceMs: number,
): GossipReason | undefined {
  if (last === undefined) {
    return 'first';
  }
  if (last.feePolicy !== now.feePolicy) {
    return 'fees';
  }
  if (last.topology !== now.topology) {
    return 'topology';
  }
  if (
    changed(last.capacitySat, now.capacitySat, last.capacitySat) ||
    changed(last.availableSat, now.availableSat, last.capacitySat)
  ) {
    return 'capacity';
  }
  return sinceMs >= HEARTBEAT_MS ? 'heartbeat' : undefined;
}
