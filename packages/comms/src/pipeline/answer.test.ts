import type { JsonValue, NodeId, UnixMs } from '@cl-hive/core';
import { answerSigningText, answerToJson, parseStrictJson } from '@cl-hive/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answerEnvelope, plainResult } from './answer.ts';
import type { OutgoingAnswer } from './command.ts';

const NODE = `02${'ab'.repeat(32)}` as NodeId;
const NOW = 1_800_000_000_999 as UnixMs;
const ANSWER: OutgoingAnswer = {
  route: {},
  authenticated: true,
  nonce: 7,
  requestDigest: 'ab'.repeat(32),
  intent: 1,
  approval: undefined,
  repeated: false,
  outcome: { outcome: 'executed', result: { ok: true }, receipt: { seq: 2, digest: 'cd' } },
};

describe('answerEnvelope', () => {
  it('says what became of the request', () => {
    expect(answerEnvelope(ANSWER, NODE, NOW)).toEqual({
      node: NODE,
      timestamp: 1_800_000_000,
      nonce: 7,
      requestDigest: 'ab'.repeat(32),
      outcome: 'executed',
      result: { ok: true },
      receipt: { seq: 2, digest: 'cd' },
    });
    const refused: OutgoingAnswer = {
      ...ANSWER,
      nonce: undefined,
      requestDigest: undefined,
      approval: 4,
      outcome: { outcome: 'refused', code: 'hour_limit', message: 'm', remedy: 'r' },
    };
    expect(answerEnvelope(refused, NODE, NOW)).toEqual({
      node: NODE,
      timestamp: 1_800_000_000,
      approval: '4',
      outcome: 'refused',
      reason: { code: 'hour_limit', message: 'm', remedy: 'r' },
    });
  });

  it('leaves out a result that is too large, and says so', () => {
    const result = 'x'.repeat(64_000);
    const large = (length: number): OutgoingAnswer => ({
      ...ANSWER,
      outcome: { outcome: 'executed', result: 'x'.repeat(length) },
    });
    expect(answerEnvelope(large(result.length), NODE, NOW).result).toBe(result);
    const cut = answerEnvelope(large(65_535), NODE, NOW);
    expect(cut).toMatchObject({ outcome: 'executed', reason: { code: 'result_too_large' } });
    expect(cut.result).toBeUndefined();
  });

  it('can always be signed, and read by a strict reader, whatever lightningd gave', () => {
    const value = fc.letrec((tie) => ({
      node: fc.oneof(
        { maxDepth: 12 },
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.bigInt({ min: 0n, max: 2n ** 64n }),
        fc.string({ unit: 'binary' }),
        fc.constantFrom(null, true),
        fc.array(tie('node'), { maxLength: 3 }),
        fc.dictionary(fc.string({ unit: 'binary' }), tie('node'), { maxKeys: 3 }),
      ),
    })).node as fc.Arbitrary<JsonValue>;
    fc.assert(
      fc.property(value, (result) => {
        const envelope = answerEnvelope(
          { ...ANSWER, outcome: { outcome: 'executed', result } },
          NODE,
          NOW,
        );
        expect(answerSigningText(envelope)).toMatch(/^cl-hive\//);
        const read = parseStrictJson(JSON.stringify(answerToJson(envelope)));
        expect(read).toEqual(JSON.parse(JSON.stringify(answerToJson(envelope))));
      }),
    );
  });

  it('keeps amounts exact', () => {
    expect(plainResult({ msat: 2n ** 63n, part: 0.5, deep: [[[[[1]]]]] })).toEqual({
      msat: '9223372036854775808',
      part: '0.5',
      deep: [[[['[1]']]]],
    });
  });
});
