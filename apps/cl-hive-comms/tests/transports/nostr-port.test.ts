import type { Clock, JsonObject, UnixMs } from '@cl-hive/core';
import { type Relay, startRelay } from '@cl-hive/hive-lab';
import { memoryStorage } from '@cl-hive/nostr-transport';
import { SeededRandom } from '@cl-hive/testkit';
import { getPublicKey } from 'nostr-tools/pure';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { NostrPort } from '../../src/transports/nostr/nostr-port.ts';
import type { IncomingMessage } from '../../src/transports/transport-port.ts';
import { silent } from './fakes.ts';

const clock: Clock = {
  now: () => Date.now() as UnixMs,
  monotonic: () => performance.now(),
  after: (delayMs, task) => {
    const timer = setTimeout(task, Math.min(delayMs, 2_147_483_647));
    return () => clearTimeout(timer);
  },
};

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const work of cleanups.splice(0).reverse()) {
    await work();
  }
});

async function relays(count: number): Promise<readonly Relay[]> {
  const all = await Promise.all(Array.from({ length: count }, () => startRelay()));
  cleanups.push(...all.map((relay) => () => relay.stop()));
  return all;
}

async function party(
  seed: number,
  urls: readonly string[],
  storage = memoryStorage(),
  formers: readonly Uint8Array[] = [],
) {
  const secret = new SeededRandom(seed).bytes(32);
  const received: IncomingMessage[] = [];
  const random = new SeededRandom(seed + 1000);
  const port = new NostrPort({
    relays: urls,
    secret,
    formers,
    storage,
    clock,
    random,
    log: silent,
  });
  port.onMessage(async (message) => {
    received.push(message);
  });
  cleanups.push(() => port.close());
  await port.start();
  return { port, received, storage, key: getPublicKey(secret) };
}

const texts = (received: readonly IncomingMessage[]): readonly string[] =>
  received.map(({ body }) => Buffer.from(body).toString());

describe('Nostr', () => {
  it('delivers with the proven writer, and answers along a route that was stored', async () => {
    const urls = (await relays(2)).map(({ url }) => url);
    const alice = await party(1, urls);
    const bob = await party(2, urls);
    expect(await alice.port.send({ nostr: bob.key }, Buffer.from('fees?'))).toMatchObject({
      kind: 'sent',
    });
    await vi.waitFor(() => expect(texts(bob.received)).toEqual(['fees?']), 10_000);
    const [message] = bob.received;
    expect(message?.sender).toEqual({ scheme: 'schnorr', key: alice.key });
    const route = JSON.parse(JSON.stringify(message?.route)) as JsonObject;
    expect(await bob.port.reply(route, Buffer.from('1 sat'))).toMatchObject({ kind: 'queued' });
    await vi.waitFor(() => expect(texts(alice.received)).toEqual(['1 sat']), 10_000);
    await vi.waitFor(() => expect(bob.port.health().state).toBe('up'), 10_000);
    expect(await alice.port.reach({ nostr: bob.key })).toEqual({ kind: 'now' });
  });

  it('keeps over a restart what no relay took, and sends it then', async () => {
    const [relay] = await relays(1);
    const url = relay?.url ?? '';
    relay?.setFaults({ refuseConnections: true });
    relay?.disconnectAll();
    const storage = memoryStorage();
    const alice = await party(1, [url], storage);
    const bobKey = getPublicKey(new SeededRandom(2).bytes(32));
    expect(await alice.port.reach({ nostr: bobKey })).toMatchObject({ kind: 'later' });
    const sending = alice.port.send({ nostr: bobKey }, Buffer.from('later'));
    await vi.waitFor(async () => expect(await storage.loadOutbox()).toHaveLength(2), 10_000);
    await alice.port.close();
    expect(await sending).toMatchObject({ kind: 'queued' });
    expect(alice.port.health().state).toBe('degraded');
    relay?.setFaults({ refuseConnections: false });
    await party(1, [url], storage);
    const bob = await party(2, [url]);
    await vi.waitFor(() => expect(texts(bob.received)).toEqual(['later']), 10_000);
  });

  it('RL-04: says what relays refused', async () => {
    const [relay] = await relays(1);
    const alice = await party(1, [relay?.url ?? '']);
    relay?.setFaults({ refuseEvents: 'blocked: not here' });
    const outcome = await alice.port.send({ nostr: alice.key }, Buffer.from('x'));
    expect(outcome).toMatchObject({ kind: 'failed', message: expect.stringMatching(/not here/) });
  });

  it('publishes events of siblings, but none that speak for the node itself', async () => {
    const urls = (await relays(1)).map(({ url }) => url);
    const alice = await party(1, urls);
    expect(await alice.port.publish(30_078, '{}', [['d', 'offers']])).toMatchObject({
      outcome: 'accepted',
      relays: urls,
      public_key: alice.key,
    });
    for (const kind of [4, 13, 14, 1059, 4044, 10_050, 22_242, 24_044, 27_235, 23_194, 24_242]) {
      await expect(alice.port.publish(kind, '', [])).rejects.toThrow(
        expect.objectContaining({ code: 'event_kind_refused' }),
      );
    }
  });

  it.each([
    [{}],
    [{ to: 'x', form: 'nip17', message: 'y' }],
    [{ to: 'ab'.repeat(32), form: 'nip04' }],
  ])('answers nobody along %j', async (route) => {
    const alice = await party(1, ['ws://127.0.0.1:9']);
    expect(await alice.port.reply(route, Buffer.from('x'))).toMatchObject({
      code: 'route_invalid',
    });
  });

  it('refuses what does not fit, and relays that are none or too many', async () => {
    const alice = await party(1, ['ws://127.0.0.1:9']);
    expect(
      await alice.port.send({ nostr: alice.key }, new Uint8Array(65_535).fill(65)),
    ).toMatchObject({
      kind: 'failed',
      code: 'message_too_large',
    });
    await expect(party(1, ['http://relay.example'])).rejects.toThrow(
      expect.objectContaining({ code: 'relay_url' }),
    );
    const nine = Array.from({ length: 9 }, (_, n) => `ws://127.0.0.1:${n + 1}`);
    await expect(party(1, nine)).rejects.toThrow(
      expect.objectContaining({ code: 'relays_too_many' }),
    );
  });
});
