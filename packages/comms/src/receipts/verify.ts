import { type Curve, nobleCurve, verifyMessage } from '@cl-hive/protocol';
import { sha256 } from '@noble/hashes/sha2.js';
import { type ExportLine, readExportLine } from './export-line.ts';
import type { Hash } from './merkle.ts';
import { checkProof } from './proof.ts';
import { EMPTY_HEAD, receiptDigest, receiptSigningText } from './receipt.ts';
import {
  type Anchor,
  CheckpointTrees,
  OpenIntents,
  type ReceiptBody,
  type ReceiptFault,
  type ReceiptFaultCode,
  readBody,
  type VerifyOptions,
} from './verify-state.ts';

/** What a verification found. */
export interface VerifyReport {
  readonly ok: boolean;
  readonly receipts: number;
  /** Signatures that were checked and good. */
  readonly signatures: number;
  /** Intents with a good signature of the advisor itself; counted when all signatures are checked. */
  readonly proven: number;
  /** The last receipts of the chain that carry no signature yet, and how many. */
  readonly unsignedTail: number;
  /** Intents without an outcome at the end. */
  readonly openIntents: readonly number[];
  readonly head: Anchor;
  readonly faults: readonly ReceiptFault[];
}

/**
 * Verifies an exported chain line by line, with nothing but the export. Memory is that of the gaps
 * and open intents, not of the chain. Feed it with {@link ReceiptVerifier.line}, then ask for the report.
 */
export class ReceiptVerifier {
  readonly #options: VerifyOptions;
  readonly #curve: Curve;
  readonly #hash: Hash;
  readonly #anchors: Map<number, string>;
  readonly #missing = new Set<number>();
  #faults: ReceiptFault[] = [];
  #lines = 0;
  #receipts = 0;
  #signatures = 0;
  #unsignedTail = 0;
  #proven = 0;
  #head: Anchor = EMPTY_HEAD;
  /** The newest signed receipt whose signature was not looked at. */
  #pending: { readonly seq: number; readonly line: ExportLine; readonly at: number } | undefined;
  #trees: CheckpointTrees | undefined;
  #intents = new OpenIntents(false);

  constructor(options: VerifyOptions, curve: Curve = nobleCurve, hash: Hash = sha256) {
    this.#options = options;
    this.#curve = curve;
    this.#hash = hash;
    this.#anchors = new Map((options.anchors ?? []).map(({ seq, digest }) => [seq, digest]));
  }

  /** Whether enough faults were found to stop reading. */
  get full(): boolean {
    return this.#faults.length >= this.#options.faultsMax;
  }

