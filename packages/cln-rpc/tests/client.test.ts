import { linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CodedError, isCodedError, type JsonValue, msat, stringifyJson } from '@cl-hive/core';
import { afterEach, describe, expect, it } from 'vitest';
import {
  checkCall,
  connectRpc,
  getinfo,
  invoice,
  listByIndex,
  listfunds,
  listsendpays,
  type ProgressUpdate,
  type RpcClient,
  type RpcClientOptions,
  RpcError,
  type RpcFaultCode,
  rpcPath,
} from '../src/index.ts';
import { type Received, ScriptedServer } from './scripted-server.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) {
    await clean();
  }
});

async function serve(script: (request: Received) => void): Promise<ScriptedServer> {
  const server = await new ScriptedServer(script).start();
  cleanups.push(() => server.stop());
  return server;
}

function connect(path: string, options: Partial<RpcClientOptions> = {}): RpcClient {
  const client = connectRpc({ path, caller: 'test', timeoutMs: 20_000, ...options });
  cleanups.push(() => client.close());
  return client;
}

async function faultOf(call: Promise<unknown>): Promise<CodedError<RpcFaultCode>> {
  try {
    await call;
  } catch (error) {
    if (isCodedError<RpcFaultCode>(error)) {
      return error;
    }
    throw error;
  }
  throw new Error('the call succeeded');
}

const silent = (): void => undefined;

describe('a list taken in pieces', () => {
  const entries = Array.from({ length: 3_000 }, (_, at) => ({ short_channel_id: `${at}x1x1` }));

  it('is handed over in order before the call resolves, long or short', async () => {
    for (const channels of [entries, entries.slice(0, 3), []]) {
      const server = await serve((request) => request.answer({ channels, block: 7 }));
      const taken: JsonValue[] = [];
      const list = {
        member: 'channels',
        take: (piece: readonly JsonValue[]) => void taken.push(...piece),
      };
      const result = await connect(server.path).raw('listchannels', {}, { list });
      expect(result).toEqual({ channels: [], block: 7 });
      expect(taken).toEqual(channels);
    }
  });

  it('fails the call alone where its taker throws', async () => {
    const server = await serve((request) => request.answer({ channels: entries }));
    const client = connect(server.path);
    let pieces = 0;
    const take = (): void => {
      pieces += 1;
      throw new CodedError('too_many', 'enough');
    };
    const call = client.raw('listchannels', {}, { list: { member: 'channels', take } });
    expect((await faultOf(call)).code).toBe('too_many');
    expect(pieces).toBe(1);
    await expect(client.raw('listchannels')).resolves.toEqual({ channels: entries });
  });

  it('is left alone in an answer of another shape, and in an error', async () => {
    const list = { member: 'channels', take: () => expect.unreachable() };
    const odd = await serve((request) => request.answer({ channels: 'none' }));
    await expect(connect(odd.path).raw('listchannels', {}, { list })).resolves.toEqual({
      channels: 'none',
    });
  });
});

