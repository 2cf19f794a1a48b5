import type { UnixMs } from '@cl-hive/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newGuardClock, restartedGuardClock, tickGuardClock } from './guard-clock.ts';
import { judgeNonce } from './nonce.ts';
import { RateLimiter } from './rate-limiter.ts';
import { isTimely } from './timestamp.ts';

const NOW = 1_800_000_000_000 as UnixMs;

describe('isTimely', () => {
  it('RP-12: takes 300 seconds either way, bounds included, seconds and not milliseconds', () => {
    const seconds = NOW / 1000;
    const taken = [-301, -300, 0, 300, 301].map((offset) => isTimely(seconds + offset, NOW, 300));
    expect(taken).toEqual([false, true, true, true, false]);
    expect(isTimely(NOW, NOW, 300)).toBe(false);
    expect(isTimely(seconds - 300, (NOW + 999) as UnixMs, 300)).toBe(true);
  });
});

describe('judgeNonce', () => {
  it('only grows', () => {
    expect(judgeNonce(1, 0, NOW).kind).toBe('fresh');
    expect(judgeNonce(1, 1, NOW).kind).toBe('used');
    expect(judgeNonce(5, 7, NOW).kind).toBe('used');
    expect(judgeNonce(8, 7, NOW).kind).toBe('fresh');
  });

  it('RP-07: a jump that would lock its sender out is refused, the next nonce is taken', () => {
    expect(judgeNonce(9_007_199_254_740_991, 0, NOW).kind).toBe('ahead');
    expect(judgeNonce(2, 0, NOW).kind).toBe('fresh');
  });

  it('takes counters and times in seconds, milliseconds and microseconds, also of a clock ahead', () => {
    for (const nonce of [1, NOW / 1000, NOW, NOW * 1000, (NOW + 300_000) * 1000]) {
      expect(judgeNonce(nonce, 0, NOW).kind).toBe('fresh');
    }
    expect(judgeNonce((NOW + 700_000) * 1000, 0, NOW).kind).toBe('ahead');
  });

  it('CK-01: a step of the clock never frees a used nonce', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.nat({ max: 4e12 }), (nonce, more, now) => {
        expect(judgeNonce(nonce, nonce + more, now as UnixMs).kind).toBe('used');
      }),
    );
  });
});

describe('RateLimiter', () => {
  it('CK-04: lets 60 through in any minute of monotonic time, 5 of them dangerous, and opens again after it', () => {
    const limiter = new RateLimiter(1);
    let passed = 0;
    for (let i = 0; i < 100; i += 1) {
      passed += limiter.take('a', false, i * 100).ok ? 1 : 0;
    }
    expect(passed).toBe(60);
    expect(limiter.take('a', false, 10_000)).toEqual({
      ok: false,
      dangerous: false,
      retryAfterMs: 50_000,
    });
    expect(limiter.take('a', false, 59_999).ok).toBe(false);
    expect(limiter.take('a', false, 60_000).ok).toBe(true);
    for (let i = 0; i < 5; i += 1) {
      expect(limiter.take('b', true, i).ok).toBe(true);
    }
    expect(limiter.take('b', true, 10)).toMatchObject({ ok: false, dangerous: true });
    expect(limiter.take('b', false, 10).ok).toBe(true);
    expect(limiter.take('c', true, 10).ok).toBe(true);
  });

  it('never lets more through in any window, whatever the times', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(30_000), { minLength: 50, maxLength: 300 }), (gaps) => {
        const limiter = new RateLimiter(1);
        const passed: number[] = [];
        let now = 0;
        for (const gap of gaps) {
          now += gap % 3 === 0 ? gap : gap % 500;
          if (limiter.take('a', true, now).ok) {
            passed.push(now);
          }
        }
        for (const [index, moment] of passed.entries()) {
          const before = passed[index - 5];
          expect(before === undefined || moment - before >= 60_000).toBe(true);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('TI-12: a flood of names neither grows it nor resets anybody', () => {
    const limiter = new RateLimiter(7);
    for (let i = 0; i < 60; i += 1) {
      limiter.take('victim', false, i);
    }
    let through = 0;
    for (let i = 0; i < 300_000; i += 1) {
      through += limiter.take(`stranger-${i}`, false, 100 + (i % 1000)).ok ? 1 : 0;
    }
    expect(limiter.size).toBeLessThanOrEqual(10_000 + 1024);
    expect(through).toBeLessThanOrEqual(9_999 + 1024 * 60);
    expect(limiter.take('victim', false, 2000).ok).toBe(false);
    expect(limiter.take('victim', false, 60_000).ok).toBe(true);
    expect(limiter.take('new', false, 70_000).ok).toBe(true);
    expect(limiter.size).toBeLessThan(2000);
  });

  it('gives no new allowance to one who is pushed out and comes back', () => {
    const limiter = new RateLimiter(7, { senders: 2, sharedBuckets: 1 });
    limiter.take('a', false, 0);
    limiter.take('b', false, 0);
    let through = 0;
    for (let i = 0; i < 500; i += 1) {
      through += limiter.take(`x${i}`, false, 1).ok ? 1 : 0;
    }
    expect(through).toBe(60);
    let ofA = 1;
    for (let i = 0; i < 100; i += 1) {
      ofA += limiter.take('a', false, 2).ok ? 1 : 0;
    }
    expect(ofA).toBe(60);
  });
});

describe('the guard clock', () => {
  it('CK-01, PB-13: steps of the wall clock move it not at all, and are told', () => {
    let clock = newGuardClock(NOW);
    clock = tickGuardClock(clock, NOW, 1000).clock;
    const forth = tickGuardClock(clock, (NOW + 86_400_000 + 10) as UnixMs, 1010);
    expect(forth).toMatchObject({ clock: { guardMs: 10 }, stepMs: 86_400_000 });
    const back = tickGuardClock(forth.clock, 0 as UnixMs, 1020);
    expect(back.clock.guardMs).toBe(20);
    expect(back.stepMs).toBeLessThan(0);
  });

  it('counts whole milliseconds and loses no fraction', () => {
    let clock = newGuardClock(NOW);
    for (let i = 0; i <= 1000; i += 1) {
      clock = tickGuardClock(clock, NOW, 5 + i * 0.4).clock;
      expect(Number.isSafeInteger(clock.guardMs)).toBe(true);
    }
    expect(clock.guardMs).toBeGreaterThanOrEqual(399);
  });

  it('counts what passed while it was down, up to the longest window, and never backwards', () => {
    const stored = restartedGuardClock(500, NOW);
    expect(tickGuardClock(stored, (NOW + 60_000) as UnixMs, 5).clock.guardMs).toBe(60_500);
    expect(tickGuardClock(stored, (NOW - 60_000) as UnixMs, 5).clock.guardMs).toBe(500);
    const years = tickGuardClock(stored, (NOW + 10 * 365 * 86_400_000) as UnixMs, 5);
    expect(years.clock.guardMs).toBe(500 + 31 * 86_400_000);
  });
});