  #fault(
    code: ReceiptFaultCode,
    seq: number | undefined,
    message: string,
    line = this.#lines,
  ): void {
    if (!this.full) {
      this.#faults.push({ code, line, seq, message });
    }
  }

  /** Takes the next line of the export, without its end of line; empty lines are passed over. */
  line(text: string): void {
    this.#lines += 1;
    if (text === '' || this.full) {
      return;
    }
    const line = readExportLine(text);
    const body = line === undefined ? undefined : readBody(line.body);
    if (line === undefined || body === undefined) {
      this.#fault('not_a_receipt', undefined, 'the line is no receipt');
      return;
    }
    this.#receipts += 1;
    const { seq } = body;
    if (receiptDigest(line.body, this.#hash) !== line.digest) {
      this.#fault('edited', seq, `receipt ${seq} was changed after it was written`);
    }
    if (body.node !== this.#options.node) {
      this.#fault('wrong_node', seq, `receipt ${seq} belongs to another node`);
    }
    if (this.#inOrder(line, body)) {
      this.#follow(line, body);
    }
  }

  /** Whether the receipt is the next one, or the first one after a gap. */
  #inOrder(line: ExportLine, body: ReceiptBody): boolean {
    const { seq } = body;
    const expected = this.#head.seq + 1;
    if (this.#receipts === 1) {
      this.#start(line, body);
      return true;
    }
    if (seq < expected) {
      if (this.#missing.delete(seq)) {
        this.#fault('reordered', seq, `receipt ${seq} stands after receipt ${this.#head.seq}`);
      } else if (seq === this.#head.seq && line.digest === this.#head.digest) {
        this.#fault('repeated', seq, `receipt ${seq} stands twice`);
      } else {
        this.#fault('forked', seq, `there is a second receipt ${seq}`);
      }
      return false;
    }
    if (seq > expected) {
      const last = seq - 1;
      const what = last === expected ? `receipt ${last} is` : `receipts ${expected} to ${last} are`;
      this.#fault('gap', expected, `${what} missing`);
      for (let lost = expected; lost <= last && this.#missing.size < 10_000; lost += 1) {
        this.#missing.add(lost);
      }
    } else if (body.prev !== this.#head.digest) {
      this.#fault('broken_link', seq, `receipt ${seq} does not follow receipt ${this.#head.seq}`);
    }
    return true;
  }

  /** A chain begins with receipt 1, or, once pruned, with the signed checkpoint that was made for it. */
  #start(line: ExportLine, body: ReceiptBody): void {
    const { seq, kind, prev, data } = body;
    const seal = kind === 'checkpoint' && data['scope'] === 'prune';
    if (seq === 1) {
      if (prev !== EMPTY_HEAD.digest) {
        this.#fault('broken_link', 1, 'receipt 1 names one before it');
      }
    } else if (!seal || line.signature === undefined) {
      this.#fault(
        'start_not_sealed',
        seq,
        `what is before receipt ${seq} is missing and not sealed`,
      );
    }
    this.#trees = new CheckpointTrees(this.#hash, seq);
    this.#intents = new OpenIntents(seq !== 1);
  }

  #follow(line: ExportLine, body: ReceiptBody): void {
    const { seq } = body;
    if (body.kind === 'checkpoint') {
      const wrong = this.#trees?.check(body);
      if (wrong !== undefined) {
        this.#fault('root_mismatch', seq, `checkpoint ${seq}: ${wrong}`);
      }
    }
    this.#trees?.add(line.digest);
    const wrong = this.#intents.check(body);
    if (wrong !== undefined) {
      this.#fault(wrong, seq, `receipt ${seq} does not match its intent`);
    }
    if (body.kind === 'intent' && this.#options.signatures === 'all') {
      const proof = checkProof(body.data, this.#curve);
      this.#proven += proof === 'valid' ? 1 : 0;
      if (proof === 'invalid') {
        this.#fault('advisor_signature_invalid', seq, `the advisor did not sign request ${seq}`);
      }
    }
    const anchor = this.#anchors.get(seq);
    if (anchor !== undefined && anchor !== line.digest) {
      this.#fault('anchor_mismatch', seq, `receipt ${seq} is not the one that was published`);
    }
    this.#head = { seq, digest: line.digest };
    this.#unsignedTail = line.signature === undefined ? this.#unsignedTail + 1 : 0;
    if (line.signature === undefined) {
      return;
    }
    if (body.kind === 'checkpoint' || this.#options.signatures === 'all') {
      this.#checkSignature(seq, line, this.#lines);
      this.#pending = undefined;
    } else {
      this.#pending = { seq, line, at: this.#lines };
    }
  }

  #checkSignature(seq: number, line: ExportLine, at: number): void {
    const text = receiptSigningText(this.#options.node, seq, line.digest);
    if (verifyMessage(text, line.signature ?? '', this.#options.node, this.#curve)) {
      this.#signatures += 1;
    } else {
      this.#fault('signature_invalid', seq, `the node did not sign receipt ${seq}`, at);
    }
  }

  /** Ends the reading: the last signature, cut tails, what is open. */
  report(): VerifyReport {
    if (this.#pending !== undefined) {
      const { seq, line, at } = this.#pending;
      this.#checkSignature(seq, line, at);
      this.#pending = undefined;
    }
    for (const seq of [...this.#anchors.keys()].sort((a, b) => a - b)) {
      if (seq > this.#head.seq) {
        const message = `receipts after ${this.#head.seq} are missing: ${seq} was published`;
        this.#fault('tail_cut', this.#head.seq + 1, message, 0);
        break;
      }
    }
    const { seq } = this.#head;
    if (this.#receipts > 0 && this.#unsignedTail > this.#options.unsignedTailMax) {
      const message = `the last ${this.#unsignedTail} receipts carry no signature of the node`;
      this.#fault('signature_missing', seq, message, 0);
    }
    return {
      ok: this.#faults.length === 0,
      receipts: this.#receipts,
      signatures: this.#signatures,
      proven: this.#proven,
      unsignedTail: this.#unsignedTail,
      openIntents: this.#intents.open,
      head: this.#head,
      faults: this.#faults,
    };
  }
}

/** Verifies the lines of an export at once. */
export function verifyReceipts(
  lines: Iterable<string>,
  options: VerifyOptions,
  curve: Curve = nobleCurve,
  hash: Hash = sha256,
): VerifyReport {
  const verifier = new ReceiptVerifier(options, curve, hash);
  for (const line of lines) {
    verifier.line(line);
    if (verifier.full) {
      break;
    }
  }
  return verifier.report();
}
