import { describe, expect, it } from 'vitest';
import { VirtualClock } from './virtual-clock.ts';

describe('VirtualClock', () => {
  it('runs timers in order of due time, then of creation, at their own time', () => {
    const clock = new VirtualClock(1000);
    const seen: string[] = [];
    clock.after(20, () => seen.push(`b@${clock.now()}`));
    clock.after(10, () => {
      seen.push(`a@${clock.now()}`);
      clock.after(5, () => seen.push(`nested@${clock.now()}`));
    });
    clock.after(20, () => seen.push(`c@${clock.now()}`));
    clock.advance(20);
    expect(seen).toEqual(['a@1010', 'nested@1015', 'b@1020', 'c@1020']);
    expect(clock.pending).toBe(0);
  });

  it('cancels, and honours delays beyond 2^31 ms', () => {
    const clock = new VirtualClock();
    let ran = 0;
    const cancel = clock.after(1, () => (ran += 1));
    clock.after(90 * 86_400_000, () => (ran += 10));
    cancel();
    clock.advance(90 * 86_400_000 - 1);
    expect(ran).toBe(0);
    clock.advance(1);
    expect(ran).toBe(10);
  });

  it('steps the wall clock without moving timers', () => {
    const clock = new VirtualClock(5000);
    let ran = false;
    clock.after(100, () => (ran = true));
    clock.step(-3000);
    expect(clock.now()).toBe(2000);
    clock.advance(99);
    expect(ran).toBe(false);
    clock.advance(1);
    expect(ran).toBe(true);
  });
});
