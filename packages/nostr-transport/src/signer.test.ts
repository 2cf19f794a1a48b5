import { hexToBytes } from '@cl-hive/core';
import { SeededRandom } from '@cl-hive/testkit';
import { describe, expect, it } from 'vitest';
import { conversationKey, decryptNip44, encryptNip44, localSigner } from './signer.ts';

const ONE = hexToBytes('00'.repeat(31) + '01');
const TWO = hexToBytes('00'.repeat(31) + '02');
const pubkeyOf = (secret: Uint8Array): string => localSigner(secret, new SeededRandom(1)).pubkey;

describe('NIP-44', () => {
  it("makes the example of the specification's text", () => {
    const key = conversationKey(ONE, pubkeyOf(TWO));
    const payload = `Ag${'A'.repeat(41)}Bee0G5VSK0/9YypIObAtDKfYEAjD35uVkHyB0F4DwrcNaCXlCWZKaArsGrY6M9wnuTMxWfp1RTN9Xga8no+kF5Vsb`;
    expect(encryptNip44(key, 'a', ONE)).toBe(payload);
    expect(decryptNip44(conversationKey(TWO, pubkeyOf(ONE)), payload)).toBe('a');
  });

  it('refuses an empty text and one beyond 65,535 bytes, counted in UTF-8', () => {
    const key = conversationKey(ONE, pubkeyOf(TWO));
    expect(() => encryptNip44(key, '', ONE)).toThrow(
      expect.objectContaining({ code: 'nip44_empty' }),
    );
    expect(encryptNip44(key, 'x'.repeat(65_535), ONE).length).toBeGreaterThan(65_535);
    for (const text of ['x'.repeat(65_536), '\u{1f41d}'.repeat(16_384)]) {
      expect(() => encryptNip44(key, text, ONE)).toThrow(
        expect.objectContaining({ code: 'nip44_too_long' }),
      );
    }
  });

  it('refuses whatever is not NIP-44 version 2 for this key', () => {
    const signer = localSigner(ONE, new SeededRandom(1));
    const right = localSigner(TWO, new SeededRandom(2)).encrypt(signer.pubkey, 'text');
    const cut = right.slice(0, -8);
    const version1 = `AQ${right.slice(2)}`;
    for (const payload of [
      '',
      'a',
      '#',
      right.slice(1),
      cut,
      version1,
      `${right}=`,
      'A'.repeat(300_000),
    ]) {
      expect(() => signer.decrypt(pubkeyOf(TWO), payload)).toThrow(
        expect.objectContaining({ code: 'nip44_invalid' }),
      );
    }
    expect(() => signer.decrypt('ff'.repeat(32), right)).toThrow(
      expect.objectContaining({ code: 'nip44_invalid' }),
    );
    expect(signer.decrypt(pubkeyOf(TWO), right)).toBe('text');
  });
});
