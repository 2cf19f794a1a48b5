import { statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LabRpcError, RenderedJson } from '../../src/contract/node.ts';
import type { Lightningd } from '../../src/lightningd/index.ts';
import { Bench, until } from './harness.ts';
import { RawClient } from './raw-client.ts';

let bench: Bench;
let node: Lightningd;

/** A gate that a test opens: commands of the world wait at it. */
class Gate {
  #open: () => void = () => {};
  #opened = new Promise<void>(() => {});

  close(): void {
    this.#opened = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  open(): void {
    this.#open();
  }

  async passed(): Promise<void> {
    return this.#opened;
  }
}

const gate = new Gate();

beforeAll(async () => {
  bench = new Bench();
  const path = bench.plugin('echo.js', {
    manifest: {
      rpcmethods: [
        { name: 'echo', usage: '[a] [b]' },
        { name: 'old', usage: '', deprecated: true },
        { name: 'told', usage: '' },
        { name: 'slow', usage: '' },
        { name: 'neither', usage: '' },
      ],
      subscriptions: ['deprecated_oneshot'],
    },
    setup: 'let oneshot; const slow = [];',
    onNotification: 'oneshot = request.params;',
    onRequest: `if (request.method === 'told') { reply({ oneshot: oneshot ?? null }); oneshot = undefined; }
      else if (request.method === 'neither') send({ id: request.id });
      else if (request.method === 'slow') {
        send({ method: 'message', params: { id: request.id, level: 'info', message: 'begun' } });
        raw('{"jsonrpc":"2.0","method":"progress","params":{ "num": 1,  "total":2, "id":' + JSON.stringify(request.id) + '}}\\n');
        if (request.params.at === undefined) slow.push(reply); else reply({});
      } else if (request.params && request.params.release) { slow.splice(0).forEach((done) => done({ slow: true })); reply({}); }
      else raw('{"jsonrpc" : "2.0", "id":' + JSON.stringify(request.id) + ',\\n\\n "result": {"line":' + JSON.stringify(line) + ', "n":18446744073709551615}}');`,
  });
  node = await bench.start({
    plugins: [{ path }],
    commands: [
      { name: 'getinfo', run: () => ({ id: 'x', num_peers: 1 }) },
      { name: 'listpeers', run: (params) => ({ peers: [{ id: 'a', params }] }) },
      {
        name: 'listnodes',
        run: () =>
          new RenderedJson([Buffer.from('{"nodes":'), Buffer.from('[{"nodeid":"a","x":1}]}')]),
      },
      {
        name: 'waitblockheight',
        run: async (_params, call) => {
          call.message('info', 'waiting "now"');
          call.progress(0, 1);
          await gate.passed();
          return { blockheight: 1, aborted: call.signal.aborted };
        },
      },
      {
        name: 'ping',
        run: () => {
          throw new LabRpcError(-1, 'Peer not connected', { why: 'x' });
        },
      },
      {
        name: 'listfunds',
        run: () => {
          throw new TypeError('bug in the world');
        },
      },
    ],
  });
});
afterAll(async () => bench.close());

async function open(): Promise<RawClient> {
  return bench.client(node);
}

async function answer(text: string): Promise<string> {
  const client = await open();
  client.write(text);
  await until(() => client.messages.length > 0, 'an answer');
  const [first = ''] = client.messages;
  client.close();
  return first;
}

describe('the socket', () => {
  it('is a unix socket for its owner alone', () => {
    const stats = statSync(node.rpcFile);
    expect(stats.isSocket()).toBe(true);
    expect(stats.mode & 0o777).toBe(0o600);
    expect(node.rpcFile).toBe(join(node.lightningDir, 'lightning-rpc'));
  });

  it('may lie deeper than a socket path is long', async () => {
    const dir = join(bench.dir, 'deep'.repeat(20), 'deeper'.repeat(20));
    const deep = await bench.start({ dir });
    expect(Buffer.byteLength(deep.rpcFile)).toBeGreaterThan(200);
    expect(statSync(deep.rpcFile).isSocket()).toBe(true);
    await deep.stop();
  });

  it('is refused to a second node in the same folder, which leaves the first alone', async () => {
    await expect(bench.start()).rejects.toMatchObject({ code: 'rpc_socket_in_use' });
    expect(await bench.call(node, 'getinfo')).toMatchObject({ id: 'x' });
  });
});