describe('calls', () => {
  it('sends JSON-RPC 2.0 with an id chain and gives the result', async () => {
    const server = await serve((request) => request.answer({ echo: request.params }));
    const client = connect(server.path, { caller: 'cl-hive' });
    await expect(client.raw('echo', { a: 1 })).resolves.toEqual({ echo: { a: 1 } });
    await client.raw(
      'echo',
      {},
      { id: 'cli:hive-status#7/cln:hive-status#9', filter: { a: true } },
    );
    expect(server.received.map((request) => request.message)).toEqual([
      { jsonrpc: '2.0', id: 'cl-hive:echo#1', method: 'echo', params: { a: 1 } },
      {
        jsonrpc: '2.0',
        id: 'cli:hive-status#7/cln:hive-status#9/cl-hive:echo#2',
        method: 'echo',
        params: {},
        filter: { a: true },
      },
    ]);
  });

  it('carries 2^53 + 1 msat and 2^64 - 1 both ways unchanged', async () => {
    const server = await serve((request) =>
      request.answer({
        outputs: [],
        channels: [
          {
            peer_id: `02${'11'.repeat(32)}`,
            our_amount_msat: request.params['amount_msat'],
            amount_msat: 18_446_744_073_709_551_615n,
            funding_txid: 'ab'.repeat(32),
            funding_output: 0,
            connected: true,
            state: 'CHANNELD_NORMAL',
            channel_id: 'cd'.repeat(32),
          },
        ],
      }),
    );
    const client = connect(server.path);
    const odd = msat(9_007_199_254_740_993n);
    const echoing = { ...listfunds, encode: invoice.encode };
    const answer = await client.call(echoing, { amount_msat: odd, label: 'x', description: 'y' });
    expect(answer.channels[0]?.our_amount_msat).toBe(9_007_199_254_740_993n);
    expect(answer.channels[0]?.amount_msat).toBe(18_446_744_073_709_551_615n);
    expect(server.received[0]?.params['amount_msat']).toBe(9_007_199_254_740_993n);
  });

  it('matches concurrent answers by id, in whatever order they come', async () => {
    const waiting: Received[] = [];
    const server = await serve((request) => {
      waiting.push(request);
      if (waiting.length === 100) {
        for (const one of waiting.reverse()) {
          one.answer(one.params['n']);
        }
      }
    });
    const client = connect(server.path);
    const all = Array.from({ length: 100 }, (_, n) => client.raw('n', { n }));
    await expect(Promise.all(all)).resolves.toEqual(Array.from({ length: 100 }, (_, n) => n));
    expect(server.connections).toBe(4);
  });

  it('uses one connection for one call after the other, and no more than allowed', async () => {
    const server = await serve((request) => request.answer(1));
    const client = connect(server.path, { maxConnections: 2 });
    expect(server.connections).toBe(0);
    for (let i = 0; i < 5; i += 1) {
      await client.raw('one');
    }
    expect(server.connections).toBe(1);
    await Promise.all(Array.from({ length: 20 }, () => client.raw('many')));
    expect(server.connections).toBe(2);
  });

  it('gives lightningd’s error with its code and data', async () => {
    const server = await serve((request) =>
      request.fail(205, 'Could not find a route', { hops: 3 }),
    );
    const error = await connect(server.path)
      .call(getinfo, {})
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RpcError);
    expect(error).toMatchObject({
      code: 'rpc_error',
      rpcCode: 205,
      rpcMessage: 'Could not find a route',
      rpcData: { hops: 3 },
      method: 'getinfo',
      message: 'getinfo: Could not find a route (205)',
    });
  });

  it.each([
    ['"only words"', { rpcCode: -1, rpcMessage: 'only words' }],
    ['{"code":"x"}', { rpcCode: -1, rpcMessage: 'unspecified error' }],
    ['17', { rpcCode: -1, rpcMessage: 'unspecified error', rpcData: 17 }],
  ])('takes the error %s of a careless plugin', async (raw, expected) => {
    const server = await serve(({ socket, id }) => socket.write(`{"id":"${id}","error":${raw}}`));
    await expect(connect(server.path).raw('x')).rejects.toMatchObject(expected);
  });

  it('HK-07: ignores answers with an unknown id, and messages that are no answers', async () => {
    const server = await serve((request) => {
      request.socket.write(
        '{"jsonrpc":"2.0","id":"test:other#99","result":{}}[1,2]{"id":5,"result":1}',
      );
      request.socket.write('{"method":"message","params":{"id":"nobody","message":"x"}}');
      request.answer('mine');
    });
    await expect(connect(server.path).raw('x')).resolves.toBe('mine');
  });

  it('takes a null result for a result', async () => {
    const server = await serve(({ socket, id }) =>
      socket.write(`{"id":"${id}","result":null,"error":null}`),
    );
    await expect(connect(server.path).raw('x')).resolves.toBeNull();
  });
});

