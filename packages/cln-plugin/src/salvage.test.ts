import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { salvage } from './salvage.ts';

describe('salvage', () => {
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
    expect(salvage(text).id).toBe(id);
  });

  it('finds the id that JSON.parse finds', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.string(), (members, id) => {
        const text = JSON.stringify({ ...members, id });
        expect(salvage(text).id).toBe(id);
      }),
    );
  });

  it('finds the method likewise', () => {
    const text = '{"id":"a","params":{"method":"inner","x":[007]},"method":"rpc_command"}';
    expect(salvage(text)).toEqual({ id: 'a', method: 'rpc_command' });
    expect(salvage('{"method":{"method":"x"}}').method).toBeUndefined();
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.string(), (text) => void salvage(text)));
  });
});
