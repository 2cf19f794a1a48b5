import type { Msat, NodeId } from '@cl-hive/core';
import type { PaymentNote } from '../ledger/entry.ts';

/**
 * What the node knows about a command, gathered right before it is judged: its own parameters say
 * only part of it. What could not be found out is undefined or in `unresolved`, and counts against it.
 */
export interface ActionFacts {
  /** Every peer it touches, those behind its channels included. */
  readonly peers: readonly NodeId[];
  /** Every channel it touches, each under all its names (short channel id, alias, channel id). */
  readonly channels: readonly (readonly string[])[];
  /** What leaves the node at most, without fees, in msat; zero when nothing does; undefined when unknown. */
  readonly amountMsat: Msat | undefined;
  /** The highest fee on top, in msat. */
  readonly feeMsat: Msat;
  /** Capacity of the channels that it closes, in msat. */
  readonly closesMsat: Msat;
  /** Capacity of all channels of the node, in msat. */
  readonly capacityMsat: Msat;
  /** The largest change of a fee rate that it makes, in ppm; 0 when it makes none; undefined when unknown. */
  readonly feeChangePpm: number | undefined;
  /** Names in its parameters that the node does not know. */
  readonly unresolved: readonly string[];
  /** What money leaves for, where the action knows it better than its name says. */
  readonly payment?: PaymentNote;
}

/** What happened before, as the policy needs it; read in the transaction that claims the nonce. */
export interface Activity {
  /** Actions other than reads, of all advisors, in the last rolling hour and day. */
  readonly actionsLastHour: number;
  readonly actionsLastDay: number;
  /** Settled, reserved and unknown spending of this principal in the last rolling hour, in msat. */
  readonly spentLastHourMsat: Msat;
  /** Capacity closed or about to be, by all, in the policy's window, in msat. */
  readonly closedInWindowMsat: Msat;
  /** Used of each grant's powers so far (settled, reserved, unknown), by grant id. */
  readonly grantUse: ReadonlyMap<number, GrantUse>;
}

/** What was used of a grant's powers, in msat. */
export interface GrantUse {
  readonly spend: Msat;
  readonly close: Msat;
  readonly forceClose: Msat;
}

/** Facts of an action that touches nothing. */
export const NO_FACTS: ActionFacts = {
  peers: [],
  channels: [],
  amountMsat: 0n as Msat,
  feeMsat: 0n as Msat,
  closesMsat: 0n as Msat,
  capacityMsat: 0n as Msat,
  feeChangePpm: 0,
  unresolved: [],
};

/** A node where nothing happened yet. */
export const NO_ACTIVITY: Activity = {
  actionsLastHour: 0,
  actionsLastDay: 0,
  spentLastHourMsat: 0n as Msat,
  closedInWindowMsat: 0n as Msat,
  grantUse: new Map(),
};
