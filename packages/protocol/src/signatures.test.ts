import { bytesToHex, hexToBytes, isCodedError, nodeId } from '@cl-hive/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import checked from '../fixtures/checkmessage.json' with { type: 'json' };
import signed from '../fixtures/signmessage.json' with { type: 'json' };
import { escapedText } from './canonical-json.ts';
import { nobleCurve } from './curve.ts';
import { SIGNED_TEXT_BYTES_MAX } from './limits.ts';
import {
  messageDigest,
  recoverMessage,
  signMessage,
  verifyEitherForm,
  verifyMessage,
} from './signatures.ts';
import { utf8ToBytes } from './utf8.ts';
import { decodeZbase32, encodeZbase32 } from './zbase32.ts';

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const SECRET = new Uint8Array(32).fill(0x41);
const SIGNER = nodeId(bytesToHex(nobleCurve.publicKey(SECRET)));

const secretKey = fc.uint8Array({ minLength: 32, maxLength: 32 }).filter((bytes) => {
  const scalar = BigInt(`0x${bytesToHex(bytes)}`);
  return scalar > 0n && scalar < ORDER;
});

/** The recorded or made signature with bit `bit` of its 65 bytes turned. */
function flipped(zbase: string, bit: number): string {
  const bytes = decodeZbase32(zbase) ?? new Uint8Array();
  bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return encodeZbase32(bytes);
}

describe('recorded answers of lightningd', () => {
  const { message } = signed.request.params;
  const { result } = signed.response;
  const signer = nodeId(checked.response.result.pubkey);

  it('gives the key that checkmessage gave', () => {
    expect(recoverMessage(message, result.zbase)).toBe(signer);
    expect(verifyMessage(message, result.zbase, signer)).toBe(true);
  });

  it('frames r, s and recovery id as signmessage answered them', () => {
    const framed = decodeZbase32(result.zbase);
    expect(bytesToHex(framed ?? new Uint8Array())).toBe(
      (31 + Number(result.recid)).toString(16) + result.signature,
    );
  });

  it('refuses every single bit turned in the signature', () => {
    for (let bit = 0; bit < 65 * 8; bit += 1) {
      expect(verifyMessage(message, flipped(result.zbase, bit), signer), `bit ${bit}`).toBe(false);
    }
  });

  it('refuses another text, another signer and what is no signature', () => {
    expect(verifyMessage(`${message} `, result.zbase, signer)).toBe(false);
    expect(verifyMessage(message, result.zbase, SIGNER)).toBe(false);
    for (const zbase of [
      '',
      'zzzz',
      result.zbase.toUpperCase(),
      `${result.zbase}y`,
      ` ${result.zbase.slice(1)}`,
      result.zbase.slice(1),
      result.signature,
    ]) {
      expect(recoverMessage(message, zbase), zbase).toBeUndefined();
    }
    for (const fill of [0, 0xff]) {
      const bytes = new Uint8Array(65).fill(fill);
      bytes[0] = 31;
      expect(recoverMessage(message, encodeZbase32(bytes))).toBeUndefined();
    }
  });

  it('refuses the twin with high s', () => {
    const framed = decodeZbase32(result.zbase) ?? new Uint8Array();
    const s = BigInt(`0x${bytesToHex(framed.subarray(33))}`);
    framed[0] = 31 + ((framed[0] ?? 0) - 31 === 1 ? 0 : 1);
    framed.set(hexToBytes((ORDER - s).toString(16).padStart(64, '0')), 33);
    const key = nobleCurve.ecdsaRecover(
      messageDigest(message),
      framed.subarray(1),
      (framed[0] ?? 0) - 31,
    );
    expect(bytesToHex(key ?? new Uint8Array())).toBe(signer);
    expect(recoverMessage(message, encodeZbase32(framed))).toBeUndefined();
  });
});

