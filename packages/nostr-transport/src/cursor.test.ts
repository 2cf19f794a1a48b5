import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { beginCatchUp, caughtEvent, LOOKBACK_SECONDS, nextPage, subscribeSince } from './cursor.ts';

const NOW = 1_700_000_000;

describe('subscribeSince', () => {
  it('reaches back from the cursor by more than a gift wrap may be dated back', () => {
    expect(LOOKBACK_SECONDS).toBeGreaterThan(172_800);
    expect(subscribeSince(NOW - 1_000_000, NOW)).toBe(NOW - 1_000_000 - LOOKBACK_SECONDS);
  });

  it('counts from now without a cursor, and when the cursor lies ahead', () => {
    expect(subscribeSince(undefined, NOW)).toBe(NOW - LOOKBACK_SECONDS);
    expect(subscribeSince(NOW + 1e9, NOW)).toBe(NOW - LOOKBACK_SECONDS);
    expect(subscribeSince(undefined, 5)).toBe(0);
  });
});

/** A relay that answers with at most `cap` of its events, the newest first. */
function fetchAll(dates: readonly number[], cap: number, since: number): Set<number> {
  const got = new Set<number>();
  const events = dates.map((date, index) => ({ date, index })).filter(({ date }) => date >= since);
  events.sort((a, b) => b.date - a.date);
  let state = beginCatchUp(since);
  for (let pages = 0; pages < 1_000; pages += 1) {
    const { until } = state;
    for (const { date, index } of events
      .filter((event) => event.date <= (until ?? Infinity))
      .slice(0, cap)) {
      got.add(index);
      state = caughtEvent(state, date);
    }
    const next = nextPage(state);
    if (next === undefined) {
      return got;
    }
    state = next;
  }
  throw new Error('it never ends');
}

describe('catching up', () => {
  it('gets every event from a relay that gives the newest 50 at a time', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5_000), { maxLength: 400 }), (ages) => {
        const dates = ages.map((age) => NOW - age);
        const most = Math.max(
          0,
          ...dates.map((date) => dates.filter((other) => other === date).length),
        );
        fc.pre(most < 50);
        expect(fetchAll(dates, 50, NOW - 5_000).size).toBe(dates.length);
      }),
    );
  });

  it('ends with a relay that answers with the same page for ever', () => {
    let state = beginCatchUp(NOW - 100_000);
    let pages = 0;
    for (;;) {
      for (let n = 0; n < 60; n += 1) {
        state = caughtEvent(state, NOW - n);
      }
      const next = nextPage(state);
      if (next === undefined) {
        break;
      }
      pages += 1;
      state = next;
    }
    expect(pages).toBeLessThanOrEqual(50);
  });
});
