import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { DecodeError, type JsonObject, msat } from '@cl-hive/core';
import { describe, expect, it } from 'vitest';
import * as api from '../src/index.ts';

const root = new URL('..', import.meta.url).pathname;
const names = (folder: string): string[] => [
  ...new Set(readdirSync(`${root}schemas/${folder}`).map((file) => file.replace(/\..*$/, ''))),
];

function pathOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof DecodeError) {
      return error.path;
    }
    throw error;
  }
  throw new Error('it was accepted');
}

describe('the generator', () => {
  it('would write what is committed', () => {
    const args = [`${root}scripts/generate.mjs`, '--check'];
    expect(() => execFileSync(process.execPath, args, { stdio: 'pipe' })).not.toThrow();
  });

  it('covers every schema', () => {
    const methods = new Set(
      Object.values<unknown>(api).map((value) =>
        typeof value === 'object' && value !== null && 'encode' in value && 'name' in value
          ? value.name
          : undefined,
      ),
    );
    expect(names('rpc').filter((name) => !methods.has(name))).toEqual([]);
    expect(Object.keys(api.HOOK_DECODERS)).toEqual(names('hooks').sort());
    expect(Object.keys(api.HOOK_REPLY_CHECKS)).toEqual(Object.keys(api.HOOK_DECODERS));
    expect(Object.keys(api.HOOKS)).toEqual(Object.keys(api.HOOK_DECODERS));
    expect(Object.keys(api.NOTIFICATION_DECODERS)).toHaveLength(names('notifications').length);
  });
});

describe('corrections', () => {
  const pubkey = `02${'11'.repeat(32)}`;

  it('a signature that does not match is an answer', () => {
    expect(api.checkmessage.decode({ verified: false, pubkey })).toEqual({
      verified: false,
      pubkey,
    });
  });

  it('parsefeerate takes feerate', () => {
    expect(api.parsefeerate.encode({ feerate: 'normal' })).toEqual({ feerate: 'normal' });
  });

  it('an unknown state of a later lightningd decodes', () => {
    const event = {
      payment_hash: 'ab'.repeat(32),
      in_channel: '1x1x1',
      in_msat: 1,
      status: 'teleported',
      received_time: 1.5,
      preimage: 'cd'.repeat(32),
      created_index: 18_446_744_073_709_551_615n,
    };
    expect(api.decodeForwardEventNotification(event)).toEqual({ ...event, in_msat: 1n });
  });

  it('members that no schema knows are left out', () => {
    const block = { hash: 'ab'.repeat(32), height: 1 };
    expect(api.decodeBlockAddedNotification({ ...block, colour: 'red' })).toEqual(block);
  });

  it('options of plugins are listed, with 64-bit values', () => {
    const configs = {
      'my-int': { value_int: 9_007_199_254_740_993n, plugin: '/p', source: 'default' },
    };
    expect(api.listconfigs.decode({ configs })).toEqual({ configs });
    const bad = { configs: { 'my-int': { value_int: 'x' } } };
    expect(pathOf(() => api.listconfigs.decode(bad))).toBe('configs.my-int.value_int');
  });
});

describe('commands', () => {
  it('are all that lightningd has, in positional order', () => {
    expect(Object.keys(api.COMMANDS).length).toBeGreaterThan(200);
    expect(api.COMMANDS['invoice']).toMatchObject({
      params: expect.arrayContaining(['amount_msat', 'label', 'description']) as string[],
      required: ['amount_msat', 'label', 'description'],
      core: true,
    });
    expect(api.COMMANDS['plugin']?.params).toEqual(['subcommand']);
    expect(api.COMMANDS['xpay']?.core).toBe(false);
    expect(api.COMMANDS['parsefeerate']?.required).toEqual(['feerate']);
    expect(api.COMMANDS['whoami3']).toBeUndefined();
  });
});

