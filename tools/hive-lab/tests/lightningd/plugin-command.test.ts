import { appendFileSync, chmodSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { VirtualClock } from '@cl-hive/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ORPHAN_GRACE_MS, SHUTDOWN_GRACE_MS } from '../../src/lightningd/limits.ts';
import { Bench, until } from './harness.ts';
import { RawClient } from './raw-client.ts';

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});
afterEach(async () => bench.close());

function isAlive(pid: number | undefined): boolean {
  try {
    process.kill(pid ?? 0, 0);
    return pid !== undefined;
  } catch {
    return false;
  }
}

const PATIENT = { manifest: { subscriptions: ['shutdown'] } };

describe('plugin start', () => {
  it('starts a plugin with its options as extra parameters', async () => {
    const path = bench.plugin('opt.js', {
      manifest: {
        options: [
          { name: 'p-int', type: 'int', description: '' },
          { name: 'p-flag', type: 'flag', description: '' },
        ],
        rpcmethods: [{ name: 'tell', usage: '' }],
      },
      onRequest: 'reply(init);',
    });
    const node = await bench.start();
    expect(
      await bench.call(node, 'plugin', {
        subcommand: 'start',
        plugin: path,
        'p-int': 5,
        'p-flag': true,
      }),
    ).toEqual({
      command: 'start',
      plugins: [{ name: path, active: true, dynamic: true }],
    });
    expect(await bench.call(node, 'tell')).toMatchObject({
      options: { 'p-int': 5, 'p-flag': true },
      configuration: { startup: false },
    });
    expect(await bench.call(node, 'listconfigs', ['p-int'])).toMatchObject({
      configs: { 'p-int': { value_int: 5, source: 'pluginstart', plugin: path } },
    });
    await bench.call(node, 'plugin', ['stop', 'opt.js']);
    await bench.call(node, 'plugin', ['start', path]);
    expect(await bench.call(node, 'tell')).toMatchObject({ options: {} });
  });

  it.each([
    [{ 'no-such': 1 }, 'unknown parameter no-such'],
    [{ 'p-int': 'abc' }, "--p-int=abc: 'abc' is not a number"],
    [{ alias: 'x' }, 'unknown parameter alias'],
  ])('refuses the options %j', async (options, reason) => {
    const path = bench.plugin('opt.js', {
      manifest: { options: [{ name: 'p-int', type: 'int', description: '' }] },
    });
    const node = await bench.start();
    await expect(
      bench.call(node, 'plugin', { subcommand: 'start', plugin: path, ...options }),
    ).rejects.toMatchObject({ code: -3, message: `${path}: ${reason}` });
    expect(node.plugins()).toEqual([]);
  });

  it('takes a name from the default folder', async () => {
    const node = await bench.start();
    const path = bench.plugin('../node/plugins/named.js');
    await bench.call(node, 'plugin', ['start', 'named.js']);
    expect(node.plugins()).toMatchObject([{ path, active: true }]);
  });

  it('refuses what it cannot start, each with its error', async () => {
    const node = await bench.start();
    const text = bench.script('text.js', 'x');
    chmodSync(text, 0o644);
    const fixed = bench.plugin('fixed.js', { manifest: { dynamic: false } });
    const disabled = bench.plugin('disabled.js', { onManifest: `reply({ disable: 'no need' });` });
    const quits = bench.plugin('quits.js', { onInit: 'process.exit(0);' });
    const start = async (...params: readonly string[]): Promise<unknown> =>
      bench.call(node, 'plugin', ['start', ...params]).catch((error: unknown) => error);
    const missing = join(bench.dir, 'node', 'plugins', 'nosuch.js');
    expect(await start('nosuch.js')).toMatchObject({
      code: -32602,
      message: `${missing} is not executable: No such file or directory`,
    });
    // Root may execute what nobody may, but not what has no x bit at all.
    expect(await start(text)).toMatchObject({
      code: -32602,
      message: `${text} is not executable: Permission denied`,
    });
    expect(await start(fixed)).toMatchObject({
      code: -3,
      message: `${fixed}: Not a dynamic plugin`,
    });
    expect(await start(disabled)).toMatchObject({
      code: -3,
      message: `${disabled}: disabled itself: no need`,
    });
    expect(await start(quits)).toMatchObject({
      code: -3,
      message: `${quits}: exited before replying to init`,
    });
    expect(await start(fixed, 'x')).toMatchObject({
      code: -32602,
      message: 'Extra parameters must be in object',
    });
    expect(await start()).toMatchObject({
      code: -32602,
      message: 'missing required parameter: plugin',
    });
    expect(
      await bench.call(node, 'plugin', ['nosuch']).catch((error: unknown) => error),
    ).toMatchObject({
      code: -32602,
      message: "Unknown subcommand 'nosuch'",
    });
    expect(node.plugins()).toEqual([]);
  });

  it('refuses a running plugin unless its entry file changed, and then restarts it', async () => {
    const path = bench.plugin('twice.js');
    const node = await bench.start({ plugins: [{ path }] });
    const pid = node.plugins()[0]?.pid;
    await expect(bench.call(node, 'plugin', ['start', path])).rejects.toMatchObject({
      code: -32602,
      message: `${path}: Invalid argument`,
    });
    expect(node.plugins()[0]?.pid).toBe(pid);
    appendFileSync(path, '\n// changed\n');
    await bench.call(node, 'plugin', ['start', path]);
    expect(node.plugins()).toHaveLength(1);
    expect(node.plugins()[0]?.pid).not.toBe(pid);
    expect(bench.logged('Plugin changed, needs restart.')).toHaveLength(1);
    await until(() => !isAlive(pid));
  });

  it('shows a plugin that is on its way as inactive', async () => {
    const path = bench.plugin('slow.js', { onInit: `process.stderr.write('here\\n');` });
    const lines: string[] = [];
    const node = await bench.start({ onStderr: (_name, line) => lines.push(line) });
    const client = await bench.client(node);
    client.send('plugin', ['start', path]);
    await until(() => lines.length === 1);
    expect(await bench.call(node, 'plugin', ['list'])).toMatchObject({
      plugins: [{ name: path, active: false, dynamic: true }],
    });
  });
});

