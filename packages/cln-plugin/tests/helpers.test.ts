import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type CallOptions, connectRpc, type RpcClient, RpcError } from '@cl-hive/cln-rpc';
import { CodedError, integer, type JsonValue, object } from '@cl-hive/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  Datastore,
  followSibling,
  runInWorker,
  type SiblingState,
  SiblingWatch,
} from '../src/helpers/index.ts';
import { definePlugin } from '../src/index.ts';
import { textOf } from '../src/testing/fake-rpc-error.ts';
import { FakeLightningd, FakeRpcError, until } from '../src/testing/index.ts';
import { fakeDatastore } from './fake-datastore.ts';

let node: FakeLightningd;
let rpc: RpcClient;
beforeEach(async () => {
  node = await FakeLightningd.start();
  rpc = connectRpc({ path: node.rpcFile });
});
afterEach(async () => {
  await rpc.close();
  await node.stop();
});

describe('Datastore', () => {
  let store: ReturnType<typeof fakeDatastore>;
  let data: Datastore;
  beforeEach(() => {
    store = fakeDatastore();
    for (const [name, command] of Object.entries(store.commands)) {
      node.serve(name, command);
    }
    data = new Datastore(rpc, 'me');
  });

  it('loses no update when many write at once', async () => {
    const add = (): Promise<void> =>
      data.update(['count'], (present) => Uint8Array.of((present?.[0] ?? 0) + 1));
    await Promise.all(Array.from({ length: 8 }, add));
    expect((await data.get(['count']))?.bytes).toEqual(Uint8Array.of(8));
  });

  it('gives up on a key that never stays still, and says so', async () => {
    let other = 0;
    const racer = new Datastore(rpc, 'me');
    await expect(
      data.update(['hot'], async () => {
        other += 1;
        await racer.set(['hot'], Uint8Array.of(other));
        return Uint8Array.of(0);
      }),
    ).rejects.toMatchObject({ code: 'datastore_conflict' });
    expect(other).toBe(16);
  });

  it.each([0, 1, 65_535, 65_536, 65_537, 200_000])('keeps %i bytes', async (length) => {
    const bytes = new Uint8Array(length).map((_, at) => (at * 7) & 0xff);
    await data.set(['v'], bytes);
    await data.set(['v'], bytes);
    const read = await data.get(['v']);
    expect(Buffer.compare(read?.bytes ?? Buffer.from('x'), bytes)).toBe(0);
    expect(store.largestHex).toBeLessThanOrEqual(131_072);
    const chunks = [...store.entries.keys()].filter((key) => key.includes('chunks'));
    expect(chunks.length).toBe(length < 65_536 ? 0 : Math.ceil(length / 65_536));
  });

  it('refuses more than 16 MiB, and what it did not write', async () => {
    await expect(data.set(['big'], new Uint8Array((16 << 20) + 1))).rejects.toMatchObject({
      code: 'datastore_too_large',
    });
    await rpc.raw('datastore', { key: ['me', 'odd', 'head'], hex: 'ff00' });
    await expect(data.get(['odd'])).rejects.toMatchObject({ code: 'datastore_corrupt' });
  });

  it('removes what is there, leaves alone what is not, and lists names', async () => {
    await data.remove(['none']);
    expect(store.entries.size).toBe(0);
    await data.set(['a'], Uint8Array.of(1));
    await data.set(['b'], Uint8Array.of(2));
    expect(await data.list()).toEqual(['a', 'b']);
    await data.remove(['a']);
    expect(await data.get(['a'])).toBeUndefined();
    expect(await data.get(['none'])).toBeUndefined();
  });

  it('passes on what lightningd answers otherwise', async () => {
    node.serve('datastore', () => {
      throw new FakeRpcError(1205, 'has children');
    });
    await expect(data.set(['a'], Uint8Array.of(1))).rejects.toMatchObject({ rpcCode: 1205 });
  });
});