describe('signMessage', () => {
  it('is deterministic and verifies for any text and key', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), secretKey, (text, key) => {
        const made = signMessage(text, key);
        const signer = nodeId(bytesToHex(nobleCurve.publicKey(key)));
        expect(signMessage(utf8ToBytes(text), key)).toEqual(made);
        expect(verifyMessage(text, made.zbase, signer)).toBe(true);
        expect(made.zbase).toHaveLength(104);
        expect(made.signature).toMatch(/^[0-9a-f]{128}$/);
        expect(made.recid).toMatch(/^0[0-3]$/);
      }),
      { numRuns: 25 },
    );
  });

  it('signs what RFC 6979 says', () => {
    const key = new Uint8Array(32);
    key[31] = 1;
    const { signature } = nobleCurve.ecdsaSignRecoverable(
      hexToBytes('a0dc65ffca799873cbea0ac274015b9526505daaaed385155425f7337704883e'),
      key,
    );
    expect(bytesToHex(signature)).toBe(
      '934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8' +
        '2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5',
    );
  });

  it('takes 65,535 bytes and refuses one more with a code', () => {
    const longest = 'x'.repeat(SIGNED_TEXT_BYTES_MAX);
    const { zbase } = signMessage(longest, SECRET);
    expect(verifyMessage(longest, zbase, SIGNER)).toBe(true);
    expect(verifyMessage(`${longest}x`, zbase, SIGNER)).toBe(false);
    try {
      signMessage(`${longest}x`, SECRET);
      expect.unreachable();
    } catch (error) {
      expect(isCodedError(error, 'signed_text_too_long')).toBe(true);
    }
  });

  it('refuses half a surrogate pair, which UTF-8 would turn into another text', () => {
    for (const text of ['\ud800', 'a\udc00b']) {
      try {
        signMessage(text, SECRET);
        expect.unreachable();
      } catch (error) {
        expect(isCodedError(error, 'signed_text_not_unicode')).toBe(true);
      }
      const { zbase } = signMessage(text.replace(/\p{Surrogate}/u, '\ufffd'), SECRET);
      expect(verifyMessage(text, zbase, SIGNER)).toBe(false);
      expect(verifyEitherForm(text, zbase, SIGNER)).toBe(false);
    }
  });

  it('refuses a secret key of 0, of the order, and of another length', () => {
    for (const key of [new Uint8Array(32), hexToBytes(ORDER.toString(16)), new Uint8Array(31)]) {
      expect(() => signMessage('x', key)).toThrow(RangeError);
    }
  });
});

describe('verifyEitherForm', () => {
  it('takes the plain and the escaped form, and nothing else', () => {
    const text = '{"a":"é"}';
    expect(escapedText(text)).toBe('{\\"a\\":\\"\\u00e9\\"}');
    for (const form of [text, escapedText(text)]) {
      expect(verifyEitherForm(text, signMessage(form, SECRET).zbase, SIGNER)).toBe(true);
    }
    const twice = signMessage(escapedText(escapedText(text)), SECRET).zbase;
    expect(verifyEitherForm(text, twice, SIGNER)).toBe(false);
    expect(verifyEitherForm('{"a":"e"}', signMessage(text, SECRET).zbase, SIGNER)).toBe(false);
  });
});

describe('nobleCurve', () => {
  it('signs and verifies ECDSA and Schnorr, and refuses malformed input without throwing', () => {
    const digest = messageDigest('x');
    const key = nobleCurve.publicKey(SECRET);
    const { signature, recid } = nobleCurve.ecdsaSignRecoverable(digest, SECRET);
    expect(nobleCurve.ecdsaVerify(digest, signature, key)).toBe(true);
    expect(nobleCurve.ecdsaRecover(digest, signature, recid)).toEqual(key);
    expect(nobleCurve.ecdsaVerify(digest, signature.subarray(1), key)).toBe(false);
    expect(nobleCurve.ecdsaVerify(digest, signature, key.subarray(1))).toBe(false);
    expect(nobleCurve.ecdsaRecover(digest, signature.subarray(1), recid)).toBeUndefined();
    expect(nobleCurve.ecdsaRecover(digest, signature, 4)).toBeUndefined();
    expect(nobleCurve.ecdsaRecover(digest, new Uint8Array(80), 0)).toBeUndefined();

    const schnorr = nobleCurve.schnorrSign(digest, SECRET, new Uint8Array(32));
    expect(nobleCurve.schnorrVerify(schnorr, digest, key.subarray(1))).toBe(true);
    expect(nobleCurve.schnorrVerify(schnorr, messageDigest('y'), key.subarray(1))).toBe(false);
    expect(nobleCurve.schnorrVerify(schnorr.subarray(1), digest, key.subarray(1))).toBe(false);
    expect(nobleCurve.schnorrVerify(schnorr, digest, key)).toBe(false);
  });
});

describe('zbase32', () => {
  it('round-trips any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(decodeZbase32(encodeZbase32(bytes))).toEqual(bytes);
      }),
    );
  });

  it('gives each sequence of bytes one text: what decodes encodes to itself', () => {
    const digit = fc.constantFrom(...'ybndrfg8ejkmcpqxot1uwisza345h769'.split(''));
    fc.assert(
      fc.property(fc.string({ unit: digit, maxLength: 30 }), (text) => {
        const bytes = decodeZbase32(text);
        expect(bytes === undefined || encodeZbase32(bytes) === text).toBe(true);
      }),
    );
  });

  it('refuses foreign digits, impossible lengths, filling bits and overlong texts', () => {
    for (const text of [
      'l',
      'v',
      '0',
      '2',
      'Y',
      'yy=',
      'ÿy',
      'yyl',
      'y',
      'yyy',
      'yyyyyy',
      'yb',
      'y9',
      '😀',
      'y'.repeat(4097),
    ]) {
      expect(decodeZbase32(text), text).toBeUndefined();
    }
    expect(decodeZbase32('yy')).toEqual(new Uint8Array(1));
    expect(decodeZbase32('')).toEqual(new Uint8Array());
  });
});
