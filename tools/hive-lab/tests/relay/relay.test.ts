import { once } from 'node:events';
import { type Filter, finalizeEvent, generateSecretKey, type NostrEvent } from 'nostr-tools';
import { Relay as Client, useWebSocketImplementation } from 'nostr-tools/relay';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { type Relay as LabRelay, type RelayOptions, startRelay } from '../../src/relay/index.ts';

useWebSocketImplementation(WebSocket);

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) {
    await cleanup();
  }
});

async function relayWith(options: RelayOptions = {}): Promise<LabRelay> {
  const relay = await startRelay(options);
  cleanups.push(() => relay.stop());
  return relay;
}

async function clientOf(relay: LabRelay): Promise<Client> {
  const client = await Client.connect(relay.url);
  cleanups.push(() => client.close());
  return client;
}

const alice = generateSecretKey();
const bob = generateSecretKey();
let tick = 1_700_000_000;

function sign(
  key: Uint8Array,
  fields: { kind?: number; content?: string; tags?: string[][]; created_at?: number } = {},
): NostrEvent {
  tick += 1;
  const template = { kind: 1, content: 'hello', tags: [], created_at: tick, ...fields };
  return JSON.parse(JSON.stringify(finalizeEvent(template, key))) as NostrEvent;
}

function query(client: Client, filter: Filter): Promise<NostrEvent[]> {
  return new Promise((resolve, reject) => {
    const found: NostrEvent[] = [];
    const subscription = client.subscribe([filter], {
      onevent: (event) => found.push(event),
      oneose: () => {
        resolve(found);
        subscription.close();
      },
      onclose: (reason) => reject(new Error(reason)),
    });
  });
}

/** A client without nostr-tools, which checks and filters what it gets by itself. */
async function rawClient(
  relay: LabRelay,
): Promise<{ socket: WebSocket; received: unknown[][]; send: (message: unknown) => void }> {
  const socket = new WebSocket(relay.url);
  const received: unknown[][] = [];
  socket.on('message', (data) =>
    received.push(JSON.parse((data as Buffer).toString('utf8')) as unknown[]),
  );
  cleanups.push(() => socket.terminate());
  await once(socket, 'open');
  return { socket, received, send: (message) => socket.send(JSON.stringify(message)) };
}

const until = (check: () => void): Promise<void> =>
  vi.waitFor(check, { timeout: 5000, interval: 5 });

