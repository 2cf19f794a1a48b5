import { bytesToHex, hexToBytes } from '@cl-hive/core';
import { sha256 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PAYMENT_LIMITS } from '../limits.ts';
import type { TokenTerms, TokenUse } from './caveats.ts';
import {
  readAuthorization,
  readBase64,
  readChallenge,
  writeAuthorization,
  writeChallenge,
} from './challenge.ts';
import { decodeIdentifier, encodeIdentifier } from './identifier.ts';
import { decodeMacaroon, encodeMacaroon, newMacaroon, withCaveat } from './macaroon.ts';
import { checkToken, mintMacaroon, readMacaroon } from './token.ts';

const server = new Uint8Array(32).fill(5);
const preimage = '0b'.repeat(32);
const paymentHash = bytesToHex(sha256(hexToBytes(preimage)));
const identifier = { paymentHash, tokenId: '0c'.repeat(32) };
const terms: TokenTerms = {
  service: 'hive-comms',
  schema: 'hive:fee-policy/v1#set_anchor',
  payer: 'alice',
  count: 3,
  validUntil: 2000,
};
const use: TokenUse = {
  service: 'hive-comms',
  schema: 'hive:fee-policy/v1',
  action: 'set_anchor',
  payer: 'alice',
  usedBefore: 0,
  now: 1000,
};
const macaroon = mintMacaroon(server, identifier, terms, 'node');

/** The token with one more condition, as its holder adds it. */
function attenuate(bytes: Uint8Array, condition: string): Uint8Array {
  const read = decodeMacaroon(bytes);
  if (typeof read === 'string') {
    throw new Error(read);
  }
  return encodeMacaroon(withCaveat(read, condition));
}

describe('a token', () => {
  it('says what it is for, in the form of Aperture', () => {
    expect(readMacaroon(macaroon)).toEqual({
      identifier,
      caveats: [
        'services=hive-comms:0',
        'hive-comms_valid_until=2000',
        'hive_schema=hive:fee-policy/v1#set_anchor',
        'hive_payer=alice',
        'hive_count=3',
      ],
    });
  });

  it('is taken for what it was paid for', () => {
    expect(checkToken(server, { macaroon, preimage }, use)).toEqual({
      ok: true,
      identifier,
      uses: 3,
    });
    expect(checkToken(server, { macaroon, preimage }, { ...use, usedBefore: 2 }).ok).toBe(true);
  });

  it('for a whole schema, allows each of its actions', () => {
    const whole = mintMacaroon(server, identifier, { ...terms, schema: 'hive:fee-policy/v1' });
    const other = { ...use, action: 'set_range' };
    expect(checkToken(server, { macaroon: whole, preimage }, other).ok).toBe(true);
    expect(checkToken(server, { macaroon, preimage }, other)).toEqual({
      ok: false,
      problem: 'other_schema',
    });
  });

  it.each<[string, Partial<TokenUse>]>([
    ['other_service', { service: 'other' }],
    ['other_schema', { schema: 'hive:fee-policy/v2' }],
    ['other_payer', { payer: 'mallory' }],
    ['token_ended', { now: 2000 }],
    ['token_used_up', { usedBefore: 3 }],
  ])('is refused with %s', (problem, change) => {
    expect(checkToken(server, { macaroon, preimage }, { ...use, ...change })).toEqual({
      ok: false,
      problem,
    });
  });

  it.each<[string, { macaroon: Uint8Array; preimage: string }]>([
    ['preimage_differs', { macaroon, preimage: '0d'.repeat(32) }],
    ['macaroon_malformed', { macaroon: new Uint8Array(3), preimage }],
    [
      'macaroon_malformed',
      { macaroon: new Uint8Array(PAYMENT_LIMITS.macaroonBytes + 1), preimage },
    ],
    [
      'macaroon_malformed',
      { macaroon: encodeMacaroon(newMacaroon(server, new Uint8Array(65))), preimage },
    ],
    [
      'signature_differs',
      { macaroon: encodeMacaroon(newMacaroon(server, encodeIdentifier(identifier))), preimage },
    ],
  ])('is refused with %s when it is another', (problem, token) => {
    expect(checkToken(server, token, use)).toEqual({ ok: false, problem });
  });

  it('only ever narrows when its holder adds conditions', () => {
    const check = (condition: string, asked: Partial<TokenUse> = {}) =>
      checkToken(
        server,
        { macaroon: attenuate(macaroon, condition), preimage },
        { ...use, ...asked },
      );
    expect(check('hive_count=1')).toMatchObject({ ok: true, uses: 1 });
    expect(check('hive_count=99')).toMatchObject({ ok: true, uses: 3 });
    expect(check('hive_count=1', { usedBefore: 1 })).toMatchObject({ problem: 'token_used_up' });
    expect(check('hive_count=99', { usedBefore: 3 })).toMatchObject({ problem: 'token_used_up' });
    expect(check('hive-comms_valid_until=9999', { now: 2000 })).toMatchObject({
      problem: 'token_ended',
    });
    expect(check('hive_payer=bob')).toMatchObject({ problem: 'other_payer' });
    expect(check('services=hive-comms:0,other:0').ok).toBe(true);
    expect(check('hive-comms_capabilities=hive:fee-policy/v1').ok).toBe(true);
    for (const condition of ['account = 5', 'colour=red', '=5']) {
      expect(check(condition).ok).toBe(false);
    }
    for (const condition of ['hive_count=-1', 'hive_count=1e3', 'hive_count=']) {
      expect(check(condition)).toMatchObject({ problem: 'caveat_malformed' });
    }
  });

  it('is read to a bounded number of conditions', () => {
    let read = newMacaroon(server, encodeIdentifier(identifier));
    for (let count = 0; count <= PAYMENT_LIMITS.caveats; count += 1) {
      read = withCaveat(read, 'hive_count=3');
    }
    const long = encodeMacaroon(read);
    expect(checkToken(server, { macaroon: long, preimage }, use)).toMatchObject({
      problem: 'too_many_caveats',
    });
  });

  it('is refused after any change of a bit, and of another server', () => {
    fc.assert(
      fc.property(fc.nat(macaroon.length * 8 - 1), (bit) => {
        const changed = Uint8Array.from(macaroon);
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const verdict = checkToken(server, { macaroon: changed, preimage }, use);
        // The location is a hint that no signature covers: version, kind, length and 4 letters.
        expect(verdict.ok && bytesToHex(changed.slice(7)) !== bytesToHex(macaroon.slice(7))).toBe(
          false,
        );
      }),
      { numRuns: 300 },
    );
    expect(checkToken(new Uint8Array(32), { macaroon, preimage }, use)).toMatchObject({
      problem: 'signature_differs',
    });
  });
});

