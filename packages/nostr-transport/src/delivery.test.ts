import { describe, expect, it } from 'vitest';
import {
  answered,
  authenticated,
  beginShipment,
  dueRelays,
  nextDue,
  offered,
  type Shipment,
  verdict,
} from './delivery.ts';
import type { PublishAnswer } from './publisher.ts';

const A = 'wss://a.example';
const B = 'wss://b.example';
const C = 'wss://c.example';
const OK: PublishAnswer = { kind: 'accepted' };
const refuse = (reason: string): PublishAnswer => ({ kind: 'refused', reason });

const begin = (quorum: number, accepted: readonly string[] = []): Shipment =>
  beginShipment([A, B, C], accepted, quorum, 100_000, 0);

function after(
  shipment: Shipment,
  answers: readonly (readonly [string, PublishAnswer])[],
  now = 0,
): Shipment {
  return answers.reduce(
    (state, [relay, answer]) => answered(offered(state, relay), relay, answer, now, 0.5),
    shipment,
  );
}

describe('a shipment', () => {
  it('is offered to all relays at once and accepted with its quorum', () => {
    const shipment = begin(2);
    expect(dueRelays(shipment, 0)).toEqual([A, B, C]);
    expect(verdict(after(shipment, [[A, OK]]), 0)).toBeUndefined();
    expect(
      verdict(
        after(shipment, [
          [A, OK],
          [C, OK],
        ]),
        0,
      ),
    ).toEqual({ kind: 'accepted', by: [A, C] });
  });

  it('is refused once the quorum is out of reach, with the words of each relay', () => {
    const blocked = after(begin(2), [
      [A, refuse('blocked: no')],
      [B, refuse('invalid: x')],
    ]);
    expect(verdict(blocked, 0)).toEqual({
      kind: 'refused',
      by: [],
      refusals: [
        { relay: A, reason: 'blocked: no' },
        { relay: B, reason: 'invalid: x' },
        { relay: C, reason: 'not connected' },
      ],
    });
  });

  it.each(['rate-limited: slow', 'auth-required: who', 'error: disk'])(
    'is offered again after %s, later each time',
    (reason) => {
      let shipment = begin(1);
      const pauses: number[] = [];
      let now = 0;
      for (let n = 0; n < 8; n += 1) {
        shipment = answered(offered(shipment, A), A, refuse(reason), now, 0.5);
        expect(dueRelays(shipment, now)).not.toContain(A);
        const due = nextDue(
          {
            ...shipment,
            expiresAt: 1e12,
            deliveries: new Map([...shipment.deliveries].filter(([relay]) => relay === A)),
          },
          now,
        );
        pauses.push(due - now);
        now = due;
        expect(dueRelays(shipment, now)).toContain(A);
      }
      expect(pauses).toEqual([...pauses].sort((a, b) => a - b));
      expect(pauses.at(-1)).toBeLessThanOrEqual(120_000);
    },
  );

  it('is offered at once to a relay that knows this node now', () => {
    const shipment = after(begin(1), [
      [A, refuse('auth-required: who')],
      [B, refuse('rate-limited: x')],
    ]);
    expect(dueRelays(authenticated(authenticated(shipment, A, 1), B, 1), 1)).toEqual([A, C]);
  });

  it('expires, and says what each relay did', () => {
    const shipment = offered(
      after(begin(2), [
        [A, OK],
        [B, { kind: 'unanswered', reason: 'no answer in time' }],
      ]),
      C,
    );
    expect(verdict(shipment, 99_999)).toBeUndefined();
    expect(verdict(shipment, 100_000)).toEqual({
      kind: 'expired',
      by: [A],
      refusals: [
        { relay: B, reason: 'no answer in time' },
        { relay: C, reason: 'no answer in time' },
      ],
    });
  });

  it('remembers who accepted it in an earlier life', () => {
    expect(dueRelays(begin(2, [B]), 0)).toEqual([A, C]);
    expect(verdict(after(begin(2, [B]), [[A, OK]]), 0)?.kind).toBe('accepted');
  });

  it('ignores answers that nobody waits for', () => {
    const shipment = begin(1);
    expect(answered(shipment, A, OK, 0, 0)).toBe(shipment);
    expect(answered(shipment, 'wss://other.example', OK, 0, 0)).toBe(shipment);
  });
});
