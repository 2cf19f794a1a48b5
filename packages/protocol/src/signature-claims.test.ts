import { bytesToHex, hexToBytes } from '@cl-hive/core';
import { describe, expect, it } from 'vitest';
import vectors from '../fixtures/hive-wire-vectors.json' with { type: 'json' };
import { escapedText } from './canonical-json.ts';
import {
  type AnyKnownHiveMessage,
  decodeHiveMessage,
  encodeHiveMessage,
  encodePayload,
} from './hive-message.ts';
import { type HiveMessageName, MESSAGE_NAMES } from './message-types.ts';
import { signatureClaims, verifySignatures } from './signature-claims.ts';
import { signMessage, verifyEitherForm, verifyMessage } from './signatures.ts';
import { ALICE, ALICE_KEY, BOB, BOB_KEY, put, SAMPLES, signedSample } from './testing/index.ts';
import type { WireObject, WireValue } from './wire-value.ts';
import { decodeZbase32, encodeZbase32 } from './zbase32.ts';

const UNSIGNED = [
  'HELLO',
  'CHALLENGE',
  'WELCOME',
  'INTENT',
  'INTENT_ACK',
  'BAN',
  'PROMOTION_REQUEST',
];

function known(bytes: Uint8Array): AnyKnownHiveMessage {
  const result = decodeHiveMessage(bytes);
  if (!result.ok || result.value.kind !== 'known') {
    throw new Error('not a known message');
  }
  return result.value;
}

function fromRaw(name: HiveMessageName, raw: WireObject): AnyKnownHiveMessage {
  return known(encodeHiveMessage(name, raw));
}

describe('recorded signatures', () => {
  const messages = vectors.map(({ hex }) => known(hexToBytes(hex)));

  it('are their signers’, also in relayed messages', () => {
    const verdicts = messages.map((message) => verifySignatures(message));
    expect(verdicts.filter(({ status }) => status === 'invalid')).toEqual([]);
    expect(messages.flatMap((message) => signatureClaims(message))).toHaveLength(20);
    for (const [index, verdict] of verdicts.entries()) {
      const name = messages[index]?.name ?? '';
      expect(verdict.status === 'unsigned', name).toBe(UNSIGNED.includes(name));
    }
  });

  it('hold in the escaped form alone where the text has quotes', () => {
    const escaped = new Set<string>();
    for (const message of messages) {
      for (const { signature, signer, texts } of signatureClaims(message)) {
        const [text = ''] = texts;
        if (escapedText(text) !== text) {
          escaped.add(message.name);
          expect(verifyMessage(escapedText(text), signature, signer)).toBe(true);
          expect(verifyMessage(text, signature, signer)).toBe(false);
        }
      }
    }
    expect([...escaped].sort()).toEqual([
      'ATTEST',
      'DID_CREDENTIAL_PRESENT',
      'EXPANSION_NOMINATE',
      'FULL_SYNC',
      'GOSSIP',
      'STATE_HASH',
    ]);
  });

  it('of PHYSARUM_RECOMMENDATION are r and s in hexadecimal', () => {
    const message = messages.find(({ name }) => name === 'PHYSARUM_RECOMMENDATION');
    const claims = message === undefined ? [] : signatureClaims(message);
    expect(claims).toHaveLength(1);
    for (const { signature, signer, texts } of claims) {
      expect(signature).toMatch(/^[0-9a-f]{128}$/);
      const [text = ''] = texts;
      expect(verifyEitherForm(text, signature, signer)).toBe(true);
      for (let bit = 0; bit < 512; bit += 37) {
        const bytes = hexToBytes(signature);
        bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(verifyEitherForm(text, bytesToHex(bytes), signer)).toBe(false);
      }
    }
  });

  it('with one bit turned are refused, with the path', () => {
    for (const message of messages) {
      for (const { path, signature } of signatureClaims(message)) {
        for (const bit of [0, 3, 7, 8, 100, 263, 264, 519]) {
          const bytes = decodeZbase32(signature);
          if (bytes?.length !== 65) {
            continue;
          }
          bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
          const raw = put(message.raw, path.split('.'), encodeZbase32(bytes)) as WireObject;
          expect(verifySignatures(fromRaw(message.name, raw))).toEqual({ status: 'invalid', path });
        }
      }
    }
  });
});

