import type { Msat, NodeId, UnixMs } from '@cl-hive/core';
import type {
  Claim,
  GuardInForce,
  OpenOrder,
  PendingIntent,
  Quality,
} from '@cl-hive/planning-kernel';

/** A channel of this node, as `listpeerchannels` gives it; only what the planner reads. */
export interface OwnChannel {
  readonly peer_id: NodeId;
  readonly state: string;
  readonly opener: string;
  readonly channel_id?: string;
  readonly funding_txid?: string;
  readonly total_msat?: Msat;
  readonly private?: boolean;
}

/** An output of the wallet, as `listfunds` gives it. */
export interface WalletOutput {
  readonly amount_msat: Msat;
  readonly status: string;
  readonly reserved: boolean;
}

/** What lightningd says of this node at one moment. */
export interface NodeFacts {
  readonly self: NodeId;
  readonly now: UnixMs;
  readonly blockHeight: number;
  readonly channels: readonly OwnChannel[];
  readonly outputs: readonly WalletOutput[];
  /** `opening` of `feerates perkb`, sat per 1,000 vbytes; undefined where lightningd does not know it. */
  readonly openingPerkb: number | undefined;
  /** Tags in force on this node's CLBOSS; undefined where there is none. */
  readonly guards: readonly GuardInForce[] | undefined;
}

/** What another member lets the fleet count on, in its own words. */
export interface PlannerWord {
  /** Confirmed on-chain funds, sat. */
  readonly onchainSat: number;
  /** What its operator lets it put into channels now, sat. */
  readonly budgetSat: number;
  /** Whether it opens channels for the fleet at all. */
  readonly canOpen: boolean;
  /** How long ago it last asked for an opening, ms; null where it never did. */
  readonly sinceOpeningMs: number | null;
}

/** A member of the hive as this node knows it. */
export interface FleetMember {
  readonly id: NodeId;
  readonly online: boolean;
  readonly uptimePpm?: number;
  /** Peers it says it has channels with, in whatever state. */
  readonly peers: readonly NodeId[];
  /** undefined where it never said, or too long ago: then nobody counts on its funds. */
  readonly word: PlannerWord | undefined;
}

/** What this node's operator allows. */
export interface OwnAllowance {
  /** Sat that may be put into channels now; what a person must approve first is not bounded by it. */
  readonly budgetSat: number;
  readonly canOpen: boolean;
}

/** Everything that a snapshot is made of, but for the public graph. */
export interface PlannerFacts {
  readonly node: NodeFacts;
  /** All members of the hive, this node among them or not. */
  readonly members: readonly FleetMember[];
  readonly allowance: OwnAllowance;
  readonly claims: readonly Claim[];
  readonly openOrders: readonly OpenOrder[];
  readonly pendingIntents: readonly PendingIntent[];
  readonly quality: readonly Quality[];
  readonly saturated: readonly NodeId[];
  readonly ignored: readonly NodeId[];
  /** Members that were chosen and did nothing: not asked again for a while. */
  readonly passive: ReadonlySet<NodeId>;
  readonly expansionsEnabled: boolean;
  /** How long ago this node last asked for an opening, ms; null where it never did. */
  readonly sinceOpeningMs: number | null;
  /** Time between two cycles, ms: in it the whole fleet opens one channel. */
  readonly intervalMs: number;
  readonly config: Readonly<Record<string, number>>;
}
