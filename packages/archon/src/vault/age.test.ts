import { randomBytes } from 'node:crypto';
import { Decrypter, Encrypter, generateIdentity, identityToRecipient } from 'age-encryption';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decrypt, encrypt } from './age.ts';
import {
  identityText,
  publicKeyOf,
  readIdentity,
  readRecipient,
  recipientText,
} from './age-keys.ts';

async function* stream(...parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}

async function all(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of source) {
    parts.push(part);
  }
  return Buffer.concat(parts);
}

const secret = Uint8Array.from({ length: 32 }, (_, n) => n + 1);
const recipient = publicKeyOf(secret);
const SIZES = [0, 1, 65_535, 65_536, 65_537, 200_000];

async function codeOf(sealed: Uint8Array, keys = [secret]): Promise<string> {
  return all(decrypt(stream(sealed), keys)).then(
    () => 'opened',
    (error: { code: string }) => error.code,
  );
}

describe('an encrypted stream', () => {
  it.each(SIZES)('of %d bytes is opened by the age of others, and theirs here', async (size) => {
    const content = randomBytes(size);
    const sealed = await all(encrypt(stream(content), [recipient]));
    const theirs = new Decrypter();
    theirs.addIdentity(identityText(secret));
    expect(Buffer.from(await theirs.decrypt(sealed)).equals(content)).toBe(true);
    const encrypter = new Encrypter();
    encrypter.addRecipient(recipientText(recipient));
    const made = await encrypter.encrypt(content);
    expect((await all(decrypt(stream(made), [secret]))).equals(content)).toBe(true);
  });

  it('takes keys as age writes them, and no others', async () => {
    const identity = await generateIdentity();
    const theirs = await identityToRecipient(identity);
    expect(recipientText(publicKeyOf(readIdentity(identity)))).toBe(theirs);
    expect(identityText(readIdentity(identity))).toBe(identity);
    const wrong = `${theirs.slice(0, -1)}${theirs.endsWith('q') ? 'p' : 'q'}`;
    for (const bad of ['', 'age1', wrong, identity, 'npub1qqqq']) {
      expect(() => readRecipient(bad)).toThrow(
        expect.objectContaining({ code: 'vault_key_invalid' }),
      );
    }
    const typo = `${identity.slice(0, -1)}${identity.endsWith('Q') ? 'P' : 'Q'}`;
    expect(() => readIdentity(typo)).toThrow(expect.not.stringContaining(identity.slice(20, 40)));
  });

  it('opens for each of its recipients, and for nobody else', async () => {
    const others = [randomBytes(32), randomBytes(32)];
    const keys = [recipient, ...others.map(publicKeyOf)];
    const sealed = await all(encrypt(stream(Buffer.from('x')), keys));
    for (const key of [secret, ...others]) {
      expect(await codeOf(sealed, [Uint8Array.from(key)])).toBe('opened');
    }
    expect(await codeOf(sealed, [randomBytes(32)])).toBe('vault_key_wrong');
    expect(await codeOf(sealed, [])).toBe('vault_key_wrong');
  });

  it('VB-03: is refused for one bit changed anywhere, one byte less, one more', async () => {
    for (const size of [100, 65_536]) {
      const sealed = await all(encrypt(stream(randomBytes(size)), [recipient]));
      await fc.assert(
        fc.asyncProperty(fc.nat(sealed.length - 1), fc.nat(7), async (at, bit) => {
          const changed = Uint8Array.from(sealed);
          changed[at] = (changed[at] ?? 0) ^ (1 << bit);
          expect(['vault_damaged', 'vault_key_wrong']).toContain(await codeOf(changed));
        }),
      );
      // Every byte of the header, whose parts are small.
      for (let at = 0; at < 210; at += 1) {
        const changed = Uint8Array.from(sealed);
        changed[at] = (changed[at] ?? 0) ^ 1;
        expect(['vault_damaged', 'vault_key_wrong']).toContain(await codeOf(changed));
      }
      for (const cut of [1, 17, sealed.length - 10, sealed.length]) {
        expect(await codeOf(sealed.subarray(0, sealed.length - cut))).toBe('vault_damaged');
      }
      expect(await codeOf(Buffer.concat([sealed, Buffer.of(0)]))).toBe('vault_damaged');
    }
  });

  it('VB-03: is refused when chunks change places or the last is left out', async () => {
    const sealed = await all(encrypt(stream(randomBytes(200_000)), [recipient]));
    const start = sealed.indexOf('\n--- ') + 1;
    const head = sealed.indexOf(10, start) + 1 + 16;
    const chunk = 65_536 + 16;
    const parts = [0, 1, 2, 3].map((n) =>
      sealed.subarray(head + n * chunk, head + (n + 1) * chunk),
    );
    const [a, b, c, d] = parts as [Buffer, Buffer, Buffer, Buffer];
    const header = sealed.subarray(0, head);
    expect(await codeOf(Buffer.concat([header, a, b, c, d]))).toBe('opened');
    expect(await codeOf(Buffer.concat([header, b, a, c, d]))).toBe('vault_damaged');
    expect(await codeOf(Buffer.concat([header, a, b, c]))).toBe('vault_damaged');
    expect(await codeOf(Buffer.concat([header, a, d]))).toBe('vault_damaged');
  });

  it('reads no endless header', async () => {
    const version = 'age-encryption.org/v1\n';
    for (const header of [
      'x'.repeat(5_000_000),
      version + '-> a\n\n'.repeat(1_000),
      `${version}-> X25519 ${'A'.repeat(43)}\n${'A'.repeat(43)}\n`,
      `${version}nonsense\n`,
    ]) {
      expect(await codeOf(Buffer.from(header))).toBe('vault_damaged');
    }
  });
});
