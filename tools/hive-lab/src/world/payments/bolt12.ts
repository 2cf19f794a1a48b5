import { bytesToHex, hexToBytes, type JsonObject } from '@cl-hive/core';
import { schnorr } from '@noble/curves/secp256k1.js';
import { bech32 } from '@scure/base';
import { sha256 } from '../digest.ts';

/** A TLV stream by type; values in bytes (BOLT 1). */
export type Tlvs = ReadonlyMap<number, Uint8Array>;

/** TLV types of offers, invoice requests and invoices (BOLT 12). */
export const TLV = {
  metadata: 0,
  chains: 2,
  amount: 8,
  description: 10,
  expiry: 14,
  paths: 16,
  issuer: 18,
  quantityMax: 20,
  issuerId: 22,
  invreqChain: 80,
  invreqAmount: 82,
  invreqFeatures: 84,
  invreqQuantity: 86,
  payerId: 88,
  payerNote: 89,
  invoicePaths: 160,
  blindedPay: 162,
  createdAt: 164,
  relativeExpiry: 166,
  paymentHash: 168,
  invoiceAmount: 170,
  invoiceFeatures: 174,
  nodeId: 176,
  signature: 240,
} as const;

/** Hash of regtest's first block, in the byte order of the wire. */
export const REGTEST_CHAIN = hexToBytes(
  '06226e46111a0b59caaf126043eb5bbf28c34f3a5e332a1fc7b2b73cf188910f',
);

const utf8 = new TextEncoder();

/** A text as bytes. */
export function text(value: string): Uint8Array {
  return utf8.encode(value);
}

/** An integer in as few bytes as it takes (BOLT 1 `tu64`). */
export function tu64(value: bigint | number): Uint8Array {
  const hex = BigInt(value).toString(16);
  return value === 0 || value === 0n
    ? new Uint8Array()
    : hexToBytes(hex.padStart(hex.length + (hex.length % 2), '0'));
}

function bigSize(value: number): number[] {
  if (value < 0xfd) {
    return [value];
  }
  return value < 0x1_0000
    ? [0xfd, value >> 8, value & 0xff]
    : [0xfe, value >>> 24, (value >> 16) & 0xff, (value >> 8) & 0xff, value & 0xff];
}

function record(type: number, value: Uint8Array): Uint8Array {
  return Uint8Array.from([...bigSize(type), ...bigSize(value.length), ...value]);
}

function ordered(tlvs: Tlvs): [number, Uint8Array][] {
  return [...tlvs].sort(([a], [b]) => a - b);
}

/** Writes a stream as `lno…` or `lni…`: bech32 letters without checksum. */
export function encodeBolt12(prefix: 'lno' | 'lni', tlvs: Tlvs): string {
  const bytes = ordered(tlvs).flatMap(([type, value]) => [...record(type, value)]);
  const words = bech32.toWords(Uint8Array.from(bytes));
  return `${prefix}1${words.map((word) => LETTERS.charAt(word)).join('')}`;
}

const LETTERS = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';

/** Reads such a text; undefined for anything else. */
export function decodeBolt12(value: string): { prefix: 'lno' | 'lni'; tlvs: Tlvs } | undefined {
  const match = /^(lno|lni)1([a-z0-9]+)$/.exec(value.replace(/\+\s*/g, '').toLowerCase());
  const words = Array.from(match?.[2] ?? '', (letter) => LETTERS.indexOf(letter));
  if (match === null || words.includes(-1)) {
    return undefined;
  }
  try {
    const bytes = bech32.fromWords(words);
    return { prefix: match[1] === 'lno' ? 'lno' : 'lni', tlvs: readTlvs(bytes) };
  } catch {
    return undefined;
  }
}

function readTlvs(bytes: Uint8Array): Tlvs {
  const tlvs = new Map<number, Uint8Array>();
  let at = 0;
  const size = (): number => {
    const first = bytes[at] ?? 0;
    const width = first < 0xfd ? 0 : first === 0xfd ? 2 : 4;
    at += 1;
    if (width === 0) {
      return first;
    }
    at += width;
    return bytes.subarray(at - width, at).reduce((sum, byte) => sum * 256 + byte, 0);
  };
  let last = -1;
  while (at < bytes.length) {
    const type = size();
    const length = size();
    if (type <= last || at + length > bytes.length) {
      throw new RangeError('not a TLV stream');
    }
    last = type;
    tlvs.set(type, bytes.slice(at, at + length));
    at += length;
  }
  return tlvs;
}

function tagged(tag: Uint8Array | string, message: Uint8Array): Uint8Array {
  const hash = sha256(tag);
  return sha256(hash, hash, message);
}

/** The name that lightningd gives an offer: the hash of its fields, wherever they are found. */
export function offerIdOf(tlvs: Tlvs): string {
  const fields = ordered(tlvs).filter(([type]) => type >= 1 && type <= 79);
  return bytesToHex(sha256(...fields.map(([type, value]) => record(type, value))));
}

/** The Merkle root that signatures commit to (BOLT 12). */
export function merkleRoot(tlvs: Tlvs): Uint8Array {
  const records = ordered(tlvs)
    .filter(([type]) => type < 240 || type > 1000)
    .map(([type, value]) => ({ type, bytes: record(type, value) }));
  const first = records[0]?.bytes ?? new Uint8Array();
  const nonceTag = Uint8Array.from([...text('LnNonce'), ...first]);
  let level = records.map(({ type, bytes }) =>
    branch(tagged('LnLeaf', bytes), tagged(nonceTag, Uint8Array.from(bigSize(type)))),
  );
  while (level.length > 1) {
    const next: Uint8Array[] = [];
    for (let i = 0; i < level.length; i += 2) {
      const [a, b] = [level[i] ?? new Uint8Array(), level[i + 1]];
      next.push(b === undefined ? a : branch(a, b));
    }
    level = next;
  }
  return level[0] ?? new Uint8Array(32);
}

