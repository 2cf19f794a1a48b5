import {
  bytesToHex,
  CodedError,
  compareCodeUnits,
  hexToBytes,
  type Msat,
  type NodeId,
  nodeId,
} from '@cl-hive/core';
import { type Curve, nobleCurve, utf8ToBytes } from '@cl-hive/protocol';
import { sha256 } from '@noble/hashes/sha2.js';
import { bech32 } from '@scure/base';
import { PAYMENT_LIMITS } from '../limits.ts';
import { readAmount } from './amount.ts';
import { unknownRequired } from './features.ts';
import { type FieldProblem, type HintHop, type InvoiceFields, readFields } from './fields.ts';
import { wordsToBytes, wordsToNumber, wordsToPaddedBytes } from './words.ts';

/** The chains an invoice can be for, as lightningd's getinfo names them. */
export type Network = 'bitcoin' | 'testnet' | 'testnet4' | 'signet' | 'regtest';

/** Why a text is no invoice that can be paid (closed list). */
export type InvoiceProblem =
  | FieldProblem
  | 'too_long'
  | 'not_bech32'
  | 'unknown_prefix'
  | 'invalid_amount'
  | 'too_short'
  | 'no_payment_hash'
  | 'no_payment_secret'
  | 'no_description'
  | 'two_descriptions'
  | 'unknown_feature'
  | 'high_s'
  | 'bad_signature';

/** An invoice (BOLT 11) whose signature was checked. */
export interface Bolt11Invoice {
  /** Lower case, without `lightning:`. */
  readonly text: string;
  /** `testnet4` shares testnet's prefix and is never named here. */
  readonly network: Network;
  /** Undefined where the payer chooses. */
  readonly amountMsat: Msat | undefined;
  /** Seconds since 1970. */
  readonly timestamp: number;
  /** Seconds; 3600 where the invoice says nothing. */
  readonly expirySeconds: number;
  readonly paymentHash: string;
  readonly paymentSecret: string;
  readonly description: string | undefined;
  readonly descriptionHash: string | undefined;
  readonly payee: NodeId;
  readonly metadata: string | undefined;
  /** Blocks; 18 where the invoice says nothing. */
  readonly minFinalCltv: number;
  readonly featureBits: readonly number[];
  readonly hints: readonly (readonly HintHop[])[];
}

const PREFIXES: readonly (readonly [prefix: string, network: Network])[] = [
  ['lnbcrt', 'regtest'],
  ['lntbs', 'signet'],
  ['lnbc', 'bitcoin'],
  ['lntb', 'testnet'],
];
const TIMESTAMP_WORDS = 7;
const SIGNATURE_WORDS = 104;
const DEFAULT_EXPIRY_SECONDS = 3600;
const DEFAULT_MIN_FINAL_CLTV = 18;
/** Half the order of secp256k1, big-endian, in hexadecimal. */
const HALF_ORDER = '7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0';

/**
 * Reads an invoice and checks its signature, as BOLT 11 demands of a reader. `lightning:` before it is
 * taken. Throws CodedError `invoice_invalid` with `data.problem`, an {@link InvoiceProblem}. Whether it
 * may be paid (network, expiry, payee, amount) is not asked here.
 */
export function readInvoice(input: string, curve: Curve = nobleCurve): Bolt11Invoice {
  const given = input.replace(/^lightning:/i, '');
  if (given.length > PAYMENT_LIMITS.invoiceChars) {
    throw invalid('too_long', `the invoice has ${given.length} characters`);
  }
  const { prefix, words } = splitBech32(given);
  const { network, amountMsat } = readPrefix(prefix);
  if (words.length < TIMESTAMP_WORDS + SIGNATURE_WORDS) {
    throw invalid('too_short', 'the invoice has no room for a time and a signature');
  }
  const body = words.slice(0, -SIGNATURE_WORDS);
  const fields = readFields(body.slice(TIMESTAMP_WORDS));
  if (typeof fields === 'string') {
    throw invalid(fields, 'a field of the invoice cannot be read');
  }
  const said = checkedFields(fields);
  return {
    text: given.toLowerCase(),
    network,
    amountMsat,
    timestamp: wordsToNumber(body.slice(0, TIMESTAMP_WORDS)) ?? 0,
    expirySeconds: fields.expirySeconds ?? DEFAULT_EXPIRY_SECONDS,
    minFinalCltv: fields.minFinalCltv ?? DEFAULT_MIN_FINAL_CLTV,
    ...said,
    description: fields.description,
    descriptionHash: fields.descriptionHash,
    metadata: fields.metadata,
    featureBits: fields.featureBits ?? [],
    hints: fields.hints,
    payee: signer(prefix, body, words.slice(-SIGNATURE_WORDS), fields.payee, curve),
  };
}

