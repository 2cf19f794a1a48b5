import { nobleCurve, utf8ToBytes } from '@cl-hive/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dmailSender, openDmail, sealDmail } from './dmail.ts';
import { DMAIL_BYTES_MAX } from './limits.ts';

function party(seed: number) {
  const secret = new Uint8Array(32).fill(seed);
  return { did: `did:cid:${seed}`, key: nobleCurve.publicKey(secret), secret };
}

const [alice, bob, mallory] = [party(1), party(2), party(3)];
const message = utf8ToBytes('a word between two \u{1f41d}');

function code(work: () => unknown): unknown {
  try {
    work();
    return 'opened';
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describe('a dmail', () => {
  it('is opened by whom it is for, and says who it is from', () => {
    for (const content of [message, new Uint8Array(), new Uint8Array(DMAIL_BYTES_MAX).fill(7)]) {
      const sealed = JSON.parse(JSON.stringify(sealDmail(content, alice, bob))) as unknown;
      expect(dmailSender(sealed).did).toBe(alice.did);
      expect(openDmail(sealed, alice, bob)).toEqual(content);
      expect(JSON.stringify(sealed).length).toBeLessThan(65_000);
    }
  });

  it('is refused by others, from others, and in another name', () => {
    const sealed = sealDmail(message, alice, bob);
    expect(code(() => openDmail(sealed, alice, mallory))).toBe('dmail_recipient');
    expect(code(() => openDmail(sealed, mallory, bob))).toBe('dmail_signature');
    const posing = sealDmail(message, { ...mallory, did: alice.did }, bob);
    expect(code(() => openDmail(posing, alice, bob))).toBe('dmail_signature');
    const passedOn = {
      ...sealed,
      to: mallory.did,
      to_key: dmailSender(sealDmail(message, mallory, bob)).keyHex,
    };
    expect(code(() => openDmail(passedOn, alice, mallory))).toBe('dmail_signature');
    expect(code(() => sealDmail(new Uint8Array(DMAIL_BYTES_MAX + 1), alice, bob))).toBe(
      'dmail_large',
    );
    for (const nothing of [null, 'x', {}, []]) {
      expect(code(() => dmailSender(nothing))).toBe('dmail_malformed');
    }
  });

  it('is refused for any letter of it changed', () => {
    const words = JSON.stringify(sealDmail(message, alice, bob));
    fc.assert(
      fc.property(fc.nat(words.length - 1), fc.nat(6), (at, bit) => {
        const letter = String.fromCharCode(words.charCodeAt(at) ^ (1 << bit));
        let changed: unknown;
        try {
          changed = JSON.parse(words.slice(0, at) + letter + words.slice(at + 1));
        } catch {
          return;
        }
        // Hexadecimal in capitals says the same.
        fc.pre(JSON.stringify(changed).toLowerCase() !== words.toLowerCase());
        expect(code(() => openDmail(changed, alice, bob))).not.toBe('opened');
      }),
    );
  });
});
