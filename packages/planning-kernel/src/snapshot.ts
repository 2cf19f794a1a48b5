import type { NodeId, UnixMs } from '@cl-hive/core';
import type { PlannerConfig } from './config.ts';
import type { Defect } from './defects.ts';
import type { OrderSide } from './intents/order-intent.ts';

/** A node of the fleet. */
export interface Member {
  readonly id: NodeId;
  /** Confirmed on-chain funds, sat. */
  readonly onchainSat: number;
  /** Absent where nobody measured it; that blocks nothing. */
  readonly uptimePpm?: number;
  readonly online: boolean;
  /** Whether its operator lets it open channels for the fleet. */
  readonly canOpen: boolean;
  /** Whether CLBOSS runs on it. */
  readonly clboss: boolean;
  /** What its operator lets it put into channels now, sat; absent where only the fleet's budget binds. */
  readonly budgetSat?: number;
}

/** A channel of a member in any state, as `listpeerchannels` has it. */
export interface MemberChannel {
  readonly member: NodeId;
  readonly peer: NodeId;
  /** lightningd's state, such as `CHANNELD_NORMAL`. */
  readonly state: string;
  readonly totalSat: number;
  readonly channelId?: string;
}

/** What a member's gossip says of its public capacity towards a peer. */
export interface Claim {
  readonly member: NodeId;
  readonly peer: NodeId;
  readonly capacitySat: number;
}

/** An order that was handed out and has not ended. */
export interface OpenOrder {
  readonly clientOrderId: string;
  readonly member: NodeId;
  readonly target: NodeId;
  readonly side: OrderSide;
  readonly quantitySat: number;
  readonly status: 'queued' | 'submitted' | 'unknown';
}

/** An intent of any member that the fleet's intent lock knows. */
export interface PendingIntent {
  readonly id: string;
  readonly member: NodeId;
  readonly target: NodeId;
}

/** What the fleet remembers of a target. */
export interface Quality {
  readonly target: NodeId;
  /** 0 bad to 1,000,000 good. */
  readonly scorePpm?: number;
  /** Refusals in a row. */
  readonly refusals: number;
  readonly lastRefusedAt?: number;
}

/** Tags of CLBOSS in force for a target on a member, from `clboss-unmanaged`. */
export interface GuardInForce {
  readonly member: NodeId;
  readonly target: NodeId;
  readonly tags: readonly string[];
  /** Whether the guard set its tag; tags that the operator set are left alone. */
  readonly ours: boolean;
}

/** Sat that may be put into channels in the present period. */
export interface Budget {
  readonly limitSat: number;
  readonly spentSat: number;
  readonly reservedSat: number;
}

/**
 * Everything that a plan is made from, decoded. Lists are sorted and without repetition, except
 * `channels`, `nodes` and `requests`, which are read by the stages that use them.
 */
export interface Snapshot {
  readonly flags: readonly number[];
  readonly now: UnixMs;
  readonly blockHeight: number;
  /** Entries of `listchannels`. */
  readonly channels: readonly unknown[];
  /** Entries of `listnodes`; undefined where unknown. */
  readonly nodes: readonly unknown[] | undefined;
  readonly members: readonly Member[];
  readonly memberChannels: readonly MemberChannel[];
  readonly claims: readonly Claim[];
  readonly openOrders: readonly OpenOrder[];
  readonly pendingIntents: readonly PendingIntent[];
  readonly quality: readonly Quality[];
  readonly guards: readonly GuardInForce[];
  /** Targets that were saturated after the cycle before. */
  readonly saturated: readonly NodeId[];
  /** Orders that an operator or another runner asks for, as they came. */
  readonly requests: readonly unknown[];
  /** Fee rate of an opening, sat per 1,000 vbytes; undefined where unknown. */
  readonly openingPerkb: number | undefined;
  readonly budget: Budget;
  readonly expansionsEnabled: boolean;
  /** Targets that the operator excludes. */
  readonly ignored: readonly NodeId[];
  readonly config: PlannerConfig;
}

/** A decoded snapshot, and what was wrong with it. */
export interface DecodedSnapshot {
  readonly snapshot: Snapshot;
  readonly defects: readonly Defect[];
  /**
   * What is already under way but could not be read in full: targets that stay closed, and whether
   * even the target is unknown, so that nothing may be spent.
   */
  readonly unreadable: { readonly targets: ReadonlySet<string>; readonly any: boolean };
}
