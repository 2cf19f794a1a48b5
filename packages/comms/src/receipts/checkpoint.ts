import { bytesToHex, hexToBytes, type JsonObject, type UnixMs } from '@cl-hive/core';
import { CHECKPOINT_RECEIPTS } from '../limits.ts';
import { MerkleTree } from './merkle.ts';
import type { ReceiptDraft } from './receipt.ts';

/**
 * What a checkpoint seals: an hour or a day (UTC) with its Merkle root, or all that a prune is about
 * to remove. After a prune the chain begins with its checkpoint.
 */
export const CHECKPOINT_SCOPES = ['hour', 'day', 'prune'] as const;

/** A scope of checkpoints. */
export type CheckpointScope = (typeof CHECKPOINT_SCOPES)[number];

/** Where a scope stands: what came since its last checkpoint. */
export interface CheckpointState {
  readonly scope: CheckpointScope;
  /** Number of the first receipt since then. */
  readonly fromSeq: number;
  /** Time of the first receipt since then; undefined when there is none. */
  readonly firstAt: UnixMs | undefined;
}

const PERIOD_MS = { hour: 3_600_000, day: 86_400_000 } as const;

/** Whether a scope's period, in which something was recorded, is over. */
export function checkpointDue(state: CheckpointState, now: UnixMs): boolean {
  if (state.scope === 'prune' || state.firstAt === undefined) {
    return false;
  }
  const period = PERIOD_MS[state.scope];
  return Math.floor(now / period) !== Math.floor(state.firstAt / period);
}

/** Whether the head should be published outside: every 64 receipts, and every hour in which there was one. */
export function publishDue(
  published: { readonly seq: number; readonly at: UnixMs },
  headSeq: number,
  now: UnixMs,
): boolean {
  const fresh = headSeq - published.seq;
  return fresh >= CHECKPOINT_RECEIPTS || (fresh > 0 && Math.abs(now - published.at) >= 3_600_000);
}

/** The Merkle root of receipts' digests, in their order. */
export function merkleRoot(digests: Iterable<string>): string {
  const tree = new MerkleTree();
  for (const digest of digests) {
    tree.add(hexToBytes(digest));
  }
  return bytesToHex(tree.root());
}

/**
 * The receipt that seals a range. `from` is the receipt after the scope's previous checkpoint, or 1;
 * `to` is the receipt right before this one; `digests` are those of the range, in order.
 */
export function checkpointDraft(
  scope: CheckpointScope,
  range: { readonly from: number; readonly to: number },
  digests: Iterable<string>,
  at: UnixMs,
): ReceiptDraft {
  const data: JsonObject = { scope, from: range.from, to: range.to, root: merkleRoot(digests) };
  return { kind: 'checkpoint', at, data };
}