function branch(a: Uint8Array, b: Uint8Array): Uint8Array {
  const [low, high] = bytesToHex(a) < bytesToHex(b) ? [a, b] : [b, a];
  return tagged('LnBranch', Uint8Array.from([...low, ...high]));
}

/** Signs an invoice's stream with the issuer's key (BOLT 12, BIP 340). */
export function signInvoice(tlvs: Tlvs, secretKey: Uint8Array): Uint8Array {
  return schnorr.sign(
    tagged('lightninginvoicesignature', merkleRoot(tlvs)),
    secretKey,
    new Uint8Array(32),
  );
}

/** Whether an invoice's signature is that of the node it names. */
export function invoiceVerifies(tlvs: Tlvs): boolean {
  const [signature, nodeId] = [tlvs.get(TLV.signature), tlvs.get(TLV.nodeId)];
  try {
    return (
      signature !== undefined &&
      nodeId !== undefined &&
      schnorr.verify(
        signature,
        tagged('lightninginvoicesignature', merkleRoot(tlvs)),
        nodeId.slice(1),
      )
    );
  } catch {
    return false;
  }
}

/** Field readers for one stream. */
export class TlvReader {
  readonly #tlvs: Tlvs;

  constructor(tlvs: Tlvs) {
    this.#tlvs = tlvs;
  }

  hex(type: number): string | undefined {
    const value = this.#tlvs.get(type);
    return value === undefined ? undefined : bytesToHex(value);
  }

  text(type: number): string | undefined {
    const value = this.#tlvs.get(type);
    return value === undefined ? undefined : new TextDecoder().decode(value);
  }

  integer(type: number): bigint | undefined {
    const value = this.#tlvs.get(type);
    return value === undefined ? undefined : BigInt(`0x0${bytesToHex(value)}`);
  }
}

/** A stream as `decode` shows it. */
export function renderBolt12(prefix: 'lno' | 'lni', tlvs: Tlvs): JsonObject {
  const read = new TlvReader(tlvs);
  const member = (name: string, value: string | bigint | undefined): JsonObject =>
    value === undefined ? {} : { [name]: value };
  const chains = read.hex(TLV.chains);
  const offer: JsonObject = {
    offer_id: offerIdOf(tlvs),
    ...(chains === undefined ? {} : { offer_chains: [chains] }),
    ...member('offer_amount_msat', read.integer(TLV.amount)),
    ...member('offer_description', read.text(TLV.description)),
    ...member('offer_absolute_expiry', read.integer(TLV.expiry)),
    ...member('offer_issuer', read.text(TLV.issuer)),
    ...member('offer_quantity_max', read.integer(TLV.quantityMax)),
    ...member('offer_issuer_id', read.hex(TLV.issuerId)),
  };
  if (prefix === 'lno') {
    return { type: 'bolt12 offer', ...offer, valid: tlvs.has(TLV.issuerId) };
  }
  return {
    type: 'bolt12 invoice',
    ...offer,
    ...member('invreq_metadata', read.hex(TLV.metadata)),
    ...member('invreq_payer_id', read.hex(TLV.payerId)),
    ...member('invreq_chain', read.hex(TLV.invreqChain)),
    ...member('invreq_amount_msat', read.integer(TLV.invreqAmount)),
    ...member('invreq_features', read.hex(TLV.invreqFeatures)),
    ...member('invreq_quantity', read.integer(TLV.invreqQuantity)),
    ...member('invreq_payer_note', read.text(TLV.payerNote)),
    ...renderPaths(tlvs.get(TLV.invoicePaths)),
    ...member('invoice_created_at', read.integer(TLV.createdAt)),
    ...member('invoice_relative_expiry', read.integer(TLV.relativeExpiry)),
    ...member('invoice_payment_hash', read.hex(TLV.paymentHash)),
    ...member('invoice_amount_msat', read.integer(TLV.invoiceAmount)),
    ...member('invoice_features', read.hex(TLV.invoiceFeatures)),
    ...member('invoice_node_id', read.hex(TLV.nodeId)),
    ...member('signature', read.hex(TLV.signature)),
    valid: invoiceVerifies(tlvs),
  };
}

/** The one path of one hop that a lab invoice carries; its points are bytes only, nothing is blinded. */
function renderPaths(bytes: Uint8Array | undefined): JsonObject {
  if (bytes === undefined) {
    return {};
  }
  const hex = bytesToHex(bytes);
  const length = Number.parseInt(hex.slice(200, 204), 16);
  return {
    invoice_paths: [
      {
        first_node_id: hex.slice(0, 66),
        first_path_key: hex.slice(66, 132),
        payinfo: {
          fee_base_msat: 0,
          fee_proportional_millionths: 0,
          cltv_expiry_delta: 10,
          htlc_minimum_msat: 0,
          htlc_maximum_msat: 2_100_000_000_000_000_000n,
          features: '',
        },
        path: [
          {
            blinded_node_id: hex.slice(134, 200),
            encrypted_recipient_data: hex.slice(204, 204 + length * 2),
          },
        ],
      },
    ],
  };
}
