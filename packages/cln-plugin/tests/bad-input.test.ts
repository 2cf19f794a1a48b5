import { CodedError } from '@cl-hive/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { definePlugin, MethodError, p } from '../src/index.ts';
import { FakeLightningd, type LinkedPlugin, until } from '../src/testing/index.ts';

let node: FakeLightningd;
let plugin: LinkedPlugin;
beforeEach(async () => {
  node = await FakeLightningd.start();
  plugin = await node.attach(
    definePlugin({ name: 'bad' })
      .method('bad-echo', {
        description: 'Echoes.',
        params: { v: p.json().optional() },
        handle: ({ v }) => ({ v: v ?? null }),
      })
      .method('bad-secret', {
        description: 'Fails with its secret.',
        params: { key: p.text().asSecret() },
        handle: ({ key }) => {
          throw new Error(`cannot use ${key}`);
        },
      })
      .method('bad-throw', {
        description: 'Throws what it is told.',
        params: { what: p.text() },
        handle: ({ what }): object => {
          const thrown: Record<string, unknown> = {
            undefined,
            text: 'text',
            error: new Error('inner\n    at secret/path.ts:1'),
            coded: new CodedError('disk_full', 'the disk is full', { remedy: 'free some space' }),
            method: new MethodError(1234, 'mine', { big: 1n << 63n }),
            badcode: new MethodError(Number.NaN, 'x'),
            symbol: Symbol('s'),
            unprintable: Object.create(null),
          };
          throw thrown[what];
        },
      })
      .method('bad-result', {
        description: 'Returns what it is told.',
        params: { what: p.text() },
        handle: ({ what }) => {
          const cycle: Record<string, unknown> = {};
          cycle['self'] = cycle;
          const results: Record<string, unknown> = {
            nothing: undefined,
            array: [1],
            text: 'x',
            nan: { n: Number.NaN },
            cycle,
            date: new Date(0),
            map: new Map([[1, 2]]),
          };
          return results[what] as object;
        },
      }),
  );
});
afterEach(() => node.stop());

async function alive(): Promise<void> {
  expect(await plugin.call('bad-echo', { v: 'still here' })).toEqual({ v: 'still here' });
  expect(plugin.link.killed).toBeUndefined();
}

