import { isCodedError, type JsonValue, type NodeId } from '@cl-hive/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { utf8ToBytes } from '../utf8.ts';
import { canonicalText } from './canonical.ts';
import { ENVELOPE_BYTES_MAX } from './limits.ts';
import { decodeRequest, type RequestEnvelope, requestToJson } from './request.ts';
import { answerSigningText, requestDigest, requestSigningText } from './signing-text.ts';
import { parseStrictJson } from './strict-json.ts';

const NODE = `02${'ab'.repeat(32)}` as NodeId;
const REQUEST: RequestEnvelope = {
  principal: 'alice',
  node: NODE,
  epoch: 0,
  nonce: 7,
  timestamp: 1_800_000_000,
  schema: 'hive:fee-policy/v1',
  action: 'set_single',
  params: { channel_id: '103x1x0', fee_ppm: 100 },
  idempotencyKey: 'fees:2027-01-15',
  replyTo: 'wss://relay.example',
  l402: `L402 AgEEbHNhdA==:${'0b'.repeat(32)}`,
  signature: 'ab'.repeat(64),
};
const TEXT = JSON.stringify(requestToJson(REQUEST));

function code(input: string | Uint8Array): string {
  const decoded = decodeRequest(typeof input === 'string' ? utf8ToBytes(input) : input);
  return decoded.ok ? 'ok' : decoded.error.code;
}

