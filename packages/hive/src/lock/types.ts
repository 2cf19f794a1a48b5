import type { NodeId } from '@cl-hive/core';
import type { Acceptance, Ballot, Epoch, Succession } from './epoch.ts';

/** A member's word that nobody else gets it for the target and window. Stored before it is answered. */
export interface Grant {
  readonly attempt: string;
  readonly target: NodeId;
  readonly window: number;
  readonly holder: NodeId;
  readonly epoch: number;
  /** Guard time it was given at, a label. */
  readonly since: number;
}

/** A grant as its member signed it (`grantText`). */
export interface GrantWord {
  readonly member: NodeId;
  readonly attempt: string;
  readonly target: NodeId;
  readonly window: number;
  readonly holder: NodeId;
  readonly epoch: number;
  /** zbase32. */
  readonly signature: string;
}

/** The grants by which a channel was opened, its holder's own among them. */
export interface Proof extends Omit<GrantWord, 'member' | 'signature'> {
  readonly words: readonly { readonly member: NodeId; readonly signature: string }[];
  /** Members that have not seen a proof of this node. */
  readonly untold: readonly NodeId[];
}

/**
 * Two grants of one member for one target and window, both used. `abort` is the signature by which
 * the holder of the first had given its grant up, which clears the member.
 */
export interface DoubleGrant {
  readonly first: GrantWord;
  readonly second: GrantWord;
  readonly abort?: string;
}

/** A holder's word that it gave an attempt up. */
export interface AbortWord {
  readonly window: number;
  readonly holder: NodeId;
  readonly signature: string;
}

/**
 * Where an opening stands. `approval`: a person must say yes. `waiting`: for a window it may ask in.
 * `gathering`: asking for grants. `opening`: stored before the RPC is called. `unknown`: its outcome
 * is not known and it blocks. The others are final.
 */
export type WishPhase =
  | 'approval'
  | 'waiting'
  | 'gathering'
  | 'opening'
  | 'unknown'
  | 'opened'
  | 'failed'
  | 'cancelled'
  | 'given_up';

/** Why an opening is where it is. */
export type WishReason =
  | 'contestable_by_originals'
  | 'contested_by_original'
  | 'held_by_other'
  | 'gave_way'
  | 'no_quorum'
  | 'no_epoch'
  | 'not_in_epoch'
  | 'window_over'
  | 'already_open'
  | 'outcome_unknown'
  | 'overruled'
  | 'open_failed'
  | 'person';

/** An opening this node wants, from its wish to its end; at most one per target is not final. */
export interface Wish {
  readonly id: string;
  readonly target: NodeId;
  readonly capacitySat: bigint;
  readonly phase: WishPhase;
  /** Window of the current or last attempt; -1 before the first. */
  readonly window: number;
  /** Window it was made in. */
  readonly madeIn: number;
  readonly approved: boolean;
  readonly reason?: WishReason;
  /** Grants that it was opened by: the holder can show its majority. */
  readonly words?: Proof['words'];
  /** Funding outpoint or other marker, once opened. */
  readonly outcome?: string;
}

/** An attempt this node gave up for good, told to those it asked until they have answered. */
export interface Release {
  readonly target: NodeId;
  readonly window: number;
  readonly untold: readonly NodeId[];
}

/** Grants that a holder let pass without an opening. */
export interface Strike {
  readonly count: number;
  /** Window up to which, exclusive, the holder is refused. */
  readonly until: number;
}

/** What a member promised in the succession of an epoch (Paxos acceptor); stored before it is told. */
export interface Acceptor {
  readonly promised: Ballot;
  readonly accepted?: { readonly ballot: Ballot; readonly value: Succession };
  /** First window without grants under the old epoch; undefined before the first acceptance. */
  readonly stop?: number;
}

/** The tables that outlive a crash; each row is stored under its key. */
export interface LockTables {
  readonly grants: Grant;
  /** Attempts that their holders aborted, with their words. */
  readonly aborted: AbortWord;
  readonly strikes: Strike;
  readonly wishes: Wish;
  readonly releases: Release;
  readonly epochs: Epoch;
  readonly acceptors: Acceptor;
  /** Openings whose grants were shown, by `holder/attempt`; a week of them. */
  readonly proofs: Proof;
  /** Evidence, by `member/window/target`. */
  readonly doubles: DoubleGrant;
  /** `height`: greatest block height that released something. */
  readonly marks: number;
}

/** The name of a durable table. */
export type LockTable = keyof LockTables;

/** One change of a durable table; `value` undefined deletes. */
export type LockRow = {
  [T in LockTable]: {
    readonly table: T;
    readonly key: string;
    readonly value: LockTables[T] | undefined;
  };
}[LockTable];

/** Why a member gives no grant. */
export type RefusalReason =
  | 'held'
  | 'aborted'
  | 'one_per_window'
  | 'window_over'
  | 'window_ahead'
  | 'epoch'
  | 'epoch_ending'
  | 'not_a_member'
  | 'already_open'
  | 'quota'
  | 'backed_off'
  | 'full';

