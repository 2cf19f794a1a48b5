import type { NodeId } from '@cl-hive/core';
import type { Acceptance, Ballot, Epoch, Succession } from './epoch.ts';
import type { LockRow, LockTable, LockTables, RefusalReason } from './types.ts';

/** Answers to one attempt; lost in a crash and asked for again. */
export interface Round {
  readonly granted: ReadonlySet<NodeId>;
  /** Signatures of the grants, this node's own among them. */
  readonly words: ReadonlyMap<NodeId, string>;
  readonly refused: ReadonlyMap<
    NodeId,
    { readonly reason: RefusalReason; readonly holder?: NodeId }
  >;
  /** Guard time of the last request to those that did not grant. */
  readonly askedAt: number;
  /** Guard time at which the hold of the original's protocol ends. */
  readonly holdUntil: number;
}

/** A succession this node proposes; lost in a crash and proposed anew. */
export interface Proposal {
  readonly epoch: number;
  readonly ballot: Ballot;
  readonly value: Succession;
  readonly promises: ReadonlyMap<
    NodeId,
    { readonly ballot: Ballot; readonly value: Succession } | undefined
  >;
  readonly accepted: ReadonlyMap<NodeId, Acceptance>;
  readonly phase: 'prepare' | 'accept';
  readonly askedAt: number;
}

/** All a node knows for the lock. `tables` is what is on disk; the rest is learned again after a restart. */
export interface LockState {
  readonly self: NodeId;
  readonly tables: { readonly [T in LockTable]: ReadonlyMap<string, LockTables[T]> };
  /** Greatest block height seen; never falls, also not in a reorganisation. */
  readonly height: number;
  readonly rounds: ReadonlyMap<string, Round>;
  readonly originals: ReadonlySet<NodeId>;
  /** Intents of original peers: `from|target`, with the window they came in. */
  readonly foreign: ReadonlyMap<string, number>;
  /** Targets with a channel of some member. */
  readonly taken: ReadonlyMap<NodeId, ReadonlySet<NodeId>>;
  readonly electorate: readonly NodeId[] | undefined;
  /** Lying members that an opening withstands. */
  readonly liars: number;
  readonly proposal: Proposal | undefined;
  /** Guard time at which proofs were last shown again. */
  readonly provedAt: number;
  readonly reconciledAt: ReadonlyMap<string, number>;
}

/** The lock of a node that has nothing on disk; `epoch` is what it was given when it joined or began. */
export function newLock(self: NodeId, epoch: Epoch | undefined): LockState {
  return {
    self,
    tables: {
      grants: new Map(),
      aborted: new Map(),
      strikes: new Map(),
      wishes: new Map(),
      releases: new Map(),
      epochs: epoch === undefined ? new Map() : new Map([[String(epoch.number), epoch]]),
      acceptors: new Map(),
      proofs: new Map(),
      doubles: new Map(),
      marks: new Map(),
    },
    height: 0,
    rounds: new Map(),
    originals: new Set(),
    foreign: new Map(),
    taken: new Map(),
    electorate: undefined,
    liars: 0,
    provedAt: 0,
    proposal: undefined,
    reconciledAt: new Map(),
  };
}

/** The rows that hold `state` on disk, for the first store. */
export function lockRows(state: LockState): readonly LockRow[] {
  return (Object.keys(state.tables) as LockTable[]).flatMap((table) =>
    [...state.tables[table]].map(([key, value]) => ({ table, key, value }) as LockRow),
  );
}

/**
 * The lock as its rows have it after a crash. An opening that was under way is unknown: nobody can
 * tell here whether the RPC was called.
 */
export function restoreLock(self: NodeId, rows: Iterable<LockRow>): LockState {
  const empty = newLock(self, undefined);
  const tables = Object.fromEntries(
    Object.keys(empty.tables).map((table) => [table, new Map<string, unknown>()]),
  );
  for (const { table, key, value } of rows) {
    tables[table]?.set(key, value);
  }
  const restored = tables as unknown as { [T in LockTable]: Map<string, LockTables[T]> };
  for (const [id, wish] of restored.wishes) {
    if (wish.phase === 'opening') {
      restored.wishes.set(id, { ...wish, phase: 'unknown', reason: 'outcome_unknown' });
    }
  }
  return { ...empty, tables: restored, height: restored.marks.get('height') ?? 0 };
}