describe('decodeRequest', () => {
  it('reads what requestToJson writes', () => {
    const decoded = decodeRequest(utf8ToBytes(TEXT));
    expect(decoded).toEqual({ ok: true, value: REQUEST });
    expect(decoded.ok && Object.isFrozen(decoded.value)).toBe(true);
    const { idempotencyKey: _, replyTo: __, l402: ____, signature: ___, ...bare } = REQUEST;
    expect(decodeRequest(utf8ToBytes(JSON.stringify(requestToJson(bare))))).toEqual({
      ok: true,
      value: bare,
    });
  });

  it('TI-01: counts raw bytes, padding included, before it parses', () => {
    expect(code(' '.repeat(ENVELOPE_BYTES_MAX - TEXT.length) + TEXT)).toBe('ok');
    expect(code(' '.repeat(ENVELOPE_BYTES_MAX - TEXT.length + 1) + TEXT)).toBe(
      'envelope_too_large',
    );
    expect(code(' '.repeat(10_000_000) + TEXT)).toBe('envelope_too_large');
  });

  it('TI-03: a top level that is no object is a coded error', () => {
    for (const body of ['[]', '"x"', '1', 'null', 'true']) {
      expect([body, code(body)]).toEqual([body, 'envelope_shape']);
    }
    for (const body of [
      '',
      '{',
      '\u0000',
      '{}x',
      '{"a":}',
      '{"a" 1}',
      '[1,]',
      '{,}',
      'nul',
      "{'a':1}",
    ]) {
      expect([body, code(body)]).toEqual([body, 'envelope_syntax']);
    }
  });

  it('TI-06: a name that stands twice is refused, at any depth and under any escape', () => {
    expect(code(TEXT.replace('"nonce":7', '"nonce":7,"nonce":8'))).toBe('envelope_duplicate_key');
    expect(code(TEXT.replace('"fee_ppm":100', '"fee_ppm":100,"fee_ppm":9'))).toBe(
      'envelope_duplicate_key',
    );
    expect(code(TEXT.replace('"nonce":7', '"nonce":7,"n\\u006fnce":8'))).toBe(
      'envelope_duplicate_key',
    );
  });

  it('TI-07, TI-09, SG-06: numbers have one spelling', () => {
    for (const token of [
      '9007199254740993',
      '9007199254740992',
      '18446744073709551616',
      '1.0',
      '1e3',
      '1E3',
      '1e400',
      '1e-7',
      '0.1',
      '-0',
      '01',
      '-01',
    ]) {
      expect([token, code(TEXT.replace('"nonce":7', `"nonce":${token}`))]).toEqual([
        token,
        'envelope_number',
      ]);
      expect([token, code(TEXT.replace('"fee_ppm":100', `"fee_ppm":${token}`))]).toEqual([
        token,
        'envelope_number',
      ]);
    }
    for (const token of ['NaN', 'Infinity', '+1', '.5', '-']) {
      expect([token, code(TEXT.replace('"nonce":7', `"nonce":${token}`))]).toEqual([
        token,
        'envelope_syntax',
      ]);
    }
    for (const token of ['0', '-1', '"7"', 'null', 'true', '[7]', '{}']) {
      expect([token, code(TEXT.replace('"nonce":7', `"nonce":${token}`))]).toEqual([
        token,
        'envelope_shape',
      ]);
    }
    expect(code(TEXT.replace('"nonce":7', '"nonce":9007199254740991'))).toBe('ok');
  });

  it('TI-10: invalid UTF-8 and lone surrogates are refused', () => {
    expect(
      code(Uint8Array.from([0x7b, 0x22, 0x6e, 0x22, 0x3a, 0x22, 0xc3, 0x28, 0x22, 0x7d])),
    ).toBe('envelope_not_utf8');
    for (const note of ['\\ud800', '\\udc00\\ud800']) {
      expect(code(TEXT.replace('103x1x0', note))).toBe('envelope_not_utf8');
    }
    expect(code(TEXT.replace('"channel_id"', '"\\ud83d\\ude00"'))).toBe('ok');
    expect(code(Uint8Array.from([0xef, 0xbb, 0xbf, ...utf8ToBytes(TEXT)]))).toBe('envelope_syntax');
  });

  it('refuses depth bombs without running out of stack', () => {
    expect(code('['.repeat(60_000))).toBe('envelope_depth');
    expect(code(`{"a":`.repeat(10_000))).toBe('envelope_depth');
  });

  it('refuses what an envelope has not, prototypes included', () => {
    for (const key of ['extra', '__proto__', 'constructor', 'sender']) {
      expect(code(TEXT.replace('{', `{"${key}":{},`))).toBe('envelope_shape');
    }
    expect(code(TEXT.replace('"version":1', '"version":2'))).toBe('envelope_version');
    expect(code(TEXT.replace('hive.management.request', 'hive.management.answer'))).toBe(
      'envelope_shape',
    );
    const bad: readonly (readonly [string, JsonValue])[] = [
      ['principal', ''],
      ['principal', 'a b'],
      ['principal', 'x'.repeat(129)],
      ['principal', 'аlice'],
      ['node', 'me'],
      ['node', NODE.toUpperCase()],
      ['epoch', -1],
      ['timestamp', -1],
      ['schema', 5],
      ['action', null],
      ['params', []],
      ['params', null],
      ['idempotency_key', ''],
      ['idempotency_key', 'a b'],
      ['idempotency_key', 'x'.repeat(65)],
      ['reply_to', 'x'.repeat(513)],
      ['l402', 'L402 AgEEbHNhdA=='],
      ['l402', `Bearer AgEEbHNhdA==:${'0b'.repeat(32)}`],
      ['l402', `L402 ${'A'.repeat(5600)}:${'0b'.repeat(32)}`],
      ['signature', 'é'],
      ['signature', 'x'.repeat(1025)],
    ];
    for (const [key, value] of bad) {
      const json = { ...requestToJson(REQUEST), [key]: value };
      expect([key, value, code(JSON.stringify(json))]).toEqual([key, value, 'envelope_shape']);
    }
    for (const key of [
      'principal',
      'node',
      'epoch',
      'nonce',
      'timestamp',
      'schema',
      'action',
      'params',
    ]) {
      const json = requestToJson(REQUEST);
      const { [key]: _, ...without } = json;
      expect([key, code(JSON.stringify(without))]).toEqual([key, 'envelope_shape']);
    }
  });

  it('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(decodeRequest(bytes).ok).toBe(false);
      }),
    );
    fc.assert(
      fc.property(fc.nat(TEXT.length - 1), fc.string({ maxLength: 3 }), (at, put) => {
        decodeRequest(utf8ToBytes(TEXT.slice(0, at) + put + TEXT.slice(at + 1)));
      }),
      { numRuns: 1000 },
    );
  });
});

