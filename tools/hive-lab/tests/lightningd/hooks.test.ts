import type { JsonObject } from '@cl-hive/core';
import { VirtualClock } from '@cl-hive/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Lightningd } from '../../src/lightningd/index.ts';
import { Bench, until } from './harness.ts';

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});
afterEach(async () => bench.close());

const CONTINUE = 'reply({ result: "continue" });';

/** A hook that says it was called, on standard error, before it answers. */
function hooking(hook: JsonObject | string, answer: string, name = 'h'): string {
  return bench.plugin(`${name}.js`, {
    manifest: { hooks: [hook] },
    onRequest: `process.stderr.write(request.method + ' ' + JSON.stringify(request.params) + '\\n'); ${answer}`,
  });
}

async function start(...paths: readonly string[]): Promise<{ node: Lightningd; calls: string[] }> {
  const calls: string[] = [];
  const node = await bench.start({
    plugins: paths.map((path) => ({ path })),
    onStderr: (plugin, line) => calls.push(`${plugin} ${line}`),
    commands: [
      { name: 'getinfo', run: () => ({ id: 'x' }) },
      { name: 'listpeers', run: (params) => ({ peers: [params] }) },
    ],
  });
  return { node, calls };
}

const MESSAGE = { peer_id: '02', payload: '80010102' };

describe('a hook chain', () => {
  it('resolves with continue when nobody hooks', async () => {
    const { node } = await start();
    expect(await node.shell.hook('peer_connected', {})).toEqual({ result: 'continue' });
  });

  it('asks plugins in their order, later ones only after continue', async () => {
    const a = hooking({ name: 'custommsg', after: ['c.js'] }, CONTINUE, 'a');
    const b = hooking('custommsg', CONTINUE, 'b');
    const c = hooking('custommsg', CONTINUE, 'c');
    const { node, calls } = await start(a, b, c);
    expect(await node.shell.hook('custommsg', MESSAGE)).toEqual({ result: 'continue' });
    await until(() => calls.length === 3);
    expect(calls.map((line) => line.slice(0, 4))).toEqual(['b.js', 'c.js', 'a.js']);
    expect(calls[0]).toBe('b.js custommsg {"peer_id":"02","payload":"80010102"}');
  });

  it('ends with the plugin that takes over', async () => {
    const a = hooking(
      'peer_connected',
      'reply({ result: "disconnect", error_message: "no" });',
      'a',
    );
    const b = hooking('peer_connected', CONTINUE, 'b');
    const { node, calls } = await start(a, b);
    expect(await node.shell.hook('peer_connected', { peer: {} })).toEqual({
      result: 'disconnect',
      error_message: 'no',
    });
    await bench.call(node, 'getinfo');
    expect(calls).toHaveLength(1);
  });

  it('hands on what a plugin changed', async () => {
    const a = hooking('htlc_accepted', 'reply({ result: "continue", payload: "00aa" });', 'a');
    const b = hooking('htlc_accepted', CONTINUE, 'b');
    const { node, calls } = await start(a, b);
    expect(await node.shell.hook('htlc_accepted', { onion: { payload: 'ff' } })).toEqual({
      result: 'continue',
      payload: '00aa',
    });
    await until(() => calls.length === 2);
    expect(calls[1]).toBe('b.js htlc_accepted {"onion":{"payload":"00aa"}}');
  });

  it('leaves out plugins whose filters do not match; empty filters match nothing', async () => {
    const a = hooking({ name: 'custommsg', filters: [0x8001] }, CONTINUE, 'a');
    const b = hooking({ name: 'custommsg', filters: [0x8003] }, CONTINUE, 'b');
    const c = hooking({ name: 'custommsg', filters: [] }, CONTINUE, 'c');
    const { node, calls } = await start(a, b, c);
    await node.shell.hook('custommsg', MESSAGE);
    await until(() => calls.length === 1);
    expect(calls[0]).toContain('a.js');
  });

  it('goes on when a plugin dies in it', async () => {
    const a = hooking('custommsg', 'process.exit(1);', 'a');
    const b = hooking('custommsg', CONTINUE, 'b');
    const { node } = await start(a, b);
    expect(await node.shell.hook('custommsg', MESSAGE)).toEqual({ result: 'continue' });
    expect(node.plugins().map(({ name }) => name)).toEqual(['b.js']);
  });

  it('has no time limit', async () => {
    const clock = new VirtualClock();
    const path = hooking('custommsg', '', 'never');
    const lines: string[] = [];
    const node = await bench.start({
      clock,
      plugins: [{ path }],
      onStderr: (_name, line) => lines.push(line),
    });
    let settled = false;
    void node.shell.hook('custommsg', MESSAGE).then(() => (settled = true));
    await until(() => lines.length === 1);
    clock.advance(24 * 3_600_000);
    await bench.call(node, 'plugin', ['list']);
    expect(settled).toBe(false);
    await node.kill();
    await until(() => settled, 'the hook is released when the node ends');
  });

  it('keeps its order for calls under way while plugins come', async () => {
    const slow = hooking(
      'custommsg',
      `if (!globalThis.held) { globalThis.held = reply; } else { globalThis.held({ result: 'continue' }); reply({ result: 'continue' }); }`,
      'slow',
    );
    const late = hooking({ name: 'custommsg', before: ['slow.js'] }, CONTINUE, 'late');
    const { node, calls } = await start(slow);
    const first = node.shell.hook('custommsg', MESSAGE);
    await until(() => calls.length === 1);
    await bench.call(node, 'plugin', ['start', late]);
    expect(bench.logged('Deferring registration of hook custommsg')).toHaveLength(1);
    await node.shell.hook('custommsg', MESSAGE);
    await first;
    // Both calls under way still reach the newcomer, at the end of the old order. What a plugin tells
    // of a call may come after its reply.
    await until(() => calls.length === 4);
    expect(calls.slice(0, 2).every((call) => call.startsWith('slow.js'))).toBe(true);
    calls.length = 0;
    await node.shell.hook('custommsg', MESSAGE);
    await until(() => calls.length === 2);
    expect(calls[0]).toContain('late.js');
  });
});

