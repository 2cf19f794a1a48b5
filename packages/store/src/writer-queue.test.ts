import { describe, expect, it } from 'vitest';
import { WRITER_QUEUE_MAX } from './limits.ts';
import { WriterQueue } from './writer-queue.ts';

describe('WriterQueue', () => {
  it('runs one at a time in order, past failures', async () => {
    const queue = new WriterQueue();
    const seen: string[] = [];
    const task = (name: string) => async () => {
      seen.push(`${name} begins`);
      await new Promise(setImmediate);
      seen.push(`${name} ends`);
      if (name === 'b') {
        throw new Error('b failed');
      }
      return name;
    };
    const all = await Promise.allSettled(['a', 'b', 'c'].map((name) => queue.run(task(name))));
    expect(seen).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
    expect(all.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('refuses more than its bound, and takes more when it is empty', async () => {
    const queue = new WriterQueue();
    let release: () => void = () => {};
    const held = queue.run(
      () =>
        new Promise<void>((resolve) => {
          release = resolve;
        }),
    );
    await new Promise(setImmediate);
    const waiting = Array.from({ length: WRITER_QUEUE_MAX }, () => queue.run(async () => {}));
    await expect(queue.run(async () => {})).rejects.toMatchObject({ code: 'store_overloaded' });
    release();
    await Promise.all([held, ...waiting]);
    await expect(queue.run(async () => 'again')).resolves.toBe('again');
  });
});
