import { Writable } from 'node:stream';
import { VirtualClock } from '@cl-hive/testkit';
import { describe, expect, it } from 'vitest';
import { LOG_QUEUE_MAX } from './limits.ts';
import { Outbox } from './outbox.ts';

/** A stdout that is read only when told to. */
function slowReader() {
  const texts: string[] = [];
  const waiting: (() => void)[] = [];
  let open = false;
  const output = new Writable({
    decodeStrings: false,
    write: (chunk: string, _encoding, done) => {
      texts.push(chunk);
      if (open) {
        done();
      } else {
        waiting.push(done);
      }
    },
  });
  return {
    output,
    texts,
    read: () => {
      open = true;
      for (const done of waiting.splice(0)) {
        done();
      }
    },
  };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('Outbox', () => {
  it('keeps replies, bounds log lines, and tells how many were lost', async () => {
    const reader = slowReader();
    const outbox = new Outbox(reader.output);
    outbox.send({ id: 'big', result: 'x'.repeat(100_000) });
    for (let line = 0; line < LOG_QUEUE_MAX + 50; line += 1) {
      outbox.log('info', `line ${line}`);
    }
    outbox.send({ id: 'after', result: {} });
    reader.read();
    await outbox.flush(new VirtualClock(), 1_000);
    const all = reader.texts.join('');
    expect(all).toContain('"id":"after"');
    expect(all).toContain(`line ${LOG_QUEUE_MAX - 1}"`);
    expect(all).not.toContain(`line ${LOG_QUEUE_MAX}"`);
    expect(all).toContain('50 log lines were dropped');
  });

  it('asks for a pause while too much waits, and tells when it is over', async () => {
    const reader = slowReader();
    const outbox = new Outbox(reader.output);
    const seen: boolean[] = [];
    outbox.onPressure((full) => seen.push(full));
    for (let count = 0; count < 5; count += 1) {
      outbox.send({ id: count, result: 'x'.repeat(8 << 20) });
    }
    expect(seen).toEqual([true]);
    reader.read();
    await settle();
    await settle();
    expect(seen).toEqual([true, false]);
  });

  it('a value without JSON form leaves no byte', () => {
    const reader = slowReader();
    const outbox = new Outbox(reader.output);
    expect(() => outbox.send({ id: 1, result: Number.NaN })).toThrow('NaN');
    expect(reader.texts).toEqual([]);
  });

  it('does not wait for ever for a reader that is gone or asleep', async () => {
    const clock = new VirtualClock();
    const asleep = new Outbox(slowReader().output);
    asleep.send({ id: 1, result: {} });
    const flushed = asleep.flush(clock, 500);
    clock.advance(500);
    await flushed;

    const gone = slowReader();
    const outbox = new Outbox(gone.output);
    let broken = 0;
    outbox.onBroken(() => (broken += 1));
    gone.output.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    await settle();
    outbox.log('info', 'nobody hears it');
    outbox.send({ id: 2, result: {} });
    await outbox.flush(clock, 500);
    expect(broken).toBe(1);
  });
});
