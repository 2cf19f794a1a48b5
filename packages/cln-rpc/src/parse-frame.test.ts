import { isCodedError, parseJson, stringifyJson } from '@cl-hive/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Frame, JsonFramer } from './framer.ts';
import { LONG_INTEGERS_MAX } from './limits.ts';
import { parseFrame } from './parse-frame.ts';

function frameOf(text: string, cut = 0): Frame {
  const bytes = Buffer.from(text);
  const framer = new JsonFramer();
  const [frame] = [...framer.push(bytes.subarray(0, cut)), ...framer.push(bytes.subarray(cut))];
  if (frame === undefined) {
    throw new Error('no frame');
  }
  return frame;
}

const outcome = (parse: () => unknown): unknown => {
  try {
    return parse();
  } catch (error) {
    return isCodedError(error) ? error.code : error;
  }
};

describe('parseFrame', () => {
  it('reads any message as the lossless parser does', () => {
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small' },
        fc.bigInt({ min: -(1n << 70n), max: 1n << 70n }),
        fc.integer(),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.constantFrom('9007199254740993', ',12345678901234567890,', true, null, '"', '\\'),
        fc.array(tie('tree')),
        fc.dictionary(fc.constantFrom('a', '__proto__', '12345678901234567890', 'é'), tie('tree')),
      ),
    }));
    fc.assert(
      fc.property(tree, fc.nat(200), fc.boolean(), (value, cut, spaced) => {
        const written = stringifyJson([value]);
        const text = spaced ? written.replaceAll(/[,\]]/g, ' $&') : written;
        expect(parseFrame(frameOf(text, cut))).toEqual(parseJson(text));
      }),
      { numRuns: 500 },
    );
  });

  it('reads long integers from several blocks', () => {
    const rows = Array.from({ length: 9_000 }, (_, n) => ({ a: 18_446_744_073_709_551_615n, n }));
    const text = stringifyJson({ rows });
    const frame = frameOf(text, 70_000);
    expect(frame.longIntegers).toHaveLength(9_000);
    expect(parseFrame(frame)).toEqual({ rows });
  });

  it('leaves a message of very many to the slow parser', () => {
    const text = `[${Array<string>(LONG_INTEGERS_MAX + 1)
      .fill('18446744073709551615')
      .join(',')}]`;
    const frame = frameOf(text);
    expect([frame.exact, frame.longIntegers]).toEqual([false, undefined]);
    expect(parseFrame(frame)).toEqual(parseJson(text));
  });

  it.each([
    '{"a":1234567890123456}',
    '{"a":-9007199254740993}',
    '{"a":12345678901234567.5}',
    '{"a":12345678901234567890e3}',
    '{"a":00000000000000000001}',
    '{"a":-00000000000000000001}',
    '{"a":--12345678901234567890}',
    '{12345678901234567890:1}',
    '{12345678901234567890 :1}',
    '{"a":12345678901234567890 12345678901234567890}',
    '{"a":x12345678901234567890}',
    '{"a":"x"12345678901234567890}',
    '[12345678901234567890,12345678901234567890]',
    '[12345678901234567890}',
    '[1.12345678901234567890]',
    '["é",12345678901234567890]',
    '["\\"12345678901234567890",12345678901234567890]',
  ])('agrees with the lossless parser on %s', (text) => {
    expect(outcome(() => parseFrame(frameOf(text)))).toEqual(outcome(() => parseJson(text)));
  });
});
