import { bytesToHex, type JsonObject, type NodeId, type UnixMs } from '@cl-hive/core';
import { canonicalText, utf8ToBytes } from '@cl-hive/protocol';
import { sha256 } from '@noble/hashes/sha2.js';
import type { Hash } from './merkle.ts';

/**
 * What a receipt records. `intent` stands before an effect and `outcome` after it; `unknown` says in
 * between that the outcome could not be told yet. `refusal` is a dangerous request that was refused,
 * `approval` a person's word, `admin` a change by the operator, `checkpoint` seals what went before.
 */
export const RECEIPT_KINDS = [
  'intent',
  'outcome',
  'unknown',
  'refusal',
  'approval',
  'admin',
  'checkpoint',
] as const;

/** A kind of receipt. */
export type ReceiptKind = (typeof RECEIPT_KINDS)[number];

/** What a receipt is made of, before it has its place in the chain. Amounts are decimal texts in msat. */
export interface ReceiptDraft {
  readonly kind: ReceiptKind;
  readonly at: UnixMs;
  readonly data: JsonObject;
}

/** The place of the newest receipt: its number, from 1, and its digest. */
export interface ChainHead {
  readonly seq: number;
  readonly digest: string;
}

/** A receipt in its place. The digest is over the body's text; the node's signature is over the digest. */
export interface Receipt {
  readonly seq: number;
  readonly kind: ReceiptKind;
  /** Canonical JSON: version, number, kind, time, node, digest of the one before, data. */
  readonly body: string;
  /** 64 hexadecimal digits. */
  readonly digest: string;
}

/** A receipt with the signature that lightningd made, once it has. */
export interface SignedReceipt extends Receipt {
  /** zbase32, over {@link receiptSigningText}. */
  readonly signature: string | undefined;
}

/** The head of a chain without receipts. */
export const EMPTY_HEAD: ChainHead = { seq: 0, digest: '0'.repeat(64) };

const DOMAIN = 'cl-hive/receipt/v1:';

/** The digest of a body's text, under the chain's own domain. */
export function receiptDigest(body: string, hash: Hash = sha256): string {
  return bytesToHex(hash(utf8ToBytes(DOMAIN + body)));
}

/** The text that the node signs under a receipt; as the chain is linked, it vouches for all before it too. */
export function receiptSigningText(node: NodeId, seq: number, digest: string): string {
  return `${DOMAIN}${node}:${seq}:${digest}`;
}

/**
 * Puts a draft behind the head. Throws CodedError `envelope_number` for a number that is no safe
 * integer. The caller stores receipt and head in one transaction: two receipts with one predecessor
 * are a fork.
 */
export function appendReceipt(
  head: ChainHead,
  draft: ReceiptDraft,
  node: NodeId,
): { readonly receipt: Receipt; readonly head: ChainHead } {
  const seq = head.seq + 1;
  const body = `{"at":${draft.at},"data":${canonicalText(draft.data)},"kind":"${draft.kind}","node":"${node}","prev":"${head.digest}","seq":${seq},"v":1}`;
  const digest = receiptDigest(body);
  return { receipt: { seq, kind: draft.kind, body, digest }, head: { seq, digest } };
}