describe('plugin startdir and rescan', () => {
  it('start what they find, and wait for all of it', async () => {
    const node = await bench.start();
    const a = bench.plugin('folder/a.js');
    const b = bench.plugin('folder/b.js');
    expect(
      await bench.call(node, 'plugin', ['startdir', join(bench.dir, 'scripts', 'folder')]),
    ).toEqual({
      command: 'startdir',
      plugins: [a, b].map((name) => ({ name, active: true, dynamic: true })),
    });
    await expect(
      bench.call(node, 'plugin', { subcommand: 'startdir', directory: '/nonexistent' }),
    ).rejects.toMatchObject({
      code: -32602,
      message: 'Could not open /nonexistent',
    });
    mkdirSync(join(bench.dir, 'node', 'plugins'), { recursive: true });
    const c = bench.plugin('../node/plugins/c.js');
    expect(await bench.call(node, 'plugin', ['rescan'])).toEqual({
      command: 'rescan',
      plugins: [a, b, c].map((name) => ({ name, active: true, dynamic: true })),
    });
    expect(await bench.call(node, 'plugin', ['rescan'])).toMatchObject({ command: 'rescan' });
  });
});

describe('plugin stop', () => {
  it('kills at once who did not subscribe to shutdown', async () => {
    const path = bench.plugin('quick.js', {
      setup: `process.on('exit', () => fs.writeFileSync('exited', ''));`,
    });
    const node = await bench.start({ plugins: [{ path }] });
    const pid = node.plugins()[0]?.pid;
    await bench.call(node, 'plugin', ['stop', path]);
    expect(node.plugins()).toEqual([]);
    await until(() => !isAlive(pid));
    expect(existsSync(join(node.lightningDir, 'exited'))).toBe(false);
  });

  it('waits for who did, 30 seconds at most', async () => {
    const clock = new VirtualClock();
    const polite = bench.plugin('polite.js', PATIENT);
    const rude = bench.plugin('rude.js', {
      ...PATIENT,
      onNotification: `process.stderr.write('told\\n'); return;`,
    });
    const lines: string[] = [];
    const node = await bench.start({
      clock,
      plugins: [{ path: polite }, { path: rude }],
      onStderr: (_name, line) => lines.push(line),
    });
    expect(await bench.call(node, 'plugin', ['stop', 'polite.js'])).toEqual({
      command: 'stop',
      result: 'Successfully stopped polite.js.',
    });
    const client = await bench.client(node);
    const stopping = client.send('plugin', ['stop', 'rude.js']);
    await until(() => lines.length === 1);
    clock.advance(SHUTDOWN_GRACE_MS - 1);
    expect(node.plugins()).toHaveLength(1);
    clock.advance(1);
    expect(await client.answer(stopping)).toMatchObject({
      result: { result: 'Successfully stopped rude.js.' },
    });
    expect(bench.logged('Timeout on shutdown: killing anyway')).toHaveLength(1);
  });

  it('answers everyone who asked for it', async () => {
    const path = bench.plugin('twice.js', {
      ...PATIENT,
      onNotification: `if (globalThis.told) process.exit(0); globalThis.told = true; return;`,
    });
    const node = await bench.start({ plugins: [{ path }] });
    const answers = await Promise.all([
      bench.call(node, 'plugin', ['stop', 'twice.js']),
      bench.call(node, 'plugin', ['stop', 'twice.js']),
    ]);
    expect(answers).toMatchObject([{ command: 'stop' }, { command: 'stop' }]);
  });

  it('refuses strangers and plugins that are not dynamic', async () => {
    const fixed = bench.plugin('fixed.js', { manifest: { dynamic: false } });
    const node = await bench.start({ plugins: [{ path: fixed }] });
    await expect(bench.call(node, 'plugin', ['stop', 'nosuch'])).rejects.toMatchObject({
      code: -32602,
      message: 'Could not find plugin nosuch',
    });
    await expect(bench.call(node, 'plugin', ['stop', 'fixed.js'])).rejects.toMatchObject({
      code: -32602,
      message: 'fixed.js cannot be managed when lightningd is up',
    });
  });
});