describe('a request', () => {
  it.each([
    ['{"jsonrpc":"2.0","method":"getinfo","params":{}}', null, -32600, 'No id'],
    [
      '{"jsonrpc":"2.0","id":{},"method":"getinfo","params":{}}',
      null,
      -32600,
      'Expected string/primitive for id',
    ],
    [
      '{"jsonrpc":"1.0","id":1,"method":"getinfo","params":{}}',
      null,
      -32600,
      'jsonrpc: "2.0" must be specified in the request',
    ],
    ['{"jsonrpc":"2.0","id":1,"params":{}}', 1, -32600, 'No method'],
    ['{"jsonrpc":"2.0","id":1,"method":"getinfo"}', 1, -32600, 'No params'],
    ['{"jsonrpc":"2.0","id":1,"method":7,"params":{}}', 1, -32600, 'Expected string for method'],
    [
      '{"jsonrpc":"2.0","id":"a","method":"nosuch","params":{}}',
      'a',
      -32601,
      "Unknown command 'nosuch'",
    ],
    [
      '{"jsonrpc":"2.0","id":1,"method":"getinfo","params":"x"}',
      1,
      -32602,
      'Expected array or object for params',
    ],
    [
      '{"jsonrpc":"2.0","id":1,"method":"getinfo","params":[1]}',
      1,
      -32602,
      'too many parameters: got 1, expected 0',
    ],
    [
      '{"jsonrpc":"2.0","id":1,"method":"getinfo","params":{},"filter":7}',
      1,
      -32602,
      "filter: Expected object: invalid token '7'",
    ],
    ['{"jsonrpc":"2.0","id":1,"method":"ping","params":["a"]}', 1, -1, 'Peer not connected'],
    [
      '{"jsonrpc":"2.0","id":1,"method":"splicein","params":["a",1]}',
      1,
      -1,
      "hive-lab does not emulate the command 'splicein'",
    ],
    [
      '{"jsonrpc":"2.0","id":1,"method":"splicein","params":[]}',
      1,
      -32602,
      'missing required parameter: channel',
    ],
    [
      '{"jsonrpc":"2.0","id":1,"method":"dev-rescan-outputs","params":[]}',
      1,
      -32601,
      'Command "dev-rescan-outputs" is developer-only',
    ],
    [
      '{"jsonrpc":"2.0","id":1,"method":"listfunds","params":[]}',
      1,
      -1,
      'hive-lab failed in listfunds: bug in the world',
    ],
  ])('%s', async (text, id, code, message) => {
    expect(JSON.parse(await answer(text))).toMatchObject({
      jsonrpc: '2.0',
      id,
      error: { code, message },
    });
  });

  it('keeps its id as it was written', async () => {
    for (const id of ['1', '"a\\u0041"', 'null', '1e2', '-0.50', '18446744073709551617', 'true']) {
      expect(await answer(`{"jsonrpc":"2.0","id":${id},"method":"getinfo","params":{}}`)).toContain(
        `"id":${id},"result"`,
      );
    }
  });

  it('carries data with an error', async () => {
    const client = await open();
    await expect(client.call('ping', ['x'])).rejects.toMatchObject({ data: { why: 'x' } });
  });

  it('may name parameters of the world by position or name', async () => {
    expect(await bench.call(node, 'listpeers', ['abc', null])).toMatchObject({
      peers: [{ params: { id: 'abc' } }],
    });
    expect(await bench.call(node, 'listpeers', { level: 'io' })).toMatchObject({
      peers: [{ params: { level: 'io' } }],
    });
  });

  it('may filter the answers of lightningd', async () => {
    const client = await open();
    expect(await client.call('getinfo', {}, { filter: { num_peers: true } })).toEqual({
      num_peers: 1,
    });
    expect(await client.call('listnodes', {}, { filter: { nodes: [{ x: true }] } })).toEqual({
      nodes: [{ x: 1 }],
    });
    expect(await client.call('listnodes')).toEqual({ nodes: [{ nodeid: 'a', x: 1 }] });
  });
});

