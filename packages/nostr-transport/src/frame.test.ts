import { DecodeError } from '@cl-hive/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventDecoder } from './event.ts';
import { parseFrame, shortened } from './frame.ts';
import { NOSTR_LIMITS } from './limits.ts';

const bad = (why: string): unknown => ({ type: 'bad', why });

describe('parseFrame', () => {
  it('reads the messages of NIP-01 and NIP-42', () => {
    expect(parseFrame('["EVENT","s",{"kind":1}]')).toEqual({
      type: 'event',
      subscription: 's',
      event: { kind: 1 },
    });
    expect(parseFrame('["OK","ab",false,"blocked: no"]')).toEqual({
      type: 'ok',
      id: 'ab',
      accepted: false,
      reason: 'blocked: no',
    });
    expect(parseFrame('["OK","ab",true]')).toEqual({
      type: 'ok',
      id: 'ab',
      accepted: true,
      reason: '',
    });
    expect(parseFrame('["EOSE","s"]')).toEqual({ type: 'eose', subscription: 's' });
    expect(parseFrame('["CLOSED","s","error: x"]')).toEqual({
      type: 'closed',
      subscription: 's',
      reason: 'error: x',
    });
    expect(parseFrame('["NOTICE","hello"]')).toEqual({ type: 'notice', text: 'hello' });
    expect(parseFrame('["AUTH","c"]')).toEqual({ type: 'auth', challenge: 'c' });
  });

  it('tells what is of no use', () => {
    expect(parseFrame(new Uint8Array(3))).toEqual(bad('binary'));
    expect(parseFrame(new Uint8Array(NOSTR_LIMITS.frameChars + 1))).toEqual(bad('too_long'));
    expect(parseFrame(`"${'x'.repeat(NOSTR_LIMITS.frameChars)}"`)).toEqual(bad('too_long'));
    for (const text of ['', '{', 'EVENT', '["EVENT"', `${'['.repeat(200)}${']'.repeat(200)}`]) {
      expect(parseFrame(text)).toEqual(bad('not_json'));
    }
    for (const text of [
      '{}',
      'null',
      '[]',
      '["EVENT"]',
      '["EVENT","s"]',
      '["EVENT",7,{}]',
      '["OK","a"]',
      '["OK","a","true"]',
      '["UNKNOWN","a"]',
      '["__proto__","a"]',
      `["AUTH","${'c'.repeat(NOSTR_LIMITS.challengeChars + 1)}"]`,
    ]) {
      expect(parseFrame(text)).toEqual(bad('not_a_message'));
    }
  });

  it('never throws', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          fc.string(),
          fc.array(fc.json()).map((all) => `[${all.join()}]`),
        ),
        (text) => {
          expect(parseFrame(text).type).toBeTypeOf('string');
        },
      ),
    );
  });

  it("keeps a relay's words short and on one line", () => {
    expect(shortened('a\nb\u001b[31m')).toBe('a b [31m');
    expect(shortened('x'.repeat(5_000))).toHaveLength(NOSTR_LIMITS.reasonChars);
    expect(shortened(7)).toBe('');
  });
});

describe('eventDecoder', () => {
  const event = {
    id: 'AB'.repeat(32),
    pubkey: 'cd'.repeat(32),
    created_at: 1,
    kind: 1,
    tags: [['p', 'x']],
    content: '',
    sig: 'ef'.repeat(64),
  };

  it('copies the fields of NIP-01 and nothing else', () => {
    const marked = { ...event, extra: 1, [Symbol('verified')]: true };
    const decoded = eventDecoder(marked);
    expect(decoded).toEqual({ ...event, id: 'ab'.repeat(32) });
    expect(Reflect.ownKeys(decoded)).toHaveLength(7);
  });

  it.each([
    ['an id that is too short', { id: 'ab' }],
    ['a signature that is no hexadecimal', { sig: 'zz'.repeat(64) }],
    ['a date that is no integer', { created_at: 1.5 }],
    ['a date before 1970', { created_at: -1 }],
    ['a kind beyond 65,535', { kind: 65_536 }],
    ['a tag that is no array', { tags: ['p'] }],
    ['a tag of numbers', { tags: [[1]] }],
    ['too many tags', { tags: Array.from({ length: NOSTR_LIMITS.tags + 1 }, () => ['t']) }],
    [
      'too many values in a tag',
      { tags: [Array.from({ length: NOSTR_LIMITS.tagValues + 1 }, () => 'v')] },
    ],
    ['a value that is too long', { tags: [['t', 'v'.repeat(NOSTR_LIMITS.tagChars + 1)]] }],
    ['content that is no text', { content: null }],
  ])('refuses %s', (_name, change) => {
    expect(() => eventDecoder({ ...event, ...change })).toThrow(DecodeError);
  });
});
