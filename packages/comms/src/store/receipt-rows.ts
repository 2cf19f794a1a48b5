import { CodedError, type NodeId, type UnixMs } from '@cl-hive/core';
import { prepare, type Reader, type Transactor } from '@cl-hive/store';
import { type CheckpointScope, checkpointDraft } from '../receipts/checkpoint.ts';
import {
  appendReceipt,
  type ChainHead,
  EMPTY_HEAD,
  type Receipt,
  type ReceiptDraft,
  type ReceiptKind,
  type SignedReceipt,
} from '../receipts/receipt.ts';
import { readBody } from '../receipts/verify-state.ts';
import type { CommsTables } from './tables.ts';

const HEAD = prepare<CommsTables, object>()((db) =>
  db.selectFrom('management_receipts').select(['seq', 'digest']).orderBy('seq', 'desc').limit(1),
);

type Row = CommsTables['management_receipts'];

const INSERT = prepare<CommsTables, Omit<Row, 'signature'>>()((db, value) =>
  db.insertInto('management_receipts').values({
    seq: value('seq'),
    kind: value('kind'),
    at_ms: value('at_ms'),
    prev: value('prev'),
    digest: value('digest'),
    body: value('body'),
    signature: null,
  }),
);

/** The newest receipt's place. */
export async function chainHead(reader: Reader<CommsTables>): Promise<ChainHead> {
  const [row] = await reader.run(HEAD, {});
  return row ?? EMPTY_HEAD;
}

/** Puts a draft behind the head; number, predecessor and digest are unique in the table as well. */
export async function addReceipt(
  tx: Transactor<CommsTables>,
  draft: ReceiptDraft,
  node: NodeId,
): Promise<Receipt> {
  const head = await chainHead(tx);
  const { receipt } = appendReceipt(head, draft, node);
  await tx.run(INSERT, {
    seq: receipt.seq,
    kind: receipt.kind,
    at_ms: draft.at,
    prev: head.digest,
    digest: receipt.digest,
    body: receipt.body,
  });
  return receipt;
}

/** Receipts from `from` on, in order, at most `limit`; for pages of an export. */
export async function listReceipts(
  reader: Reader<CommsTables>,
  from: number,
  limit: number,
): Promise<readonly SignedReceipt[]> {
  const rows = await reader
    .selectFrom('management_receipts')
    .select(['seq', 'kind', 'body', 'digest', 'signature'])
    .where('seq', '>=', from)
    .orderBy('seq')
    .limit(limit)
    .execute();
  return rows.map(({ seq, kind, body, digest, signature }) => ({
    seq,
    kind: kind as ReceiptKind,
    body,
    digest,
    signature: signature ?? undefined,
  }));
}

/** Receipts that wait for the node's signature, oldest first. */
export async function listUnsigned(
  reader: Reader<CommsTables>,
  limit: number,
): Promise<readonly { readonly seq: number; readonly digest: string }[]> {
  return reader
    .selectFrom('management_receipts')
    .select(['seq', 'digest'])
    .where('signature', 'is', null)
    .orderBy('seq')
    .limit(limit)
    .execute();
}

/** Stores the node's signature of a receipt. */
export async function signReceipt(
  tx: Transactor<CommsTables>,
  seq: number,
  signature: string,
): Promise<void> {
  await tx
    .updateTable('management_receipts')
    .set({ signature })
    .where('seq', '=', seq)
    .where('signature', 'is', null)
    .execute();
}

async function lastCheckpoint(
  reader: Reader<CommsTables>,
  scope: CheckpointScope,
): Promise<number | undefined> {
  const row = await reader
    .selectFrom('management_receipts')
    .select('seq')
    .where('kind', '=', 'checkpoint')
    .where('body', 'like', `%"scope":"${scope}"%`)
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.seq;
}

/**
 * Seals what came since the scope's last checkpoint; undefined when nothing did. Where that
 * checkpoint was pruned away, the range begins at the oldest receipt that is left.
 */
export async function addCheckpoint(
  tx: Transactor<CommsTables>,
  scope: CheckpointScope,
  at: UnixMs,
  node: NodeId,
): Promise<Receipt | undefined> {
  const last = await lastCheckpoint(tx, scope);
  const rows = await tx
    .selectFrom('management_receipts')
    .select(['seq', 'digest'])
    .where('seq', '>=', last ?? 1)
    .orderBy('seq')
    .execute();
  const [first] = rows;
  const newest = rows.at(-1);
  if (first === undefined || newest === undefined || (last !== undefined && rows.length === 1)) {
    return undefined;
  }
  const range = { from: first.seq, to: newest.seq };
  const digests = rows.map(({ digest }) => digest);
  return addReceipt(tx, checkpointDraft(scope, range, digests, at), node);
}

/**
 * Removes the receipts before a signed checkpoint of the scope `prune`, which the chain then begins
 * with. Throws CodedError `receipt_not_sealed` for any other receipt.
 */
export async function pruneReceipts(tx: Transactor<CommsTables>, seq: number): Promise<number> {
  const seal = await tx
    .selectFrom('management_receipts')
    .select(['kind', 'body', 'signature'])
    .where('seq', '=', seq)
    .executeTakeFirst();
  const scope = seal?.kind === 'checkpoint' ? readBody(seal.body)?.data['scope'] : undefined;
  if (seal === undefined || scope !== 'prune' || seal.signature === null) {
    throw new CodedError('receipt_not_sealed', `receipt ${seq} is no signed checkpoint`, {
      remedy: 'seal the chain, wait for the signature, then prune',
    });
  }
  const done = await tx.deleteFrom('management_receipts').where('seq', '<', seq).executeTakeFirst();
  return Number(done.numDeletedRows);
}