describe('a connection', () => {
  it('is closed after what is no JSON-RPC, with an answer that says so', async () => {
    for (const text of [
      '[{"jsonrpc":"2.0"}]',
      '{"a":1}',
      'GET / HTTP/1.1 }',
      '{"jsonrpc":"2.0",}',
    ]) {
      const client = await open();
      client.write(`${text}\n`);
      await client.closed();
      expect(JSON.parse(client.messages[0] ?? '')).toMatchObject({
        id: null,
        error: { code: -32600 },
      });
    }
  });

  it('reads requests in pieces and several at once', async () => {
    const client = await open();
    const request = (id: number): string =>
      `{"jsonrpc":"2.0","id":${id},"method":"getinfo","params":{}}`;
    client.write(request(1).slice(0, 20));
    await bench.call(node, 'getinfo');
    client.write(request(1).slice(20) + request(2) + request(3).slice(0, 5));
    client.write(request(3).slice(5));
    await client.answer(3);
    expect(client.messages.map((text) => (JSON.parse(text) as { id: number }).id)).toEqual([
      1, 2, 3,
    ]);
  });

  it('gives answers in the order in which they are ready', async () => {
    gate.close();
    const client = await open();
    const slow = client.send('waitblockheight', [1]);
    expect(await client.call('getinfo')).toMatchObject({ id: 'x' });
    gate.open();
    expect(await client.answer(slow)).toMatchObject({ result: { blockheight: 1 } });
  });

  it('tells a running command that nobody waits any more', async () => {
    gate.close();
    const client = await open();
    client.send('waitblockheight', [1]);
    await bench.call(node, 'getinfo');
    client.close();
    gate.open();
    expect(await bench.call(node, 'getinfo')).toMatchObject({ id: 'x' });
  });

  it('holds everything back behind a command that sends notifications', async () => {
    gate.close();
    const client = await open();
    await client.call('notifications', { enable: true });
    const slow = client.send('waitblockheight', [1]);
    await client.message((message) => message['method'] === 'progress');
    expect(JSON.parse(client.messages[1] ?? '')).toEqual({
      jsonrpc: '2.0',
      method: 'message',
      params: { id: slow, level: 'info', message: 'waiting "now"' },
    });
    const info = client.send('getinfo');
    // Another connection is not held back, and by now this one would have been answered.
    await bench.call(node, 'getinfo');
    expect(client.messages).toHaveLength(3);
    gate.open();
    await client.answer(info);
    expect(client.messages.slice(3).map((text) => (JSON.parse(text) as { id: string }).id)).toEqual(
      [slow, info],
    );
  });

  it('gets no notifications unless it asked', async () => {
    const client = await open();
    await client.call('slow', { at: 1 });
    expect(client.messages).toHaveLength(1);
  });

  it('does not lose a long answer to a slow reader', async () => {
    const client = await open();
    const size = 8 * 1024 * 1024;
    const { line } = await client.call('echo', ['x'.repeat(size)]);
    expect(line).toContain(`["${'x'.repeat(size)}"]`);
  });

  it('may close half of itself or die at any time', async () => {
    for (const ending of ['end', 'destroy'] as const) {
      const socket = connect(node.rpcFile);
      socket.write('{"jsonrpc":"2.0","id":1,"method":"slow","params":{}}');
      socket[ending]();
      await new Promise((resolve) => socket.once('close', resolve));
    }
    expect(await bench.call(node, 'echo', { release: true })).toEqual({});
  });
});