const integers: fc.Arbitrary<JsonValue> = fc.letrec((tie) => ({
  node: fc.oneof(
    { depthSize: 'small', maxDepth: 4 },
    fc.maxSafeInteger().map((n) => (n === 0 ? 0 : n)),
    fc.string({ unit: 'grapheme' }),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('node'), { maxLength: 4 }),
    fc.dictionary(fc.string({ unit: 'grapheme' }), tie('node'), { maxKeys: 4 }),
  ),
})).node as fc.Arbitrary<JsonValue>;

describe('canonicalText', () => {
  it('reads back as the same value, and as the same text from any order', () => {
    fc.assert(
      fc.property(integers, (value) => {
        const text = canonicalText(value);
        const back = parseStrictJson(text);
        expect(canonicalText(back)).toBe(text);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
    expect(canonicalText({ b: 1, a: [true, null, 'é\n'], '\ufb33': 1, '😀': 2 })).toBe(
      '{"a":[true,null,"é\\n"],"b":1,"😀":2,"\ufb33":1}',
    );
  });

  it('refuses what has two spellings', () => {
    for (const value of [1.5, Number.NaN, 2 ** 53, 1n, '\ud800', { '\udc00': 1 }] as JsonValue[]) {
      expect(() => canonicalText(value)).toThrow();
    }
    let deep: JsonValue = 1;
    for (let i = 0; i < 10; i += 1) {
      deep = [deep];
    }
    try {
      canonicalText(deep);
      expect.unreachable();
    } catch (error) {
      expect(isCodedError(error, 'envelope_depth')).toBe(true);
    }
  });
});

describe('requestSigningText', () => {
  it('binds every member but the signature', () => {
    const text = requestSigningText(REQUEST);
    expect(text).toMatch(/^cl-hive\/management-request\/v1:[0-9a-f]{64}$/);
    const changes: readonly Partial<RequestEnvelope>[] = [
      { principal: 'bob' },
      { node: `03${'ab'.repeat(32)}` as NodeId },
      { epoch: 1 },
      { nonce: 8 },
      { timestamp: 1_800_000_001 },
      { schema: 'hive:fee-policy/v2' },
      { action: 'set_bulk' },
      { params: { channel_id: '103x1x0', fee_ppm: 101 } },
      { idempotencyKey: 'other' },
      { replyTo: 'wss://elsewhere.example' },
      { l402: `L402 AgEE:${'0b'.repeat(32)}` },
    ];
    const texts = new Set([text, ...changes.map((c) => requestSigningText({ ...REQUEST, ...c }))]);
    expect(texts.size).toBe(changes.length + 1);
    expect(requestSigningText({ ...REQUEST, signature: 'other' })).toBe(text);
    const { idempotencyKey: _, ...without } = REQUEST;
    expect(requestDigest(without)).not.toBe(requestDigest(REQUEST));
  });

  it('does not depend on the order or the spaces of what was sent', () => {
    const shuffled = Object.fromEntries(Object.entries(requestToJson(REQUEST)).reverse());
    const decoded = decodeRequest(utf8ToBytes(JSON.stringify(shuffled, undefined, 2)));
    expect(decoded.ok && requestSigningText(decoded.value)).toBe(requestSigningText(REQUEST));
  });

  it('SG-10: an answer has another text than a request', () => {
    const answer = { node: NODE, timestamp: 1, outcome: 'executed' as const, nonce: 7 };
    expect(answerSigningText(answer)).toMatch(/^cl-hive\/management-answer\/v1:[0-9a-f]{64}$/);
    expect(answerSigningText({ ...answer, outcome: 'refused' })).not.toBe(
      answerSigningText(answer),
    );
  });
});