describe('relay', () => {
  it('stores, answers queries and serves subscriptions', async () => {
    const relay = await relayWith();
    const client = await clientOf(relay);
    const first = sign(alice, { tags: [['p', 'bob']] });
    await client.publish(first);
    const live: NostrEvent[] = [];
    const subscription = client.subscribe([{ kinds: [1] }], {
      onevent: (event) => live.push(event),
    });
    await until(() => expect(live).toHaveLength(1));
    const second = sign(bob);
    await client.publish(second);
    await until(() => expect(live.map((event) => event.id)).toEqual([first.id, second.id]));
    subscription.close();
    expect((await query(client, { '#p': ['bob'] })).map((event) => event.id)).toEqual([first.id]);
    expect((await query(client, { kinds: [1] })).map((event) => event.id)).toEqual([
      second.id,
      first.id,
    ]);
    expect(await query(client, { kinds: [1], limit: 1 })).toHaveLength(1);
    expect(await query(client, { kinds: [2] })).toHaveLength(0);
    expect(relay.events).toBe(2);
  });

  it('keeps to the tag filter of a live subscription', async () => {
    const relay = await relayWith();
    const raw = await rawClient(relay);
    raw.send(['REQ', 's', { '#p': ['bob'] }]);
    await until(() => expect(raw.received).toContainEqual(['EOSE', 's']));
    const client = await clientOf(relay);
    await client.publish(sign(alice, { tags: [['p', 'carol']] }));
    const forBob = sign(alice, { tags: [['p', 'bob']] });
    await client.publish(forBob);
    await until(() => expect(raw.received.at(-1)).toEqual(['EVENT', 's', forBob]));
    expect(raw.received).toHaveLength(2);
  });

  it('replaces, deletes and passes on ephemeral events as NIP-01 and NIP-09 say', async () => {
    const relay = await relayWith();
    const client = await clientOf(relay);
    const old = sign(alice, { kind: 30_000, tags: [['d', 'x']], content: 'old' });
    const fresh = sign(alice, { kind: 30_000, tags: [['d', 'x']], content: 'new' });
    await client.publish(fresh);
    await client.publish(old);
    expect((await query(client, { kinds: [30_000] })).map((e) => e.content)).toEqual(['new']);

    const note = sign(alice);
    await client.publish(note);
    await client.publish(sign(bob, { kind: 5, tags: [['e', note.id]] }));
    expect(await query(client, { ids: [note.id] })).toHaveLength(1);
    await client.publish(sign(alice, { kind: 5, tags: [['e', note.id]] }));
    expect(await query(client, { ids: [note.id] })).toHaveLength(0);
    await expect(client.publish(note)).rejects.toThrow('deleted');

    const live: number[] = [];
    client.subscribe([{ kinds: [20_001] }], { onevent: (event) => live.push(event.kind) });
    await client.publish(sign(alice, { kind: 20_001 }));
    await until(() => expect(live).toEqual([20_001]));
    expect(await query(client, { kinds: [20_001] })).toHaveLength(0);
  });

  it('refuses a tampered event, also after it has stored the true one', async () => {
    const relay = await relayWith();
    const client = await clientOf(relay);
    const event = sign(alice);
    await client.publish(event);
    await expect(client.publish({ ...event, content: 'forged' })).rejects.toThrow('id is wrong');
    const other = sign(alice);
    await expect(client.publish({ ...other, sig: event.sig })).rejects.toThrow('signature');
    expect(relay.events).toBe(1);
  });

  it('names what is wrong with a message and goes on', async () => {
    const relay = await relayWith();
    const raw = await rawClient(relay);
    for (const text of ['garbage', '[]', '["EVENT"]', '["EVENT",{}]', '["REQ",1]', '["NO"]']) {
      raw.socket.send(text);
    }
    await until(() => expect(raw.received).toHaveLength(6));
    expect(raw.received.every(([kind]) => kind === 'NOTICE')).toBe(true);
    raw.send(['AUTH', sign(alice, { kind: 22_242 })]);
    await until(() => expect(raw.received.at(-1)?.slice(2)).toEqual([false, expect.any(String)]));
    raw.send(['REQ', 'none']);
    await until(() => expect(raw.received.at(-1)?.[0]).toBe('CLOSED'));
    raw.send(['REQ', 'fine', {}]);
    await until(() => expect(raw.received.at(-1)).toEqual(['EOSE', 'fine']));
  });

  it('keeps its bounds', async () => {
    const relay = await relayWith({
      limits: { events: 3, connections: 2, subscriptions: 2, filters: 1, messageBytes: 4096 },
    });
    const raw = await rawClient(relay);
    raw.send(['REQ', 'a', {}]);
    raw.send(['REQ', 'b', {}]);
    raw.send(['REQ', 'a', { kinds: [1] }]);
    raw.send(['REQ', 'c', {}]);
    raw.send(['REQ', 'a', {}, {}]);
    await until(() =>
      expect(raw.received.map(([kind]) => kind)).toEqual([
        'EOSE',
        'EOSE',
        'EOSE',
        'CLOSED',
        'CLOSED',
      ]),
    );
    const client = await clientOf(relay);
    const third = new WebSocket(relay.url);
    const [refused] = (await once(third, 'error')) as [Error];
    expect(refused.message).toContain('503');
    for (let i = 0; i < 5; i += 1) {
      await client.publish(sign(alice, { content: `${i}` }));
    }
    expect((await query(client, { kinds: [1] })).map((e) => e.content)).toEqual(['4', '3', '2']);
    const closed = once(raw.socket, 'close');
    raw.socket.send(JSON.stringify(['EVENT', sign(alice, { content: 'x'.repeat(5000) })]));
    expect((await closed)[0]).toBe(1009);
  });

  it('describes itself over HTTP', async () => {
    const relay = await relayWith();
    const url = relay.url.replace('ws:', 'http:');
    const info = await fetch(url, { headers: { accept: 'application/nostr+json' } });
    expect(await info.json()).toMatchObject({ supported_nips: [1, 9, 11] });
    expect((await fetch(url)).status).toBe(426);
  });

  it('says so when its port is taken', async () => {
    const relay = await relayWith();
    await expect(startRelay({ port: relay.port })).rejects.toMatchObject({ code: 'relay_port' });
  });

  it('stops with clients connected, twice', async () => {
    const relay = await relayWith();
    const raw = await rawClient(relay);
    const closed = once(raw.socket, 'close');
    await Promise.all([relay.stop(), relay.stop()]);
    await closed;
    await until(() => expect(relay.connections).toBe(0));
  });
});