describe('any client', () => {
  it('is answered or cut off, whatever it sends, and harms nobody', async () => {
    const json = fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.stringify(value));
    const request = fc
      .dictionary(
        fc.constantFrom('jsonrpc', 'id', 'method', 'params', 'filter'),
        fc.oneof(
          json,
          fc.constantFrom(
            '"2.0"',
            '"getinfo"',
            '"help"',
            '"plugin"',
            '"datastore"',
            '"check"',
            '"createrune"',
            '{}',
            '[]',
          ),
        ),
      )
      .map(
        (members) =>
          `{${Object.entries(members)
            .map(([name, raw]) => `"${name}":${raw}`)
            .join(',')}}`,
      );
    const bytes = fc.oneof(
      request.map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 60 }),
    );
    const inputs = fc.sample(fc.array(bytes, { minLength: 1, maxLength: 3 }), 150);
    await Promise.all(
      inputs.map(async (input) => {
        const client = await RawClient.connect(node.rpcFile);
        client.write(Buffer.concat(input));
        client.write('} {"jsonrpc":"2.0","id":"end","method":"getinfo","params":{}}');
        await until(
          () =>
            client.ended ||
            client.received.includes('"end"') ||
            client.received.includes('"error"'),
        );
        client.close();
      }),
    );
    expect(node.ended()).toBeUndefined();
    expect(
      bench.logged('hive-lab failed in').filter(({ text }) => !text.includes('listfunds')),
    ).toEqual([]);
    expect(await bench.call(node, 'getinfo')).toMatchObject({ id: 'x' });
  });
});