describe('the identifier', () => {
  it('is 66 bytes as Aperture writes them, and nothing else', () => {
    const bytes = encodeIdentifier(identifier);
    expect(bytesToHex(bytes)).toBe(`0000${paymentHash}${identifier.tokenId}`);
    expect(decodeIdentifier(bytes)).toEqual(identifier);
    expect(decodeIdentifier(bytes.slice(1))).toBeUndefined();
    expect(decodeIdentifier(Uint8Array.from([0, 1, ...bytes.slice(2)]))).toBeUndefined();
  });
});

describe('the headers', () => {
  const challenge = { macaroon: Uint8Array.of(251, 255, 1), invoice: 'lnbcrt1abc' };

  it('are read as they are written, in both names of the scheme', () => {
    for (const scheme of ['L402', 'LSAT'] as const) {
      expect(readChallenge([writeChallenge(challenge, scheme)])).toEqual(challenge);
      const token = { macaroon: challenge.macaroon, preimage };
      expect(readAuthorization(writeAuthorization(token, scheme))).toEqual(token);
    }
  });

  it.each([
    'L402 macaroon="+/8B", invoice="lnbcrt1abc"',
    'l402 invoice="lnbcrt1abc", macaroon="-_8B"',
    'Basic realm="x", L402 macaroon="+/8B", invoice="lnbcrt1abc"',
    'L402 version="0", token=+/8B, invoice=lnbcrt1abc',
  ])('a challenge is found in %s', (header) => {
    expect(readChallenge(['Bearer', header])).toEqual(challenge);
  });

  it.each([
    '',
    'L402',
    'L402 macaroon="+/8B"',
    'L402 invoice="lnbcrt1abc"',
    'L402 macaroon="?", invoice="lnbcrt1abc"',
    'XL402 macaroon="+/8B", invoice="lnbcrt1abc"',
    `L402 macaroon="${'A'.repeat(20_000)}", invoice="x"`,
    `L402 macaroon="${'A'.repeat(8_000)}", invoice="x"`,
  ])('no challenge is found in %.60s', (header) => {
    expect(readChallenge([header])).toBeUndefined();
  });

  it.each([
    '',
    'L402 +/8B',
    `L402 ?:${preimage}`,
    `L402 +/8B:${preimage}00`,
    `Bearer +/8B:${preimage}`,
    `L402 ${'A'.repeat(8000)}:${preimage}`,
    `L402 ${'A'.repeat(20_000)}:${preimage}`,
  ])('no token is found in %.60s', (header) => {
    expect(readAuthorization(header)).toBeUndefined();
  });

  it('base64 is read in both alphabets, padded or not', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const text = Buffer.from(bytes).toString('base64');
        expect(readBase64(text)).toEqual(bytes);
        expect(readBase64(text.replaceAll('=', ''))).toEqual(bytes);
        expect(readBase64(Buffer.from(bytes).toString('base64url'))).toEqual(bytes);
      }),
    );
  });
});
