import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { parseJson } from '@cl-hive/core';
import { VirtualClock } from '@cl-hive/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HANDSHAKE_TIMEOUT_MS } from '../../src/lightningd/limits.ts';
import { Bench, parseLines, until } from './harness.ts';

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});
afterEach(async () => bench.close());

/** A plugin with a method that answers what it was started with and what `init` told it. */
const TELLING = {
  manifest: { rpcmethods: [{ name: 'tell', usage: '' }] },
  onRequest: `reply({ init, argv: process.argv.slice(1), cwd: process.cwd(),
    env: [process.env.LIGHTNINGD_PLUGIN, process.env.LIGHTNINGD_VERSION] });`,
};

describe('a plugin process', () => {
  it('gets its real path, environment and working directory as from lightningd', async () => {
    const path = bench.plugin('real/tell.js', TELLING);
    symlinkSync(path, join(bench.dir, 'link.js'));
    const node = await bench.start({ plugins: [{ path: join(bench.dir, 'link.js') }] });
    expect(await bench.call(node, 'tell')).toMatchObject({
      argv: [path],
      cwd: node.lightningDir,
      env: ['1', 'v26.06.6'],
      init: {
        options: {},
        configuration: {
          'lightning-dir': node.lightningDir,
          'rpc-file': 'lightning-rpc',
          startup: true,
          network: 'regtest',
          feature_set: { init: '800898880a8a59a1', channel: '' },
        },
      },
    });
  });

  it('gets --developer in developer mode, and is told that deprecated APIs are off', async () => {
    const path = bench.plugin('tell.js', {
      ...TELLING,
      onManifest: `setupManifest = request.params; reply(${JSON.stringify({ options: [], rpcmethods: [{ name: 'tell', usage: '' }] })});`,
      setup: 'let setupManifest;',
      onRequest: 'reply({ argv: process.argv.slice(2), manifest: setupManifest });',
    });
    const node = await bench.start({ developer: true, plugins: [{ path }] });
    expect(await bench.call(node, 'tell')).toEqual({
      argv: ['--developer'],
      manifest: { 'allow-deprecated-apis': false },
    });
  });

  it('is told an absolute rpc-file as it was given', async () => {
    const rpc = join(bench.dir, 'elsewhere.sock');
    const path = bench.plugin('tell.js', TELLING);
    const node = await bench.start({ plugins: [{ path }], config: { 'rpc-file': rpc } });
    expect(node.rpcFile).toBe(rpc);
    expect(await bench.call(node, 'tell')).toMatchObject({
      init: { configuration: { 'rpc-file': rpc } },
    });
  });

  it('is started from the default folder and its subfolders, if executable', async () => {
    const folder = join(bench.dir, 'node', 'plugins');
    mkdirSync(join(folder, 'sub', 'deeper'), { recursive: true });
    for (const name of ['top.js', 'sub/helper', 'sub/deeper/no.js', 'README.md', 'with space.js']) {
      bench.plugin(`../node/plugins/${name}`);
    }
    const node = await bench.start();
    expect(node.plugins().map(({ name }) => name)).toEqual(['top.js', 'with space.js', 'helper']);
  });

  it('is not started when disabled', async () => {
    const path = bench.plugin('never.js');
    const node = await bench.start({
      plugins: [{ path }],
      config: { 'disable-plugin': ['never.js'] },
    });
    expect(node.plugins()).toEqual([]);
  });

  it('that does not exist aborts the boot', async () => {
    await expect(bench.start({ plugins: [{ path: '/nonexistent/x.js' }] })).rejects.toMatchObject({
      code: 'lightningd_died',
    });
  });

  it('that cannot be executed aborts the boot', async () => {
    const path = bench.script('broken.js', '#!/nonexistent/interpreter\n');
    await expect(bench.start({ plugins: [{ path }] })).rejects.toMatchObject({
      data: {
        end: { kind: 'exit', reason: expect.stringContaining('error starting plugin') as string },
      },
    });
  });
});

