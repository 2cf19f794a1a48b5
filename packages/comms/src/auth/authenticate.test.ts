import { bytesToHex, nodeId, type UnixMs } from '@cl-hive/core';
import {
  nobleCurve,
  type RequestEnvelope,
  requestSigningText,
  signMessage,
  utf8ToBytes,
} from '@cl-hive/protocol';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AdvisorBook, type AdvisorKey, changeAdvisors } from '../advisors/book.ts';
import { authenticateSigned, signedBy } from './authenticate.ts';

const SECRET = new Uint8Array(32).fill(9);
const TOKEN = new Uint8Array(32).fill(3);
const PUBLIC = bytesToHex(nobleCurve.publicKey(SECRET));
const SCHNORR: AdvisorKey = { scheme: 'schnorr', key: PUBLIC.slice(2) };
const NODE: AdvisorKey = { scheme: 'lightning', key: PUBLIC };
const HMAC: AdvisorKey = { scheme: 'hmac', key: 'token-1' };
const BOOK: AdvisorBook = changeAdvisors(
  { advisors: [] },
  { kind: 'add', name: 'alice', keys: [SCHNORR, NODE, HMAC, { scheme: 'rune', key: '1' }] },
  0 as UnixMs,
);
const REQUEST: RequestEnvelope = {
  principal: 'alice',
  node: nodeId(PUBLIC),
  epoch: 0,
  nonce: 1,
  timestamp: 1,
  schema: 's',
  action: 'a',
  params: {},
};
const TEXT = requestSigningText(REQUEST);
const schnorr = bytesToHex(
  nobleCurve.schnorrSign(sha256(utf8ToBytes(TEXT)), SECRET, new Uint8Array(32)),
);
const lightning = signMessage(TEXT, SECRET).zbase;
const mac = bytesToHex(hmac(sha256, TOKEN, utf8ToBytes(TEXT)));
const who = (
  signature: string | undefined,
  change: Partial<RequestEnvelope> = {},
): string | undefined =>
  authenticateSigned(
    { ...REQUEST, ...(signature === undefined ? {} : { signature }), ...change },
    BOOK,
    ({ scheme }) => (scheme === 'hmac' ? TOKEN : undefined),
  )?.scheme;

describe('authenticateSigned', () => {
  it('takes the three kinds of signatures', () => {
    expect(who(schnorr)).toBe('schnorr');
    expect(who(lightning)).toBe('lightning');
    expect(who(mac)).toBe('hmac');
    expect(who(`hmac-sha256:${mac}`)).toBe('hmac');
    expect(who(undefined)).toBeUndefined();
  });

  it('binds the request', () => {
    for (const change of [
      { nonce: 2 },
      { principal: '1' },
      { epoch: 1 },
      { replyTo: 'x' },
      { params: { a: 1 } },
    ]) {
      for (const signature of [schnorr, lightning, mac]) {
        expect(who(signature, change)).toBeUndefined();
      }
    }
  });

  it('SG-01, SG-04: refuses every other text form without throwing', () => {
    const forms = [
      '',
      '0'.repeat(128),
      mac.slice(1),
      `${mac}0`,
      `HMAC-SHA256:${mac}`,
      `hmac-sha256:${mac.slice(1)}`,
      ` ${mac}`,
      mac.toUpperCase(),
      Buffer.from(mac, 'hex').toString('base64'),
      'é',
      'é'.repeat(64),
      schnorr.toUpperCase(),
      schnorr.slice(1),
      `${schnorr}0`,
      lightning.toUpperCase(),
      lightning.slice(1),
    ];
    for (const form of forms) {
      expect([form, who(form)]).toEqual([form, undefined]);
    }
    fc.assert(fc.property(fc.string({ maxLength: 200 }), (text) => who(text) === undefined));
  });

  it('SG-03: refuses keys that are none, and signatures out of range', () => {
    const order = 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141';
    const field = 'fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f';
    for (const signature of [schnorr.slice(0, 64) + order, field + schnorr.slice(64)]) {
      expect(who(signature)).toBeUndefined();
    }
    for (const key of ['', 'ff'.repeat(32), SCHNORR.key.toUpperCase(), `${SCHNORR.key}00`]) {
      expect(
        signedBy({ ...REQUEST, signature: schnorr }, { scheme: 'schnorr', key }, undefined),
      ).toBe(false);
    }
    expect(signedBy({ ...REQUEST, signature: mac }, HMAC, undefined)).toBe(false);
  });
});