describe('bytes', () => {
  it.each([1, 2, 3, 7, 4096])('HK-07: takes answers in pieces of %i bytes', async (size) => {
    const text =
      '{"jsonrpc":"2.0","id":"ID","result":{"a":"é漢😀\\"\\\\","b":[18446744073709551615]}}\n\n';
    const server = await serve(({ socket, id }) => {
      const reply = Buffer.from(text.replace('ID', id));
      socket.setNoDelay(true);
      for (let at = 0; at < reply.length; at += size) {
        socket.write(reply.subarray(at, at + size));
      }
    });
    await expect(connect(server.path).raw('x')).resolves.toEqual({
      a: 'é漢😀"\\',
      b: [18_446_744_073_709_551_615n],
    });
  });

  it('HK-07: takes two answers in one write, without white space', async () => {
    const both: Received[] = [];
    const server = await serve((request) => {
      both.push(request);
      if (both.length === 2) {
        request.socket.write(both.map(({ id }) => `{"id":"${id}","result":"${id}"}`).join(''));
      }
    });
    const client = connect(server.path, { maxConnections: 1 });
    await expect(Promise.all([client.raw('a'), client.raw('b')])).resolves.toEqual([
      'test:a#1',
      'test:b#2',
    ]);
  });

  it('carries 8 MiB both ways', async () => {
    const server = await serve((request) => request.answer(request.params['blob']));
    const blob = 'é"\\x'.repeat(2 ** 21);
    await expect(connect(server.path).raw('echo', { blob })).resolves.toBe(blob);
  });

  it('HK-07: carries an answer of 40 MB', async () => {
    const row = { a: 'x'.repeat(900), n: 1 };
    const server = await serve((request) =>
      request.answer(Array.from({ length: 44_000 }, () => row)),
    );
    const rows = await connect(server.path).raw('big');
    expect((rows as JsonValue[]).length).toBe(44_000);
    expect((rows as JsonValue[]).at(-1)).toEqual(row);
  });

  it('does not let a long answer hold up a short call', async () => {
    const server = await serve((request) => {
      if (request.method === 'short') {
        request.answer('done');
      } else {
        request.socket.write(`{"id":"${request.id}","result":["`);
      }
    });
    const client = connect(server.path);
    const long = faultOf(client.raw('long'));
    await expect(client.raw('short')).resolves.toBe('done');
    await client.close();
    expect((await long).code).toBe('rpc_closed');
  });
});