describe('a crash', () => {
  it('leaves the plugin down, and its names free', async () => {
    const path = bench.plugin('fragile.js', {
      manifest: {
        options: [{ name: 'f-opt', type: 'string', description: '' }],
        rpcmethods: [{ name: 'crash', usage: '' }],
      },
      onRequest: 'process.kill(process.pid, "SIGKILL");',
    });
    const node = await bench.start({ plugins: [{ path }] });
    const client = await bench.client(node);
    const [one, two] = [client.send('crash'), client.send('crash')];
    for (const id of [one, two]) {
      expect(await client.answer(id)).toMatchObject({ error: { code: -4 } });
    }
    await expect(client.call('crash')).rejects.toMatchObject({ code: -32601 });
    await expect(client.call('listconfigs', ['f-opt'])).rejects.toMatchObject({ code: -32602 });
    expect(node.plugins()).toEqual([]);
    await bench.call(node, 'plugin', ['start', path]);
    expect(node.plugins()).toMatchObject([{ active: true }]);
  });
});

describe('the end of a node', () => {
  it('by stop tells who wants to know, refuses new connections, and lets open ones work', async () => {
    const path = bench.plugin('last.js', {
      manifest: { subscriptions: ['shutdown'] },
      onInit: `globalThis.socket = require('node:net').connect(init.configuration['rpc-file'], () => reply({}));`,
      onNotification: `
        require('node:net').connect(init.configuration['rpc-file']).on('error', (error) => {
          globalThis.socket.write(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'datastore', params: { key: 'last', string: error.code } }));
        });
        globalThis.socket.on('data', (data) => { fs.writeFileSync('answer', data); process.exit(0); });
        return;`,
    });
    const node = await bench.start({ plugins: [{ path }] });
    expect(await bench.call(node, 'stop')).toEqual({ result: 'Shutdown complete' });
    await node.stop();
    expect(readFileSync(join(node.lightningDir, 'answer'), 'utf8')).toContain('"generation":0');
    expect(existsSync(node.rpcFile)).toBe(false);
    const again = await bench.start();
    const stored = await bench.call(again, 'listdatastore', ['last']);
    expect(stored).toMatchObject({
      datastore: [{ string: expect.stringMatching(/^(ENOENT|ECONNREFUSED)$/) as string }],
    });
  });

  it('by stop may come while plugins are still starting', async () => {
    const path = bench.plugin('slow.js', { onInit: `process.stderr.write('init\\n');` });
    const rpcFile = join(bench.dir, 'node', 'regtest', 'lightning-rpc');
    const lines: string[] = [];
    const starting = bench.start({
      plugins: [{ path }],
      onStderr: (_name, line) => lines.push(line),
    });
    const refused = expect(starting).rejects.toMatchObject({ data: { end: { kind: 'stopped' } } });
    await until(() => lines.length === 1);
    const client = await RawClient.connect(rpcFile);
    expect(await client.call('stop')).toEqual({ result: 'Shutdown complete' });
    await refused;
  });

  it('by stop closes the sockets of unfinished calls, and kills after 30 s', async () => {
    const clock = new VirtualClock();
    const path = bench.plugin('stays.js', {
      manifest: { subscriptions: ['*'], rpcmethods: [{ name: 'hang', usage: '' }] },
      onNotification: `if (request.method === 'shutdown') { process.stderr.write('told\\n'); return; }`,
      onRequest: `process.stderr.write('asked\\n');`,
    });
    const lines: string[] = [];
    const node = await bench.start({
      clock,
      plugins: [{ path }],
      onStderr: (_name, line) => lines.push(line),
    });
    const pid = node.plugins()[0]?.pid;
    const client = await bench.client(node);
    client.send('hang');
    await until(() => lines.includes('asked'));
    const stopped = node.stop();
    await until(() => lines.includes('told'));
    clock.advance(SHUTDOWN_GRACE_MS - 1);
    expect(isAlive(pid)).toBe(true);
    clock.advance(1);
    await stopped;
    await client.closed();
    expect(client.messages).toEqual([]);
    expect(isAlive(pid)).toBe(false);
    expect(bench.logged('stays.js: failed to self-terminate in time, killing.')).toHaveLength(1);
  });

  it('by a kill shows plugins nothing but closed pipes, and leaves no orphan', async () => {
    const clock = new VirtualClock();
    const heedful = bench.plugin('heedful.js', {
      manifest: { subscriptions: ['shutdown'] },
      onNotification: `if (request.method === 'shutdown') fs.writeFileSync('told', '');`,
    });
    const orphan = bench.script(
      'orphan.js',
      `#!${process.execPath}
setInterval(() => {}, 1000);
let text = '';
process.stdin.on('data', (data) => {
  text += data;
  for (const [, id, method] of text.matchAll(/"id":("[^"]*"),"method":"(getmanifest|init)"/g)) {
    process.stdout.write('{"jsonrpc":"2.0","id":' + id + ',"result":{"options":[],"rpcmethods":[]}}');
  }
  text = '';
});`,
    );
    const node = await bench.start({ clock, plugins: [{ path: heedful }, { path: orphan }] });
    const [first, second] = node.plugins().map(({ pid }) => pid);
    const gone = node.kill();
    expect(bench.ends).toMatchObject([{ kind: 'signal', signal: 'SIGKILL' }]);
    await until(() => !isAlive(first));
    expect(isAlive(second)).toBe(true);
    clock.advance(ORPHAN_GRACE_MS);
    await gone;
    expect(isAlive(second)).toBe(false);
    expect(existsSync(join(node.lightningDir, 'told'))).toBe(false);
    await expect(
      new Promise((resolve, reject) =>
        connect(node.rpcFile).once('connect', resolve).once('error', reject),
      ),
    ).rejects.toThrow();
  });
});