describe('followSibling (trap 24: plugins that were there before are never announced)', () => {
  const sibling = (version: number) =>
    definePlugin({ name: 'sib' }).method('sib-version', {
      description: 'Its API version.',
      handle: () => ({ version }),
    });
  const watcher = (states: SiblingState<{ readonly version: number }>[]) => {
    const plugin = definePlugin({ name: 'watcher' });
    followSibling(
      plugin,
      { probe: 'sib-version', decode: object({ version: integer(2, 3) }) },
      (state) => states.push(state),
    );
    return plugin;
  };
  const kinds = (states: SiblingState<unknown>[]): string[] => states.map(({ kind }) => kind);

  it.each(['sibling first', 'watcher first'])('finds it: %s', async (order) => {
    const states: SiblingState<{ readonly version: number }>[] = [];
    if (order === 'sibling first') {
      await node.attach(sibling(2), { file: 'any-name.mjs' });
      await node.attach(watcher(states), { file: 'w.js' });
    } else {
      await node.attach(watcher(states), { file: 'w.js' });
      await until('the first probe', () => states.length === 1);
      expect(states[0]).toMatchObject({ kind: 'absent', because: 'not_running' });
      await node.attach(sibling(2), { file: 'any-name.mjs' });
    }
    await until('present', () => states.at(-1)?.kind === 'present');
    expect(states.at(-1)).toEqual({ kind: 'present', answer: { version: 2 } });
  });

  it('notices that it stops, is killed, starts again, or is incompatible', async () => {
    const states: SiblingState<{ readonly version: number }>[] = [];
    await node.attach(watcher(states), { file: 'w.js' });
    await until('the first probe', () => states.length === 1);
    const first = await node.attach(sibling(2), { file: 's.js' });
    await until('present', () => kinds(states).at(-1) === 'present');
    await first.shutdown();
    await until('gone', () => kinds(states).at(-1) === 'absent');
    const second = await node.attach(sibling(3), { file: 's2.js' });
    await until('again', () => kinds(states).at(-1) === 'present');
    second.link.kill('SIGKILL');
    await until('gone again', () => kinds(states).at(-1) === 'absent');
    await node.attach(sibling(9), { file: 's3.js' });
    const last = await until('the refusal', () => {
      const state = states.at(-1);
      return state?.kind === 'absent' && state.because === 'not_understood' ? state : undefined;
    });
    expect(last.reason).toContain('version');
    expect(kinds(states)).toEqual(['absent', 'present', 'absent', 'present', 'absent', 'absent']);
  });
});

describe('SiblingWatch', () => {
  /** A watch whose probes are answered when the test says so. */
  const scene = (timeoutMs?: number) => {
    const asked: {
      readonly options: CallOptions | undefined;
      readonly resolve: (answer: JsonValue) => void;
      readonly reject: (error: Error) => void;
    }[] = [];
    const raw = (_method: string, _params: unknown, options?: CallOptions): Promise<JsonValue> =>
      new Promise((resolve, reject) => asked.push({ options, resolve, reject }));
    const heard: SiblingState<{ readonly version: number }>[] = [];
    const end = new AbortController();
    const watch = new SiblingWatch(
      { rpc: { raw }, signal: end.signal },
      {
        probe: 'sib-version',
        decode: object({ version: integer(2, 3) }),
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
      },
      (state) => heard.push(state),
    );
    return { asked, heard, end, watch };
  };
  const itself = { methods: ['other', 'sib-version'] };

  it('knows nothing before it asked, and asks nobody for another plugin', () => {
    const { asked, heard, watch } = scene();
    expect(watch.state).toMatchObject({ kind: 'absent', because: 'not_asked' });
    expect(watch.started({ methods: ['other'] })).toBeUndefined();
    expect(watch.stopped({ methods: ['other'] })).toBe(false);
    expect([asked, heard]).toEqual([[], []]);
  });

  it('drops answers that a newer probe or a stop has overtaken', async () => {
    const { asked, heard, watch } = scene();
    const first = watch.probe();
    const second = watch.started(itself);
    asked[1]?.resolve({ version: 3 });
    expect(await second).toEqual({ kind: 'present', answer: { version: 3 } });
    asked[0]?.reject(new RpcError('sib-version', -32601, 'Unknown command'));
    expect(await first).toEqual({ kind: 'present', answer: { version: 3 } });
    const third = watch.probe();
    expect(watch.stopped(itself)).toBe(true);
    asked[2]?.resolve({ version: 2 });
    expect(await third).toMatchObject({ because: 'stopped' });
    expect(heard).toHaveLength(2);
  });

  it.each([
    ['not_running', new RpcError('sib-version', -32601, 'Unknown command'), 'no running plugin'],
    ['not_running', new RpcError('sib-version', -4, 'Plugin terminated'), 'no running plugin'],
    ['no_answer', new RpcError('sib-version', -1, 'oops'), 'did not answer: .*oops'],
    ['no_answer', new CodedError('rpc_timeout', 'late'), 'did not answer within 2 s'],
    ['not_understood', { version: 9 }, 'sib-version is not understood: .*version'],
  ])('says why one is absent: %s', async (because, answer, reason) => {
    const { asked, watch } = scene(2_000);
    const probe = watch.probe();
    expect(asked[0]?.options?.timeoutMs).toBe(2_000);
    if (answer instanceof Error) {
      asked[0]?.reject(answer);
    } else {
      asked[0]?.resolve(answer);
    }
    expect(await probe).toEqual({
      kind: 'absent',
      because,
      reason: expect.stringMatching(reason),
    });
  });

  it('tells nothing once its plugin ends', async () => {
    const { asked, heard, end, watch } = scene();
    const probe = watch.probe();
    end.abort();
    asked[0]?.resolve({ version: 2 });
    expect(await probe).toMatchObject({ because: 'not_asked' });
    expect(heard).toEqual([]);
  });
});

