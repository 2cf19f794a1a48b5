import type { NodeId } from '@cl-hive/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  acknowledge,
  acknowledgeByAnswer,
  allow,
  dueMessages,
  enqueue,
  noteEvent,
  type Outbox,
  type Rates,
  relayOn,
  type Seen,
} from '../index.ts';

const node = (index: number): NodeId => `02${index.toString(16).padStart(64, '0')}` as NodeId;
const [A, B, C, D] = [1, 2, 3, 4].map(node) as [NodeId, NodeId, NodeId, NodeId];
const ban = (eventId: string, to = B) =>
  ({ eventId, to, name: 'BAN_PROPOSAL', raw: { proposal_id: eventId } }) as const;

describe('the outbox', () => {
  it('repeats with growing pauses until it is given up, and says so', () => {
    let outbox = enqueue(new Map(), ban('e1'), 0) as Outbox;
    const sent: number[] = [];
    let expired = 0;
    for (let now: number | undefined = 0; now !== undefined && sent.length < 200; ) {
      const due = dueMessages(outbox, now);
      outbox = due.outbox;
      sent.push(...due.send.map(() => now as number));
      expired += due.expired.length;
      now = due.nextAt;
    }
    expect(sent.slice(0, 4)).toEqual([0, 30_000, 90_000, 210_000]);
    expect(sent.length).toBeLessThan(90);
    expect([expired, outbox.size]).toEqual([1, 0]);
  });

  it('ends by the acknowledgement of its addressee, by nobody else’s', () => {
    const outbox = enqueue(new Map(), ban('e1'), 0) as Outbox;
    expect(acknowledge(outbox, C, 'e1')).toBe(outbox);
    expect(acknowledge(outbox, B, 'e1').size).toBe(0);
    expect(acknowledgeByAnswer(outbox, C, 'BAN_VOTE', { proposal_id: 'e1' })).toBe(outbox);
    expect(acknowledgeByAnswer(outbox, B, 'BAN_VOTE', { proposal_id: 'e2' })).toBe(outbox);
    expect(acknowledgeByAnswer(outbox, B, 'BAN_VOTE', {})).toBe(outbox);
    expect(acknowledgeByAnswer(outbox, B, 'BAN_VOTE', { proposal_id: 'e1' }).size).toBe(0);
  });

  it('gives each peer a share, and refuses beyond it', () => {
    let outbox: Outbox = new Map();
    for (let i = 0; i < 200; i += 1) {
      outbox = enqueue(outbox, ban(`e${i}`), 0) as Outbox;
    }
    expect(enqueue(outbox, ban('e0'), 0)).toBe(outbox);
    expect(enqueue(outbox, ban('more'), 0)).toBeUndefined();
    expect(enqueue(outbox, ban('more', C), 0)?.size).toBe(201);
  });
});

describe('deduplication', () => {
  it('GP-15: handles an event once, in whatever order and number copies come', () => {
    const events = fc.array(fc.tuple(fc.constantFrom(A, B), fc.nat(5)));
    fc.assert(
      fc.property(events, (list) => {
        let seen: Seen = new Map();
        const handled = list.filter(([from, id]) => {
          const note = noteEvent(seen, from, `e${id}`, 0);
          seen = note.kind === 'fresh' ? note.seen : seen;
          return note.kind === 'fresh';
        });
        expect(handled.length).toBe(new Set(list.map(String)).size);
      }),
    );
  });

  it('a full list is neither handled nor acknowledged, and spares other peers', () => {
    const events = new Map(Array.from({ length: 5000 }, (_, index) => [`e${index}`, 0]));
    const seen: Seen = new Map([[A, events]]);
    expect(noteEvent(seen, A, 'new', 0).kind).toBe('full');
    expect(noteEvent(seen, A, 'e7', 0).kind).toBe('repeated');
    expect(noteEvent(seen, B, 'new', 0).kind).toBe('fresh');
    expect(noteEvent(seen, A, 'new', 4 * 86_400_000).kind).toBe('fresh');
  });
});

describe('rates', () => {
  it('GP-12, CK-04: allow a burst, then one each 2 s of guard time, for each peer and type', () => {
    let rates: Rates = new Map();
    const sent = (peer: NodeId, type: string, now: number): boolean => {
      const step = allow(rates, peer, type, now);
      rates = step.rates;
      return step.allowed;
    };
    const burst = Array.from({ length: 60 }, () => sent(D, 'STATE_HASH', 1000));
    expect(burst.filter(Boolean)).toHaveLength(30);
    expect(sent(D, 'GOSSIP', 1000)).toBe(true);
    expect(sent(A, 'STATE_HASH', 1000)).toBe(true);
    expect(sent(D, 'STATE_HASH', 2999)).toBe(false);
    expect(sent(D, 'STATE_HASH', 3000)).toBe(true);
  });

  it('10,000 senders fill no more than their place, and it empties', () => {
    let rates: Rates = new Map(
      Array.from({ length: 10_000 }, (_, index) => [`${node(index)}/GOSSIP`, 2000]),
    );
    expect(allow(rates, node(20_000), 'GOSSIP', 0).allowed).toBe(false);
    const later = allow(rates, node(20_000), 'GOSSIP', 2000);
    rates = later.rates;
    expect([later.allowed, rates.size]).toEqual([true, 1]);
  });
});

describe('relaying', () => {
  const relay = { msg_id: 'f'.repeat(32), ttl: 3, relay_path: [], origin: A, origin_ts: 1 };
  it('goes on with one hop less to those that have not had it', () => {
    expect(relayOn(B, A, relay, [A, B, C, D])).toEqual({
      relay: { ...relay, ttl: 2, relay_path: [B] },
      to: [C, D],
    });
  });

  it('ends with its hops, in circles, and at its origin; a great ttl gives no more hops', () => {
    expect(relayOn(B, A, { ...relay, ttl: 1 }, [C])).toBeUndefined();
    expect(relayOn(B, C, { ...relay, relay_path: [B, C] }, [D])).toBeUndefined();
    expect(relayOn(A, B, relay, [C])).toBeUndefined();
    expect(relayOn(B, A, { ...relay, ttl: 10 }, [C])?.relay.ttl).toBe(2);
    expect(relayOn(B, A, { ...relay, ttl: 10, relay_path: [C, D, A] }, [C])).toBeUndefined();
  });
});
