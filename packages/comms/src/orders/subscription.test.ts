import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { afterTry, isDue, type Subscription, subscriptionKey } from './subscription.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const START: Subscription = {
  id: 1,
  state: 'active',
  epoch: 2,
  counter: 0,
  dueGuardMs: 0,
  tryGuardMs: 0,
  everyMs: DAY,
  times: 3,
  offer: 'lno1',
  amountMsat: undefined,
  maxFeeMsat: undefined,
  payee: undefined,
  quantity: undefined,
  payerNote: undefined,
  purpose: 'service',
  problem: undefined,
};
const at = (guardMs: number) => ({ guardMs, epoch: 2 });
const FAILED = { kind: 'not_paid', refusal: { code: 'no_route', message: 'no way' } } as const;

describe('a subscription', () => {
  it('is due once a period, and ends after its payments', () => {
    let one = afterTry(START, { kind: 'paid' }, 5);
    expect(one).toMatchObject({ counter: 1, dueGuardMs: DAY, state: 'active' });
    expect([isDue(one, at(DAY - 1)), isDue(one, at(DAY))]).toEqual([false, true]);
    expect(isDue(one, { guardMs: DAY, epoch: 3 })).toBe(false);
    one = afterTry(afterTry(one, { kind: 'paid' }, DAY), { kind: 'paid' }, 2 * DAY);
    expect(one.state).toBe('ended');
    expect(isDue(one, at(100 * DAY))).toBe(false);
  });

  it('tries again within the period under the same key, then leaves the period out', () => {
    const tried = afterTry(START, FAILED, 0);
    expect(tried).toMatchObject({ counter: 0, tryGuardMs: HOUR, problem: 'no_route: no way' });
    expect(subscriptionKey(tried)).toBe('subscription-1-0');
    const given = afterTry(START, FAILED, DAY - HOUR);
    expect(given).toMatchObject({ counter: 1, dueGuardMs: DAY, problem: 'no_route: no way' });
  });

  it('never leaves a period behind whose payment may have been made', () => {
    const open = afterTry(START, { kind: 'open' }, 5 * DAY);
    expect(open).toMatchObject({ counter: 0, state: 'active' });
    expect(subscriptionKey(open)).toBe(subscriptionKey(START));
  });

  it('makes up for nothing after a long pause', () => {
    expect(afterTry(START, { kind: 'paid' }, 10 * DAY + 5)).toMatchObject({
      counter: 1,
      dueGuardMs: 10 * DAY,
    });
  });

  it('pays at most one period each, whatever happens, and no more often than the period', () => {
    const step = fc.record({
      wait: fc.integer({ min: 0, max: 3 * DAY }),
      kind: fc.constantFrom('paid', 'open', 'not_paid'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
        let one: Subscription = { ...START, times: undefined };
        let now = 0;
        const keys = new Set<string>();
        for (const { wait, kind } of steps) {
          now += wait;
          if (!isDue(one, at(now))) {
            continue;
          }
          if (kind === 'paid') {
            expect(keys.has(subscriptionKey(one))).toBe(false);
            keys.add(subscriptionKey(one));
          }
          one = afterTry(one, kind === 'not_paid' ? FAILED : { kind: kind as 'paid' }, now);
        }
        expect(keys.size).toBeLessThanOrEqual(1 + Math.floor(now / DAY));
      }),
    );
  });
});