describe('bad answers', () => {
  const replies: [string, RpcFaultCode, string | Uint8Array, RegExp][] = [
    ['neither result nor error', 'rpc_bad_reply', '{"id":"ID"}', /neither result nor error/],
    ['garbage', 'rpc_bad_reply', 'Segmentation fault', /byte 0x53/],
    ['broken JSON', 'rpc_bad_reply', '{"id":"ID",}', /not valid JSON/],
    ['mismatched brackets', 'rpc_bad_reply', '{"id":"ID"]', /not valid JSON/],
    [
      'a depth bomb',
      'rpc_bad_reply',
      `{"id":"ID","result":${'['.repeat(200)}${']'.repeat(200)}}`,
      /deeper than 128/,
    ],
    ['a number that is not finite', 'rpc_bad_reply', '{"id":"ID","result":1e999}', /too large/],
    ['invalid UTF-8', 'rpc_bad_reply', Buffer.from('{"id":"\xff"}', 'latin1'), /UTF-8/],
    [
      'more than the bound',
      'rpc_too_large',
      `{"id":"ID","result":"${'x'.repeat(70_000)}"}`,
      /larger than 65536/,
    ],
  ];

  it.each(replies)('%s', async (_, code, reply, words) => {
    const server = await serve(({ socket, id, method, answer }) => {
      if (method === 'good') {
        answer('still works');
      } else {
        socket.write(typeof reply === 'string' ? reply.replace('ID', id) : reply);
      }
    });
    const client = connect(server.path, { maxReplyBytes: 65_536 });
    const fault = await faultOf(client.raw('bad'));
    expect(fault).toMatchObject({ code, data: { method: 'bad', sent: true } });
    expect(fault.message).toMatch(words);
    await expect(client.raw('good')).resolves.toBe('still works');
  });

  it.each([
    ['18446744073709551616', 'fees_collected_msat'],
    ['99999999999999999999999999', 'fees_collected_msat'],
    ['-1', 'fees_collected_msat'],
    ['1.5', 'fees_collected_msat'],
    ['4294967296', 'num_peers'],
    ['"many"', 'num_peers'],
    ['null', 'num_peers'],
  ])('the value %s of %s is refused by its name', async (value, member) => {
    const info: Record<string, JsonValue> = {
      id: `02${'11'.repeat(32)}`,
      alias: 'a',
      color: '021111',
      num_peers: 0,
      num_pending_channels: 0,
      num_active_channels: 0,
      num_inactive_channels: 0,
      version: 'v26.06.6',
      blockheight: 1,
      network: 'regtest',
      fees_collected_msat: 0,
      'lightning-dir': '/tmp',
      address: [],
    };
    const server = await serve(({ socket, id }) => {
      const result = stringifyJson({ ...info, [member]: 'HERE' }).replace('"HERE"', value);
      socket.write(`{"jsonrpc":"2.0","id":"${id}","result":${result}}`);
    });
    const fault = await faultOf(connect(server.path).call(getinfo, {}));
    expect(fault.code).toBe('rpc_bad_reply');
    expect(fault.data['path']).toBe(`result.${member}`);
    expect(fault.message).toContain(
      `getinfo answered what it should not: result.${member}: expected`,
    );
  });

  it('names the row of a list too', async () => {
    const server = await serve((request) =>
      request.answer({ outputs: [], channels: [{ peer_id: 5 }] }),
    );
    const fault = await faultOf(connect(server.path).call(listfunds, {}));
    expect(fault.data['path']).toBe('result.channels.0.peer_id');
  });
});

describe('deadlines and cancellation', () => {
  it('HK-07: gives up at the deadline and ignores the late answer', async () => {
    const late: Received[] = [];
    const server = await serve((request) => {
      if (request.method === 'slow') {
        late.push(request);
      } else {
        late[0]?.answer('late');
        request.answer('prompt');
      }
    });
    const client = connect(server.path, { maxConnections: 1 });
    const fault = await faultOf(client.raw('slow', {}, { timeoutMs: 30 }));
    expect(fault).toMatchObject({ code: 'rpc_timeout', data: { method: 'slow', sent: true } });
    expect(fault.message).toBe('slow had no answer within 30 ms');
    await expect(client.raw('next')).resolves.toBe('prompt');
    expect(server.connections).toBe(1);
  });

  it('has a deadline by default, and none on request', async () => {
    const server = await serve((request) => {
      if (request.method !== 'never') {
        request.answer(1);
      }
    });
    const client = connect(server.path, { timeoutMs: 20 });
    expect((await faultOf(client.raw('never'))).code).toBe('rpc_timeout');
    const endless = faultOf(client.raw('never', {}, { timeoutMs: Number.POSITIVE_INFINITY }));
    expect((await faultOf(client.raw('never', {}, { timeoutMs: 60 }))).code).toBe('rpc_timeout');
    await client.close();
    expect((await endless).code).toBe('rpc_closed');
  });

  it('gives up when the signal is aborted, before or while the call runs', async () => {
    const server = await serve(silent);
    const client = connect(server.path);
    const controller = new AbortController();
    const running = faultOf(client.raw('slow', {}, { signal: controller.signal }));
    await server.until(() => server.received.length === 1);
    controller.abort(new Error('operator pressed Ctrl-C'));
    expect(await running).toMatchObject({ code: 'rpc_cancelled', data: { sent: true } });
    expect((await running).cause).toMatchObject({ message: 'operator pressed Ctrl-C' });
    const unsent = await faultOf(client.raw('slow', {}, { signal: AbortSignal.abort() }));
    expect(unsent).toMatchObject({ code: 'rpc_cancelled', data: { sent: false } });
    const alone = client.raw('slow', {}, { signal: AbortSignal.abort(), onProgress: silent });
    expect((await faultOf(alone)).code).toBe('rpc_cancelled');
    expect(server.received).toHaveLength(1);
  });
});

