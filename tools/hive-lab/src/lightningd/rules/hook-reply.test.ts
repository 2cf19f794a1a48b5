import type { JsonValue } from '@cl-hive/core';
import { describe, expect, it } from 'vitest';
import { HOOKS } from '../data/hooks.ts';
import { carryOver, judgeHookReply } from './hook-reply.ts';

function judge(hook: string, result: JsonValue): string {
  const rule = HOOKS[hook];
  return rule === undefined ? 'no hook' : judgeHookReply(hook, rule, result).kind;
}

const KEY = 'ab'.repeat(32);

describe('judgeHookReply', () => {
  it.each([
    ['peer_connected', { result: 'continue' }, 'next'],
    ['peer_connected', { result: 'disconnect', error_message: 'x' }, 'stop'],
    ['peer_connected', {}, 'abort'],
    ['peer_connected', { result: 'reject' }, 'abort'],
    ['custommsg', { result: 'continue' }, 'next'],
    ['custommsg', {}, 'abort'],
    ['custommsg', null, 'abort'],
    ['custommsg', 'continue', 'abort'],
    ['custommsg', { result: 'reject' }, 'abort'],
    ['custommsg', { result: '__proto__' }, 'abort'],
    ['htlc_accepted', { result: 'continue' }, 'next'],
    ['htlc_accepted', { result: 'continue', payload: 'zz' }, 'abort'],
    ['htlc_accepted', { result: 'continue', forward_to: 'ab' }, 'abort'],
    ['htlc_accepted', { result: 'fail', failure_message: '2002' }, 'stop'],
    ['htlc_accepted', { result: 'fail' }, 'abort'],
    ['htlc_accepted', { result: 'fail', failure_message: 'xyz' }, 'abort'],
    ['htlc_accepted', { result: 'resolve', payment_key: KEY }, 'stop'],
    ['htlc_accepted', { result: 'resolve', payment_key: 'ab' }, 'abort'],
    ['htlc_accepted', { result: 'resolve' }, 'abort'],
    ['invoice_payment', { result: 'reject' }, 'stop'],
    ['invoice_payment', { failure_message: '2002' }, 'stop'],
    ['invoice_payment', { failure_message: 'xx' }, 'abort'],
    ['invoice_payment', {}, 'abort'],
    ['openchannel', { result: 'continue', mindepth: 0 }, 'next'],
    ['openchannel', { result: 'reject', error_message: 'no' }, 'stop'],
    ['openchannel', { result: 'reject', close_to: 'bcrt1' }, 'abort'],
    ['openchannel', { result: 'maybe' }, 'abort'],
    ['openchannel2', { result: 'reject', psbt: 'x' }, 'abort'],
    ['openchannel2_changed', { result: 'continue' }, 'abort'],
    ['openchannel2_sign', { result: 'continue', psbt: 'x' }, 'next'],
    ['rbf_channel', { result: 'reject' }, 'stop'],
    ['commitment_revocation', {}, 'next'],
    ['commitment_revocation', 7, 'next'],
    ['onion_message_recv', { result: 'continue' }, 'next'],
    ['onion_message_recv', {}, 'stop'],
    ['recover', {}, 'abort'],
  ] as const)('%s: %j is %s', (hook, reply, verdict) => {
    expect(judge(hook, reply)).toBe(verdict);
  });
});

it('a changed payload is what the next plugin sees', () => {
  const rule = HOOKS['htlc_accepted'];
  const payload = { onion: { payload: '00', next: 1 }, htlc: { id: 1 } };
  expect(
    rule && carryOver(rule, payload, { result: 'continue', payload: '11', extra_tlvs: 'ff' }),
  ).toEqual({
    onion: { payload: '11', next: 1 },
    htlc: { id: 1, extra_tlvs: 'ff' },
  });
});
