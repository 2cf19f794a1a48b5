import fc from 'fast-check';
import { CID } from 'multiformats/cid';
import { describe, expect, it } from 'vitest';
import { vectors } from '../../tests/vectors.ts';
import { canonicalDocument } from './canonical.ts';
import { isContentId, isDid, operationId, storedContentId } from './content-id.ts';

describe('content ids', () => {
  it.each(vectors.cids)('are those of Archon: $cid', ({ json, cid }) => {
    expect(storedContentId(json)).toBe(cid);
    expect(isContentId(cid)).toBe(true);
  });

  it('of create operations are the DIDs that Archon gave', () => {
    const creates = vectors.operations.filter(({ call }) => call === 'createDID');
    expect(creates.length).toBeGreaterThan(0);
    for (const { operation, result } of creates) {
      expect(`did:cid:${operationId(operation)}`).toBe(result);
      expect(isDid(result)).toBe(true);
    }
  });

  it('are known by their spelling exactly where the library reads one', () => {
    const reads = (text: string): boolean => {
      try {
        const cid = CID.parse(text);
        return cid.code === 0x02_00 && cid.multihash.code === 0x12 && cid.toString() === text;
      } catch {
        return false;
      }
    };
    const letters = 'abcdefghijklmnopqrstuvwxyz234567';
    fc.assert(
      fc.property(fc.jsonValue(), fc.nat(60), fc.nat(31), (value, at, letter) => {
        const real = storedContentId(value);
        const changed = real.slice(0, at) + (letters[letter] ?? '') + real.slice(at + 1);
        expect(isContentId(real)).toBe(true);
        expect(isContentId(changed)).toBe(reads(changed));
      }),
      { seed: 3 },
    );
  });

  it('follow JavaScript where names are array indices, the signed form does not', () => {
    expect(canonicalDocument({ 10: 'a', 9: 'b' })).toBe('{"10":"a","9":"b"}');
    expect(operationId({ 10: 'a', 9: 'b' })).toBe(storedContentId({ 9: 'b', 10: 'a' }));
  });

  it.each([
    'did:cid:',
    'did:cid:x',
    'did:key:z6Mk',
    'did:cid:bagaaieraeirifx3tjikflwpqj5zaeeitxumq55ojr4o4jgelslac6jjk42pa#key-1',
    'did:cid:BAGAAIERAEIRIFX3TJIKFLWPQJ5ZAEEITXUMQ55OJR4O4JGELSLAC6JJK42PA',
    'did:cid:QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWKPbdG',
    7,
  ])('refuses %s as a DID', (text) => {
    expect(isDid(text)).toBe(false);
  });

  it('refuses what a double would change, and depth', () => {
    expect(() => canonicalDocument({ a: 1n })).toThrow('bigint');
    expect(() => canonicalDocument({ a: Number.NaN })).toThrow('number');
    let deep: unknown = 1;
    for (let level = 0; level < 40; level += 1) {
      deep = [deep];
    }
    expect(() => canonicalDocument(deep)).toThrow('deeper');
  });
});