function splitBech32(text: string): { readonly prefix: string; readonly words: readonly number[] } {
  try {
    return bech32.decode(text as `${string}1${string}`, false);
  } catch (cause) {
    throw invalid('not_bech32', 'the invoice is damaged: its checksum does not fit', cause);
  }
}

function readPrefix(prefix: string): { network: Network; amountMsat: Msat | undefined } {
  const known = PREFIXES.find(([start]) => prefix.startsWith(start));
  if (known === undefined) {
    throw invalid('unknown_prefix', 'this is no invoice of a known network');
  }
  const text = prefix.slice(known[0].length);
  if (text === '') {
    return { network: known[1], amountMsat: undefined };
  }
  const amountMsat = readAmount(text);
  if (amountMsat === undefined) {
    throw invalid('invalid_amount', `\`${text}\` is no amount in whole millisatoshi`);
  }
  return { network: known[1], amountMsat };
}

function checkedFields(fields: InvoiceFields): { paymentHash: string; paymentSecret: string } {
  const { paymentHash, paymentSecret, description, descriptionHash, featureBits = [] } = fields;
  if (paymentHash === undefined) {
    throw invalid('no_payment_hash', 'the invoice has no payment hash');
  }
  if (paymentSecret === undefined) {
    throw invalid('no_payment_secret', 'the invoice has no payment secret');
  }
  if (description === undefined && descriptionHash === undefined) {
    throw invalid('no_description', 'the invoice does not say what it is for');
  }
  if (description !== undefined && descriptionHash !== undefined) {
    throw invalid('two_descriptions', 'the invoice has a description and the hash of one');
  }
  const unknown = unknownRequired(featureBits);
  if (unknown !== undefined) {
    throw invalid('unknown_feature', `the invoice demands feature ${unknown}, which is unknown`);
  }
  return { paymentHash, paymentSecret };
}

function signer(
  prefix: string,
  body: readonly number[],
  signed: readonly number[],
  payee: NodeId | undefined,
  curve: Curve,
): NodeId {
  const data = wordsToPaddedBytes(body);
  const name = utf8ToBytes(prefix);
  const message = new Uint8Array(name.length + data.length);
  message.set(name);
  message.set(data, name.length);
  const digest = sha256(message);
  const bytes = wordsToBytes(signed);
  const signature = bytes.slice(0, 64);
  if (payee !== undefined) {
    if (compareCodeUnits(bytesToHex(signature.slice(32)), HALF_ORDER) > 0) {
      throw invalid('high_s', 'the signature is not in its low form');
    }
    if (!curve.ecdsaVerify(digest, signature, hexToBytes(payee))) {
      throw invalid('bad_signature', 'the signature is not of the payee that the invoice names');
    }
    return payee;
  }
  const recid = bytes[64] ?? 255;
  const key = recid > 3 ? undefined : curve.ecdsaRecover(digest, signature, recid);
  if (key === undefined) {
    throw invalid('bad_signature', 'the signature of the invoice is of no key');
  }
  return nodeId(bytesToHex(key));
}

function invalid(problem: InvoiceProblem, message: string, cause?: unknown): CodedError {
  return new CodedError<'invoice_invalid'>('invoice_invalid', message, {
    data: { problem },
    remedy: 'ask the payee for a new invoice',
    ...(cause === undefined ? {} : { cause }),
  });
}
