import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { salvageId } from './salvage-id.ts';

describe('salvageId', () => {
  it.each([
    ['{"jsonrpc":"2.0","id":"a#1","params":[007]}', 'a#1'],
    ['{"params":{"id":"inner"},"id" : "outer"}', 'outer'],
    ['{"params":{"id":"inner"}, 007}', undefined],
    ['{"id":7,"x":007}', undefined],
    ['{"method":"id","x":"id","id":"q\\"uote"}', 'q"uote'],
    ['["id":"a"]', 'a'],
    ['{"id":"unterminated', undefined],
    ['{"id":"\\q"}', undefined],
    ['', undefined],
  ])('%s', (text, id) => {
    expect(salvageId(text)).toBe(id);
  });

  it('finds the id that JSON.parse finds', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.string(), (members, id) => {
        const text = JSON.stringify({ ...members, id });
        expect(salvageId(text)).toBe(id);
      }),
    );
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.string(), (text) => void salvageId(text)));
  });
});
