import { readFile } from 'node:fs/promises';
import { HOOK_REPLY_CHECKS } from '@cl-hive/cln-rpc';
import { isJsonObject, type JsonObject, nodeId, parseJson } from '@cl-hive/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fallbackReply, isHookName } from '../src/hooks/fallback.ts';
import { RecursionGuard } from '../src/hooks/recursion-guard.ts';
import { definePlugin, type HookName } from '../src/index.ts';
import { FakeLightningd } from '../src/testing/index.ts';

const PSBT = 'cHNidP8BAgQCAAAA';
const PEER = nodeId(`02${'ab'.repeat(32)}`);

let node: FakeLightningd;
beforeEach(async () => {
  node = await FakeLightningd.start();
});
afterEach(() => node.stop());

async function recorded(name: string): Promise<JsonObject> {
  const file = new URL(`../../cln-rpc/fixtures/transcripts/messages/${name}.json`, import.meta.url);
  const messages = parseJson(await readFile(file, 'utf8'));
  const call = Array.isArray(messages)
    ? messages.find((message: unknown) => isJsonObject(message) && message['id'] !== undefined)
    : undefined;
  return isJsonObject(call) && isJsonObject(call['params']) ? call['params'] : {};
}

describe('hook replies', () => {
  it('every hook of lightningd but db_write can be used, and its fallback is a valid answer', () => {
    for (const [name, check] of Object.entries(HOOK_REPLY_CHECKS)) {
      if (name === 'db_write') {
        expect(isHookName(name)).toBe(false);
        continue;
      }
      expect(isHookName(name), name).toBe(true);
      const payload = { [name]: { channel_id: '00'.repeat(32), psbt: PSBT } };
      for (const htlc of ['continue', 'fail'] as const) {
        const reply = fallbackReply(name, payload, 'me', htlc);
        expect(reply, name).toBeDefined();
        expect(() => check(reply), name).not.toThrow();
      }
    }
  });

  it('falls back as each hook needs: refuse channels, pass PSBTs on, HTLCs as chosen', () => {
    const reply = (
      name: string,
      htlc: 'continue' | 'fail' = 'continue',
      payload: JsonObject = {},
    ) => fallbackReply(name, payload, 'me', htlc);
    for (const name of ['openchannel', 'openchannel2', 'rbf_channel']) {
      expect(reply(name)).toEqual({
        result: 'reject',
        error_message: 'me could not decide on this channel',
      });
    }
    expect(reply('htlc_accepted', 'fail')).toEqual({ result: 'fail', failure_message: '2002' });
    expect(reply('htlc_accepted', 'continue')).toEqual({ result: 'continue' });
    expect(reply('openchannel2_sign', 'fail', { openchannel2_sign: { psbt: PSBT } })).toEqual({
      result: 'continue',
      psbt: PSBT,
    });
    expect(reply('openchannel2_changed', 'fail', {})).toBeUndefined();
  });

  it.each<[HookName, object]>([
    ['openchannel', {}],
    ['openchannel', { result: 'reject', close_to: 'bcrt1q' }],
    ['openchannel', { result: 'continue', mindepth: -1 }],
    ['htlc_accepted', { result: 'fail' }],
    ['htlc_accepted', { result: 'fail', failure_message: 'xyz' }],
    ['htlc_accepted', { result: 'resolve' }],
    ['htlc_accepted', { result: 'resolve', payment_key: '00' }],
    ['htlc_accepted', { result: 'continue', payload: 'abc' }],
    ['openchannel2_changed', { result: 'continue' }],
    ['openchannel2_changed', { result: 'continue', psbt: '' }],
    ['openchannel2_changed', { result: 'continue', psbt: 'not a psbt' }],
    ['openchannel2_changed', { result: 'reject' }],
    ['rpc_command', { replace: { method: 'pay' } }],
    ['rpc_command', { replace: { jsonrpc: '2.0', id: 1, method: 'pay', params: 'x' } }],
    ['rpc_command', { return: {} }],
    ['rpc_command', { return: { result: 'text' } }],
    ['rpc_command', { return: { error: { code: 'x', message: 'y' } } }],
    ['rpc_command', { return: { error: { code: 1 } } }],
    ['rpc_command', { result: 'continue', return: { result: {} } }],
    ['peer_connected', { result: 'disconnect', error_message: 5 }],
    ['invoice_payment', { result: 'reject', failure_message: 'zz' }],
  ])('%s: %j never reaches lightningd', async (name, answer) => {
    const payloads: Record<string, JsonObject> = {
      openchannel: await recorded('openchannel'),
      htlc_accepted: await recorded('htlc_accepted'),
      peer_connected: await recorded('peer_connected'),
      openchannel2_changed: {
        openchannel2_changed: {
          channel_id: '00'.repeat(32),
          psbt: PSBT,
          require_confirmed_inputs: false,
        },
      },
      rpc_command: { rpc_command: { jsonrpc: '2.0', id: 'a#1', method: 'pay', params: {} } },
      invoice_payment: { payment: { label: 'l', preimage: '00'.repeat(32), msat: 1000 } },
    };
    let asked = 0;
    const loose = {
      filters: ['pay'],
      onFailure: 'fail',
      handle: () => {
        asked += 1;
        return answer;
      },
    };
    const { filters, ...rest } = loose;
    const spec = name === 'rpc_command' ? loose : rest;
    void filters;
    const plugin = await node.attach(
      definePlugin({ name: 'hooked' })
        .hook('recover', { handle: () => undefined })
        .hook(name, spec as never),
    );
    const payload = payloads[name] ?? {};
    const reply = await plugin.link.hook(name, payload);
    expect(reply).toEqual(fallbackReply(name, payload, 'hooked', 'fail'));
    expect(asked).toBe(1);
  });

  it.each([
    ['a bare 007, as lightning-cli sends it', '[007]'],
    ['a number without end', '[1e999]'],
    ['150 levels', `${'['.repeat(150)}${']'.repeat(150)}`],
    ['invalid UTF-8', Buffer.from([0x5b, 0x22, 0xff, 0x22, 0x5d])],
  ])(
    'a client that sends %s cannot make a rpc_command hook abort the node',
    async (_what, params) => {
      const plugin = await node.attach(
        definePlugin({ name: 'hooked' }).hook('rpc_command', {
          interceptEveryCommand: true,
          handle: () => undefined,
        }),
      );
      const reply = plugin.link.replyTo('c#1/cln:rpc_command#3');
      plugin.link.write(
        Buffer.concat([
          Buffer.from(
            '{"jsonrpc":"2.0","id":"c#1/cln:rpc_command#3","method":"rpc_command","params":{"rpc_command":{"jsonrpc":"2.0","id":"c#1","method":"pay","params":',
          ),
          Buffer.from(params),
          Buffer.from('}}}'),
        ]),
      );
      expect(await reply).toMatchObject({ result: { result: 'continue' } });
    },
  );

  it('trap 36: names in before and after go out as they are: basenames with extension', () => {
    const manifest = definePlugin({ name: 'hooked' })
      .hook('recover', { before: ['funder', 'other.js'], after: ['a.py'], handle: () => undefined })
      .manifest();
    expect(manifest['hooks']).toEqual([
      { name: 'recover', before: ['funder', 'other.js'], after: ['a.py'] },
    ]);
    expect(() =>
      definePlugin({ name: 'hooked' }).hook('recover', { before: [''], handle: () => undefined }),
    ).toThrow('before and after');
  });

  it('a numeric id is answered as it came, and a stop aborts what is under way', async () => {
    let aborted = false;
    const plugin = await node.attach(
      definePlugin({ name: 'hooked' }).hook('recover', {
        handle: async (_payload, { signal }) => {
          await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
          aborted = true;
        },
      }),
    );
    plugin.link.write('{"jsonrpc":"2.0","id":9,"method":"recover","params":{"codex32":"ms1"}}');
    await plugin.call('check', { command_to_check: 'x' }).catch(() => undefined);
    plugin.endInput();
    expect(await plugin.link.gone).toBe(0);
    expect(aborted).toBe(true);
    expect(plugin.link.replies.at(-1)).toEqual({
      jsonrpc: '2.0',
      id: 9,
      result: { result: 'continue' },
    });
  });

  it('takes valid answers as they are, with amounts as bare integers', async () => {
    const plugin = await node.attach(
      definePlugin({ name: 'hooked' })
        .hook('htlc_accepted', {
          onFailure: 'continue',
          load: () =>
            Promise.resolve({
              handle: ({ htlc }) =>
                ({ result: 'resolve', payment_key: htlc.payment_hash }) as const,
            }),
        })
        .hook('rpc_command', {
          filters: ['pay', 'xpay'],
          before: ['cln-xpay'],
          handle: ({ rpc_command: { id, params } }) => ({
            replace: { jsonrpc: '2.0', id, method: 'xpay', params },
          }),
        }),
    );
    expect(plugin.manifest['hooks']).toEqual([
      { name: 'htlc_accepted' },
      { name: 'rpc_command', before: ['cln-xpay'], filters: ['pay', 'xpay'] },
    ]);
    const reply = await plugin.link.hook('htlc_accepted', await recorded('htlc_accepted'));
    expect(reply['result']).toBe('resolve');
    node.serve('xpay', (params) => ({ got: params }));
    expect(await node.call('pay', { n: (1n << 63n) + 1n })).toEqual({
      got: { n: (1n << 63n) + 1n },
    });
  });

  it('a payload that is not what it should be gets the fallback', async () => {
    const plugin = await node.attach(
      definePlugin({ name: 'hooked' }).hook('openchannel', {
        handle: () => ({ result: 'continue' }),
      }),
    );
    for (const payload of [{}, [], null, 'x', { openchannel: { id: 7 } }]) {
      expect(await plugin.link.hook('openchannel', payload)).toMatchObject({ result: 'reject' });
    }
  });

  it('a hook call and a notification of one name go to their own handlers (by id)', async () => {
    const seen: string[] = [];
    const plugin = await node.attach(
      definePlugin({ name: 'hooked' })
        .hook('custommsg', { filters: [32769], handle: () => void seen.push('hook') })
        .on('custommsg', () => void seen.push('notification')),
    );
    plugin.link.notify('custommsg', { peer_id: PEER, payload: '8001' });
    await plugin.link.hook('custommsg', { peer_id: PEER, payload: '8001' });
    expect(seen.sort()).toEqual(['hook', 'notification']);
  });

  it('a hook that arrives before init, or while stopping, is answered at once', async () => {
    const { PluginLink, runInProcess } = await import('../src/testing/index.ts');
    let release: () => void = () => undefined;
    const process = runInProcess(
      definePlugin({ name: 'hooked' })
        .hook('openchannel', { handle: () => ({ result: 'continue' }) })
        .method('hooked-x', { description: 'd', handle: () => ({}) })
        .onStop(() => new Promise<void>((resolve) => (release = resolve))),
    );
    const link = new PluginLink(process);
    await link.getmanifest(true);
    expect(await link.hook('openchannel', {})).toMatchObject({ result: 'reject' });
    await expect(link.request('hooked-x')).rejects.toMatchObject({ code: 4501 });
    await link.init(node.initParams());
    link.notify('shutdown', {});
    expect(await link.hook('openchannel', await recorded('openchannel'))).toMatchObject({
      result: 'reject',
    });
    await expect(link.request('hooked-x')).rejects.toMatchObject({ code: 4502 });
    release();
    expect(await link.gone).toBe(0);
  });
});

