import { type JsonValue, parseJson } from '@cl-hive/core';
import { ENVELOPE_BYTES_MAX, utf8ToBytes } from '@cl-hive/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MESSAGE_BYTES_MAX } from '../transports/limits.ts';
import { readBody, writeBody } from './message-body.ts';
import { covers, isTopic, topicDecoder, topicPrefixDecoder } from './topic.ts';

const read = (text: string) => readBody(utf8ToBytes(text));

describe('the body of a message', () => {
  it('has room for an envelope', () => {
    expect(MESSAGE_BYTES_MAX).toBe(ENVELOPE_BYTES_MAX);
  });

  it('comes out as it went in, whatever the payload', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), (json) => {
        const payload: JsonValue = parseJson(json);
        const body = writeBody('hive:gossip', payload);
        expect(body && readBody(body)).toEqual({ kind: 'message', topic: 'hive:gossip', payload });
      }),
    );
  });

  it('keeps integers beyond 2^53', () => {
    const body = writeBody('hive:x', { msat: 9007199254740993n });
    expect(body && readBody(body)).toMatchObject({ payload: { msat: 9007199254740993n } });
  });

  it("carries the hive's own messages as they are", () => {
    const bytes = utf8ToBytes('HIVE{"type":32769,"version":1,"payload":{}}');
    const payload = Buffer.from(bytes).toString('hex');
    expect(readBody(bytes)).toEqual({ kind: 'message', topic: 'hive:wire', payload });
    expect(writeBody('hive:wire', payload)).toEqual(bytes);
  });

  it.each([
    ['no hexadecimal', 'xyz'],
    ['half a byte', '484956455'],
    ['something else', '00112233'],
    ['no text', { hex: '48495645' }],
    ['more than fits', '48495645'.repeat(16_384)],
  ])('refuses %s as a message of the hive', (_what, payload) => {
    expect(writeBody('hive:wire', payload as JsonValue)).toBeUndefined();
  });

  it('refuses what does not fit', () => {
    expect(writeBody('hive:x', 'x'.repeat(65_535))).toBeUndefined();
  });

  it('leaves everything that is no message of ours to the pipeline, which refuses it with a reason', () => {
    for (const text of ['[]', '"x"', '1', 'null', '', '{', '\u0000', 'hello', '{"a":1}']) {
      expect(read(text)).toEqual({ kind: 'request' });
    }
    expect(read('{"type":"hive.management.request","version":1}')).toEqual({ kind: 'request' });
    expect(readBody(Uint8Array.of(0xff, 0xfe))).toEqual({ kind: 'request' });
    expect(read(`${' '.repeat(70_000)}{}`)).toEqual({ kind: 'request' });
  });

  it('never takes an answer for a request, so that two nodes cannot answer each other for ever', () => {
    expect(read('{"type":"hive.management.answer","outcome":"refused"}')).toMatchObject({
      kind: 'message',
      topic: 'management:answer',
    });
  });

  it.each([
    '{"type":"hive.comms.message","version":2,"topic":"hive:x"}',
    '{"type":"hive.comms.message","version":1}',
    '{"type":"hive.comms.message","version":1,"topic":"HIVE:x"}',
    '{"type":"hive.comms.message","version":1,"topic":"hive:wire","payload":"00"}',
    '{"type":"hive.comms.message","version":1,"topic":"management:answer"}',
  ])('drops %s', (text) => {
    expect(read(text).kind).toBe('malformed');
  });

  it('is read from any bytes without a throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(['message', 'request', 'malformed']).toContain(readBody(bytes).kind);
      }),
    );
    const deep = `{"type":"hive.comms.message","version":1,"topic":"a","payload":${'['.repeat(30_000)}`;
    expect(read(deep)).toEqual({ kind: 'request' });
  });
});

describe('topics', () => {
  it.each(['hive:gossip', 'dmail', 'hive:a.b-c_d', 'management:answer'])('%s is one', (text) => {
    expect(isTopic(text)).toBe(true);
  });

  it.each([
    '',
    ':',
    'hive:',
    'Hive:x',
    'h\u0456ve:x',
    'hive: x',
    'a'.repeat(65),
    '__proto__',
    '1a',
    7,
  ])('%s is none', (text) => {
    expect(isTopic(text)).toBe(false);
    expect(() => topicDecoder(text)).toThrow();
  });

  it('below a word are covered by it and a colon, and by nothing shorter', () => {
    expect(topicPrefixDecoder('hive:*')).toBe('hive:');
    expect(covers('hive:', 'hive:gossip')).toBe(true);
    expect(covers('hive:', 'hivex:gossip')).toBe(false);
    expect(covers('hive', 'hive:gossip')).toBe(false);
    expect(covers('dmail', 'dmail')).toBe(true);
  });

  it.each(['*', ':', ':*', '', 'hive*', '*:x', null])('cannot be claimed with %s', (text) => {
    expect(() => topicPrefixDecoder(text)).toThrow();
  });
});
