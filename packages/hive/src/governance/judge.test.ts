import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeSpending, type Spending } from '../index.ts';

const DAY = 86_400_000;
const budget = { perDaySat: 1000n, perChannelSat: 600n, reserveSat: 100n };
const ask = (amountSat: bigint, approvedByPerson = false, onChainSat = 10_000n) => ({
  amountSat,
  onChainSat,
  approvedByPerson,
});

describe('governance', () => {
  it('puts everything to a person in advisor mode, whose yes does not reach the reserve', () => {
    expect(judgeSpending('advisor', budget, [], ask(1n), 0)).toMatchObject({
      code: 'advisor_mode',
    });
    expect(judgeSpending('advisor', budget, [], ask(5000n, true), 0)).toEqual({ kind: 'allow' });
    expect(judgeSpending('advisor', budget, [], ask(9901n, true), 0)).toMatchObject({
      kind: 'refuse',
      code: 'under_reserve',
    });
  });

  it('refuses amounts that are none, and allows nothing with the empty budget', () => {
    for (const amount of [0n, -1n]) {
      expect(judgeSpending('failsafe', budget, [], ask(amount, true), 0).kind).toBe('refuse');
    }
    const none = { perDaySat: 0n, perChannelSat: 0n, reserveSat: 0n };
    expect(judgeSpending('failsafe', none, [], ask(1n), 0).kind).toBe('propose');
  });

  it('counts what is unknown until it is settled, and what is promised against the balance', () => {
    const unknown: Spending[] = [{ amountSat: 600n, at: 0, settled: false }];
    expect(judgeSpending('failsafe', budget, unknown, ask(500n), 9 * DAY)).toMatchObject({
      code: 'over_day_limit',
    });
    expect(judgeSpending('failsafe', budget, unknown, ask(400n, true, 1000n), 0).kind).toBe(
      'refuse',
    );
  });

  it('never passes the limit in any 24 hours', () => {
    const asks = fc.array(
      fc.record({ wait: fc.nat(DAY), amount: fc.bigInt({ min: 1n, max: 700n }) }),
    );
    fc.assert(
      fc.property(asks, (list) => {
        const spent: Spending[] = [];
        let now = 0;
        for (const { wait, amount } of list) {
          now += wait;
          const verdict = judgeSpending('failsafe', budget, spent, ask(amount), now);
          if (verdict.kind === 'allow') {
            spent.push({ amountSat: amount, at: now, settled: true });
          }
        }
        for (const { at } of spent) {
          const within = spent.filter((one) => one.at <= at && at - one.at < DAY);
          expect(within.reduce((sum, one) => sum + one.amountSat, 0n)).toBeLessThanOrEqual(1000n);
        }
      }),
    );
  });
});
