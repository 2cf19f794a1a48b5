import { readFileSync } from 'node:fs';
import { SeededRandom, VirtualClock } from '@cl-hive/testkit';
import { describe, expect, it } from 'vitest';
import { rumor } from '../src/event.ts';
import { giftWrap } from '../src/gift-wrap.ts';
import { KINDS, type NostrEvent, type Signer } from '../src/index.ts';
import { advanceUntil, FakeNetwork, type FakeRelay, settle } from './support/fake-network.ts';
import { type Party, someSigner, startParty } from './support/party.ts';

const cases = new Map(
  (
    JSON.parse(readFileSync(new URL('../fixtures/relay-cases.json', import.meta.url), 'utf8')) as {
      readonly id: string;
      readonly title: string;
    }[]
  ).map((each) => [each.id, `${each.id}: ${each.title}`]),
);
const title = (id: string): string => cases.get(id) ?? `unknown case ${id}`;

interface World {
  readonly clock: VirtualClock;
  readonly network: FakeNetwork;
  readonly relays: readonly FakeRelay[];
  readonly node: Party;
  readonly advisor: Signer;
  readonly random: SeededRandom;
  readonly replies: () => NostrEvent[];
  readonly write: (content: string, createdAt?: number) => NostrEvent;
}

/** A node that answers each message, on relays in virtual time. */
async function world(count: number, seed = 1): Promise<World> {
  const clock = new VirtualClock();
  const network = new FakeNetwork(clock);
  const relays = Array.from({ length: count }, (_, n) => network.add(`wss://relay-${n}.example`));
  const random = new SeededRandom(seed);
  const advisor = someSigner();
  const node: Party = await startParty(
    relays.map(({ url }) => url),
    {
      clock,
      random,
      dial: network.dial,
      onMessage: async (message) => {
        node.received.push(message);
        await node.transport.reply(message, `did ${message.content}`);
      },
    },
  );
  const nowSeconds = (): number => Math.floor(clock.now() / 1_000);
  return {
    clock,
    network,
    relays,
    node,
    advisor,
    random,
    replies: () => [
      ...new Map(
        relays
          .flatMap(({ stored }) => stored)
          .filter(({ tags }) => tags.some(([, value]) => value === advisor.pubkey))
          .map((event) => [event.id, event]),
      ).values(),
    ],
    write: (content, createdAt) => {
      const text = rumor({
        kind: KINDS.chat,
        created_at: nowSeconds(),
        tags: [['p', node.signer.pubkey]],
        content,
        pubkey: advisor.pubkey,
      });
      const wrap = giftWrap(text, node.signer.pubkey, advisor, nowSeconds(), random);
      if (createdAt === undefined) {
        return wrap;
      }
      // The date outside is chosen: wrapped once more by hand under another key that is used once.
      const { id: _id, sig: _sig, pubkey: _pubkey, ...template } = wrap;
      return reWrap(template, text, node.signer.pubkey, advisor, createdAt, random);
    },
  };
}

function reWrap(
  template: { readonly kind: number },
  text: ReturnType<typeof rumor>,
  reader: string,
  writer: Signer,
  createdAt: number,
  random: SeededRandom,
): NostrEvent {
  for (;;) {
    // giftWrap dates back by less than two days from the time it is given.
    const wrap = giftWrap(text, reader, writer, createdAt, {
      bytes: (length) => (length === 4 ? new Uint8Array(4) : random.bytes(length)),
    });
    if (wrap.created_at === createdAt && wrap.kind === template.kind) {
      return wrap;
    }
  }
}

const connected =
  ({ relays }: World) =>
  (): boolean =>
    relays.every(({ clients }) => clients.size === 1);

function permutations<T>(items: readonly T[]): T[][] {
  return items.length === 0
    ? [[]]
    : items.flatMap((item, at) =>
        permutations(items.filter((_, other) => other !== at)).map((rest) => [item, ...rest]),
      );
}

