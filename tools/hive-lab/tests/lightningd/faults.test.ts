import type { JsonObject } from '@cl-hive/core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Lightningd } from '../../src/lightningd/index.ts';
import { Bench, type PluginSource, until } from './harness.ts';

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});
afterEach(async () => bench.close());

/** A plugin whose method `boom` does something that lightningd does not forgive. */
function booming(action: string, method = 'boom'): PluginSource {
  return {
    manifest: { rpcmethods: [{ name: method, usage: '' }], notifications: [{ method: 'mine' }] },
    onRequest: action,
  };
}

const PENDING_DIED = { code: -4, message: 'Plugin terminated before replying to RPC call.' };

describe('a plugin that lightningd kills', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['writes an object without jsonrpc', `raw('{"a":1}')`, 'does not contain "jsonrpc" field'],
    ['writes braced text', `raw('{hello}')`, 'Failed to parse RPC JSON response'],
    ['writes an array', `raw('[{"jsonrpc":"2.0"}]')`, 'does not contain "jsonrpc" field'],
    [
      'logs at level warning',
      `send({ method: 'log', params: { level: 'warning', message: 'x' } })`,
      'Unknown log-level "warning", valid values are "trace", "debug", "info", "warn", or "error".',
    ],
    [
      'logs something that is no text',
      `send({ method: 'log', params: { level: 'info', message: { a: 1 } } })`,
      `Log notification from plugin doesn't have a string "message" field`,
    ],
    [
      'logs no message',
      `send({ method: 'log', params: {} })`,
      `doesn't have a string "message" field`,
    ],
    [
      'sends progress without an id',
      `send({ method: 'progress', params: { num: 1, total: 2 } })`,
      'JSON-RPC notify "id"-field is not present',
    ],
    [
      'sends a message without an id',
      `send({ method: 'message', params: { level: 'info', message: 'x' } })`,
      'JSON-RPC notify "id"-field is not present',
    ],
    [
      'sends a notification without params',
      `send({ method: 'mine' })`,
      'Malformed JSON-RPC notification',
    ],
    [
      'sends a notification without a method',
      `send({ params: {} })`,
      'Malformed JSON-RPC notification',
    ],
    ['closes its standard output', `fs.closeSync(1)`, 'exited during normal operation'],
    ['exits', `process.exit(0)`, 'exited during normal operation'],
    [
      'writes invalid UTF-8',
      `fs.writeSync(1, Buffer.from('7b22ff227d', 'hex'))`,
      'Failed to parse',
    ],
  ];
  let shared: Bench;
  let node: Lightningd;
  beforeAll(async () => {
    shared = new Bench();
    const plugins = cases.map(([, action], i) => ({
      path: shared.plugin(`faulty-${i}.js`, booming(action, `boom-${i}`)),
    }));
    node = await shared.start({ plugins });
  });
  afterAll(async () => shared.close());

  it.each(cases.map((one, i) => [...one, i] as const))('%s', async (_what, _action, reason, i) => {
    await expect(shared.call(node, `boom-${i}`)).rejects.toMatchObject(PENDING_DIED);
    const kills = shared
      .logged('Killing plugin: ')
      .filter(({ source }) => source === `plugin-faulty-${i}.js`);
    expect(kills[0]?.text).toContain(reason);
    await expect(shared.call(node, `boom-${i}`)).rejects.toMatchObject({
      code: -32601,
      message: `Unknown command 'boom-${i}'`,
    });
    expect(node.plugins().some(({ name }) => name === `faulty-${i}.js`)).toBe(false);
    expect(node.ended()).toBeUndefined();
  });

  it('survives stray text until its next message', async () => {
    const path = bench.plugin('stray.js', {
      manifest: {
        rpcmethods: [
          { name: 'boom', usage: '' },
          { name: 'later', usage: '' },
        ],
      },
      onRequest: `if (request.method === 'boom') raw('debug output\\n'); else reply({});`,
    });
    const node = await bench.start({ plugins: [{ path }] });
    const client = await bench.client(node);
    const boom = client.send('boom');
    // The stray text is in the pipe before this is answered, if it were to kill at once.
    const other = await bench.call(node, 'plugin', ['list']);
    expect(other['plugins']).toHaveLength(1);
    await expect(client.call('later')).rejects.toMatchObject(PENDING_DIED);
    expect((await client.answer(boom))['error']).toMatchObject(PENDING_DIED);
    expect(bench.logged('Failed to parse RPC JSON response')).toHaveLength(1);
  });

  it.each([
    ['an undeclared notification', `send({ method: 'other', params: {} })`, "it hasn't declared"],
    ['a reply that nobody waits for', `send({ id: 'x', result: {} })`, undefined],
    [
      'progress of a call that nobody waits for',
      `send({ method: 'progress', params: { id: 'x', num: 1, total: 2 } })`,
      undefined,
    ],
    ['standard error', `process.stderr.write('{oops}\\n')`, undefined],
    ['an error reply without members', `send({ id: request.id, error: {} }); return`, undefined],
  ])('but lives through %s', async (_what, action, logged) => {
    const path = bench.plugin('lively.js', booming(`${action}; reply({});`));
    const node = await bench.start({ plugins: [{ path }] });
    await bench.call(node, 'boom').catch(() => undefined);
    expect(node.plugins()).toHaveLength(1);
    if (logged !== undefined) {
      expect(bench.logged(logged)[0]?.level).toBe('unusual');
    }
  });
});

