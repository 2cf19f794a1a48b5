import { type JsonObject, parseJson } from '@cl-hive/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Bench, until } from './harness.ts';

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});
afterEach(async () => bench.close());

/** Writes every notification, as it came, to standard error. */
const HEARING = {
  onNotification: `if (request.method !== 'shutdown') process.stderr.write(line.replaceAll('\\n', ' ') + '\\n');`,
};

interface Heard {
  readonly plugin: string;
  readonly text: string;
  readonly message: JsonObject;
}

function ears(): { heard: Heard[]; onStderr: (plugin: string, line: string) => void } {
  const heard: Heard[] = [];
  return {
    heard,
    onStderr: (plugin, text) =>
      heard.push({ plugin, text, message: parseJson(text) as JsonObject }),
  };
}

describe('a native notification', () => {
  it('carries its payload under its own name, only to who subscribed', async () => {
    const a = bench.plugin('a.js', { ...HEARING, manifest: { subscriptions: ['connect'] } });
    const b = bench.plugin('b.js', { ...HEARING, manifest: { subscriptions: ['disconnect'] } });
    const { heard, onStderr } = ears();
    const node = await bench.start({ plugins: [{ path: a }, { path: b }], onStderr });
    node.shell.notify('connect', { id: '02', amount_msat: 18446744073709551615n });
    await until(() => heard.length === 1);
    expect(heard).toMatchObject([
      {
        plugin: 'a.js',
        text: '{"jsonrpc":"2.0","method":"connect","params":{"connect":{"id":"02","amount_msat":18446744073709551615}}}',
      },
    ]);
  });

  it('is lost on a plugin whose init is not answered', async () => {
    const late = bench.plugin('late.js', {
      ...HEARING,
      manifest: { subscriptions: ['connect'] },
      onInit: `process.stderr.write('{"init":1}\\n'); globalThis.inited = reply; fs.writeFileSync('late-up', ''); const t = setInterval(() => { if (fs.existsSync('go')) { clearInterval(t); reply({}); } }, 5);`,
    });
    const { heard, onStderr } = ears();
    const node = await bench.start({ onStderr });
    const starting = bench.call(node, 'plugin', ['start', late]);
    await until(() => heard.length === 1);
    node.shell.notify('connect', { id: 'early' });
    bench.script('../node/regtest/go', '');
    await starting;
    node.shell.notify('connect', { id: 'later' });
    await until(() => heard.length === 2);
    expect(heard[1]?.text).toContain('later');
  });

  it('reaches a wildcard, and twice who also names it; but log needs its name', async () => {
    const both = bench.plugin('both.js', {
      ...HEARING,
      manifest: { subscriptions: ['*', 'connect'] },
    });
    const { heard, onStderr } = ears();
    const node = await bench.start({ plugins: [{ path: both }], onStderr });
    await until(() => heard.length === 1);
    expect(heard[0]?.message['method']).toBe('plugin_started');
    heard.length = 0;
    node.shell.log('info', 'lightningd', 'quiet');
    node.shell.notify('connect', { id: '02' });
    await until(() => heard.length === 2);
    expect(heard.map(({ message }) => message['method'])).toEqual(['connect', 'connect']);
  });

  it('of the log has all lines, warnings only the loud ones', async () => {
    const path = bench.plugin('l.js', {
      ...HEARING,
      manifest: { subscriptions: ['log', 'warning'], rpcmethods: [{ name: 'say', usage: '' }] },
      onRequest: `send({ method: 'log', params: { level: 'warn', message: 'a\\nb \\u00e9' } }); send({ method: 'log', params: { message: 'plain' } }); reply({});`,
    });
    const { heard, onStderr } = ears();
    const node = await bench.start({ plugins: [{ path }], onStderr });
    await bench.call(node, 'say');
    const wanted = [
      ['log', 'unusual', 'a'],
      ['warning', 'warn', 'a'],
      ['log', 'unusual', 'b é'],
      ['warning', 'warn', 'b é'],
      ['log', 'info', 'plain'],
    ];
    const said = () =>
      heard
        .map(({ message }) => message as { method: string; params: Record<string, JsonObject> })
        .map(({ method, params }) => [method, params[method]?.['level'], params[method]?.['log']])
        .map((line) => JSON.stringify(line));
    // Lines of the node's own start may come in between.
    await until(() => wanted.every((line) => said().includes(JSON.stringify(line))));
    expect(said()).not.toContain(JSON.stringify(['warning', 'info', 'plain']));
    const warning = heard.find(({ message }) => message['method'] === 'warning')?.message;
    expect(warning).toMatchObject({
      params: {
        warning: {
          source: 'plugin-l.js',
          time: expect.stringMatching(/^\d+\.\d{9}$/) as string,
          timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
        },
      },
    });
  });

  it('to an unknown topic is only warned about', async () => {
    const path = bench.plugin('u.js', { manifest: { subscriptions: ['nosuch'] } });
    await bench.start({ plugins: [{ path }] });
    expect(bench.logged("topic 'nosuch' is not a known notification topic")).toMatchObject([
      { level: 'unusual' },
    ]);
  });
});

