import { CodedError, type JsonObject, type JsonValue, nodeId } from '@cl-hive/core';
import { VirtualClock } from '@cl-hive/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Datastore, watchLoop } from '../src/helpers/index.ts';
import { definePlugin, logLevel, MethodError, method, option, p, topic } from '../src/index.ts';
import { FakeLightningd, type LinkedPlugin, until } from '../src/testing/index.ts';
import { fakeDatastore } from './fake-datastore.ts';

// One test per trap of Core Lightning v26.06.6 that concerns an SDK, by its number in the project's
// list of traps; those about processes are in traps-process.test.ts.

let node: FakeLightningd;
beforeEach(async () => {
  node = await FakeLightningd.start();
});
afterEach(() => node.stop());

const PEER = nodeId(`02${'ab'.repeat(32)}`);
const HOOK_PAYLOADS: Record<string, JsonObject> = {
  custommsg: { peer_id: PEER, payload: '8001ff' },
  rpc_command: { rpc_command: { jsonrpc: '2.0', id: 'x#1', method: 'pay', params: {} } },
  recover: { codex32: 'ms10...' },
  peer_connected: { peer: { id: PEER, direction: 'in', addr: '127.0.0.1:1', features: '' } },
  invoice_payment: { payment: { label: 'l', preimage: '00'.repeat(32), msat: 1000 } },
};

const bare = () => definePlugin({ name: 'trap' });
const noop = method({ description: 'Does nothing.', handle: () => ({}) });

function definitionFault(define: () => unknown): string {
  try {
    define();
  } catch (error) {
    if (error instanceof CodedError) {
      expect(error.remedy).toBeTypeOf('string');
      return error.code;
    }
    throw error;
  }
  return 'accepted';
}