describe('options', () => {
  const manifest = {
    rpcmethods: [{ name: 'tell', usage: '' }],
    options: [
      { name: 'o-text', type: 'string', description: '' },
      { name: 'o-default', type: 'string', default: 'd', description: '' },
      { name: 'o-int', type: 'int', description: '' },
      { name: 'o-int-default', type: 'int', default: 7, description: '' },
      { name: 'o-bool', type: 'bool', default: true, description: '' },
      { name: 'o-flag', type: 'flag', description: '' },
      { name: 'o-multi', type: 'string', multi: true, description: '' },
      { name: 'o-multi-default', type: 'string', multi: true, default: 'x', description: '' },
      { name: 'o-null', type: 'string', default: null, description: '' },
    ],
  };
  const onRequest = `reply({ options: init.options });`;

  it('that are not set are absent, unless they have a default', async () => {
    const path = bench.plugin('o.js', { manifest, onRequest });
    const node = await bench.start({ plugins: [{ path }] });
    expect(await bench.call(node, 'tell')).toEqual({
      options: { 'o-default': 'd', 'o-int-default': 7, 'o-bool': true, 'o-multi-default': ['x'] },
    });
  });

  it('that are set arrive typed, integers with all their digits', async () => {
    const seen = join(bench.dir, 'init');
    const path = bench.plugin('o.js', {
      manifest,
      onRequest,
      setup: `const seen = ${JSON.stringify(seen)};`,
      onInit: 'fs.writeFileSync(seen, line); reply({});',
    });
    await bench.start({
      plugins: [
        {
          path,
          options: {
            'o-text': 'a',
            'o-int': '9007199254740993',
            'o-bool': 'no',
            'o-flag': true,
            'o-multi': ['1', '2'],
            'o-multi-default': ['y'],
          },
        },
      ],
    });
    const init = parseJson(readFileSync(seen, 'utf8'));
    expect(init).toMatchObject({
      params: {
        options: {
          'o-text': 'a',
          'o-default': 'd',
          'o-int': 9007199254740993n,
          'o-bool': false,
          'o-flag': true,
          'o-multi': ['1', '2'],
          'o-multi-default': ['y'],
        },
      },
    });
  });

  it.each([
    [{ 'o-int': 'abc' }, `--o-int=abc: 'abc' is not a number`],
    [{ 'o-bool': 'maybe' }, '--o-bool=maybe: Invalid argument'],
    [{ 'no-such': '1' }, '--no-such=1: unrecognized option'],
    [{ 'o-flag': 'x' }, `--o-flag=x: doesn't allow an argument`],
  ])('%j abort the boot', async (options, reason) => {
    const path = bench.plugin('o.js', { manifest });
    await expect(bench.start({ plugins: [{ path, options }] })).rejects.toMatchObject({
      data: { end: { kind: 'exit', code: 1, reason: expect.stringContaining(reason) as string } },
    });
  });
});

describe('the time limit', () => {
  const stuck = {
    getmanifest: { onManifest: '' },
    init: { onInit: '' },
  } as const;

  it.each(['getmanifest', 'init'] as const)('of %s ends the boot', async (phase) => {
    const clock = new VirtualClock();
    const path = bench.plugin('stuck.js', {
      ...stuck[phase],
      setup: `process.stderr.write('up\\n');`,
      [phase === 'init' ? 'onInit' : 'onManifest']: `process.stderr.write('${phase}\\n');`,
    });
    const lines: string[] = [];
    const starting = bench.start({
      clock,
      plugins: [{ path }],
      onStderr: (_plugin, line) => lines.push(line),
    });
    const ended = expect(starting).rejects.toMatchObject({
      data: { end: { kind: 'exit', code: 1 } },
    });
    await until(() => lines.includes(phase));
    clock.advance(HANDSHAKE_TIMEOUT_MS - 1);
    expect(bench.ends).toEqual([]);
    clock.advance(1);
    await until(() => bench.ends.length === 1);
    clock.advance(60_000);
    await ended;
    expect(bench.logged('timed out before replying to')).toHaveLength(1);
  });

  it.each(['getmanifest', 'init'] as const)('of %s is an error of plugin start', async (phase) => {
    const clock = new VirtualClock();
    const lines: string[] = [];
    const path = bench.plugin('stuck.js', {
      [phase === 'init' ? 'onInit' : 'onManifest']: `process.stderr.write('${phase}\\n');`,
    });
    const node = await bench.start({ clock, onStderr: (_plugin, line) => lines.push(line) });
    const starting = bench.call(node, 'plugin', ['start', path]);
    const refused = expect(starting).rejects.toMatchObject({
      code: -3,
      message: `${path}: timed out before replying to ${phase}`,
    });
    await until(() => lines.includes(phase));
    clock.advance(HANDSHAKE_TIMEOUT_MS);
    await refused;
    expect(node.ended()).toBeUndefined();
    expect(node.plugins()).toEqual([]);
  });
});