describe('connections that fail', () => {
  it('HK-07: says what is wrong and what to do when there is no socket', async () => {
    const path = '/nonexistent/lightning-rpc';
    const fault = await faultOf(connect(path).raw('getinfo'));
    expect(fault.code).toBe('rpc_unreachable');
    expect(fault.message).toBe(`getinfo: lightningd cannot be reached at ${path} (ENOENT)`);
    expect(fault.remedy).toMatch(/Start lightningd/);
    expect(fault.data).toMatchObject({ path, errno: 'ENOENT', method: 'getinfo', sent: false });
  });

  it('HK-07: says so when nobody listens, or when it is another file', async () => {
    const server = await serve(silent);
    const file = join(server.folder, 'notes.txt');
    writeFileSync(file, '');
    const other = await faultOf(connect(file).raw('getinfo'));
    expect(other.code).toBe('rpc_unreachable');
    const left = join(server.folder, 'left-over');
    linkSync(server.path, left);
    server.refuse();
    const dead = await faultOf(connect(left).raw('getinfo'));
    expect(dead.message).toBe(`getinfo: lightningd cannot be reached at ${left} (ECONNREFUSED)`);
    expect(dead.remedy).toMatch(/not running/);
  });

  it('waits a moment for a socket that is about to appear', async () => {
    const server = new ScriptedServer((request) => request.answer('up'));
    cleanups.push(() => server.stop());
    const call = connect(server.path).raw('getinfo');
    await server.start();
    await expect(call).resolves.toBe('up');
  });

  it('HK-07: never sends a request again when the connection closes before or amid the answer', async () => {
    const server = await serve((request) => {
      if (request.method === 'half') {
        request.socket.end(`{"id":"${request.id}","result":{"a":`);
      } else {
        request.socket.destroy();
      }
    });
    const client = connect(server.path);
    expect((await faultOf(client.raw('half'))).message).toMatch(
      /half: .* in the middle of a reply/,
    );
    const fault = await faultOf(client.raw('pay'));
    expect(fault).toMatchObject({ code: 'rpc_closed', data: { method: 'pay', sent: true } });
    expect(fault.remedy).toMatch(/took effect/);
    expect(server.received.map(({ method }) => method)).toEqual(['half', 'pay']);
  });

  it('HK-07: connects anew after lightningd was restarted', async () => {
    const server = await serve((request) => request.answer(server.connections));
    const client = connect(server.path);
    await expect(client.raw('a')).resolves.toBe(1);
    for (const socket of server.sockets) {
      socket.destroy();
    }
    await server.until(() => server.sockets.size === 0);
    const again = async (): Promise<JsonValue> => {
      try {
        return await client.raw('b');
      } catch {
        return again();
      }
    };
    await expect(again()).resolves.toBe(2);
  });

  it('keeps using an open connection while lightningd shuts down and refuses new ones', async () => {
    const server = await serve((request) => request.answer(request.method));
    const client = connect(server.path);
    await client.raw('warm-up');
    server.refuse();
    const calls = Array.from({ length: 10 }, (_, n) => client.raw(`m${n}`));
    await expect(Promise.all(calls)).resolves.toHaveLength(10);
    expect(server.connections).toBe(1);
  });

  it('reaches a socket whose path is longer than a socket address', async () => {
    const server = new ScriptedServer((request) => request.answer('far'));
    const deep = join(server.folder, 'd'.repeat(100), 'regtest');
    mkdirSync(deep, { recursive: true });
    cleanups.push(() => server.stop());
    await server.start();
    symlinkSync(server.path, join(deep, 'lightning-rpc'));
    expect(join(deep, 'lightning-rpc').length).toBeGreaterThan(107);
    await expect(connect(join(deep, 'lightning-rpc')).raw('x')).resolves.toBe('far');
  });

  it('names the limit when even the file name is too long', async () => {
    const path = `/tmp/${'x'.repeat(200)}`;
    const fault = await faultOf(connect(path).raw('getinfo'));
    expect(fault).toMatchObject({ code: 'rpc_unreachable', data: { errno: 'ENAMETOOLONG' } });
  });

  it('rejects what is under way when it is closed, and every later call', async () => {
    const server = await serve(silent);
    const client = connect(server.path);
    const calls = Array.from({ length: 9 }, () => faultOf(client.raw('slow')));
    calls.push(faultOf(client.raw('slow', {}, { onProgress: silent })));
    await server.until(() => server.received.length === 10);
    await client.close();
    for (const fault of await Promise.all(calls)) {
      expect(fault.code).toBe('rpc_closed');
    }
    await server.until(() => server.sockets.size === 0);
    expect((await faultOf(client.raw('late'))).code).toBe('rpc_closed');
    await client.close();
  });

  it('closes while it still tries to connect', async () => {
    const client = connect('/nonexistent/lightning-rpc');
    const call = faultOf(client.raw('getinfo'));
    await client.close();
    expect((await call).code).toBe('rpc_closed');
  });
});