describe('every type', () => {
  it.each(MESSAGE_NAMES)(
    '%s: what the signer signed holds, in either form, and for nobody else',
    (name) => {
      const unsigned = UNSIGNED.includes(name);
      for (const form of [(text: string): string => text, escapedText]) {
        const verdict = verifySignatures(signedSample(name, form));
        expect(verdict).toEqual(
          unsigned ? { status: 'unsigned' } : { status: 'valid', signers: [ALICE] },
        );
      }
      const message = signedSample(name, escapedText);
      for (const { path, texts } of signatureClaims(message)) {
        const forged = signMessage(escapedText(texts[0] ?? ''), BOB_KEY).zbase;
        const raw = put(message.raw, path.split('.'), forged) as WireObject;
        expect(verifySignatures(fromRaw(name, raw))).toEqual({ status: 'invalid', path });
      }
    },
  );

  it('notices a change of what is signed', () => {
    const changes: readonly (readonly [HiveMessageName, string, WireValue])[] = [
      ['GOSSIP', 'capacity_sats', 10_000_001],
      ['GOSSIP', 'fee_policy', {}],
      ['GOSSIP', 'topology', []],
      ['GOSSIP', 'version', 3],
      ['STATE_HASH', 'peer_count', 3],
      ['FULL_SYNC', 'members', [{ peer_id: ALICE, tier: 'member', joined_at: 1 }]],
      ['ATTEST', 'manifest.timestamp', 1],
      ['PROMOTION', 'vouches.0.timestamp', 1],
      ['FEE_REPORT', 'rebalance_costs_sats', 3],
      ['DID_CREDENTIAL_PRESENT', 'credential.metrics', { avg_fee_ppm: 1 }],
      ['DID_CREDENTIAL_PRESENT', 'credential.evidence', []],
      ['MCF_SOLUTION_BROADCAST', 'assignments', []],
      ['CIRCULAR_FLOW_ALERT', 'members_involved', [BOB, BOB]],
      ['SETTLEMENT_RECEIPT', 'amount_sats', 2],
    ];
    for (const [name, path, value] of changes) {
      const { raw } = signedSample(name, escapedText);
      const changed = put(raw, path.split('.'), value) as WireObject;
      expect(verifySignatures(fromRaw(name, changed)).status, `${name} ${path}`).toBe('invalid');
    }
  });

  it('signs texts of its own: no signature of one type holds for another', () => {
    const kinds = new Map<string, HiveMessageName>();
    for (const name of MESSAGE_NAMES.filter((one) => one !== 'PROMOTION' && one !== 'ATTEST')) {
      for (const { texts } of signatureClaims(signedSample(name, escapedText))) {
        const [text = ''] = texts;
        const kind = text.startsWith('{')
          ? Object.keys(JSON.parse(text) as object).join() +
            ((JSON.parse(text) as { action?: string }).action ?? '')
          : text.slice(0, text.indexOf(':', text.startsWith('hive:') ? 5 : 0));
        expect(kinds.get(kind), `${name} ${kind}`).toBeUndefined();
        kinds.set(kind, name);
      }
    }
    expect(kinds.size).toBe(66 - UNSIGNED.length - 2);
  });

  it('takes a fee report that is signed without its costs, as older originals do', () => {
    const unsigned = fromRaw('FEE_REPORT', encodePayload('FEE_REPORT', SAMPLES.FEE_REPORT));
    const legacy = signatureClaims(unsigned)[0]?.texts[1] ?? '';
    expect(legacy).toBe(`fee_report:${ALICE}:10:1795163600:1795250000:4`);
    const raw = { ...unsigned.raw, signature: signMessage(legacy, ALICE_KEY).zbase };
    expect(verifySignatures(fromRaw('FEE_REPORT', raw)).status).toBe('valid');
  });

  it('takes an acknowledgement without a signature as unsigned', () => {
    const { signature: _, ...raw } = encodePayload('MSG_ACK', SAMPLES.MSG_ACK);
    expect(verifySignatures(fromRaw('MSG_ACK', raw))).toEqual({ status: 'unsigned' });
  });
});