describe('init', () => {
  it('that is answered with an error counts as answered', async () => {
    const path = bench.plugin('e.js', { onInit: `fail(-1, 'no');` });
    const node = await bench.start({ plugins: [{ path }] });
    expect(node.plugins()).toMatchObject([{ active: true }]);
  });

  it('goes out while methods are callable already, and RPC works in it', async () => {
    const path = bench.plugin('busy.js', {
      manifest: { rpcmethods: [{ name: 'busy', usage: '' }] },
      onRequest: `reply({ inited: init !== undefined }); `,
      onInit: `const net = require('node:net');
        const socket = net.connect(init.configuration['rpc-file']);
        socket.write('{"jsonrpc":"2.0","id":"busy:1","method":"busy","params":{}}');
        socket.on('data', (data) => { fs.writeFileSync('got', data); socket.destroy(); reply({}); });`,
    });
    const node = await bench.start({ plugins: [{ path }] });
    expect(parseJson(readFileSync(join(node.lightningDir, 'got'), 'utf8'))).toMatchObject({
      id: 'busy:1',
      result: { inited: true },
    });
  });

  it('goes to all at once: one plugin may wait for another', async () => {
    const go = join(bench.dir, 'go');
    const waits = bench.plugin('waits.js', {
      onInit: `const timer = setInterval(() => { if (fs.existsSync(${JSON.stringify(go)})) { clearInterval(timer); reply({}); } }, 5);`,
    });
    const goes = bench.plugin('goes.js', {
      onInit: `fs.writeFileSync(${JSON.stringify(go)}, ''); reply({});`,
    });
    const node = await bench.start({ plugins: [{ path: waits }, { path: goes }] });
    expect(node.plugins().every(({ active }) => active)).toBe(true);
  });
});

describe('plugin_started and plugin_stopped', () => {
  it('tell a plugin of itself and of those after it, never of those before', async () => {
    const heard = join(bench.dir, 'heard');
    const listening = {
      manifest: { subscriptions: ['plugin_started', 'plugin_stopped'] },
      onNotification: `fs.appendFileSync(${JSON.stringify(heard)} + __filename.slice(-4, -3), line + '\\n');`,
    };
    const names = (id: string): readonly unknown[] =>
      existsSync(heard + id)
        ? parseLines(readFileSync(heard + id, 'utf8')).map((message) => {
            const [[topic, body]] = Object.entries(
              (message as { params: Record<string, { plugin_name: string }> }).params,
            ) as [[string, { plugin_name: string }]];
            return `${topic} ${body.plugin_name}`;
          })
        : [];
    const a = bench.plugin('a.js', listening);
    const b = bench.plugin('b.js', listening);
    const bad = bench.plugin('bad.js', { manifest: { hooks: ['nosuch'] } });
    const node = await bench.start({ plugins: [{ path: a }] });
    await bench.call(node, 'plugin', ['start', b]);
    await bench.call(node, 'plugin', ['start', bad]).catch(() => undefined);
    await bench.call(node, 'plugin', ['stop', 'b.js']);
    await until(() => names('a').length === 3);
    expect(names('a')).toEqual([
      'plugin_started a.js',
      'plugin_started b.js',
      'plugin_stopped b.js',
    ]);
    expect(names('b')).toEqual(['plugin_started b.js']);
  });
});