/** Messages among nodes of this software; `from` is the verified signer. */
export type LockMessage =
  | {
      readonly kind: 'request';
      readonly attempt: string;
      readonly target: NodeId;
      readonly window: number;
      readonly epoch: number;
    }
  | {
      readonly kind: 'grant';
      readonly attempt: string;
      readonly target: NodeId;
      readonly window: number;
      readonly epoch: number;
      readonly signature: string;
    }
  | {
      readonly kind: 'refuse';
      readonly attempt: string;
      readonly reason: RefusalReason;
      /** Who holds it, with `held`. */
      readonly holder?: NodeId;
      /** The newest epoch the member knows, with `epoch`. */
      readonly epoch: number;
    }
  | {
      readonly kind: 'abort';
      readonly attempt: string;
      readonly target: NodeId;
      readonly window: number;
      readonly signature: string;
    }
  | { readonly kind: 'proof'; readonly proof: Omit<Proof, 'untold'> }
  | { readonly kind: 'proof_known'; readonly attempt: string }
  | { readonly kind: 'double'; readonly double: DoubleGrant }
  | { readonly kind: 'aborted'; readonly attempt: string }
  | { readonly kind: 'prepare'; readonly epoch: number; readonly ballot: Ballot }
  | {
      readonly kind: 'promise';
      readonly epoch: number;
      readonly ballot: Ballot;
      readonly accepted?: { readonly ballot: Ballot; readonly value: Succession };
    }
  | { readonly kind: 'accept'; readonly ballot: Ballot; readonly value: Succession }
  | {
      readonly kind: 'accepted';
      readonly ballot: Ballot;
      readonly value: Succession;
      readonly acceptance: Acceptance;
    }
  | { readonly kind: 'ask_epoch'; readonly after: number }
  | { readonly kind: 'epoch'; readonly epoch: Epoch };

type Unsigned<T> = T extends { readonly signature: string } ? Omit<T, 'signature'> : never;

/** A message that the runner signs before it sends it. */
export type SignedLockMessage = Unsigned<LockMessage>;

/** What the lock is told. Facts may come twice and in any order. */
export type LockInput =
  | { readonly kind: 'start' }
  | { readonly kind: 'tick' }
  | { readonly kind: 'block'; readonly height: number }
  | {
      readonly kind: 'wish';
      readonly id: string;
      readonly target: NodeId;
      readonly capacitySat: bigint;
      readonly approved: boolean;
    }
  | { readonly kind: 'approve'; readonly id: string }
  /**
   * How many lying members an opening of this node withstands: 0 (the default) needs a majority and
   * finds liars afterwards, 1 needs as many grants as make sure that an honest member is in both of
   * any two sets.
   */
  | { readonly kind: 'tolerate'; readonly liars: number }
  | { readonly kind: 'cancel'; readonly id: string }
  /** A person opens without the majority, and answers for it. */
  | { readonly kind: 'overrule'; readonly id: string }
  | {
      readonly kind: 'outcome';
      readonly id: string;
      readonly outcome: 'opened' | 'not_opened' | 'unknown';
      readonly marker?: string;
    }
  | { readonly kind: 'message'; readonly from: NodeId; readonly message: LockMessage }
  /** Members that speak only the original's protocol. */
  | { readonly kind: 'originals'; readonly members: readonly NodeId[] }
  | { readonly kind: 'original_intent'; readonly from: NodeId; readonly target: NodeId }
  | { readonly kind: 'original_abort'; readonly from: NodeId; readonly target: NodeId }
  /** Whether the public graph, or this node, shows a channel of a member with the target. */
  | {
      readonly kind: 'channel';
      readonly holder: NodeId;
      readonly target: NodeId;
      readonly open: boolean;
    }
  /** The same of all targets of a member at once: those that are not named have no channel with it. */
  | { readonly kind: 'channels'; readonly holder: NodeId; readonly targets: readonly NodeId[] }
  /**
   * The first epoch that this node knows: of the hive it founded, or that let it in, its signatures
   * verified. It also replaces an epoch of this node alone under which nothing is granted any more.
   */
  | { readonly kind: 'given_epoch'; readonly epoch: Epoch }
  /** This node left its hive: what its members granted one another is nothing to the next one. */
  | { readonly kind: 'left' }
  /** Who should decide, as membership has it: an epoch that differs is succeeded. */
  | { readonly kind: 'electorate'; readonly members: readonly NodeId[] };

/** What the runner carries out, in order. A command that fails is never a reason to skip `store`. */
export type LockCommand =
  /** One transaction; nothing after it may run before it is on disk. */
  | { readonly kind: 'store'; readonly rows: readonly LockRow[] }
  | { readonly kind: 'send'; readonly to: NodeId; readonly message: LockMessage }
  /**
   * Sign `lockText(to, message)` for each of `to`, and send the message with its `signature`. `to` may
   * be this node itself: then it is the next input, as a message from self.
   */
  | {
      readonly kind: 'send_signed';
      readonly to: readonly NodeId[];
      readonly message: SignedLockMessage;
    }
  /**
   * Sign `acceptanceText(value, ballot, stop)` and send `accepted` with it to `to`, which may be this
   * node itself: then it is the next input, as a message from self.
   */
  | {
      readonly kind: 'accept';
      readonly to: NodeId;
      readonly ballot: Ballot;
      readonly value: Succession;
      readonly stop: number;
    }
  /**
   * Open the channel, after `mayOpen` said yes once more. Any answer but a definite one is
   * `unknown`; there is no second try.
   */
  | {
      readonly kind: 'open';
      readonly id: string;
      readonly attempt: string;
      readonly target: NodeId;
      readonly capacitySat: bigint;
    }
  /** Find out by the attempt's marker whether it opened; `not_opened` only if it never can any more. */
  | {
      readonly kind: 'reconcile';
      readonly id: string;
      readonly attempt: string;
      readonly target: NodeId;
    }
  /** Announce (or take back) the intent to the original peers: INTENT, INTENT_ABORT. */
  | { readonly kind: 'announce'; readonly target: NodeId }
  | { readonly kind: 'take_back'; readonly target: NodeId }
  | {
      readonly kind: 'notice';
      readonly code: WishReason | 'epoch_begins' | 'bound_reached' | 'double_grant';
      readonly id?: string;
      readonly detail?: string;
    };
