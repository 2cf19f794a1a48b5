import { SeededRandom, VirtualClock } from '@cl-hive/testkit';
import { describe, expect, it } from 'vitest';
import type { PublishOutcome } from './delivery.ts';
import { NOSTR_LIMITS, NOSTR_TIMES } from './limits.ts';
import { memoryStorage } from './memory-storage.ts';
import { Outbox } from './outbox.ts';
import type { OutboxRecord, TransportStorage } from './ports.ts';
import type { PublishAnswer } from './publisher.ts';

const A = 'wss://a.example';
const B = 'wss://b.example';

interface Bench {
  readonly clock: VirtualClock;
  readonly outbox: Outbox;
  readonly storage: TransportStorage;
  readonly offers: { relay: string; id: string; answer: (answer: PublishAnswer) => void }[];
  readonly needed: string[][];
  readonly open: Set<string>;
  readonly record: (n: number, change?: Partial<OutboxRecord>) => OutboxRecord;
}

function bench(storage = memoryStorage()): Bench {
  const clock = new VirtualClock();
  const offers: Bench['offers'] = [];
  const needed: string[][] = [];
  const open = new Set([A]);
  const outbox = new Outbox({
    clock,
    random: new SeededRandom(1),
    storage,
    log: () => undefined,
    isOpen: (relay) => open.has(relay),
    offer: (relay, { id }) => new Promise((answer) => offers.push({ relay, id, answer })),
    needed: (relays) => needed.push([...relays]),
  });
  return {
    clock,
    outbox,
    storage,
    offers,
    needed,
    open,
    record: (n, change = {}) => {
      const id = n.toString(16).padStart(64, '0');
      return {
        id,
        event: { id, pubkey: '', created_at: 0, kind: 1, tags: [], content: '', sig: '' },
        relays: [A, B],
        quorum: 1,
        createdAt: clock.now(),
        expiresAt: clock.now() + 3_600_000,
        accepted: [],
        ...change,
      };
    },
  };
}

const turns = async (): Promise<void> => {
  for (let n = 0; n < 20; n += 1) {
    await Promise.resolve();
  }
};

const OK: PublishAnswer = { kind: 'accepted' };

describe('Outbox', () => {
  it('tells the outcome with the quorum and offers to the others for a while longer', async () => {
    const { clock, outbox, offers, open, record, storage, needed } = bench();
    const { outcome } = await outbox.add(record(1));
    offers[0]?.answer(OK);
    expect(await outcome).toEqual({ kind: 'accepted', by: [A] });
    await turns();
    expect(await storage.loadOutbox()).toMatchObject([{ accepted: [A] }]);
    open.add(B);
    outbox.relayReady(B);
    expect(offers.map(({ relay }) => relay)).toEqual([A, B]);
    offers[1]?.answer(OK);
    await turns();
    expect(await storage.loadOutbox()).toEqual([]);
    clock.advance(100);
    expect(needed.at(-1)).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it('lets an accepted event go when its other relays do not come', async () => {
    const { clock, outbox, offers, record, storage } = bench();
    const { outcome } = await outbox.add(record(1));
    offers[0]?.answer(OK);
    expect((await outcome).kind).toBe('accepted');
    clock.advance(NOSTR_TIMES.spread);
    await turns();
    expect(await storage.loadOutbox()).toEqual([]);
    expect(outbox.size).toBe(0);
  });

  it('expires by time that passed, not by a wall clock that was stepped', async () => {
    const { clock, outbox, record, storage } = bench();
    const settled: PublishOutcome[] = [];
    const { outcome } = await outbox.add(
      record(1, { relays: [B], expiresAt: clock.now() + 60_000 }),
    );
    void outcome.then((result) => settled.push(result));
    clock.step(86_400_000);
    clock.advance(59_000);
    await turns();
    expect(settled).toEqual([]);
    clock.advance(1_000);
    await turns();
    expect(settled).toEqual([
      { kind: 'expired', by: [], refusals: [{ relay: B, reason: 'not connected' }] },
    ]);
    expect(await storage.loadOutbox()).toEqual([]);
  });

  it('offers not more than a bound at once to one relay, and all in the end', async () => {
    const { clock, outbox, offers, record } = bench();
    const all = 100;
    const outcomes = await Promise.all(
      Array.from({ length: all }, (_, n) => outbox.add(record(n, { relays: [A] }))),
    );
    expect(offers).toHaveLength(NOSTR_LIMITS.publishing);
    for (let answered = 0; answered < all; answered += 1) {
      offers[answered]?.answer(OK);
      await turns();
      clock.advance(NOSTR_TIMES.nextOffers);
    }
    expect(new Set(offers.map(({ id }) => id)).size).toBe(all);
    expect(offers).toHaveLength(all);
    for (const { outcome } of outcomes) {
      expect((await outcome).kind).toBe('accepted');
    }
  });

  it('refuses with outbox_full beyond its bound, and takes again when there is room', async () => {
    const { clock, outbox, offers, record } = bench();
    await Promise.all(
      Array.from({ length: NOSTR_LIMITS.outbox }, (_, n) => outbox.add(record(n, { relays: [A] }))),
    );
    await expect(outbox.add(record(9_999))).rejects.toMatchObject({ code: 'outbox_full' });
    offers[0]?.answer(OK);
    await turns();
    clock.advance(NOSTR_TIMES.nextOffers);
    await expect(outbox.add(record(9_999))).resolves.toBeDefined();
  });

  it('keeps in the store what is not done when it closes, and takes it up again', async () => {
    const first = bench();
    const { outcome } = await first.outbox.add(first.record(1, { quorum: 2 }));
    first.offers[0]?.answer(OK);
    await turns();
    await first.outbox.close();
    expect(await outcome).toEqual({ kind: 'queued' });
    expect(first.clock.pending).toBe(0);
    const second = bench(first.storage);
    second.open.add(B);
    await second.outbox.load();
    expect(second.offers.map(({ relay }) => relay)).toEqual([B]);
    second.offers[0]?.answer(OK);
    await turns();
    expect(await second.storage.loadOutbox()).toEqual([]);
  });
});
