import { describe, expect, it } from 'vitest';
import { HandlerRegistry } from './handler-registry.ts';
import { SenderRates } from './sender-rates.ts';
import { WorkLine } from './work-line.ts';

describe('the rate of senders', () => {
  it('lets a burst in, then a steady rate, and forgets nothing by waiting', () => {
    const rates = new SenderRates({ burst: 3, perSecond: 1, senders: 10 });
    expect([0, 0, 0, 0].map(() => rates.take('a', 0))).toEqual([true, true, true, false]);
    expect(rates.take('a', 999)).toBe(false);
    expect(rates.take('a', 2_000)).toBe(true);
    expect(rates.take('b', 2_000)).toBe(true);
  });

  it('keeps bounded memory under a million senders, and known senders keep their allowance', () => {
    const rates = new SenderRates({ burst: 2, perSecond: 0.001, senders: 100 });
    expect(rates.take('known', 0)).toBe(true);
    let strangers = 0;
    for (let n = 0; n < 1_000_000; n += 1) {
      strangers += rates.take(`s${n}`, 1) ? 1 : 0;
    }
    expect(rates.size).toBe(100);
    expect(strangers).toBe(99 + 2);
    expect(rates.take('known', 2)).toBe(true);
    expect(rates.take('known', 2)).toBe(false);
  });

  it('gives the place of a sender whose allowance is whole again to another', () => {
    const rates = new SenderRates({ burst: 1, perSecond: 1, senders: 1 });
    expect(rates.take('a', 0)).toBe(true);
    expect(rates.take('b', 10_000)).toBe(true);
    expect(rates.size).toBe(1);
  });
});

describe('a line of work', () => {
  const bounds = { atOnce: 2, atOncePerSender: 1, waiting: 6, waitingPerSender: 3 };

  function line(of = bounds) {
    const done: string[] = [];
    const gates: (() => void)[] = [];
    const work = new WorkLine<string>(of, async (item) => {
      await new Promise<void>((resolve) => {
        gates.push(resolve);
      });
      done.push(item);
    });
    const step = async () => {
      gates.shift()?.();
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    };
    return { work, done, step };
  }

  it('keeps the order of one sender, and serves senders in turn', async () => {
    const { work, done, step } = line();
    const all = ['a1', 'a2', 'a3', 'b1', 'c1'].map((item) => work.offer(item[0] ?? '', item));
    for (let n = 0; n < 5; n += 1) {
      await step();
    }
    expect(await Promise.all(all)).toEqual(['done', 'done', 'done', 'done', 'done']);
    expect(done.indexOf('c1')).toBeLessThan(done.indexOf('a3'));
    expect(done.filter((item) => item.startsWith('a'))).toEqual(['a1', 'a2', 'a3']);
    expect([work.waiting, work.active]).toEqual([0, 0]);
  });

  it('drops what one sender or all have too much of', async () => {
    const { work, step } = line();
    const flood = Array.from({ length: 10 }, (_, n) => work.offer('flood', `f${n}`));
    expect(work.waiting).toBe(3);
    const others = Array.from({ length: 10 }, (_, n) => work.offer(`o${n}`, `o${n}`));
    expect(work.waiting).toBe(6);
    for (let n = 0; n < 12; n += 1) {
      await step();
    }
    const fates = await Promise.all([...flood, ...others]);
    expect(fates.filter((fate) => fate === 'done')).toHaveLength(8);
  });

  it('when cleared drops what waits, finishes what is under way, and goes on', async () => {
    const { work, done, step } = line();
    const first = work.offer('a', 'a1');
    const second = work.offer('a', 'a2');
    work.clear();
    expect(await second).toBe('dropped');
    await step();
    expect(await first).toBe('done');
    const third = work.offer('a', 'a3');
    await step();
    expect(await third).toBe('done');
    expect(done).toEqual(['a1', 'a3']);
  });
});

describe('the handlers', () => {
  it('serve the longest prefix, and only their own', () => {
    const registry = new HandlerRegistry();
    registry.register('hive:', 'hive-inject-packet');
    registry.register('hive:mail', 'hive-archon-mail');
    expect(registry.find('hive:gossip')?.method).toBe('hive-inject-packet');
    expect(registry.find('hive:mail')?.method).toBe('hive-archon-mail');
    expect(registry.find('other')).toBeUndefined();
  });

  it('go with their plugin and come back with it; meanwhile another may take the place', () => {
    const registry = new HandlerRegistry();
    registry.register('hive:', 'hive-inject-packet');
    registry.register('dmail', 'dmail-take');
    registry.mark(['hive-inject-packet', 'hive-version'], false);
    expect(registry.find('hive:x')?.present).toBe(false);
    expect(registry.find('dmail')?.present).toBe(true);
    registry.mark(['hive-inject-packet'], true);
    expect(registry.find('hive:x')?.present).toBe(true);
    registry.mark(['hive-inject-packet'], false);
    registry.register('hive:', 'other-take');
    registry.mark(['hive-inject-packet'], true);
    expect(registry.find('hive:x')?.method).toBe('other-take');
  });

  it('cannot be displaced while they serve; the same once more changes nothing', () => {
    const registry = new HandlerRegistry();
    registry.register('hive:', 'hive-inject-packet');
    registry.register('hive:', 'hive-inject-packet');
    expect(registry.entries).toHaveLength(1);
    expect(() => registry.register('hive:', 'thief')).toThrow(
      expect.objectContaining({ code: 'topic_taken' }),
    );
  });

  it('are at most 32', () => {
    const registry = new HandlerRegistry();
    for (let n = 0; n < 32; n += 1) {
      registry.register(`t${n}`, 'm');
    }
    expect(() => registry.register('one-more', 'm')).toThrow(
      expect.objectContaining({ code: 'registry_full' }),
    );
  });
});
