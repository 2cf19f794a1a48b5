import { type Msat, type NodeId, nodeId } from '@cl-hive/core';
import { afterEach, beforeEach, describe, expect, expectTypeOf, it } from 'vitest';
import {
  definePlugin,
  type MethodCall,
  MethodError,
  method,
  option,
  p,
  topic,
} from '../src/index.ts';
import { FakeLightningd } from '../src/testing/index.ts';

// What the declarations promise to handlers; the compiler checks these as much as the runner does.

const options = {
  'my-int': option.int({ description: 'd', default: 1 }),
  'my-text': option.string({ description: 'd' }),
  'my-mode': option.oneOf(['a', 'b'], { description: 'd', default: 'a' }),
  'my-list': option.strings({ description: 'd' }),
  'my-big': option.int64({ description: 'd' }),
  'my-flag': option.flag({ description: 'd' }),
};
const topics = { 'my-said': topic<{ id: NodeId }>() };
const ID = nodeId(`02${'00'.repeat(32)}`);

/** A method in a file of its own that needs only some options. */
const separate = method({
  description: 'd',
  params: { n: p.int().optional() },
  handle: ({ n }, call: MethodCall<Pick<typeof options, 'my-int'>, typeof topics>) => {
    expectTypeOf(n).toEqualTypeOf<number | undefined>();
    call.notify('my-said', { id: ID });
    return { sum: (n ?? 0) + call.options['my-int'] };
  },
});

let node: FakeLightningd;
beforeEach(async () => {
  node = await FakeLightningd.start();
});
afterEach(() => node.stop());

describe('types', () => {
  it('follow from declarations into handlers', async () => {
    const plugin = definePlugin({ name: 'my', options, notifications: topics })
      .method('my-x', {
        description: 'd',
        params: {
          id: p.nodeId(),
          amount: p.msat().optional(),
          kind: p.oneOf(['x', 'y']).default('x'),
          list: p.array(p.object({ a: p.int(), b: p.bool().optional() })).default([]),
        },
        handle: (params, call) => {
          expectTypeOf(params.id).toEqualTypeOf<NodeId>();
          expectTypeOf(params.amount).toEqualTypeOf<Msat | undefined>();
          expectTypeOf(params.kind).toEqualTypeOf<'x' | 'y'>();
          expectTypeOf(params.list[0]?.b).toEqualTypeOf<boolean | undefined>();
          expectTypeOf(call.options['my-int']).toEqualTypeOf<number>();
          expectTypeOf(call.options['my-text']).toEqualTypeOf<string | undefined>();
          expectTypeOf(call.options['my-mode']).toEqualTypeOf<'a' | 'b'>();
          expectTypeOf(call.options['my-list']).toEqualTypeOf<readonly string[]>();
          expectTypeOf(call.options['my-big']).toEqualTypeOf<bigint | undefined>();
          expectTypeOf(call.options['my-flag']).toEqualTypeOf<boolean>();
          // @ts-expect-error no such option
          void call.options['my-none'];
          // @ts-expect-error the payload has another shape
          const wrong = (): void => call.notify('my-said', { id: 7 });
          expect(wrong).toBeTypeOf('function');
          return { ...params };
        },
      })
      .method('my-separate', separate)
      .on('block_added', (payload) => {
        expectTypeOf(payload.height).toEqualTypeOf<number>();
      })
      .hook('peer_connected', {
        handle: ({ peer }) => {
          expectTypeOf(peer.id).toEqualTypeOf<NodeId>();
          return { result: 'disconnect', error_message: 'no' };
        },
      });
    const proceed = () => ({ result: 'continue' }) as const;
    // @ts-expect-error htlc_accepted needs a failure policy
    expect(() => plugin.hook('htlc_accepted', { handle: proceed })).toThrow();
    // @ts-expect-error rpc_command needs filters, or to say that it wants everything
    expect(() => plugin.hook('rpc_command', { handle: () => undefined })).toThrow();
    // @ts-expect-error db_write is not offered
    expect(() => plugin.hook('db_write', { handle: proceed })).toThrow();
    // @ts-expect-error a channel hook must answer
    plugin.hook('openchannel', { handle: () => undefined });

    const linked = await node.attach(plugin);
    expect(await linked.call('my-x', { id: ID })).toEqual({ id: ID, kind: 'x', list: [] });
    expect(await linked.call('my-separate', [4])).toEqual({ sum: 5 });
    expect(await linked.link.hook('openchannel', {})).toMatchObject({ result: 'reject' });
  });

  it('handlers can be loaded on their first call, and again after a load that failed', async () => {
    let loads = 0;
    const plugin = definePlugin({ name: 'my' }).method('my-lazy', {
      description: 'd',
      params: { n: p.int() },
      load: async () => {
        loads += 1;
        await Promise.resolve();
        if (loads === 1) {
          throw new Error('the module is broken');
        }
        return {
          handle: ({ n }) => {
            if (n === 0) {
              throw new MethodError(901, 'n is 0');
            }
            return { twice: n * 2 };
          },
        };
      },
    });
    const linked = await node.attach(plugin);
    await expect(linked.call('my-lazy', ['x'])).rejects.toMatchObject({ code: -32602 });
    expect(loads).toBe(0);
    await expect(linked.call('my-lazy', [1])).rejects.toMatchObject({ code: 4500 });
    expect(await linked.call('my-lazy', [1])).toEqual({ twice: 2 });
    await expect(linked.call('my-lazy', [0])).rejects.toMatchObject({ code: 901 });
    expect(loads).toBe(2);
  });

  it('50 slow calls run side by side', async () => {
    const waiting: (() => void)[] = [];
    const warnings: Error[] = [];
    const note = (warning: Error): void => void warnings.push(warning);
    process.on('warning', note);
    const linked = await node.attach(
      definePlugin({ name: 'my' }).method('my-slow', {
        description: 'd',
        handle: (_params, { signal }) =>
          new Promise<void>((resolve) => {
            signal.addEventListener('abort', () => resolve());
            waiting.push(resolve);
          }),
      }),
    );
    const calls = Array.from({ length: 50 }, () => linked.call('my-slow'));
    while (waiting.length < 50) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    for (const release of waiting) {
      release();
    }
    expect(await Promise.all(calls)).toHaveLength(50);
    expect(warnings).toEqual([]);
    process.off('warning', note);
  });
});
