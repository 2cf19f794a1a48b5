import { bytesToHex, hexToBytes, isJsonObject, type JsonObject, type NodeId } from '@cl-hive/core';
import { CHECKPOINT_SCOPES, type CheckpointScope } from './checkpoint.ts';
import { type Hash, MerkleTree } from './merkle.ts';
import { RECEIPT_KINDS, type ReceiptKind } from './receipt.ts';

/** What is wrong with a chain. */
export type ReceiptFaultCode =
  | 'not_a_receipt'
  | 'edited'
  | 'wrong_node'
  | 'start_not_sealed'
  | 'gap'
  | 'reordered'
  | 'repeated'
  | 'forked'
  | 'broken_link'
  | 'signature_invalid'
  | 'signature_missing'
  | 'root_mismatch'
  | 'outcome_without_intent'
  | 'outcome_repeated'
  | 'advisor_signature_invalid'
  | 'tail_cut'
  | 'anchor_mismatch';

/** One fault and its place. */
export interface ReceiptFault {
  readonly code: ReceiptFaultCode;
  /** Line of the export, from 1; 0 when it is about what is not there. */
  readonly line: number;
  /** Number of the receipt; undefined when it could not be read. */
  readonly seq: number | undefined;
  readonly message: string;
}

/** The members of a body. */
export interface ReceiptBody {
  readonly seq: number;
  readonly kind: ReceiptKind;
  readonly node: string;
  readonly prev: string;
  readonly data: JsonObject;
}

/** Reads a body's text; undefined when it is none. */
export function readBody(text: string): ReceiptBody | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isJsonObject(value)) {
    return undefined;
  }
  const { seq, kind, node, prev, data, v } = value;
  const good =
    v === 1 &&
    typeof seq === 'number' &&
    Number.isSafeInteger(seq) &&
    seq >= 1 &&
    (RECEIPT_KINDS as readonly unknown[]).includes(kind) &&
    typeof node === 'string' &&
    typeof prev === 'string' &&
    isJsonObject(data);
  return good ? { seq, kind: kind as ReceiptKind, node, prev, data } : undefined;
}

/** The Merkle trees of the three scopes while a chain is read. */
export class CheckpointTrees {
  readonly #trees: ReadonlyMap<string, MerkleTree>;
  /** The first receipt in each tree; undefined while what is before the export belongs to it too. */
  readonly #from = new Map<string, number | undefined>();

  constructor(hash: Hash, startSeq: number) {
    this.#trees = new Map(CHECKPOINT_SCOPES.map((scope) => [scope, new MerkleTree(hash)]));
    for (const scope of CHECKPOINT_SCOPES) {
      this.#from.set(scope, startSeq === 1 ? 1 : undefined);
    }
  }

  /** Adds a receipt that follows; a checkpoint is in the next range of its own scope. */
  add(digest: string): void {
    const leaf = hexToBytes(digest);
    for (const tree of this.#trees.values()) {
      tree.add(leaf);
    }
  }

  /** What is wrong with a checkpoint, looked at before it is added; undefined when nothing is. */
  check(body: ReceiptBody): string | undefined {
    const { scope, from, to, root } = body.data;
    const tree = typeof scope === 'string' ? this.#trees.get(scope) : undefined;
    if (tree === undefined) {
      return 'it names no scope';
    }
    const expected = this.#from.get(scope as CheckpointScope);
    const own = bytesToHex(tree.root());
    tree.clear();
    this.#from.set(scope as CheckpointScope, body.seq);
    if (to !== body.seq - 1) {
      return 'it does not end right before itself';
    }
    if (expected === undefined) {
      return undefined;
    }
    return from !== expected
      ? `it does not begin at ${expected}`
      : root === own
        ? undefined
        : 'its Merkle root is another';
  }
}

/** Intents that wait for their outcome while a chain is read. */
export class OpenIntents {
  readonly #open = new Set<number>();
  readonly #sealedStart: boolean;

  /** `sealedStart`: intents from before the export may have their outcomes in it. */
  constructor(sealedStart: boolean) {
    this.#sealedStart = sealedStart;
  }

  /** Intents without an outcome, in order. */
  get open(): readonly number[] {
    return [...this.#open];
  }

  /** What is wrong with how a receipt refers to its intent. */
  check(body: ReceiptBody): 'outcome_without_intent' | 'outcome_repeated' | undefined {
    const intent = body.data['intent'];
    if (typeof intent !== 'number') {
      return body.kind === 'intent' || body.kind === 'outcome' || body.kind === 'unknown'
        ? 'outcome_without_intent'
        : undefined;
    }
    if (body.kind === 'intent') {
      const twice = this.#open.has(intent);
      this.#open.add(intent);
      return twice ? 'outcome_repeated' : undefined;
    }
    if (body.kind === 'outcome') {
      return this.#open.delete(intent) || this.#sealedStart ? undefined : 'outcome_without_intent';
    }
    return body.kind !== 'unknown' || this.#open.has(intent) || this.#sealedStart
      ? undefined
      : 'outcome_without_intent';
  }
}

/** A place known from outside the export. */
export interface Anchor {
  readonly seq: number;
  readonly digest: string;
}

/** How a chain is verified. */
export interface VerifyOptions {
  /** Whose chain it must be. */
  readonly node: NodeId;
  /** Heads that were published outside: what an export lacks of them was cut off. */
  readonly anchors?: readonly Anchor[];
  /**
   * `all` checks each signature that is there; `seals` those of checkpoints and the last one, which
   * through the links vouch for everything before them.
   */
  readonly signatures: 'all' | 'seals';
  /** More receipts than this at the end without a signature are a fault: the node signs within seconds. */
  readonly unsignedTailMax: number;
  /** Stops after this many faults. */
  readonly faultsMax: number;
}