describe('rpc of a plugin', () => {
  it('continues the id of the request it is called in, across awaits, and only there', async () => {
    node.serve('getinfo', () => ({}));
    const plugin = await node.attach(
      definePlugin({ name: 'chain' })
        .onReady(async (context) => void (await context.rpc.raw('getinfo')))
        .method('chain-x', {
          description: 'd',
          handle: async (_params, { rpc }) => {
            await new Promise((resolve) => setImmediate(resolve));
            await rpc.raw('getinfo');
          },
        }),
    );
    await until('the call of onReady', () => node.requests.length === 1);
    await Promise.all([
      plugin.call('chain-x', {}, { id: 'a#1/cln:chain-x#1' }),
      plugin.call('chain-x', {}, { id: 'b#1/cln:chain-x#2' }),
    ]);
    const ids = node.requests.map(({ id }) => textOf(id));
    expect(ids[0]).toMatch(/^chain:getinfo#\d+$/);
    expect(
      ids
        .slice(1)
        .map((id) => id.replace(/\d+$/, 'n'))
        .sort(),
    ).toEqual(['a#1/cln:chain-x#1/chain:getinfo#n', 'b#1/cln:chain-x#2/chain:getinfo#n']);
  });
});

describe('runInWorker', () => {
  async function module(code: string): Promise<URL> {
    const path = join(node.dir, `work-${Math.random().toString(36).slice(2)}.mjs`);
    await writeFile(path, `import { parentPort, workerData } from 'node:worker_threads';\n${code}`);
    return pathToFileURL(path);
  }

  it('gives back what the work posts, bigints included', async () => {
    const url = await module('console.log("noise"); parentPort.postMessage(workerData.n * 2n);');
    expect(await runInWorker(url, { n: 1n << 70n })).toBe(1n << 71n);
  });

  it('names a failure, an end without result, a timeout and a cancellation', async () => {
    const thrower = await module('throw new Error("no luck");');
    await expect(runInWorker(thrower, null)).rejects.toMatchObject({
      code: 'worker_failed',
      message: 'the work failed: no luck',
    });
    const silent = await module('');
    await expect(runInWorker(silent, null)).rejects.toMatchObject({ code: 'worker_failed' });
    const endless = await module('for (;;) {}');
    await expect(runInWorker(endless, null, { timeoutMs: 50 })).rejects.toMatchObject({
      code: 'worker_timeout',
    });
    const stop = new AbortController();
    const work = runInWorker(endless, null, { signal: stop.signal });
    stop.abort();
    await expect(work).rejects.toMatchObject({ code: 'worker_cancelled' });
    await expect(runInWorker(endless, null, { signal: stop.signal })).rejects.toMatchObject({
      code: 'worker_cancelled',
    });
  });
});