describe('answers to hooks', () => {
  const good: [api.HookName, JsonObject][] = [
    ['custommsg', { result: 'continue' }],
    ['peer_connected', { result: 'disconnect', error_message: 'not now' }],
    ['htlc_accepted', { result: 'continue', payload: '00ff', invoice_msat: msat(5n) }],
    ['htlc_accepted', { result: 'fail', failure_message: '2002' }],
    ['htlc_accepted', { result: 'fail', failure_onion: '00' }],
    ['htlc_accepted', { result: 'resolve', payment_key: '00'.repeat(32) }],
    ['openchannel', { result: 'continue', mindepth: 0, reserve: 1000n }],
    ['openchannel2_sign', { result: 'continue', psbt: 'cHNidP8=' }],
    ['rbf_channel', { result: 'reject', error_message: 'no' }],
    ['invoice_payment', { result: 'reject' }],
    ['rpc_command', { result: 'continue' }],
    ['rpc_command', { return: { result: {} } }],
    ['rpc_command', { return: { error: { code: -32602, message: 'no', data: [1] } } }],
    [
      'rpc_command',
      { replace: { jsonrpc: '2.0', id: 'a', method: 'pay', params: [], filter: {} } },
    ],
  ];

  it.each(good)('%s takes %o', (hook, reply) => {
    expect(api.HOOK_REPLY_CHECKS[hook](reply)).toEqual(reply);
  });

  const bad: [api.HookName, unknown, string][] = [
    ['custommsg', undefined, ''],
    ['custommsg', null, ''],
    ['custommsg', 'continue', ''],
    ['custommsg', {}, 'result'],
    ['custommsg', { result: 'reject' }, 'result'],
    ['custommsg', { result: 'continue', extra: 1 }, 'extra'],
    ['htlc_accepted', { result: 'fail' }, 'failure_onion'],
    ['htlc_accepted', { result: 'fail', failure_message: '200' }, 'failure_message'],
    [
      'htlc_accepted',
      { result: 'fail', failure_message: '20', failure_onion: '20' },
      'failure_onion',
    ],
    ['htlc_accepted', { result: 'resolve', payment_key: '00' }, 'payment_key'],
    ['htlc_accepted', { result: 'continue', invoice_msat: -1n }, 'invoice_msat'],
    ['openchannel', { result: 'reject', close_to: 'bc1q' }, 'close_to'],
    ['openchannel2_changed', { result: 'continue' }, 'psbt'],
    ['rpc_command', {}, 'result'],
    ['rpc_command', { return: {} }, 'return.result'],
    ['rpc_command', { return: { error: { code: 1.5, message: 'x' } } }, 'return.error.code'],
    ['rpc_command', { return: { error: { code: 1 } } }, 'return.error.message'],
    ['rpc_command', { return: { result: {}, error: { code: 1, message: 'x' } } }, 'return.result'],
    ['rpc_command', { replace: { id: 1, method: 'x', params: {} } }, 'replace.jsonrpc'],
    ['rpc_command', { replace: { jsonrpc: '2.0', id: [], method: 'x', params: {} } }, 'replace.id'],
    [
      'rpc_command',
      { replace: { jsonrpc: '2.0', id: 1, method: 'x', params: 'y' } },
      'replace.params',
    ],
    ['rpc_command', { result: 'continue', replace: {} }, 'result'],
  ];

  it.each(bad)('%s refuses %o', (hook, reply, path) => {
    expect(pathOf(() => api.HOOK_REPLY_CHECKS[hook](reply))).toBe(path);
  });

  it('has for every hook a least harmful answer that lightningd takes', () => {
    for (const [name, { fallback }] of Object.entries(api.HOOKS)) {
      const reply = {
        continue: { result: 'continue' },
        reject: { result: 'reject' },
        continue_with_psbt: { result: 'continue', psbt: 'cHNidP8=' },
        choose: { result: 'fail', failure_message: '2002' },
      }[fallback];
      expect(api.HOOK_REPLY_CHECKS[name as api.HookName](reply)).toEqual(reply);
    }
  });
});