describe('a reply to a hook that lightningd does not survive', () => {
  it.each([
    ['an error', 'fail(-1, "no");', 'hook reply without result'],
    ['no result', 'send({ id: request.id });', 'hook reply without result'],
    ['an undefined result', 'reply(undefined);', 'hook reply without result'],
    ['an empty object', 'reply({});', 'no result in the reply to the custommsg hook'],
    ['a bare continue', 'reply("continue");', 'no result in the reply to the custommsg hook'],
    ['an unknown result', 'reply({ result: "reject" });', 'unknown result'],
  ])('is %s', async (_what, answer, reason) => {
    const { node } = await start(hooking('custommsg', answer));
    const client = await bench.client(node);
    expect(await node.shell.hook('custommsg', MESSAGE)).toEqual({ result: 'continue' });
    await client.closed();
    expect(bench.ends).toEqual([
      { kind: 'signal', signal: 'SIGABRT', reason: expect.stringContaining(reason) as string },
    ]);
  });
});

describe('rpc_command', () => {
  it('sees the request as it came and lets it pass', async () => {
    const { node, calls } = await start(hooking('rpc_command', CONTINUE));
    expect(await bench.call(node, 'listpeers', { id: 'a' })).toEqual({ peers: [{ id: 'a' }] });
    await until(() => calls.length === 1);
    expect(calls[0]).toBe(
      'h.js rpc_command {"rpc_command":{"jsonrpc":"2.0","id":"test:listpeers#1","method":"listpeers","params":{"id":"a"}}}',
    );
  });

  it.each([
    [
      'return a result',
      `{ return: { result: { mine: 18446744073709551615n } } }`,
      { mine: 18446744073709551615n },
    ],
    ['return any result', `{ return: { result: { mine: [1] } } }`, { mine: [1] }],
    [
      'replace the request',
      `{ replace: { ...request.params.rpc_command, method: 'listpeers', params: ['b'] } }`,
      { peers: [{ id: 'b' }] },
    ],
  ])('may %s', async (_what, reply, result) => {
    const answer = `raw('{"jsonrpc":"2.0","id":' + JSON.stringify(request.id) + ',"result":' + JSON.stringify(${reply}, (_, v) => typeof v === 'bigint' ? '@' + v + '@' : v).replace(/"@|@"/g, '') + '}');`;
    const { node } = await start(hooking({ name: 'rpc_command', filters: ['getinfo'] }, answer));
    expect(await bench.call(node, 'getinfo')).toEqual(result);
    expect(await bench.call(node, 'listpeers', ['c'])).toEqual({ peers: [{ id: 'c' }] });
  });

  it('may return an error', async () => {
    const { node } = await start(
      hooking(
        { name: 'rpc_command', filters: ['getinfo'] },
        `reply({ return: { error: { code: 7, message: 'not today', data: 1 } } });`,
      ),
    );
    await expect(bench.call(node, 'getinfo')).rejects.toMatchObject({
      code: 7,
      message: 'not today',
      data: 1,
    });
  });

  it.each([
    ['{}', ''],
    ['null', ''],
    ['"continue"', ''],
    ['{ result: "stop" }', "'result' should only be 'continue'."],
    ['{ return: { error: { message: "x" } } }', "'error' object does not contain a code."],
    ['{ return: { error: { code: 1 } } }', "'error' object does not contain a message."],
  ])('with the bad reply %s is only logged', async (reply, why) => {
    const { node } = await start(
      hooking({ name: 'rpc_command', filters: ['getinfo'] }, `reply(${reply});`),
    );
    expect(await bench.call(node, 'getinfo')).toEqual({ id: 'x' });
    expect(bench.logged("Bad response to 'rpc_command' hook.")).toMatchObject([
      { level: 'broken', text: `Bad response to 'rpc_command' hook. ${why}` },
    ]);
  });

  it.each([
    ['7', "'replace' must be an object"],
    ['{ method: "x", params: {} }', "missing 'id'"],
    ['{ id: 1, params: {} }', "missing 'method'"],
    ['{ id: 1, method: "x" }', "missing 'params'"],
    [
      '{ id: 1, method: "nosuch", params: {}, jsonrpc: "2.0" }',
      "redirected to unknown method 'nosuch'",
    ],
    ['{ id: 1, method: "listpeers", params: {} }', 'jsonrpc: "2.0" must be specified'],
  ])('with the replacement %s fails the request', async (replacement, why) => {
    const { node } = await start(
      hooking({ name: 'rpc_command', filters: ['getinfo'] }, `reply({ replace: ${replacement} });`),
    );
    await expect(bench.call(node, 'getinfo')).rejects.toMatchObject({
      code: -32600,
      message: expect.stringContaining(why) as string,
    });
  });

  it('is not asked again by the plugin that comes later, once modified', async () => {
    const a = hooking(
      { name: 'rpc_command', filters: ['getinfo'] },
      `reply({ return: { result: { from: 'a' } } });`,
      'a',
    );
    const b = hooking(
      { name: 'rpc_command', filters: ['getinfo'] },
      `reply({ return: { result: { from: 'b' } } });`,
      'b',
    );
    const { node } = await start(a, b);
    expect(await bench.call(node, 'getinfo')).toEqual({ from: 'a' });
    expect(bench.logged("rpc_command hook 'getinfo' already modified, ignoring.")).toHaveLength(1);
  });

  it('may outlive the plugin whose method was called', async () => {
    const hook = hooking(
      { name: 'rpc_command', filters: ['mine'] },
      'setTimeout(() => reply({ result: "continue" }), 0); globalThis.go = 1;',
      'hook',
    );
    const owner = bench.plugin('owner.js', {
      manifest: {
        rpcmethods: [{ name: 'mine', usage: '' }],
        hooks: [{ name: 'rpc_command', filters: ['mine'], before: ['hook.js'] }],
      },
      onRequest:
        'if (request.method === "rpc_command") { reply({ result: "continue" }); process.exit(0); }',
    });
    const { node } = await start(hook, owner);
    await expect(bench.call(node, 'mine')).rejects.toMatchObject({
      message: expect.stringMatching(/Unknown command|Plugin terminated/) as string,
    });
  });

  it('that is never answered holds up everything, stop included', async () => {
    const { node } = await start(hooking('rpc_command', ''));
    const client = await bench.client(node);
    for (const method of ['getinfo', 'stop', 'help']) {
      client.send(method);
    }
    // All three reached the plugin: nothing is left that could answer them.
    await until(() => node.plugins().length === 1);
    expect(client.messages).toEqual([]);
    await node.kill();
  });
});