describe('RecursionGuard', () => {
  const payload = (id: string): JsonObject => ({ rpc_command: { id } });

  it('knows descendants of its hook calls by whole segments', () => {
    const guard = new RecursionGuard();
    guard.enter('cli#1/cln:rpc_command#7');
    expect(guard.causedByUs('cln:rpc_command#8', payload('cli#1/cln:rpc_command#7/me:pay#1'))).toBe(
      true,
    );
    expect(guard.causedByUs('cli#1/cln:rpc_command#7/me:pay#1/cln:rpc_command#8', {})).toBe(true);
    expect(
      guard.causedByUs('cln:rpc_command#8', payload('cli#1/cln:rpc_command#77/me:pay#1')),
    ).toBe(false);
    expect(guard.causedByUs('cli#1/cln:rpc_command#7', payload('cli#1'))).toBe(false);
    expect(guard.causedByUs('x', null)).toBe(false);
  });

  it('forgets the oldest beyond its bound', () => {
    const guard = new RecursionGuard();
    for (let count = 0; count <= 1_000; count += 1) {
      guard.enter(`h#${count}`);
    }
    expect(guard.causedByUs('h#0/me:x#1', {})).toBe(false);
    expect(guard.causedByUs('h#1000/me:x#1', {})).toBe(true);
  });
});
