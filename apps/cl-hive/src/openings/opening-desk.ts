import type { NodeId } from '@cl-hive/core';

/**
 * Where an order stands. `proposed`: a person must say yes. `waiting`: approved, or within the
 * limits, and asking the hive for the target. `opening`: written down, lightningd is asked.
 * `unknown`: whether lightningd did it is not known yet, and the target stays blocked. The others
 * are final.
 */
export type OrderState =
  | 'proposed'
  | 'waiting'
  | 'opening'
  | 'unknown'
  | 'done'
  | 'failed'
  | 'cancelled'
  | 'rejected'
  | 'expired'
  | 'given_up';

/** `refused` and `allowed` are answers only: nothing of them is kept. */
export type OpeningAnswerState = OrderState | 'refused' | 'allowed';

/** What an order asks of the node. All but `open` always need a person. */
export type OrderKind = 'open' | 'splice_in' | 'splice_out' | 'close';

/** Why an order is where it is, for people: what it is about, and what would change it. */
export interface OrderReason {
  readonly code: string;
  readonly message: string;
  readonly remedy?: string;
}

/** A channel that somebody wants opened. */
export interface OpeningRequest {
  /** 1 to 64 characters of `A-Za-z0-9:._-`; the same id is the same opening, for ever. */
  readonly id: string;
  readonly target: NodeId;
  readonly capacitySat: bigint;
  /** `urgent`, `normal`, `slow`, or a number with `perkw` or `perkb`; `normal` unless given. */
  readonly feerate?: string;
  /** Why, in a sentence that the approving person reads. */
  readonly reason: string;
  /** Who wants it: `planner`, `operator`, ... */
  readonly proposedBy: string;
  /** Asks a person even where the limits would let it go without. */
  readonly askPerson?: boolean;
  /** Judged as it would be, and nothing kept or done: the answer is `allowed`, `proposed` or `refused`. */
  readonly dryRun?: boolean;
}

/** An order as others see it. */
export interface OpeningView {
  readonly id: string;
  readonly kind: OrderKind;
  readonly target: NodeId;
  readonly capacitySat: bigint;
  readonly state: OpeningAnswerState;
  readonly reason?: OrderReason;
  /** Why it was asked for. */
  readonly wanted: string;
  readonly proposedBy: string;
  /** Number in `hive-pending-actions`, where a person was or is asked. */
  readonly actionId?: number;
  /** Unix milliseconds, labels. */
  readonly madeAt: number;
  readonly changedAt: number;
  /** Once known: `txid:outnum` of the funding. */
  readonly outpoint?: string;
  readonly channelId?: string;
  /** How far the hive's grants are, while it waits. */
  readonly grants?: {
    readonly have: number;
    readonly need: number;
    readonly silent: readonly NodeId[];
  };
}

/** One page of orders, the newest first. */
export interface OpeningPage {
  readonly openings: readonly OpeningView[];
  /** Where the next page begins; absent on the last. */
  readonly cursor?: string;
}

/**
 * The one place that opens channels: judged by the owner's limits, agreed with the hive, written
 * down before lightningd is asked, never tried twice. Refusals are answers, never thrown.
 */
export interface OpeningDesk {
  /** Asks for an opening; asking again by the same id only tells where it stands. */
  request(request: OpeningRequest): Promise<OpeningView>;
  /** Takes an opening back; one that lightningd was asked for goes on. Undefined: no such id. */
  cancel(id: string, reason: string): Promise<OpeningView | undefined>;
  view(id: string): Promise<OpeningView | undefined>;
  /** `limit` at most 100. */
  list(query: {
    readonly state?: OrderState;
    readonly limit: number;
    readonly cursor?: string;
  }): Promise<OpeningPage>;
  /** Tells each change of a kept order, after it is on disk; gives how to end it. */
  subscribe(listener: (view: OpeningView) => void): () => void;
}

const OVER: ReadonlySet<OpeningAnswerState> = new Set([
  'done',
  'failed',
  'cancelled',
  'rejected',
  'expired',
  'given_up',
  'refused',
]);

/** Whether nothing more becomes of it. */
export function isOver(state: OpeningAnswerState): boolean {
  return OVER.has(state);
}
