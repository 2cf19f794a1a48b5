import { VirtualClock } from '@cl-hive/testkit';
import { describe, expect, it } from 'vitest';
import { Timers } from './timers.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('Timers', () => {
  it('run a job again and again, one run at a time, and once more when asked meanwhile', async () => {
    const clock = new VirtualClock();
    const timers = new Timers(clock, () => {});
    let runs = 0;
    let release = (): void => {};
    const run = (): Promise<void> => {
      runs += 1;
      return new Promise((resolve) => {
        release = resolve;
      });
    };
    timers.add({ name: 'job', everyMs: 1000, run });
    clock.advance(1000);
    expect(runs).toBe(1);
    clock.advance(5000);
    timers.soon('job');
    timers.soon('job');
    expect(runs).toBe(1);
    release();
    await turn();
    expect(runs).toBe(2);
    release();
    await turn();
    clock.advance(999);
    expect(runs).toBe(2);
    clock.advance(1);
    expect(runs).toBe(3);
    const stopped = timers.stop();
    release();
    await stopped;
    clock.advance(10_000);
    timers.soon('job');
    expect(runs).toBe(3);
    expect(clock.pending).toBe(0);
  });

  it('say once that a job fails, until it works again', async () => {
    const clock = new VirtualClock();
    const said: string[] = [];
    const timers = new Timers(clock, (message) => said.push(message));
    let fail = true;
    const run = async (): Promise<void> => {
      if (fail) {
        throw new Error('no');
      }
    };
    timers.add({ name: 'job', everyMs: 10, run });
    for (let round = 0; round < 3; round += 1) {
      clock.advance(10);
      await turn();
    }
    expect(said).toEqual(['job failed and is tried again: no']);
    fail = false;
    clock.advance(10);
    await turn();
    fail = true;
    clock.advance(10);
    await turn();
    expect(said).toHaveLength(2);
    await timers.stop();
  });

  it('CK-03: six hours of suspension are made up for by one run of each job at most', async () => {
    const clock = new VirtualClock();
    const timers = new Timers(clock, () => {});
    const runs = new Map<string, number>();
    for (const everyMs of [10_000, 60_000, 3_600_000, 86_400_000]) {
      const name = `every ${everyMs} ms`;
      const run = async (): Promise<void> => void runs.set(name, (runs.get(name) ?? 0) + 1);
      timers.add({ name, everyMs, run });
    }
    // No turn of the event loop comes between, as for a stopped process.
    clock.advance(6 * 3_600_000);
    await turn();
    expect([...runs.values()]).toEqual([1, 1, 1]);
    clock.advance(9999);
    await turn();
    expect([...runs.values()]).toEqual([1, 1, 1]);
    clock.advance(1);
    await turn();
    expect(runs.get('every 10000 ms')).toBe(2);
    await timers.stop();
  });
});
