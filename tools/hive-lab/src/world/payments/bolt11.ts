import { bytesToHex, type JsonObject } from '@cl-hive/core';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import bolt11 from 'bolt11';
import { networkPrefix } from '../chain/address.ts';
import type { Edge } from './routing.ts';

/** Blocks that the last hop must leave (`cltv-final` on regtest). */
export const FINAL_CLTV = 10;

/** Features of a lab invoice: variable onion, payment secret, multi-part, route blinding. */
const FEATURE_BITS = {
  word_length: 6,
  var_onion_optin: { required: true, supported: false },
  payment_secret: { required: true, supported: false },
  basic_mpp: { required: false, supported: true },
  option_support_large_channel: { required: false, supported: false },
  extra_bits: { start_bit: 20, bits: [false, false, false, false, false, true] },
};

/** What an invoice says. */
export interface Bolt11Terms {
  readonly amountMsat: bigint | undefined;
  readonly paymentHash: string;
  readonly paymentSecret: string;
  readonly description: string;
  readonly expirySeconds: number;
  readonly createdAt: number;
  readonly finalCltv: number;
  readonly hints: readonly Edge[];
}

/** What a payer reads from an invoice. */
export interface Bolt11Invoice extends Bolt11Terms {
  readonly payee: string;
}

function networkOf(network: string): {
  bech32: string;
  pubKeyHash: number;
  scriptHash: number;
  validWitnessVersions: number[];
} {
  const main = network === 'bitcoin';
  return {
    bech32: networkPrefix(network),
    pubKeyHash: main ? 0 : 0x6f,
    scriptHash: main ? 5 : 0xc4,
    validWitnessVersions: [0, 1],
  };
}

/** Writes and signs an invoice with the node's key. */
export function encodeBolt11(terms: Bolt11Terms, network: string, secretKey: Uint8Array): string {
  const hints = terms.hints.map((edge) => ({
    pubkey: edge.from,
    short_channel_id: scidHex(edge.scid),
    fee_base_msat: edge.policy.baseMsat,
    fee_proportional_millionths: edge.policy.feePpm,
    cltv_expiry_delta: edge.policy.delay,
  }));
  const encoded = bolt11.encode(
    {
      network: networkOf(network),
      timestamp: terms.createdAt,
      ...(terms.amountMsat === undefined ? {} : { millisatoshis: terms.amountMsat.toString() }),
      tags: [
        { tagName: 'payment_secret', data: terms.paymentSecret },
        { tagName: 'payment_hash', data: terms.paymentHash },
        { tagName: 'description', data: terms.description },
        { tagName: 'expire_time', data: terms.expirySeconds },
        { tagName: 'min_final_cltv_expiry', data: terms.finalCltv },
        ...hints.map((hint) => ({ tagName: 'routing_info', data: [hint] })),
        { tagName: 'feature_bits', data: FEATURE_BITS },
      ],
    },
    false,
  );
  const signed = bolt11.sign(encoded, bytesToHex(secretKey));
  return signed.paymentRequest ?? '';
}

/** Reads an invoice of `network`; undefined for anything that is not one. */
export function decodeBolt11(
  text: string,
  network: string,
): (Bolt11Invoice & { signature: string }) | undefined {
  try {
    const decoded = bolt11.decode(text, networkOf(network));
    const tags = decoded.tagsObject;
    const { payeeNodeKey: payee, signature, timestamp } = decoded;
    const { payment_hash: paymentHash } = tags;
    if (payee === undefined || signature === undefined || paymentHash === undefined) {
      return undefined;
    }
    const { millisatoshis } = decoded;
    return {
      payee,
      signature,
      paymentHash,
      paymentSecret: tags.payment_secret ?? '',
      description: tags.description ?? '',
      amountMsat:
        millisatoshis === undefined || millisatoshis === null ? undefined : BigInt(millisatoshis),
      createdAt: timestamp ?? 0,
      expirySeconds: tags.expire_time ?? 3600,
      finalCltv: tags.min_final_cltv_expiry ?? 18,
      hints: hintsOf(decoded.tags, payee),
    };
  } catch {
    return undefined;
  }
}

/** Hints of one hop each; longer ones are of no use in a lab. */
function hintsOf(tags: readonly { tagName: string; data: unknown }[], payee: string): Edge[] {
  return tags
    .filter(({ tagName }) => tagName === 'routing_info')
    .flatMap(({ data }) => {
      const [hop, more] = data as HintHop[];
      if (hop === undefined || more !== undefined) {
        return [];
      }
      return {
        scid: scidText(hop.short_channel_id),
        direction: hop.pubkey < payee ? 0 : 1,
        from: hop.pubkey,
        to: payee,
        policy: {
          baseMsat: hop.fee_base_msat,
          feePpm: hop.fee_proportional_millionths,
          delay: hop.cltv_expiry_delta,
          htlcMinMsat: 0n,
          htlcMaxMsat: (1n << 64n) - 1n,
        },
        capacityMsat: (1n << 64n) - 1n,
      } satisfies Edge;
    });
}

interface HintHop {
  readonly pubkey: string;
  readonly short_channel_id: string;
  readonly fee_base_msat: number;
  readonly fee_proportional_millionths: number;
  readonly cltv_expiry_delta: number;
}

function scidHex(scid: string): string {
  const [block = 0, tx = 0, output = 0] = scid.split('x').map(Number);
  const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');
  return hex(block, 6) + hex(tx, 6) + hex(output, 4);
}

function scidText(hex: string): string {
  const part = (from: number, to: number): number => Number.parseInt(hex.slice(from, to), 16);
  return `${part(0, 6)}x${part(6, 12)}x${part(12, 16)}`;
}

/** An invoice as `decode` shows it. */
export function renderBolt11(
  invoice: Bolt11Invoice & { readonly signature: string },
  network: string,
): JsonObject {
  return {
    type: 'bolt11 invoice',
    currency: networkPrefix(network),
    created_at: invoice.createdAt,
    expiry: invoice.expirySeconds,
    payee: invoice.payee,
    ...(invoice.amountMsat === undefined ? {} : { amount_msat: invoice.amountMsat }),
    description: invoice.description,
    min_final_cltv_expiry: invoice.finalCltv,
    ...(invoice.paymentSecret === '' ? {} : { payment_secret: invoice.paymentSecret }),
    features: '02024100',
    ...(invoice.hints.length === 0
      ? {}
      : {
          routes: invoice.hints.map((edge) => [
            {
              pubkey: edge.from,
              short_channel_id: edge.scid,
              fee_base_msat: edge.policy.baseMsat,
              fee_proportional_millionths: edge.policy.feePpm,
              cltv_expiry_delta: edge.policy.delay,
            },
          ]),
        }),
    payment_hash: invoice.paymentHash,
    signature: bytesToHex(secp256k1.Signature.fromHex(invoice.signature, 'compact').toBytes('der')),
    valid: true,
  };
}
