import { randomBytes } from 'node:crypto';
import { hexToBytes } from '@cl-hive/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { combineShares, readShare, type Share, setOf, splitKey } from './shares.ts';

// As it comes from Node: a Buffer.
const secret: Uint8Array = randomBytes(32);

describe('shares of a key', () => {
  it('give it back from any that are enough, in any order, and from no fewer', async () => {
    for (const [threshold, holders] of [
      [2, 2],
      [2, 3],
      [3, 5],
      [16, 16],
    ] as const) {
      const shares = await splitKey(secret, threshold, holders);
      await fc.assert(
        fc.asyncProperty(fc.shuffledSubarray([...shares], { minLength: 1 }), async (some) => {
          const outcome = await combineShares(some).catch((error: { code: string }) => error.code);
          expect(outcome).toEqual(
            some.length >= threshold ? Uint8Array.from(secret) : 'shares_missing',
          );
        }),
        { numRuns: 20 },
      );
    }
  });

  it('say how many there are and are needed; one twice is one', async () => {
    const [first] = (await splitKey(secret, 2, 3)) as [Share, Share, Share];
    const twice = [first, first];
    await expect(combineShares(twice)).rejects.toMatchObject({
      code: 'shares_missing',
      data: { have: 1, need: 2 },
    });
    await expect(combineShares([])).rejects.toMatchObject({ code: 'shares_missing' });
  });

  it('of two sharings do not go together', async () => {
    const [a] = (await splitKey(secret, 2, 3)) as [Share, Share, Share];
    const [, b] = (await splitKey(secret, 2, 3)) as [Share, Share, Share];
    await expect(combineShares([a, b])).rejects.toMatchObject({
      code: 'shares_mixed',
    });
  });

  it('are refused when one letter of them is wrong', async () => {
    const [share] = (await splitKey(secret, 2, 3)) as [Share];
    expect(readShare(JSON.parse(JSON.stringify(share)))).toEqual(share);
    const changes: Partial<Record<keyof Share, unknown>>[] = [
      { share: `${share.share.slice(0, -1)}${share.share.endsWith('0') ? '1' : '0'}` },
      { index: 2 },
      { threshold: 3 },
      { set: '00'.repeat(32) },
      { public_key: '00'.repeat(32) },
      { commitments: [] },
      { version: 2 },
      { share: 'ab'.repeat(100) },
    ];
    for (const change of changes) {
      expect(() => readShare({ ...share, ...change })).toThrow(
        expect.objectContaining({ code: 'share_malformed' }),
      );
    }
    for (const nothing of [null, 'x', [], {}]) {
      expect(() => readShare(nothing)).toThrow(
        expect.objectContaining({ code: 'share_malformed' }),
      );
    }
  });

  it('that a holder forged give an error, never another key', async () => {
    const [first, second] = (await splitKey(secret, 2, 3)) as [Share, Share, Share];
    const forged = { ...first, share: 'ab'.repeat(33) };
    const wrong = combineShares([forged, second]);
    await expect(wrong).rejects.toMatchObject({ code: 'shares_wrong' });
    // Signed over by itself it is of another sharing, which the others tell.
    const own = { ...forged, commitments: ['00'.repeat(32)] };
    const posed = { ...own, set: setOf(own) };
    await expect(combineShares([posed, second])).rejects.toMatchObject({
      code: 'shares_mixed',
    });
  });

  it('are not made for nobody, or of one', async () => {
    for (const [threshold, holders] of [
      [1, 3],
      [4, 3],
      [2, 1],
      [2, 17],
    ] as const) {
      await expect(splitKey(secret, threshold, holders)).rejects.toMatchObject({
        code: 'shares_threshold',
      });
    }
  });

  it('hold nothing of the key in clear', async () => {
    const shares = await splitKey(secret, 2, 3);
    for (const { share } of shares) {
      const bytes = hexToBytes(share);
      expect(Buffer.from(bytes).includes(Buffer.from(secret.slice(0, 8)))).toBe(false);
    }
  });
});
