import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { itemTexts, memberSpans, rawText, WireObject } from './json-members.ts';

describe('memberSpans', () => {
  it('finds every member of any object, however it is spaced', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.constantFrom(0, 1, 4),
        (object, indent) => {
          const text = JSON.stringify(object, null, indent);
          const found = Object.fromEntries(
            Array.from(memberSpans(text), ([name, { start, end }]) => [
              name,
              JSON.parse(text.slice(start, end)),
            ]),
          );
          expect(found).toEqual(JSON.parse(text));
        },
      ),
    );
  });

  it('takes the first of two members of one name', () => {
    expect(new WireObject('{"id":1,"id":2}').raw('id')).toBe('1');
  });

  it('is not misled by braces, quotes and escapes in strings', () => {
    const wire = new WireObject('{ "a" : "}\\"{", "b":[{"a":"]"}], "c": 1e3 }');
    expect([wire.raw('a'), wire.raw('b'), wire.raw('c')]).toEqual([
      '"}\\"{"',
      '[{"a":"]"}]',
      '1e3',
    ]);
  });
});

describe('WireObject.replacing', () => {
  it('changes one value and no other byte', () => {
    const text = '{\n\n "jsonrpc" : "2.0",\t"id": 7 ,"x":{"id":7}}';
    expect(new WireObject(text).replacing('id', '"a"')).toBe(
      '{\n\n "jsonrpc" : "2.0",\t"id": "a" ,"x":{"id":7}}',
    );
  });
});

describe('itemTexts', () => {
  it('splits any array', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), fc.constantFrom(0, 2), (items, indent) => {
        const text = JSON.stringify(items, null, indent);
        expect(itemTexts(text).map((item) => JSON.parse(item) as unknown)).toEqual(
          JSON.parse(text),
        );
      }),
    );
  });
});

it('rawText leaves escapes as they are', () => {
  expect(rawText('"a\\"b\\n"')).toBe('a\\"b\\n');
  expect(rawText('12')).toBe('12');
});