describe('relays', () => {
  it(title('RL-01'), async () => {
    const it = await world(5);
    await advanceUntil(it.clock, connected(it), 10_000);
    let sent = 0;
    for (const order of permutations(it.relays)) {
      const wrap = it.write(`envelope ${sent}`);
      sent += 1;
      for (const relay of order) {
        it.clock.advance(it.random.below(31));
        it.network.put(relay, wrap);
      }
      await advanceUntil(it.clock, () => it.node.received.length >= sent, 1_000, 10);
    }
    expect(sent).toBe(120);
    await advanceUntil(it.clock, () => it.replies().length >= sent, 30_000);
    it.clock.advance(5_000);
    await settle();
    expect(it.node.received.map(({ content }) => content)).toEqual(
      Array.from({ length: 120 }, (_, n) => `envelope ${n}`),
    );
    expect(it.replies()).toHaveLength(120);
  });

  it(title('RL-03'), async () => {
    const it = await world(3);
    const envelopes = Array.from({ length: 100 }, (_, n) => it.write(`envelope ${n}`));
    let put = 0;
    const MINUTES_10 = 600_000;
    for (let at = 0; at < MINUTES_10; at += 100) {
      it.relays.forEach((relay, index) => {
        const up = Math.floor((at + index * 1_333) / 2_000) % 2 === 0;
        if (relay.up !== up) {
          relay.setUp(up);
        }
      });
      // An advisor writes every six seconds to whatever relay is up.
      while (put < envelopes.length && at >= put * 6_000 && it.relays.some(({ up }) => up)) {
        for (const wrap of envelopes.slice(put, put + 1)) {
          it.relays.filter(({ up }) => up).forEach((relay) => it.network.put(relay, wrap));
        }
        put += 1;
      }
      it.clock.advance(100);
      await settle(2);
    }
    expect(put).toBe(100);
    it.relays.forEach((relay) => relay.setUp(true));
    await advanceUntil(it.clock, () => it.node.received.length >= 100, 300_000);
    await advanceUntil(it.clock, () => it.replies().length >= 100, 600_000);
    expect(new Set(it.node.received.map(({ content }) => content)).size).toBe(100);
    expect(it.node.received).toHaveLength(100);
    for (const relay of it.relays) {
      const gaps = relay.dials.slice(1).map((at, n) => at - (relay.dials[n] ?? 0));
      expect(Math.min(...gaps)).toBeGreaterThanOrEqual(1_000);
      expect(relay.dials.length).toBeLessThan(60);
      expect(relay.clients.size).toBe(1);
    }
    await advanceUntil(
      it.clock,
      () =>
        it.relays.every(({ clients }) =>
          [...clients].every(({ subscriptions }) => subscriptions.size === 1),
        ),
      30_000,
    );
    await advanceUntil(it.clock, () => it.node.transport.outgoing === 0, 900_000, 1_000);
    // What is left: the next tick and nothing else of each relay.
    await advanceUntil(it.clock, () => it.clock.pending <= it.relays.length, 10_000);
  });

  it(title('RL-06'), async () => {
    const it = await world(2);
    await advanceUntil(it.clock, connected(it), 10_000);
    const now = Math.floor(it.clock.now() / 1_000);
    const dates = [now - 172_800, now - 1, now + 60];
    for (const [n, date] of dates.entries()) {
      it.relays.forEach((relay) => it.network.put(relay, it.write(`date ${n}`, date)));
    }
    await advanceUntil(it.clock, () => it.node.received.length >= 3, 5_000);
    for (const { sentAt } of it.node.received) {
      expect(Math.abs(sentAt - now * 1_000)).toBeLessThan(10_000);
    }
    // A node that was away reaches back far enough for all of them too.
    expect(it.node.received).toHaveLength(3);
  });

  it(title('RL-09'), async () => {
    const it = await world(3);
    const [censor] = it.relays;
    if (censor !== undefined) {
      censor.delivers = (event) => event.kind === KINDS.probe;
    }
    await advanceUntil(it.clock, connected(it), 10_000);
    for (let n = 0; n < 5; n += 1) {
      const wrap = it.write(`envelope ${n}`);
      it.relays.forEach((relay) => it.network.put(relay, wrap));
    }
    await advanceUntil(it.clock, () => it.node.received.length >= 5, 5_000);
    const [first, ...others] = it.node.transport.health();
    expect(first).toMatchObject({
      verdict: 'healthy',
      coverage: { messages: 5, delivered: 0, silentAbout: [it.advisor.pubkey] },
    });
    for (const other of others) {
      expect(other).toMatchObject({ coverage: { messages: 5, delivered: 5, silentAbout: [] } });
    }
  });
});

describe('resuming', () => {
  it('goes on from the last event, page by page, and hears nothing twice after a restart', async () => {
    const it = await world(1);
    const [relay] = it.relays;
    await advanceUntil(it.clock, connected(it), 10_000);
    it.relays.forEach((each) => it.network.put(each, it.write('before')));
    await advanceUntil(it.clock, () => it.node.received.length === 1, 5_000);
    await advanceUntil(it.clock, () => it.node.transport.outgoing === 0, 120_000);
    // One more round trip moves the cursor.
    await advanceUntil(
      it.clock,
      () => it.node.transport.health()[0]?.cursor !== undefined,
      120_000,
      1_000,
    );
    await it.node.transport.close();
    it.clock.advance(5 * 86_400_000);
    if (relay !== undefined) {
      relay.pageSize = 60;
    }
    // More than the relay gives at once; written while the node was away.
    for (let n = 0; n < 160; n += 1) {
      relay?.stored.push(it.write(`away ${n}`));
      it.clock.advance(100_000);
    }
    const again = await startParty([relay?.url ?? ''], {
      clock: it.clock,
      random: it.random,
      dial: it.network.dial,
      signer: it.node.signer,
      storage: it.node.storage,
    });
    await advanceUntil(it.clock, () => again.received.length >= 160, 60_000);
    expect(new Set(again.received.map(({ content }) => content)).size).toBe(160);
    expect(again.received.some(({ content }) => content === 'before')).toBe(false);
  });

  it('does not go blind when a wrong clock was put right', async () => {
    const it = await world(1);
    await advanceUntil(it.clock, connected(it), 10_000);
    it.clock.step(365 * 86_400_000);
    await advanceUntil(
      it.clock,
      () => (it.node.transport.health()[0]?.cursor ?? 0) * 1_000 > it.clock.now() - 1e8,
      300_000,
      1_000,
    );
    it.relays.forEach((relay) => relay.setUp(false));
    it.clock.step(-365 * 86_400_000);
    it.relays.forEach((relay) => relay.setUp(true));
    await advanceUntil(it.clock, connected(it), 300_000);
    it.relays.forEach((relay) => it.network.put(relay, it.write('after')));
    await advanceUntil(it.clock, () => it.node.received.length === 1, 10_000);
  });
});

describe('a message in several wraps', () => {
  it('is handled once: the same rumor wrapped again is a replay', async () => {
    const it = await world(1);
    await advanceUntil(it.clock, connected(it), 10_000);
    const now = Math.floor(it.clock.now() / 1_000);
    for (let n = 0; n < 3; n += 1) {
      it.relays.forEach((relay) => it.network.put(relay, it.write('again', now - n)));
    }
    await advanceUntil(it.clock, () => it.node.received.length > 0, 5_000);
    it.clock.advance(1_000);
    await settle();
    expect(it.node.received).toHaveLength(1);
  });
});