describe('progress', () => {
  it('has a connection of its own with notifications enabled', async () => {
    const server = await serve((request) => {
      const { socket, method, id } = request;
      if (method === 'notifications') {
        request.answer({});
      } else if (method === 'close') {
        const tell = (method: string, params: unknown): unknown =>
          socket.write(stringifyJson({ jsonrpc: '2.0', method, params }));
        tell('message', { id, level: 'info', message: 'negotiating' });
        tell('progress', { id, num: 1, total: 4, stage: { num: 0, total: 2 } });
        tell('progress', { id, num: 2, total: 4 });
        tell('progress', { id, num: 'two' });
        tell('progress', { id: 'other', num: 1, total: 1 });
        tell('surprise', { id });
        request.answer('closed');
      } else {
        request.answer('plain');
      }
    });
    const client = connect(server.path);
    const seen: ProgressUpdate[] = [];
    const [closed, plain] = await Promise.all([
      client.raw('close', {}, { onProgress: (update) => seen.push(update) }),
      client.raw('getinfo'),
    ]);
    expect([closed, plain]).toEqual(['closed', 'plain']);
    expect(seen).toEqual([
      { type: 'message', level: 'info', message: 'negotiating' },
      { type: 'progress', num: 1, total: 4, stage: { num: 0, total: 2 } },
      { type: 'progress', num: 2, total: 4 },
    ]);
    const enabling = server.received.find(({ method }) => method === 'notifications');
    const closing = server.received.find(({ method }) => method === 'close');
    expect(enabling?.params).toEqual({ enable: true });
    expect(closing?.socket).toBe(enabling?.socket);
    await server.until(() => server.sockets.size === 1);
  });

  it('is not disturbed by a listener that throws', async () => {
    const server = await serve((request) => {
      if (request.method === 'pay') {
        request.socket.write(
          stringifyJson({
            method: 'message',
            params: { id: request.id, level: 'info', message: 'x' },
          }),
        );
      }
      request.answer('ok');
    });
    const onProgress = (): never => {
      throw new Error('listener');
    };
    await expect(connect(server.path).raw('pay', {}, { onProgress })).resolves.toBe('ok');
  });

  it('fails with the deadline, and when notifications are refused', async () => {
    const server = await serve((request) => {
      if (request.method === 'notifications' && server.received.length > 1) {
        request.fail(-32601, 'Unknown command');
      }
    });
    const client = connect(server.path);
    const slow = await faultOf(client.raw('pay', {}, { onProgress: silent, timeoutMs: 40 }));
    expect([slow.code, slow.data['sent']]).toEqual(['rpc_timeout', false]);
    await expect(client.raw('pay', {}, { onProgress: silent })).rejects.toBeInstanceOf(RpcError);
    await server.until(() => server.sockets.size === 0);
  });
});