describe('bad input', () => {
  it('half a message waits for its other half; two at once are two', async () => {
    const half = plugin.link.replyTo('h#1');
    plugin.link.write('{"jsonrpc":"2.0","id":"h#1","method":"bad-ec');
    plugin.link.write(
      'ho","params":{}}{"jsonrpc":"2.0","id":"h#2","method":"bad-echo","params":[]}',
    );
    const second = plugin.link.replyTo('h#2');
    expect((await half)['result']).toEqual({ v: null });
    expect((await second)['result']).toEqual({ v: null });
  });

  it('8 MiB go in and come back', async () => {
    const v = 'z'.repeat(8 << 20);
    expect(await plugin.call('bad-echo', { v })).toEqual({ v });
  });

  it('invalid UTF-8 is answered where there is an id, and the plugin goes on', async () => {
    const reply = plugin.link.replyTo('u#1');
    plugin.link.write(
      Buffer.concat([
        Buffer.from('{"jsonrpc":"2.0","id":"u#1","method":"bad-echo","params":{"v":"'),
        Buffer.from([0xff, 0xfe, 0xc3]),
        Buffer.from('"}}{"jsonrpc":"2.0","id":"u#2","method":"bad-echo","params":[]}'),
      ]),
    );
    expect((await reply)['error']).toMatchObject({
      code: -32700,
      message: expect.stringContaining('UTF-8'),
    });
    await until('the next', () => plugin.link.replies.some((other) => other['id'] === 'u#2'));
    await alive();
  });

  it.each([
    [
      'a bare 007, as lightning-cli sends it',
      '{"jsonrpc":"2.0","id":"x#1","method":"bad-echo","params":[007]}',
      'JSON',
    ],
    [
      '150 levels',
      `{"jsonrpc":"2.0","id":"x#1","method":"bad-echo","params":{"v":${'['.repeat(150)}${']'.repeat(150)}}}`,
      'nested',
    ],
    [
      'a number without end',
      '{"jsonrpc":"2.0","id":"x#1","method":"bad-echo","params":{"v":1e999}}',
      'too large',
    ],
  ])('%s is answered with -32700', async (_what, text, message) => {
    const reply = plugin.link.replyTo('x#1');
    plugin.link.write(text);
    expect((await reply)['error']).toMatchObject({
      code: -32700,
      message: expect.stringContaining(message),
    });
    await alive();
  });

  it('numbers beyond 2^64 come through exactly, and are refused where an amount must be', async () => {
    const v = (1n << 80n) + 1n;
    expect(await plugin.call('bad-echo', { v })).toEqual({ v });
  });

  it.each([
    '[]',
    '[1]',
    '{"jsonrpc":"2.0","method":"none","params":{}}',
    '{"jsonrpc":"2.0"}',
    '{"jsonrpc":"2.0","id":"r#1","result":{}}',
    '{"jsonrpc":"2.0","method":"shutdown","origin":"other.js","params":{"shutdown":{}}}',
  ])('%s does no harm', async (text) => {
    plugin.link.write(text);
    await alive();
  });

  it('a request without method, or for a method that is not there, is answered', async () => {
    const noMethod = plugin.link.replyTo('m#1');
    plugin.link.write('{"jsonrpc":"2.0","id":"m#1","method":7,"params":{}}');
    expect((await noMethod)['error']).toMatchObject({ code: -32600 });
    await expect(plugin.call('toString')).rejects.toMatchObject({ code: -32601 });
    await expect(plugin.call('bad-none')).rejects.toThrow('bad-none');
  });

  it('a stream without frame ends the plugin in order, with a reason', async () => {
    plugin.link.write('not json at all');
    expect(await plugin.link.gone).toBe(1);
    await plugin.link.logged('can no longer be told apart');
  });

  it('init twice is refused and the first stays', async () => {
    await expect(plugin.call('init', node.initParams())).rejects.toMatchObject({ code: -32600 });
    await alive();
  });
});

describe('failures of a handler', () => {
  it.each<[string, object]>([
    ['undefined', { code: 4500 }],
    ['text', { code: 4500, message: expect.stringContaining('text') }],
    ['error', { code: 4500, message: expect.not.stringContaining('path.ts') }],
    [
      'coded',
      {
        code: 4503,
        message: 'the disk is full',
        data: { code: 'disk_full', remedy: 'free some space' },
      },
    ],
    ['method', { code: 1234, message: 'mine', data: { big: 1n << 63n } }],
    ['badcode', { code: 4500, message: 'x' }],
    ['symbol', { code: 4500 }],
    ['unprintable', { code: 4500 }],
  ])('%s thrown is answered once, without a stack', async (what, error) => {
    await expect(plugin.call('bad-throw', { what })).rejects.toMatchObject(error);
    await alive();
  });

  it('the stack is in the log, the secret nowhere', async () => {
    await expect(plugin.call('bad-secret', { key: 'nsec1abcdef' })).rejects.toThrow(
      'cannot use [secret]',
    );
    const line = await plugin.link.logged('cannot use');
    expect(line.message).toContain('bad-input.test.ts');
    expect(JSON.stringify(plugin.link.logs)).not.toContain('nsec1abcdef');
  });

  it.each(['array', 'text', 'nan', 'cycle', 'date'])(
    '%s as result is an error, not silence',
    async (what) => {
      await expect(plugin.call('bad-result', { what })).rejects.toMatchObject({
        code: expect.toSatisfy((code: number) => code === 4500 || code === 4503),
      });
      await alive();
    },
  );

  it.each(['nothing', 'map'])('%s as result is {}', async (what) => {
    expect(await plugin.call('bad-result', { what })).toEqual({});
  });
});
