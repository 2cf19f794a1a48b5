import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ALERT_LEVELS,
  type Alert,
  type AlertLevel,
  alertLevel,
  DEFAULT_ALERT_RULES,
  newAlertDesk,
  raiseAlert,
  tickAlerts,
} from './alert-desk.ts';

const HOUR = 3_600_000;
const alert = (key: string, level: AlertLevel = 'warning'): Alert => ({ key, level, text: key });

describe('the alert desk', () => {
  it('goes by danger', () => {
    expect([1, 2, 3, 5, 6, 8, 9, 10].map(alertLevel)).toEqual([
      'info',
      'info',
      'notice',
      'notice',
      'warning',
      'warning',
      'critical',
      'critical',
    ]);
  });

  it('tells once, again when it got worse or an hour later, and digests the rest', () => {
    let desk = newAlertDesk(0);
    const counts: number[] = [];
    for (const [level, now] of [
      ['warning', 0],
      ['warning', 1],
      ['critical', 2],
      ['warning', 3],
      ['warning', HOUR + 2],
    ] as const) {
      const step = raiseAlert(desk, alert('a', level), DEFAULT_ALERT_RULES, now);
      desk = step.desk;
      counts.push(step.messages.length);
    }
    expect(counts).toEqual([1, 0, 1, 0, 1]);
    desk = raiseAlert(desk, alert('b', 'info'), DEFAULT_ALERT_RULES, HOUR).desk;
    expect(tickAlerts(desk, DEFAULT_ALERT_RULES, 24 * HOUR - 1).messages).toEqual([]);
    const digest = tickAlerts(desk, DEFAULT_ALERT_RULES, 24 * HOUR);
    expect(digest.messages).toEqual([
      {
        kind: 'digest',
        dropped: 0,
        alerts: [
          { alert: alert('a'), times: 2 },
          { alert: alert('b', 'info'), times: 1 },
        ],
      },
    ]);
    expect(tickAlerts(digest.desk, DEFAULT_ALERT_RULES, 48 * HOUR).messages).toEqual([]);
  });

  it('is bounded in what it tells and keeps, and counts what it drops', () => {
    let desk = newAlertDesk(0);
    let told = 0;
    for (let i = 0; i < 2000; i += 1) {
      const step = raiseAlert(desk, alert(`a${i}`), DEFAULT_ALERT_RULES, i);
      desk = step.desk;
      told += step.messages.length;
    }
    expect(told).toBe(10);
    expect(desk.waiting.size).toBe(1000);
    expect(desk.dropped).toBe(990);
    expect(
      raiseAlert(desk, alert('x', 'critical'), DEFAULT_ALERT_RULES, 3000).messages.length,
    ).toBe(1);
  });

  it('loses nothing uncounted', () => {
    const event = fc.record({
      key: fc.constantFrom('a', 'b', 'c'),
      level: fc.constantFrom(...ALERT_LEVELS),
      wait: fc.nat(HOUR),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        let desk = newAlertDesk(0);
        let now = 0;
        let out = 0;
        for (const { key, level, wait } of events) {
          now += wait;
          const raised = raiseAlert(
            desk,
            alert(key, level),
            { ...DEFAULT_ALERT_RULES, perHour: 2 },
            now,
          );
          const ticked = tickAlerts(raised.desk, DEFAULT_ALERT_RULES, now);
          desk = ticked.desk;
          for (const message of [...raised.messages, ...ticked.messages]) {
            out +=
              message.kind === 'alert'
                ? 1
                : message.dropped + message.alerts.reduce((sum, { times }) => sum + times, 0);
          }
        }
        const rest = [...desk.waiting.values()].reduce(
          (sum, { times }) => sum + times,
          desk.dropped,
        );
        expect(out + rest).toBe(events.length);
      }),
    );
  });
});