describe('helpers', () => {
  it('finds the socket by lightningd’s two settings', () => {
    expect(rpcPath('/home/u/.lightning/bitcoin', 'lightning-rpc')).toBe(
      '/home/u/.lightning/bitcoin/lightning-rpc',
    );
    expect(rpcPath('/home/u/.lightning/bitcoin', '/run/rpc')).toBe('/run/rpc');
  });

  it('asks whether a call would be accepted', async () => {
    const server = await serve((request) => {
      if (request.params['label'] === 'taken') {
        request.fail(-32602, 'label: duplicate');
      } else {
        request.answer({ command_to_check: request.params['command_to_check'] });
      }
    });
    const client = connect(server.path);
    const params = { amount_msat: msat(1n), label: 'free', description: 'd' };
    await expect(checkCall(client, invoice, params)).resolves.toEqual({ ok: true });
    expect(server.received[0]?.params).toEqual({
      amount_msat: 1,
      label: 'free',
      description: 'd',
      command_to_check: 'invoice',
    });
    const refused = await checkCall(client, invoice, { ...params, label: 'taken' });
    expect(refused).toMatchObject({ ok: false, error: { rpcCode: -32602 } });
    await client.close();
    await expect(checkCall(client, invoice, params)).rejects.toMatchObject({ code: 'rpc_closed' });
  });

  it('lists page by page in the order of an index', async () => {
    const all = Array.from({ length: 7 }, (_, n) => ({
      created_index: n * 3 + 1,
      id: n,
      payment_hash: 'ab'.repeat(32),
      groupid: 1,
      status: 'pending',
      created_at: 1,
      amount_sent_msat: 1,
    }));
    const server = await serve((request) => {
      const { start, limit } = request.params;
      const from = all.filter((row) => row.created_index >= Number(start));
      request.answer({ payments: from.slice(0, Number(limit)) });
    });
    const client = connect(server.path);
    const seen: bigint[] = [];
    const listing = listByIndex(client, {
      method: listsendpays,
      rows: (answer) => answer.payments,
      start: 4n,
      pageRows: 3,
    });
    for await (const row of listing) {
      seen.push(row.created_index);
    }
    expect(seen).toEqual([4n, 7n, 10n, 13n, 16n, 19n]);
    expect(server.received.map(({ params }) => params)).toEqual([
      { index: 'created', start: 4, limit: 3 },
      { index: 'created', start: 11, limit: 3 },
      { index: 'created', start: 20, limit: 3 },
    ]);
  });

  it('does not list for ever when the rows lead nowhere', async () => {
    const row = {
      created_index: 1,
      id: 1,
      payment_hash: 'ab'.repeat(32),
      groupid: 1,
      status: 'pending',
      created_at: 1,
      amount_sent_msat: 1,
    };
    const server = await serve((request) => request.answer({ payments: [row] }));
    const listing = listByIndex(connect(server.path), {
      method: listsendpays,
      rows: (answer) => answer.payments,
      start: 5n,
    });
    const seen: unknown[] = [];
    for await (const one of listing) {
      seen.push(one);
    }
    expect(seen).toHaveLength(1);
  });
});