describe('a custom notification', () => {
  it('reaches subscribers, its emitter included, with its origin beside the params', async () => {
    const source = {
      ...HEARING,
      manifest: {
        subscriptions: ['hive-news'],
        notifications: [{ method: 'hive-news' }],
        rpcmethods: [{ name: 'emit', usage: '' }],
      },
      onRequest: `raw('{"jsonrpc":"2.0","method":"hive-news","params":{ "hive-news":{"n":18446744073709551615} }}'); reply({});`,
    };
    const emitter = bench.plugin('emitter.js', source);
    const other = bench.plugin('other.js', {
      ...HEARING,
      manifest: { subscriptions: ['hive-news'] },
    });
    const { heard, onStderr } = ears();
    const node = await bench.start({ plugins: [{ path: emitter }, { path: other }], onStderr });
    await bench.call(node, 'emit');
    await until(() => heard.length === 2);
    expect(heard.map(({ plugin }) => plugin).sort()).toEqual(['emitter.js', 'other.js']);
    expect(new Set(heard.map(({ text }) => text))).toEqual(
      new Set([
        '{"jsonrpc":"2.0","method":"hive-news","origin":"emitter.js","params":{ "hive-news":{"n":18446744073709551615} }}',
      ]),
    );
  });

  it('may carry any params', async () => {
    const path = bench.plugin('any.js', {
      ...HEARING,
      manifest: {
        subscriptions: ['mine'],
        notifications: [{ method: 'mine' }],
        rpcmethods: [{ name: 'emit', usage: '' }],
      },
      onRequest: `for (const params of [null, 'x', [1]]) send({ method: 'mine', params }); reply({});`,
    });
    const { heard, onStderr } = ears();
    const node = await bench.start({ plugins: [{ path }], onStderr });
    await bench.call(node, 'emit');
    await until(() => heard.length === 3);
    expect(heard.map(({ message }) => message['params'])).toEqual([null, 'x', [1]]);
  });

  it('of an undeclared topic reaches nobody', async () => {
    const path = bench.plugin('sly.js', {
      ...HEARING,
      manifest: { subscriptions: ['*'], rpcmethods: [{ name: 'emit', usage: '' }] },
      onRequest: `send({ method: 'theirs', params: {} }); reply({});`,
    });
    const { heard, onStderr } = ears();
    const node = await bench.start({ plugins: [{ path }], onStderr });
    await bench.call(node, 'emit');
    node.shell.notify('connect', { id: 'after' });
    await until(() => heard.some(({ text }) => text.includes('after')));
    expect(heard.some(({ message }) => message['method'] === 'theirs')).toBe(false);
  });
});

it('even custom messages are accepted when an active plugin lists them', async () => {
  const path = bench.plugin('even.js', { manifest: { custommessages: [32770, 5] } });
  const node = await bench.start({ plugins: [{ path }] });
  expect([32770, 5, 32768].map(node.shell.acceptsEvenMessage)).toEqual([true, true, false]);
});