const OPTION = { name: 'x-opt', type: 'string', description: '' };
const METHOD = { name: 'x-method', usage: '' };

describe('a manifest that lightningd refuses', () => {
  const cases: readonly (readonly [string, JsonObject, string])[] = [
    ['lacks options', { options: null }, '"result.options" is not an array'],
    [
      'has a camelCase option',
      { options: [{ ...OPTION, name: 'camelCase' }] },
      'must be lowercase alphanumeric',
    ],
    [
      'has an option without description',
      { options: [{ name: 'x', type: 'string' }] },
      'An option is missing either',
    ],
    [
      'has an option of an unknown type',
      { options: [{ ...OPTION, type: 'float' }] },
      'Only "string", "int", "bool", and "flag"',
    ],
    [
      'has a flag that defaults to true',
      { options: [{ ...OPTION, type: 'flag', default: true }] },
      "type flag default must be 'false' not true",
    ],
    [
      'has a multi flag',
      { options: [{ ...OPTION, type: 'flag', multi: true }] },
      'flag type cannot be multi',
    ],
    [
      'has a multi bool',
      { options: [{ ...OPTION, type: 'bool', multi: true }] },
      'bool type cannot be multi',
    ],
    [
      'has a default that is no number',
      { options: [{ ...OPTION, type: 'int', default: 'abc' }] },
      "Invalid default 'abc': 'abc' is not a number",
    ],
    [
      'has a method without usage',
      { rpcmethods: [{ name: 'x' }] },
      '"usage" not provided by plugin',
    ],
    [
      'has a method with a bad usage',
      { rpcmethods: [{ name: 'x', usage: 1 }] },
      '"usage" is not a string',
    ],
    [
      'has a method without a name',
      { rpcmethods: [{ usage: '' }] },
      'rpcmethod does not have a string "name"',
    ],
    [
      "takes a built-in plugin's method",
      { rpcmethods: [{ name: 'xpay', usage: '' }] },
      'Could not register method "xpay"',
    ],
    [
      'takes one of its own methods twice',
      { rpcmethods: [METHOD, METHOD] },
      'Could not register method "x-method"',
    ],
    ['wants an unknown hook', { hooks: ['nosuch'] }, 'Unknown hook name nosuch'],
    [
      'wants a hook twice',
      { hooks: ['custommsg', { name: 'custommsg' }] },
      'Registered for hook custommsg multiple times',
    ],
    [
      'filters a hook without filters',
      { hooks: [{ name: 'peer_connected', filters: [] }] },
      'Hook peer_connected does not allow filters',
    ],
    [
      'filters messages by text',
      { hooks: [{ name: 'custommsg', filters: ['7'] }] },
      'filters must be array of unsigned integers',
    ],
    ['wants numeric ids', { nonnumericids: false }, 'Plugin does not allow nonnumericids'],
    [
      'has feature bits and is dynamic',
      { featurebits: { node: '02' } },
      'Custom featurebits only allows for non-dynamic plugins',
    ],
    [
      'names topics as text',
      { notifications: ['mine'] },
      '"result.notifications[0]" is not an object',
    ],
    [
      'emits a native topic',
      { notifications: [{ method: 'connect' }] },
      'plugin attempted to register a native notification topic "connect"',
    ],
    [
      'lists messages that are no u16',
      { custommessages: [70_000] },
      "custommessages 0 not a u16: '70000'",
    ],
    [
      'subscribes to no text',
      { subscriptions: [7] },
      "result.subscriptions[0] is not a string: '7'",
    ],
    ['has dynamic as text', { dynamic: 'true' }, 'getmanifest: invalid "dynamic" field'],
    ['has cancheck as text', { cancheck: 'yes' }, 'Invalid cancheck'],
  ];

  it('costs the plugin its life at boot, and is an error of plugin start later', async () => {
    const paths = cases.map(([, manifest], i) => bench.plugin(`bad-${i}.js`, { manifest }));
    const node = await bench.start({ plugins: paths.map((path) => ({ path })) });
    expect(node.plugins()).toEqual([]);
    const client = await bench.client(node);
    const started = await Promise.all(
      paths.map(async (path) => client.answer(client.send('plugin', ['start', path]))),
    );
    for (const [i, [what, , reason]] of cases.entries()) {
      const kills = bench
        .logged('Killing plugin: ')
        .filter(({ source }) => source === `plugin-bad-${i}.js`);
      expect(kills[0]?.text, what).toContain(reason);
      const error = started[i]?.['error'] as { code: number; message: string } | undefined;
      expect(error?.code, what).toBe(-3);
      expect(error?.message, what).toContain(`${paths[i]}: `);
      expect(error?.message, what).toContain(reason);
    }
    expect(node.ended()).toBeUndefined();
  });

  it('is one that is missing, or an error', async () => {
    const a = bench.plugin('a.js', { onManifest: `send({ id: request.id });` });
    const b = bench.plugin('b.js', { onManifest: `fail(-1, 'no');` });
    await bench.start({ plugins: [{ path: a }, { path: b }] });
    expect(bench.logged('Killing plugin: Invalid/missing result tok')).toHaveLength(2);
  });

  it('sets a feature bit that the node has', async () => {
    const manifest = { dynamic: false, featurebits: { init: '01' } };
    await bench.start({ plugins: [{ path: bench.plugin('f.js', { manifest }) }] });
    expect(bench.logged('Custom featurebits already present')).toHaveLength(1);
  });
});

