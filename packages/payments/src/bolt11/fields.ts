import { bytesToHex, isNodeId, type NodeId } from '@cl-hive/core';
import { bytesToUtf8 } from '@cl-hive/protocol';
import { PAYMENT_LIMITS } from '../limits.ts';
import { setBits, wordsToBytes, wordsToNumber } from './words.ts';

/** One hop of a routing hint (BOLT 11, field `r`). */
export interface HintHop {
  readonly node: NodeId;
  /** `block x transaction x output`. */
  readonly shortChannelId: string;
  readonly feeBaseMsat: number;
  readonly feePpm: number;
  /** Blocks. */
  readonly cltvDelta: number;
}

/** What the tagged fields of an invoice say; the first of a kind counts. */
export interface InvoiceFields {
  paymentHash?: string;
  paymentSecret?: string;
  description?: string;
  descriptionHash?: string;
  payee?: NodeId;
  metadata?: string;
  expirySeconds?: number;
  minFinalCltv?: number;
  featureBits?: readonly number[];
  readonly hints: (readonly HintHop[])[];
}

/** What is wrong with a tagged field. */
export type FieldProblem =
  | 'field_length'
  | 'field_cut_off'
  | 'field_not_minimal'
  | 'description_not_utf8'
  | 'too_many_hints';

type Reader = (fields: InvoiceFields, words: readonly number[]) => FieldProblem | undefined;

// Fields of these lengths are skipped when they have another: an example of BOLT 11 that must be read has
// such fields, though its text wants them refused. An invoice that has no other `p` or `s` is refused anyway.
const FIXED_32 = 52;
const FIXED_33 = 53;
const HINT_BYTES = 51;

function fixedHex(key: 'paymentHash' | 'paymentSecret' | 'descriptionHash'): Reader {
  return (fields, words) => {
    if (words.length === FIXED_32) {
      fields[key] ??= bytesToHex(wordsToBytes(words));
    }
    return undefined;
  };
}

function minimalNumber(key: 'expirySeconds' | 'minFinalCltv'): Reader {
  return (fields, words) => {
    if (words[0] === 0) {
      return 'field_not_minimal';
    }
    const value = wordsToNumber(words);
    if (value === undefined) {
      return 'field_length';
    }
    fields[key] ??= value;
    return undefined;
  };
}

/** Readers by the number of the field's type (BOLT 11). Types that are not here are skipped. */
const READERS = new Map<number, Reader>([
  [1, fixedHex('paymentHash')],
  [16, fixedHex('paymentSecret')],
  [23, fixedHex('descriptionHash')],
  [6, minimalNumber('expirySeconds')],
  [24, minimalNumber('minFinalCltv')],
  [13, readDescription],
  [19, readPayee],
  [27, readMetadata],
  [5, readFeatures],
  [3, readHint],
]);

function readDescription(fields: InvoiceFields, words: readonly number[]) {
  const description = bytesToUtf8(wordsToBytes(words));
  if (description === undefined) {
    return 'description_not_utf8';
  }
  fields.description ??= description;
  return undefined;
}

function readPayee(fields: InvoiceFields, words: readonly number[]) {
  const payee = bytesToHex(wordsToBytes(words));
  if (words.length === FIXED_33 && isNodeId(payee)) {
    fields.payee ??= payee;
  }
  return undefined;
}

function readMetadata(fields: InvoiceFields, words: readonly number[]) {
  fields.metadata ??= bytesToHex(wordsToBytes(words));
  return undefined;
}

function readFeatures(fields: InvoiceFields, words: readonly number[]) {
  if (words[0] === 0) {
    return 'field_not_minimal';
  }
  fields.featureBits ??= setBits(words);
  return undefined;
}

function readHint(fields: InvoiceFields, words: readonly number[]) {
  const bytes = wordsToBytes(words);
  const hops = Math.floor(bytes.length / HINT_BYTES);
  if (hops === 0 || bytes.length % HINT_BYTES !== 0) {
    return 'field_length';
  }
  if (hops > PAYMENT_LIMITS.hopsInHint || fields.hints.length >= PAYMENT_LIMITS.routeHints) {
    return 'too_many_hints';
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const hint = Array.from({ length: hops }, (_, index) => readHop(view, index * HINT_BYTES));
  if (hint.some((hop) => hop === undefined)) {
    return 'field_length';
  }
  fields.hints.push(hint.filter((hop) => hop !== undefined));
  return undefined;
}

function readHop(view: DataView, at: number): HintHop | undefined {
  const node = bytesToHex(new Uint8Array(view.buffer, view.byteOffset + at, 33));
  if (!isNodeId(node)) {
    return undefined;
  }
  const block = view.getUint32(at + 33) >>> 8;
  const transaction = view.getUint32(at + 36) >>> 8;
  return {
    node,
    shortChannelId: `${block}x${transaction}x${view.getUint16(at + 39)}`,
    feeBaseMsat: view.getUint32(at + 41),
    feePpm: view.getUint32(at + 45),
    cltvDelta: view.getUint16(at + 49),
  };
}

/** Reads the tagged fields between the timestamp and the signature. */
export function readFields(words: readonly number[]): InvoiceFields | FieldProblem {
  const fields: InvoiceFields = { hints: [] };
  let at = 0;
  while (at < words.length) {
    const length = (words[at + 1] ?? 0) * 32 + (words[at + 2] ?? 0);
    const data = words.slice(at + 3, at + 3 + length);
    if (at + 3 + length > words.length) {
      return 'field_cut_off';
    }
    const problem = READERS.get(words[at] ?? 0)?.(fields, data);
    if (problem !== undefined) {
      return problem;
    }
    at += 3 + length;
  }
  return fields;
}