describe('relay faults', () => {
  it('drops, duplicates and delays what it is told to', async () => {
    const relay = await relayWith();
    const raw = await rawClient(relay);
    raw.send(['REQ', 's', {}]);
    await until(() => expect(raw.received).toHaveLength(1));
    const client = await clientOf(relay);
    const copies = (event: NostrEvent): number =>
      raw.received.filter(
        ([kind, , body]) => kind === 'EVENT' && (body as NostrEvent).id === event.id,
      ).length;

    relay.setFaults({ outgoing: { drop: 1 } });
    const lost = sign(alice);
    await client.publish(lost);
    relay.setFaults({ outgoing: { drop: 0, duplicate: 1 } });
    const doubled = sign(alice);
    await client.publish(doubled);
    await until(() => expect(copies(doubled)).toBe(2));
    expect(copies(lost)).toBe(0);
    expect(relay.events).toBe(2);

    relay.setFaults({ outgoing: { duplicate: 0, delayMs: 40 } });
    const late = sign(alice);
    const start = performance.now();
    await client.publish(late);
    await until(() => expect(copies(late)).toBe(1));
    expect(performance.now() - start).toBeGreaterThan(35);

    relay.setFaults({ outgoing: { delayMs: 0 }, incoming: { drop: 1 } });
    raw.send(['EVENT', sign(alice)]);
    raw.send(['REQ', 't', { ids: [late.id] }]);
    await until(() => expect(raw.received.at(-1)).toEqual(['EOSE', 't']));
    expect(relay.events).toBe(3);
  });

  it('reorders: a held frame comes after the next, or alone after a while', async () => {
    const relay = await relayWith();
    const raw = await rawClient(relay);
    raw.send(['REQ', 's', {}]);
    await until(() => expect(raw.received).toHaveLength(1));
    const client = await clientOf(relay);
    const [first, second, third] = [sign(alice), sign(alice), sign(alice)];
    relay.setFaults({ outgoing: { reorder: 1 } });
    await client.publish(first);
    relay.setFaults({ outgoing: { reorder: 0 } });
    await client.publish(second);
    relay.setFaults({ outgoing: { reorder: 1 } });
    await client.publish(third);
    await until(() => expect(raw.received).toHaveLength(4));
    const ids = raw.received.slice(1).map(([, , body]) => (body as NostrEvent).id);
    expect(ids).toEqual([second.id, first.id, third.id]);
  });

  it('refuses events and connections, cuts connections, and is sound again afterwards', async () => {
    const relay = await relayWith();
    const client = await clientOf(relay);
    relay.setFaults({ refuseEvents: 'blocked: not today' });
    await expect(client.publish(sign(alice))).rejects.toThrow('not today');
    relay.setFaults({ refuseEvents: undefined, refuseConnections: true });
    await expect(Client.connect(relay.url)).rejects.toThrow();
    relay.setFaults({ refuseConnections: false, closeAfterMessages: 2 });
    const raw = await rawClient(relay);
    const closed = once(raw.socket, 'close');
    raw.send(['REQ', 'a', {}]);
    raw.send(['REQ', 'b', {}]);
    await closed;
    relay.setFaults({ closeAfterMessages: undefined });
    const again = await rawClient(relay);
    const cut = once(again.socket, 'close');
    relay.disconnectAll();
    await cut;
    await until(() => expect(relay.connections).toBe(0));
    await (await clientOf(relay)).publish(sign(alice));
  });
});