/** Makes the loose declaration that plain JavaScript could. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters
function untyped<T>(value: unknown): T {
  return value as T;
}

describe('hooks', () => {
  it('trap 1, HK-01: a handler that throws or rejects sends the fallback, never an error', async () => {
    const thrower = bare()
      .hook('peer_connected', {
        handle: () => {
          throw new Error('boom');
        },
      })
      .hook('custommsg', {
        filters: [32769],
        handle: () => Promise.reject(new Error('late boom')),
      })
      .hook('invoice_payment', {
        handle: () => {
          // oxlint-disable-next-line typescript/only-throw-error
          throw undefined;
        },
      });
    const plugin = await node.attach(thrower);
    for (const name of ['peer_connected', 'custommsg', 'invoice_payment']) {
      const reply = await plugin.link.hook(name, HOOK_PAYLOADS[name] ?? {});
      expect(reply).toEqual({ result: 'continue' });
    }
    expect((await plugin.link.logged('late boom')).level).toBe('broken');
    expect(plugin.link.aborted).toBeUndefined();
  });

  it.each([
    ['undefined', undefined],
    ['null', null],
    ['a text', 'continue'],
    ['an empty object', {}],
    ['an unknown result', { result: 'resume' }],
    ['a foreign member', { result: 'continue', more: 1 }],
    ['NaN', { result: Number.NaN }],
    ['a function', () => ({ result: 'continue' })],
    ['a liar', { result: 'continue', toJSON: () => ({ result: 'explode' }) }],
    ['an array', [{ result: 'continue' }]],
  ])('trap 2: a handler that answers %s sends the fallback', async (_what, answer) => {
    const plugin = await node.attach(
      bare().hook('custommsg', {
        filters: [1],
        handle: () => untyped<{ result: 'continue' }>(answer),
      }),
    );
    const reply = await plugin.link.hook('custommsg', HOOK_PAYLOADS['custommsg'] ?? {});
    expect(reply).toEqual({ result: 'continue' });
  });

  it('trap 3, HK-01: a handler that never answers is answered for at its deadline', async () => {
    const clock = new VirtualClock();
    let aborted = false;
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const plugin = await node.attach(
      bare().hook('rpc_command', {
        filters: ['pay'],
        deadlineMs: 200,
        handle: async (_payload, call) => {
          call.signal.addEventListener('abort', () => {
            aborted = true;
          });
          await held;
          return { return: { result: {} } };
        },
      }),
      { clock },
    );
    const reply = plugin.link.hook('rpc_command', HOOK_PAYLOADS['rpc_command'] ?? {});
    await until('the deadline is set', () => clock.pending > 0);
    const repliesBefore = plugin.link.replies.length;
    clock.advance(200);
    expect(await reply).toEqual({ result: 'continue' });
    expect(aborted).toBe(true);
    release();
    await plugin.link.logged('dropped');
    expect(plugin.link.replies.length).toBe(repliesBefore + 1);
  });

  it('trap 3: unfiltered rpc_command has to be asked for by name', () => {
    const loose = untyped<{ filters: ['x']; handle: () => void }>({ handle: () => undefined });
    expect(definitionFault(() => bare().hook('rpc_command', loose))).toBe('definition_hook');
    bare().hook('rpc_command', { interceptEveryCommand: true, handle: () => undefined });
  });

  it('trap 4: a busy loop is noticed and named', () => {
    const lines: string[] = [];
    let busy = 0;
    const clock = new VirtualClock();
    const log = Object.assign(() => undefined, {
      trace: () => undefined,
      debug: () => undefined,
      info: () => undefined,
      error: () => undefined,
      warn: (line: unknown) => lines.push(String(line)),
    });
    const stop = new AbortController();
    watchLoop({
      clock: {
        now: () => clock.now(),
        after: (ms, task) => clock.after(ms, task),
        monotonic: () => clock.monotonic() + busy,
      },
      log,
      signal: stop.signal,
    });
    clock.advance(5_000);
    expect(lines).toEqual([]);
    busy = 3_000;
    clock.advance(500);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('3000 ms');
    stop.abort();
    clock.advance(5_000);
    expect(clock.pending).toBe(0);
  });

  it('trap 5: a hook handler that calls what it hooks is not asked again', async () => {
    let asked = 0;
    let paid = 0;
    node.serve('pay', () => {
      paid += 1;
      return { status: 'complete' };
    });
    const plugin = await node.attach(
      bare().hook('rpc_command', {
        interceptEveryCommand: true,
        handle: async (_payload, call) => {
          asked += 1;
          await Promise.resolve();
          return { return: { result: { inner: await call.rpc.raw('pay', {}) } } };
        },
      }),
    );
    expect(await node.call('pay')).toEqual({ inner: { status: 'complete' } });
    expect([asked, paid]).toEqual([1, 1]);
    expect(await node.call('pay', {}, 'cli:pay#2')).toEqual({ inner: { status: 'complete' } });
    expect([asked, paid]).toEqual([2, 2]);
    expect(plugin.link.aborted).toBeUndefined();
  });

  it('trap 5: nor when another plugin calls it on our behalf, or the call outlives the hook', async () => {
    let asked = 0;
    node.serve('pay', () => ({}));
    const relay = definePlugin({ name: 'relay' }).method('relay-pay', {
      description: 'Pays.',
      handle: async (_params, call) => ({ paid: await call.rpc.raw('pay') }),
    });
    await node.attach(relay, { file: 'relay.js' });
    const seen: Promise<unknown>[] = [];
    await node.attach(
      bare().hook('rpc_command', {
        filters: ['pay'],
        handle: (_payload, call) => {
          asked += 1;
          seen.push(call.rpc.raw('relay-pay'));
        },
      }),
    );
    await node.call('pay');
    await Promise.all(seen);
    expect(asked).toBe(1);
  });

  it('trap 6: custommsg is a hook only with filters or by name, and a notification otherwise', async () => {
    const loose = untyped<{ filters: [1]; handle: () => void }>({ handle: () => undefined });
    expect(definitionFault(() => bare().hook('custommsg', loose))).toBe('definition_hook');
    const got: string[] = [];
    const plugin = await node.attach(
      bare().on('custommsg', (message) => void got.push(message.payload)),
    );
    expect(plugin.manifest['hooks']).toEqual([]);
    plugin.link.notify('custommsg', HOOK_PAYLOADS['custommsg'] ?? {});
    await until('the message', () => got.length === 1);
  });
});

describe('manifest', () => {
  it('trap 7: a method with the name of a core command is refused', () => {
    for (const name of ['getinfo', 'pay', 'help', 'setconfig', 'xpay', 'check', 'getmanifest']) {
      const settings = { name: 'trap', prefixes: [name] };
      expect(definitionFault(() => definePlugin(settings).method(name, noop))).toBe(
        'definition_method',
      );
    }
    expect(definitionFault(() => bare().method('other-name', noop))).toBe('definition_name');
  });

  it('trap 8: an option with the name of a core option, or without the prefix, is refused', () => {
    const text = option.string({ description: 'd' });
    for (const name of ['alias', 'log-level', 'autoclean-cycle']) {
      const settings = { name: 'trap', prefixes: [name], options: { [name]: text } };
      expect(definitionFault(() => definePlugin(settings))).toBe('definition_option');
    }
    expect(definitionFault(() => definePlugin({ name: 'trap', options: { lone: text } }))).toBe(
      'definition_name',
    );
  });

  it.each<[string, () => unknown, string]>([
    [
      'camelCase option',
      () => withOption('trap-camelCase', option.string({ description: 'd' })),
      'definition_option',
    ],
    [
      'option without description',
      () => withOption('trap-x', option.string({ description: ' ' })),
      'definition_option',
    ],
    [
      'flag default true',
      () => withOption('trap-x', untyped({ ...option.flag({ description: 'd' }), fallback: true })),
      'definition_option',
    ],
    [
      'multi bool',
      () => withOption('trap-x', untyped({ ...option.bool({ description: 'd' }), multi: true })),
      'definition_option',
    ],
    [
      'default out of range',
      () => withOption('trap-x', option.int({ description: 'd', max: 3, default: 4 })),
      'definition_option',
    ],
    [
      'default of the wrong type',
      () =>
        withOption('trap-x', option.int({ description: 'd', default: untyped<number>('four') })),
      'definition_option',
    ],
    [
      'default that the check refuses',
      () =>
        withOption(
          'trap-x',
          option.string({ description: 'd', default: 'a', validate: () => 'no' }),
        ),
      'definition_option',
    ],
    [
      'method without description',
      () => bare().method('trap-x', { description: '', handle: () => ({}) }),
      'definition_method',
    ],
    [
      'method twice',
      () => bare().method('trap-x', noop).method('trap-x', noop),
      'definition_method',
    ],
    ['method name with space', () => bare().method('trap x', noop), 'definition_method'],
    [
      'required after optional',
      () =>
        bare().method('trap-x', {
          description: 'd',
          params: { a: p.int().optional(), b: p.int() },
          handle: () => ({}),
        }),
      'definition_param',
    ],
    ['bad default of a parameter', () => p.int({ max: 3 }).default(4), 'definition_param'],
    [
      'native topic as custom',
      () =>
        definePlugin({
          name: 'trap',
          prefixes: ['block'],
          notifications: { block_added: topic<object>() },
        }),
      'definition_notification',
    ],
    [
      'featurebits with dynamic',
      () => definePlugin({ name: 'trap', featurebits: { node: '80' } }),
      'definition_features',
    ],
    [
      'featurebits no hex',
      () => definePlugin({ name: 'trap', dynamic: false, featurebits: { node: 'zz' } }),
      'definition_features',
    ],
    [
      'custom message type',
      () => definePlugin({ name: 'trap', custommessages: [65536] }),
      'definition_features',
    ],
    [
      'filters on the wrong hook',
      () => bare().hook('recover', untyped({ filters: ['x'], handle: () => undefined })),
      'definition_hook',
    ],
    [
      'empty filters',
      () => bare().hook('rpc_command', untyped({ filters: [], handle: () => undefined })),
      'definition_hook',
    ],
    [
      'filters of the wrong type',
      () => bare().hook('rpc_command', untyped({ filters: [1], handle: () => undefined })),
      'definition_hook',
    ],
    [
      'hook twice',
      () =>
        bare()
          .hook('recover', { handle: () => undefined })
          .hook('recover', { handle: () => undefined }),
      'definition_hook',
    ],
    [
      'unknown hook',
      () => bare().hook(untyped<'recover'>('toString'), { handle: () => undefined }),
      'definition_hook',
    ],
    [
      'db_write',
      () => bare().hook(untyped<'recover'>('db_write'), { handle: () => undefined }),
      'definition_hook',
    ],
    [
      'htlc_accepted without policy',
      () => bare().hook('htlc_accepted', untyped({ handle: () => undefined })),
      'definition_hook',
    ],
    [
      'endless deadline',
      () =>
        bare().hook('recover', { deadlineMs: Number.POSITIVE_INFINITY, handle: () => undefined }),
      'definition_hook',
    ],
    [
      'shutdown by hand',
      () => bare().on(untyped<'connect'>('shutdown'), () => undefined),
      'definition_subscription',
    ],
    [
      'unknown native topic',
      () => bare().on(untyped<'connect'>('conect'), () => undefined),
      'definition_subscription',
    ],
    ['plugin name', () => definePlugin({ name: 'Trap' }), 'definition_name'],
  ])('trap 9: %s is refused at definition', (_what, define, code) => {
    expect(definitionFault(define)).toBe(code);
  });

  it('trap 9: what lightningd demands is always there', () => {
    expect(bare().manifest()).toEqual({
      options: [],
      rpcmethods: [],
      subscriptions: ['shutdown'],
      hooks: [],
      notifications: [],
      nonnumericids: true,
      cancheck: true,
      dynamic: true,
    });
    const manifest = bare().method('trap-x', {
      description: 'd',
      params: { a: p.int(), b: p.int().optional() },
      handle: () => ({}),
    });
    expect(manifest.manifest()['rpcmethods']).toEqual([
      { name: 'trap-x', usage: 'a [b]', description: 'd' },
    ]);
  });
});

function withOption(name: string, declared: ReturnType<typeof option.flag> | object): unknown {
  return definePlugin({
    name: 'trap',
    options: { [name]: untyped<ReturnType<typeof option.flag>>(declared) },
  });
}

describe('wire', () => {
  it('trap 11: any level word and any message make a valid log line', async () => {
    const plugin = await node.attach(
      bare().onReady(({ log }) => {
        log(untyped('warning'), 'w');
        log(untyped('fatal'), 'f');
        log(untyped('constructor'), 'c');
        log('info', {
          toString: () => {
            throw new Error('no');
          },
        });
        log('info', Symbol('s'));
        log('info', undefined);
        log('info', new Error('stack'));
        log('info', 'x'.repeat(100_000));
        log('info', '\u001b[31mred\u0007');
      }),
    );
    expect((await plugin.link.logged('red')).message).toBe('red ');
    expect(plugin.link.killed).toBeUndefined();
    expect(plugin.link.logs.filter(({ message }) => ['w', 'f', 'c'].includes(message))).toEqual([
      { level: 'unusual', message: 'w' },
      { level: 'broken', message: 'f' },
      { level: 'info', message: 'c' },
    ]);
    expect(logLevel(42)).toBe('info');
    expect(Math.max(...plugin.link.logs.map(({ message }) => message.length))).toBeLessThan(17_000);
  });

  it('trap 11: progress and messages carry the id of the request', async () => {
    const plugin = await node.attach(
      bare().method('trap-work', {
        description: 'd',
        handle: (_params, call) => {
          call.message(untyped('warning'), untyped(7));
          call.progress(1, 3, { num: 0, total: 2 });
          call.progress(Number.NaN, 3);
          return {};
        },
      }),
    );
    await plugin.call('trap-work', {}, { id: 'cli#1/cln:trap-work#9' });
    expect(plugin.link.killed).toBeUndefined();
    expect(plugin.link.sent).toEqual([
      {
        method: 'message',
        params: { id: 'cli#1/cln:trap-work#9', level: 'unusual', message: '7' },
      },
      {
        method: 'progress',
        params: { id: 'cli#1/cln:trap-work#9', num: 1, total: 3, stage: { num: 0, total: 2 } },
      },
    ]);
  });

  it('trap 12: an undeclared topic is a type error and a coded error', async () => {
    const caught: unknown[] = [];
    await node.attach(
      definePlugin({ name: 'trap', notifications: { 'trap-a': topic<{ n: number }>() } }).onReady(
        ({ notify }) => {
          notify('trap-a', { n: 1 });
          try {
            // @ts-expect-error the topic is not declared
            notify('trap-b', { n: 1 });
          } catch (error) {
            caught.push(error);
          }
        },
      ),
    );
    await until('the refusal', () => caught.length === 1);
    expect(caught[0]).toMatchObject({ code: 'topic_undeclared' });
  });

  it('trap 13: blank lines, no lines, and 1 MiB messages in odd pieces are read', async () => {
    const plugin = await node.attach(
      bare().method('trap-echo', {
        description: 'd',
        params: { v: p.json() },
        handle: ({ v }) => ({ v }),
      }),
    );
    const { link } = plugin;
    const ask = (id: string, params: string): [Promise<JsonObject>, Buffer] => [
      link.replyTo(id),
      Buffer.from(
        `{"jsonrpc" :\n\n"2.0",\n\n\n"id":"${id}","method":"trap-echo",\n\n"params":${params}}`,
      ),
    ];
    const [first, a] = ask('a#1', '{"v":\n\n"x\\n\\n}{"}');
    const [second, b] = ask('b#1', '["é\\u0000"]');
    const big = 'y'.repeat(1 << 20);
    const [third, c] = ask('c#1', `{"v":"${big}"}`);
    const bytes = Buffer.concat([a, b, c, Buffer.from('\n')]);
    for (let at = 0, step = 1; at < bytes.length; at += step, step = at < 400 ? 1 : 65_537) {
      link.write(bytes.subarray(at, at + step));
    }
    expect((await first)['result']).toEqual({ v: 'x\n\n}{' });
    expect((await second)['result']).toEqual({ v: 'é\u0000' });
    expect((await third)['result']).toEqual({ v: big });
  });

  it('trap 14: ids come back as they were sent, each once', async () => {
    const plugin = await node.attach(bare().method('trap-x', noop));
    const ids = ['cli:x#1/cln:echo#50', '7/cln:echo#52', 'weird-id', 'ü"\\', '__proto__'];
    await Promise.all(ids.map((id) => plugin.call('trap-x', {}, { id })));
    const seen = plugin.link.replies.slice(2).map((reply) => reply['id']);
    expect(new Set(seen)).toEqual(new Set(ids));
    expect(seen).toHaveLength(ids.length);
    plugin.link.write('{"jsonrpc":"2.0","id":12345678901234567890,"method":"trap-x","params":[]}');
    const reply = await until('numeric id', () =>
      plugin.link.replies.find((candidate) => typeof candidate['id'] === 'bigint'),
    );
    expect(reply).toEqual({ jsonrpc: '2.0', id: 12345678901234567890n, result: {} });
  });

  it('trap 15: integers beyond 2^53 survive in parameters, options, results and RPC replies', async () => {
    const exact = 9007199254740993n;
    const most = (1n << 64n) - 1n;
    node.serve('big', () => ({ n: most }));
    const seen: bigint[] = [];
    const plugin = await node.attach(
      definePlugin({
        name: 'trap',
        options: { 'trap-big': option.int64({ description: 'd' }) },
      }).method('trap-x', {
        description: 'd',
        params: { a: p.msat(), b: p.u64(), c: p.json() },
        handle: async ({ a, b, c }, call) => {
          seen.push(a, b, call.options['trap-big'] ?? 0n);
          return { a, b, c, d: await call.rpc.raw('big') };
        },
      }),
      { options: { 'trap-big': exact } },
    );
    expect(await plugin.call('trap-x', [exact, most, [exact]])).toEqual({
      a: exact,
      b: most,
      c: [exact],
      d: { n: most },
    });
    expect(seen).toEqual([exact, most, exact]);
    await expect(plugin.call('trap-x', [1, 1n << 64n, 0])).rejects.toMatchObject({ code: -32602 });
  });

  it('trap 31: filter is applied to the results of plugin methods', async () => {
    const plugin = await node.attach(
      bare().method('trap-x', {
        description: 'd',
        handle: () => ({ a: 1, b: [{ c: 2, d: 3 }], 'format-hint': 'simple' }),
      }),
    );
    expect(await plugin.call('trap-x', {}, { filter: { b: [{ c: true }] } })).toEqual({
      b: [{ c: 2 }],
      'format-hint': 'simple',
    });
    await expect(plugin.call('trap-x', {}, { filter: { a: 1 } })).rejects.toMatchObject({
      code: -32602,
    });
  });

  it('trap 32: check is served for every method, and says what is wrong', async () => {
    let ran = 0;
    const plugin = await node.attach(
      bare().method('trap-x', {
        description: 'd',
        params: { n: p.int({ min: 1, max: 5 }), s: p.text().optional() },
        check: ({ n }) => {
          if (n === 3) {
            throw new MethodError(900, 'n must not be 3');
          }
        },
        handle: () => {
          ran += 1;
        },
      }),
    );
    expect(plugin.manifest['cancheck']).toBe(true);
    expect(await plugin.check('trap-x', { n: 2 })).toEqual({ command_to_check: 'trap-x' });
    expect(await plugin.call('check', ['trap-x', 2])).toEqual({ command_to_check: 'trap-x' });
    await expect(plugin.check('trap-x', { n: 9 })).rejects.toMatchObject({ code: -32602 });
    await expect(plugin.check('trap-x', { n: 3 })).rejects.toMatchObject({ code: 900 });
    await expect(plugin.check('trap-x')).rejects.toThrow('missing required parameter: n');
    await expect(plugin.check('trap-y')).rejects.toMatchObject({ code: -32601 });
    await expect(plugin.call('check', {})).rejects.toThrow('command_to_check');
    expect(ran).toBe(0);
  });
});

describe('options', () => {
  const changed: unknown[] = [];
  const options = {
    'trap-int': option.int({
      description: 'd',
      default: 5,
      min: 0,
      max: 100,
      dynamic: true,
      onChange: (value) => {
        if (value === 66) {
          throw new Error('66 does not suit me');
        }
        changed.push(value);
      },
    }),
    'trap-bool': option.bool({ description: 'd', dynamic: true }),
    'trap-enum': option.oneOf(['a', 'b'], { description: 'd', default: 'a', dynamic: true }),
    'trap-list': option.strings({ description: 'd', dynamic: true }),
    'trap-flag': option.flag({ description: 'd', dynamic: true }),
    'trap-secret': option.secret({ description: 'd', dynamic: true, validate: (v) => `bad ${v}` }),
    'trap-fixed': option.string({ description: 'd' }),
  };
  const plugin = () =>
    definePlugin({ name: 'trap', options }).method('trap-values', {
      description: 'd',
      handle: (_params, call) =>
        Object.fromEntries(Object.entries(call.options).filter(([, value]) => value !== undefined)),
    });

  it('trap 16: garbage for a dynamic option is refused, and the old value stays', async () => {
    const linked = await node.attach(plugin());
    const cases: [string, string | undefined][] = [
      ['trap-int', 'notanint'],
      ['trap-int', '1e2'],
      ['trap-int', '5 '],
      ['trap-int', ''],
      ['trap-int', '101'],
      ['trap-int', '66'],
      ['trap-int', undefined],
      ['trap-int', '9'.repeat(30)],
      ['trap-bool', 'maybe'],
      ['trap-enum', 'c'],
    ];
    for (const [name, value] of cases) {
      const outcome = linked.setconfig(name, value);
      await expect(outcome, `${name}=${String(value)}`).rejects.toMatchObject({ code: -32602 });
      await expect(outcome).rejects.toThrow(name);
    }
    await expect(linked.setconfig('trap-fixed', 'x')).rejects.toThrow('cannot be changed');
    await expect(linked.setconfig('trap-none', 'x')).rejects.toThrow('trap-none');
    await expect(linked.call('setconfig', 'text')).rejects.toMatchObject({ code: -32602 });
    await expect(
      linked.call('check', { command_to_check: 'setconfig', config: 'trap-int', val: 'z' }),
    ).rejects.toThrow('trap-int');
    const secret = linked.setconfig('trap-secret', 'hunter22');
    await expect(secret).rejects.toThrow('trap-secret');
    await expect(secret).rejects.not.toThrow('hunter22');
    expect(await linked.call('trap-values')).toMatchObject({ 'trap-int': 5, 'trap-enum': 'a' });
    expect(linked.link.killed).toBeUndefined();
    expect(changed).toEqual([]);
  });

  it('trap 17: texts become typed values, a flag needs none, an empty list is not taken over', async () => {
    const linked = await node.attach(plugin());
    await linked.setconfig('trap-int', '42');
    await linked.setconfig('trap-bool', 'true');
    await linked.setconfig('trap-list', ['x', 'y']);
    await linked.setconfig('trap-flag');
    await expect(linked.setconfig('trap-list', [])).rejects.toThrow('the list is empty');
    expect(await linked.call('trap-values')).toEqual({
      'trap-int': 42,
      'trap-bool': true,
      'trap-enum': 'a',
      'trap-list': ['x', 'y'],
      'trap-flag': true,
    });
    expect(changed).toEqual([42]);
  });

  it('trap 18: what the user did not set is [] for lists, false for flags, undefined without default', async () => {
    let seen: Record<string, unknown> = {};
    await node.attach(
      definePlugin({ name: 'trap', options }).onReady((context) => {
        seen = { ...context.options };
      }),
    );
    await until('ready', () => 'trap-int' in seen);
    expect(seen).toEqual({
      'trap-int': 5,
      'trap-bool': undefined,
      'trap-enum': 'a',
      'trap-list': [],
      'trap-flag': false,
      'trap-secret': undefined,
      'trap-fixed': undefined,
    });
  });
});

describe('life', () => {
  it('trap 19: init that hangs disables the plugin long before lightningd gives up', async () => {
    const clock = new VirtualClock();
    const attached = node.attach(
      bare().onInit(() => new Promise<void>(() => undefined)),
      { clock },
    );
    await until('the deadline is set', () => clock.pending > 0);
    clock.advance(5_000);
    expect((await attached).disabled).toContain('5000 ms');
  });

  it('trap 20: faults of init disable, they are never error replies', async () => {
    const fails = bare().onInit(() => {
      throw new CodedError('x', 'the folder /data is not writable');
    });
    expect((await node.attach(fails)).disabled).toBe('the folder /data is not writable');
    const declines = bare().onInit(() => ({ disable: 'not on regtest' }));
    expect((await node.attach(declines)).disabled).toBe('not on regtest');
    const badOption = definePlugin({
      name: 'trap',
      options: { 'trap-n': option.int({ description: 'd', max: 3 }) },
    });
    const wrong = await node.attach(badOption, { options: { 'trap-n': 9 } });
    expect(wrong.disabled).toContain('trap-n: expected an integer');
    const noDir = await node.attach(bare(), { configuration: { 'lightning-dir': 7 } });
    expect(noDir.disabled).toContain('lightning-dir');
    const early = await node.attach(
      definePlugin({ name: 'trap', unavailable: () => 'needs Node 22' }),
    );
    expect(early.disabled).toBe('needs Node 22');
    for (const plugin of node.plugins) {
      expect(plugin.link.replies.some((reply) => 'error' in reply)).toBe(false);
    }
  });

  it('trap 21: requests and hooks are served while init waits for an RPC', async () => {
    node.serve('getinfo', () => ({ id: PEER }));
    const hooked: string[] = [];
    const plugin = await node.attach(
      bare()
        .onInit(async ({ rpc }) => {
          await rpc.raw('getinfo');
        })
        .hook('rpc_command', {
          interceptEveryCommand: true,
          handle: ({ rpc_command }) => void hooked.push(rpc_command.method),
        }),
    );
    expect(plugin.disabled).toBeUndefined();
    expect(hooked).toEqual(['getinfo']);
  });

  it('trap 22: custom notifications are unwrapped in every shape, and own ones can be left out', async () => {
    const got: [JsonValue, string | undefined][] = [];
    const plugin = await node.attach(
      definePlugin({ name: 'trap', notifications: { 'trap-said': topic<object>() } })
        .onCustom(
          'trap-said',
          (input) => input as JsonValue,
          (payload, call) => void got.push([payload, call.origin]),
          { ignoreOwn: true },
        )
        .onReady(({ notify }) => notify('trap-said', { mine: true })),
      { file: 'me.js' },
    );
    await plugin.link.emitted('trap-said');
    plugin.link.notifyRaw('trap-said', { 'trap-said': { n: 1 } }, 'other.js');
    plugin.link.notifyRaw('trap-said', { origin: 'old.py', payload: { n: 2 } });
    plugin.link.notifyRaw('trap-said', { n: 3 }, 'raw.js');
    plugin.link.notifyRaw('trap-said', [4], 'raw.js');
    await until('four', () => got.length >= 4);
    expect(got).toEqual([
      [{ n: 1 }, 'other.js'],
      [{ n: 2 }, 'old.py'],
      [{ n: 3 }, 'raw.js'],
      [[4], 'raw.js'],
    ]);
  });

  it('trap 22: `*` beside a topic delivers each notification once', async () => {
    const any: string[] = [];
    const one: number[] = [];
    const plugin = await node.attach(
      bare()
        .onAny((_payload, call) => void any.push(call.topic))
        .on('block_added', ({ height }) => void one.push(height)),
    );
    expect(plugin.copiesOf('block_added')).toBe(1);
    plugin.link.notify('block_added', { hash: '00'.repeat(32), height: 7 });
    await until('delivery', () => one.length > 0);
    expect(one).toEqual([7]);
    expect(any.filter((name) => name === 'block_added')).toHaveLength(1);
  });

  it('trap 23: shutdown ends the plugin at once, also under `*`', async () => {
    const plugin = await node.attach(bare().onAny(() => undefined));
    expect(await plugin.shutdown()).toBe(0);
  });

  it('trap 26: shutdown is always subscribed, and stop handlers run', async () => {
    const ran: string[] = [];
    const plugin = await node.attach(
      bare()
        .onStop(() => void ran.push('first declared'))
        .onStop((_context, reason) => void ran.push(`last declared: ${reason}`)),
    );
    expect(await plugin.shutdown()).toBe(0);
    expect(ran).toEqual(['last declared: shutdown', 'first declared']);
  });

  it('trap 27: a stop handler can still write over the open RPC connection', async () => {
    const written: JsonValue[] = [];
    node.serve('datastore', (params) => {
      written.push(params);
      return {};
    });
    const plugin = await node.attach(
      bare()
        .onReady(({ rpc }) => rpc.raw('datastore', { key: 'warm' }))
        .onStop(({ rpc }) => rpc.raw('datastore', { key: 'state' })),
    );
    await until('the connection', () => written.length === 1);
    node.refuseConnections();
    expect(await plugin.shutdown()).toBe(0);
    expect(written).toEqual([{ key: 'warm' }, { key: 'state' }]);
  });

  it('trap 29: an unhandled rejection or a failing handler does not end the plugin', async () => {
    const plugin = await node.attach(
      bare()
        .method('trap-x', noop)
        .on('connect', () => {
          throw new Error('handler broke');
        })
        .onReady(() => Promise.reject(new Error('ready broke'))),
    );
    plugin.stray?.error(new Error('nobody caught me'), false);
    plugin.link.notify('connect', {
      id: PEER,
      direction: 'in',
      address: { type: 'ipv4', address: '1.2.3.4', port: 1 },
    });
    for (const text of ['nobody caught me', 'ready broke', 'handler broke']) {
      expect((await plugin.link.logged(text)).level).toBe('broken');
    }
    expect(await plugin.call('trap-x')).toEqual({});
  });

  it('trap 29: after an uncaught error the stop handlers run and the status is 1', async () => {
    let saved = false;
    const plugin = await node.attach(bare().onStop(() => (saved = true)));
    plugin.stray?.error(new Error('broken state'), true);
    expect(await plugin.link.gone).toBe(1);
    expect(saved).toBe(true);
    expect((await plugin.link.logged('broken state')).level).toBe('broken');
  });

  it('trap 30: a call with progress does not hold up the others', async () => {
    let release: (value: JsonValue) => void = () => undefined;
    node.serve('notifications', () => ({}));
    node.serve('slow', () => new Promise((resolve) => (release = resolve)));
    node.serve('getinfo', () => ({ quick: true }));
    const order: string[] = [];
    await node.attach(
      bare().onReady(async ({ rpc }) => {
        const slow = rpc
          .raw('slow', {}, { onProgress: () => undefined })
          .then(() => order.push('slow'));
        await rpc.raw('getinfo');
        order.push('getinfo');
        release({});
        await slow;
      }),
    );
    await until('both', () => order.length === 2);
    expect(order).toEqual(['getinfo', 'slow']);
  });

  it('trap 33, 34, 35: datastore values go as hex, in pieces, with generations that only grow', async () => {
    const store = fakeDatastore();
    for (const [name, command] of Object.entries(store.commands)) {
      node.serve(name, command);
    }
    const done: unknown[] = [];
    await node.attach(
      bare().onReady(async ({ rpc }) => {
        const data = new Datastore(rpc, 'trap');
        const big = new Uint8Array(5_000_000).map((_, index) => index & 0xff);
        await data.set(['big'], big);
        const read = (await data.get(['big']))?.bytes ?? new Uint8Array(0);
        expect(Buffer.compare(read, big)).toBe(0);
        await data.set(['text'], new TextEncoder().encode('a\u0001\ud83d\ude00'));
        const first = await data.get(['text']);
        await data.remove(['text']);
        expect(await data.get(['text'])).toBeUndefined();
        await data.set(['text'], Uint8Array.of(1));
        const second = await data.get(['text']);
        expect(second?.generation).toBeGreaterThan(first?.generation ?? 99);
        done.push(true);
      }),
    );
    await until('done', () => done.length === 1, 20_000);
    expect(store.largestHex).toBeLessThanOrEqual(2 * 65_536);
    expect(store.usedString).toBe(false);
  });

  it('trap 38: deprecated interfaces follow lightningd, and deprecated_oneshot', async () => {
    const strict = await FakeLightningd.start({ allowDeprecated: false });
    const plugin = () =>
      bare().method('trap-x', {
        description: 'd',
        deprecated: ['v26.06', 'v27.06'],
        params: { old: p.int().optional().asDeprecated() },
        handle: (_params, call) => ({ ok: call.deprecatedOk }),
      });
    try {
      const linked = await strict.attach(plugin());
      expect(linked.manifest['rpcmethods']).toMatchObject([{ deprecated: ['v26.06', 'v27.06'] }]);
      expect(linked.subscribes('deprecated_oneshot')).toBe(true);
      expect(await linked.call('trap-x')).toEqual({ ok: false });
      await expect(linked.call('trap-x', { old: 1 })).rejects.toThrow('old is deprecated');
      linked.link.notify('deprecated_oneshot', { deprecated_ok: true });
      expect(await linked.call('trap-x', { old: 1 })).toEqual({ ok: true });
      expect(await linked.call('trap-x')).toEqual({ ok: false });
      expect(await (await node.attach(plugin())).call('trap-x')).toEqual({ ok: true });
    } finally {
      await strict.stop();
    }
  });

  it('trap 40: even message types are announced', () => {
    expect(
      definePlugin({ name: 'trap', custommessages: [32768] }).manifest()['custommessages'],
    ).toEqual([32768]);
  });

  it('trap 43: rpc-file may be a name or an absolute path', async () => {
    node.serve('getinfo', () => ({ ok: 1 }));
    for (const rpcFile of ['lightning-rpc', node.rpcFile]) {
      let answer: JsonValue = null;
      await node.attach(
        bare().onReady(async ({ rpc }) => {
          answer = await rpc.raw('getinfo');
        }),
        { configuration: { 'rpc-file': rpcFile } },
      );
      await until('the answer', () => answer !== null);
      expect(answer).toEqual({ ok: 1 });
    }
  });

  it('trap 45: of a storm of notifications a slow handler can take the newest only', async () => {
    const seen: number[] = [];
    let release: () => void = () => undefined;
    let came = 0;
    const plugin: LinkedPlugin = await node.attach(
      bare()
        .on('block_added', () => void (came += 1))
        .on(
          'block_added',
          async ({ height }) => {
            seen.push(height);
            if (height === 1) {
              await new Promise<void>((resolve) => (release = resolve));
            }
          },
          { latestOnly: true },
        ),
    );
    for (let height = 1; height <= 500; height += 1) {
      plugin.link.notify('block_added', { hash: '00'.repeat(32), height });
    }
    await until('all to have come', () => came === 500);
    release();
    await until('the last', () => seen.length === 2);
    expect(seen).toEqual([1, 500]);
  });
});
