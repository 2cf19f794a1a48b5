import type { NodeId } from '@cl-hive/core';
import type { WireObject } from '@cl-hive/protocol';

/** A member's own word about itself, whose signature was verified on arrival. */
export interface MemberState {
  readonly peer: NodeId;
  readonly version: number;
  /** Seconds since 1970, the member's own clock. */
  readonly lastUpdate: number;
  readonly capacitySat: bigint;
  readonly availableSat: bigint;
  /** Data hash that its signature covers. */
  readonly dataHash: string;
  readonly topology: readonly NodeId[];
  /** The GOSSIP payload as it was sent: evidence, and what others of our kind are given. */
  readonly raw: WireObject;
}

/** Two signed states with one version and two contents: its author is not to be believed. */
export interface Equivocation {
  readonly first: MemberState;
  readonly second: MemberState;
}

/** What a full sync says of a member that did not sign it: shown, never decided by. */
export interface Hearsay {
  readonly version: number;
  readonly lastUpdate: number;
  readonly from: NodeId;
}

/** The fleet's state as this node knows it. `signed`, `quarantined` and `ownVersion` are durable. */
export interface FleetState {
  readonly self: NodeId;
  readonly signed: ReadonlyMap<NodeId, MemberState>;
  readonly hearsay: ReadonlyMap<NodeId, Hearsay>;
  readonly quarantined: ReadonlyMap<NodeId, Equivocation>;
  /** Version of the last gossip of this node; only grows, also over a lost database. */
  readonly ownVersion: number;
}

/** Why a state was not taken. */
export type StateRefusal =
  | 'not_a_member'
  | 'not_the_owner'
  | 'stale_version'
  | 'version_jump'
  | 'from_the_future'
  | 'too_old'
  | 'above_public_capacity'
  | 'available_above_capacity'
  | 'quarantined'
  | 'known';

/** What became of a state. */
export type StateVerdict =
  | { readonly kind: 'taken' }
  | { readonly kind: 'refused'; readonly code: StateRefusal }
  | { readonly kind: 'equivocation'; readonly evidence: Equivocation };

/** What this node knows itself of a member when it judges its word. */
export interface StateFacts {
  readonly isMember: boolean;
  /** Capacity of the member's channels in the public graph, sat. */
  readonly publicCapacitySat: bigint;
  /** This node's time in seconds; undefined while it has not been confirmed since the start. */
  readonly nowSeconds: number | undefined;
}