describe('a plugin method', () => {
  it('gets the request byte for byte but for the id, and its reply goes back so', async () => {
    const request =
      '{ "id" : 7,\n\n\n"extra":[1 ,2], "jsonrpc":"2.0","method":"echo",\t"params":{"a":1.50,"a":2}, "filter":{"x":true} }';
    const reply = await answer(request);
    const id = /"cln:echo#\d+|7\/cln:echo#\d+/.exec(reply)?.[0] ?? '';
    expect(id).toMatch(/^7\/cln:echo#\d+$/);
    expect(reply).toBe(
      `{"jsonrpc" : "2.0", "id":7,\n\n "result": {"line":${JSON.stringify(request.replace('"id" : 7', `"id" : "${id}"`))}, "n":18446744073709551615}}`,
    );
  });

  it.each([
    ['"cli:x#1"', /"cli:x#1\/cln:echo#\d+"/],
    ['"a\\"b"', /"weird-id\/cln:echo#\d+"/],
    ['null', /"null\/cln:echo#\d+"/],
  ])('with the id %s', async (id, seen) => {
    const reply = await answer(`{"jsonrpc":"2.0","id":${id},"method":"echo","params":{}}`);
    expect((JSON.parse(reply) as { result: { line: string } }).result.line).toMatch(seen);
    expect(reply).toContain(`"id":${id},`);
  });

  it.each(['null', '"text"', '[]', '7'])('may get the params %s', async (params) => {
    const reply = await answer(`{"jsonrpc":"2.0","id":1,"method":"echo","params":${params}}`);
    expect((JSON.parse(reply) as { result: { line: string } }).result.line).toContain(
      `"params":${params}`,
    );
  });

  it('may reply with neither result nor error', async () => {
    expect(await answer('{"jsonrpc":"2.0","id":1,"method":"neither","params":{}}')).toBe(
      '{"jsonrpc":"2.0","id":1}',
    );
  });

  it('has its notifications relayed with the id of the client', async () => {
    const client = await open();
    await client.call('notifications', [true]);
    const id = client.send('slow');
    await client.message((message) => message['method'] === 'progress');
    expect(client.received).toContain(
      `{"jsonrpc":"2.0","method":"progress","params":{ "num": 1,  "total":2, "id":"${id}"}}`,
    );
    await bench.call(node, 'echo', { release: true });
    expect(await client.answer(id)).toMatchObject({ result: { slow: true } });
  });

  it('that is deprecated is refused where deprecated APIs are off', async () => {
    const client = await open();
    expect(await client.call('old')).toHaveProperty('line');
    await client.call('deprecations', { enable: false });
    await expect(client.call('old')).rejects.toMatchObject({
      code: -32601,
      message: 'Command "old" is deprecated',
    });
    await expect(client.call('help', { command: 'old' })).rejects.toMatchObject({
      code: -32601,
      message: 'Deprecated command old',
    });
    await expect(client.call('getroute', [])).rejects.toMatchObject({ code: -32601 });
  });

  it('is told when the next request has its own setting for deprecated APIs', async () => {
    const client = await open();
    expect(await client.call('told')).toEqual({ oneshot: null });
    await client.call('deprecations', { enable: false });
    expect(await client.call('told')).toEqual({
      oneshot: { deprecated_oneshot: { deprecated_ok: false } },
    });
  });
});

describe('help and check', () => {
  it('help lists every command of lightningd and of plugins', async () => {
    const { help, 'format-hint': hint } = await bench.call(node, 'help');
    const lines = (help as readonly { command: string }[]).map(({ command }) => command);
    expect(hint).toBe('simple');
    expect(lines).toContain('getinfo ');
    expect(lines).toContain('echo [a] [b]');
    expect(lines).toContain('old (DEPRECATED!) ');
    expect(lines).toContain('plugin subcommand=start|stop|startdir|rescan|list');
    expect(lines.length).toBeGreaterThan(200);
    expect([...lines].sort()).toEqual(lines);
  });

  it('help of one command', async () => {
    expect(await bench.call(node, 'help', { command: 'echo' })).toEqual({
      help: [{ command: 'echo [a] [b]' }],
      'format-hint': 'simple',
    });
    await expect(bench.call(node, 'help', ['nosuch'])).rejects.toMatchObject({
      code: -32601,
      message: 'Unknown command nosuch',
    });
    await expect(bench.call(node, 'help', ['dev-listaddrs'])).rejects.toMatchObject({
      message: 'Developer-only command dev-listaddrs',
    });
  });

  it('check reads the parameters and does nothing', async () => {
    expect(await bench.call(node, 'check', { command_to_check: 'listpeers', id: 'x' })).toEqual({
      command_to_check: 'listpeers',
    });
    expect(await bench.call(node, 'check', ['datastore', 'k', 'v'])).toEqual({
      command_to_check: 'datastore',
    });
    expect(await bench.call(node, 'listdatastore', ['k'])).toEqual({ datastore: [] });
    await expect(bench.call(node, 'check', ['datastore', 'k'])).rejects.toMatchObject({
      code: -32602,
    });
    await expect(
      bench.call(node, 'check', { command_to_check: 'listpeers', foo: 1 }),
    ).rejects.toMatchObject({ code: -32602 });
    await expect(bench.call(node, 'check', ['nosuch'])).rejects.toMatchObject({
      code: -32601,
      message: "Unknown command 'nosuch'",
    });
    expect(await bench.call(node, 'check', ['stop'])).toEqual({ command_to_check: 'stop' });
    expect(node.ended()).toBeUndefined();
  });

  it('check of a plugin without cancheck always passes, and is logged', async () => {
    expect(await bench.call(node, 'check', { command_to_check: 'echo', nonsense: 1 })).toEqual({
      command_to_check: 'echo',
    });
    expect(bench.logged('Plugin does not support check command for echo')[0]?.level).toBe(
      'unusual',
    );
  });

  it('check of a plugin with cancheck is its own affair', async () => {
    const path = bench.plugin('checks.js', {
      manifest: { cancheck: true, rpcmethods: [{ name: 'checked', usage: '' }] },
      onRequest: `if (request.method === 'check') fail(-32602, JSON.stringify(request.params)); else reply({});`,
    });
    await bench.call(node, 'plugin', ['start', path]);
    await expect(bench.call(node, 'check', ['checked', 1])).rejects.toMatchObject({
      code: -32602,
      message: '["checked",1]',
    });
  });

  it('batching is accepted', async () => {
    expect(await bench.call(node, 'batching', { enable: true })).toEqual({});
  });
});