describe('a clash', () => {
  it('of methods costs the plugin that answers later its life', async () => {
    const manifest = { rpcmethods: [METHOD] };
    const first = bench.plugin('first.js', { manifest });
    const late = bench.plugin('late.js', {
      setup: `const wait = ${JSON.stringify(`${bench.dir}/go`)};`,
      onManifest: `const timer = setInterval(() => { if (!fs.existsSync(wait)) return; clearInterval(timer);
        reply(${JSON.stringify({ options: [], rpcmethods: [METHOD], dynamic: true })}); }, 5);`,
    });
    const starting = bench.start({ plugins: [{ path: late }, { path: first }] });
    bench.script('../go', '');
    const node = await starting;
    expect(node.plugins()).toHaveLength(1);
    expect(bench.logged('a method with that name is already registered by plugin')).toHaveLength(1);
  });

  it.each([true, false])(
    'with a core method is the end of lightningd (running: %s)',
    async (running) => {
      const path = bench.plugin('core.js', {
        manifest: { rpcmethods: [{ name: 'getinfo', usage: '' }] },
      });
      if (running) {
        const node = await bench.start();
        await expect(bench.call(node, 'plugin', ['start', path])).rejects.toThrow(
          'the connection closed',
        );
        expect(node.ended()).toMatchObject({ kind: 'signal', signal: 'SIGSEGV' });
      } else {
        await expect(bench.start({ plugins: [{ path }] })).rejects.toMatchObject({
          code: 'lightningd_died',
          data: { end: { kind: 'signal', signal: 'SIGSEGV' } },
        });
      }
      expect(bench.ends).toHaveLength(1);
    },
  );

  it('of options aborts the boot, but is only refused later', async () => {
    const one = bench.plugin('one.js', { manifest: { options: [OPTION] } });
    const two = bench.plugin('two.js', { manifest: { options: [OPTION] } });
    await expect(bench.start({ plugins: [{ path: one }, { path: two }] })).rejects.toMatchObject({
      data: {
        end: {
          kind: 'exit',
          code: 1,
          reason: expect.stringContaining("option name 'x-opt' is already taken") as string,
        },
      },
    });
    const node = await bench.start({ dir: `${bench.dir}/other`, plugins: [{ path: one }] });
    await expect(bench.call(node, 'plugin', ['start', two])).rejects.toMatchObject({
      code: -3,
      message: expect.stringContaining('Option "x-opt" already registered') as string,
    });
  });

  it('with an option of lightningd aborts the boot', async () => {
    const path = bench.plugin('core-option.js', {
      manifest: { options: [{ ...OPTION, name: 'alias' }] },
    });
    await expect(bench.start({ plugins: [{ path }] })).rejects.toMatchObject({
      data: { end: { kind: 'exit', code: 1 } },
    });
  });

  it('of hook orders kills every member of the cycle', async () => {
    const a = bench.plugin('a.js', {
      manifest: { hooks: [{ name: 'custommsg', before: ['b.js'] }] },
    });
    const b = bench.plugin('b.js', {
      manifest: { hooks: [{ name: 'custommsg', before: ['a.js'] }] },
    });
    const c = bench.plugin('c.js', {
      manifest: { hooks: [{ name: 'custommsg', after: ['nosuch.py'] }] },
    });
    const node = await bench.start({ plugins: [{ path: a }, { path: b }, { path: c }] });
    expect(node.plugins().map(({ name }) => name)).toEqual(['c.js']);
    expect(bench.logged('Cannot meet required hook dependencies')).toHaveLength(2);
  });
});

