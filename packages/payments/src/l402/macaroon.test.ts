import fc from 'fast-check';
import library from 'macaroon';
import { describe, expect, it } from 'vitest';
import { PAYMENT_LIMITS } from '../limits.ts';
import {
  decodeMacaroon,
  encodeMacaroon,
  isSignedBy,
  type Macaroon,
  newMacaroon,
  withCaveat,
} from './macaroon.ts';

const key = new Uint8Array(32).fill(9);
const made = fc.record({
  rootKey: fc.uint8Array({ minLength: 1, maxLength: 64 }),
  identifier: fc.uint8Array({ minLength: 1, maxLength: 200 }),
  location: fc.string({ unit: 'grapheme', maxLength: 20 }),
  // The package `macaroon` doubles its buffer with each byte that it appends: with more it runs out of memory.
  caveats: fc.array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 150 }), {
    maxLength: 2,
  }),
});

function read(bytes: Uint8Array): Macaroon {
  const macaroon = decodeMacaroon(bytes);
  if (typeof macaroon === 'string') {
    throw new Error(macaroon);
  }
  return macaroon;
}

describe('a macaroon', () => {
  it('made here is read and verified by another implementation', () => {
    fc.assert(
      fc.property(made, ({ rootKey, identifier, location, caveats }) => {
        const mine = caveats.reduce(withCaveat, newMacaroon(rootKey, identifier, location));
        const theirs = library.importMacaroon(encodeMacaroon(mine));
        const seen: string[] = [];
        theirs.verify(rootKey, (condition) => {
          seen.push(condition);
          return null;
        });
        expect({ seen, location: theirs.location ?? '', id: [...theirs.identifier] }).toEqual({
          seen: caveats,
          location,
          id: [...identifier],
        });
      }),
      { numRuns: 50 },
    );
  });

  it('made by another implementation is read and verified here', () => {
    fc.assert(
      fc.property(made, ({ rootKey, identifier, location, caveats }) => {
        const theirs = library.newMacaroon({ version: 2, identifier, location, rootKey });
        for (const caveat of caveats) {
          theirs.addFirstPartyCaveat(caveat);
        }
        const mine = read(theirs.exportBinary());
        expect(mine).toMatchObject({ location, caveats });
        expect(isSignedBy(mine, rootKey)).toBe(true);
        expect(isSignedBy(mine, Uint8Array.from([...rootKey, 1]))).toBe(false);
      }),
      { numRuns: 50 },
    );
  });

  it('cannot lose, change or reorder a caveat', () => {
    const whole = ['a=1', 'b=2'].reduce(withCaveat, newMacaroon(key, key));
    expect(isSignedBy(whole, key)).toBe(true);
    for (const caveats of [['a=1'], ['b=2', 'a=1'], ['a=1', 'b=3'], [], ['a=1', 'b=2', 'c']]) {
      expect(isSignedBy({ ...whole, caveats }, key)).toBe(false);
    }
    expect(isSignedBy({ ...whole, signature: whole.signature.slice(1) }, key)).toBe(false);
  });

  const bytes = encodeMacaroon(withCaveat(newMacaroon(key, key, 'here'), 'a=1'));

  it('is refused when anything is cut off or added', () => {
    for (let length = 0; length < bytes.length; length += 1) {
      expect(decodeMacaroon(bytes.slice(0, length))).toBe('macaroon_malformed');
    }
    expect(decodeMacaroon(Uint8Array.from([...bytes, 0]))).toBe('macaroon_malformed');
  });

  it.each<[string, readonly number[]]>([
    ['version 1', [1, ...bytes.slice(1)]],
    ['JSON', [...Buffer.from('{"v":2}')]],
    ['a length that never ends', [2, 2, 0xff, 0xff, 0xff, 0xff]],
    ['a length beyond the end', [2, 2, 0x7f, 1]],
    ['no identifier', [2, 0, 0, 6, 32, ...key]],
    ['a condition that is no text', [2, 2, 1, 1, 0, 2, 1, 0xff, 0, 0, 6, 32, ...key]],
    ['a place that is no text', [2, 1, 1, 0xff, 2, 1, 1, 0, 0, 6, 32, ...key]],
    ['a short signature', [2, 2, 1, 1, 0, 0, 6, 1, 1]],
    ['too much', Array.from({ length: PAYMENT_LIMITS.macaroonBytes + 1 }, () => 2)],
  ])('is refused: %s', (_, given) => {
    expect(decodeMacaroon(Uint8Array.from(given))).toBe('macaroon_malformed');
  });

  it('with conditions that others are to check is refused', () => {
    const thirdParty = [2, 2, 1, 1, 0, 1, 1, 65, 2, 1, 1, 4, 1, 1, 0, 0, 6, 32, ...key];
    expect(decodeMacaroon(Uint8Array.from(thirdParty))).toBe('macaroon_third_party');
  });

  it('is read whatever it is, in bounded work', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (noise) => {
        const found = decodeMacaroon(Uint8Array.from([2, ...noise]));
        expect(['string', 'object']).toContain(typeof found);
      }),
    );
  });
});