describe('an important plugin', () => {
  it('takes the node with it', async () => {
    const path = bench.plugin('vital.js', booming('process.exit(0)'));
    const node = await bench.start({ plugins: [{ path, important: true }] });
    const client = await bench.client(node);
    client.send('boom');
    await client.closed();
    expect(await until(() => node.ended())).toMatchObject({ kind: 'exit', code: 1 });
  });

  it('keeps the node from booting when its handshake fails', async () => {
    const path = bench.plugin('vital.js', { manifest: { hooks: ['nosuch'] } });
    await expect(bench.start({ plugins: [{ path, important: true }] })).rejects.toMatchObject({
      data: { end: { kind: 'exit', code: 1 } },
    });
  });

  it.each([
    ['getmanifest', { onManifest: `reply({ disable: 'not here' });` }],
    ['init', { onInit: `reply({ disable: 'not here' });` }],
  ])('may disable itself in %s', async (_phase, source) => {
    const path = bench.plugin('shy.js', source);
    const node = await bench.start({ plugins: [{ path, important: true }] });
    expect(node.plugins()).toEqual([]);
    expect(bench.logged('not here')).toHaveLength(1);
  });

  it('may be stopped by RPC', async () => {
    const path = bench.plugin('vital.js');
    const node = await bench.start({ plugins: [{ path, important: true }] });
    expect(await bench.call(node, 'plugin', ['stop', 'vital.js'])).toEqual({
      command: 'stop',
      result: 'Successfully stopped vital.js.',
    });
    expect(node.ended()).toBeUndefined();
  });
});
