import { readFileSync } from 'node:fs';
import { SeededRandom } from '@cl-hive/testkit';
import type { Event } from 'nostr-tools/pure';
import { describe, expect, it, vi } from 'vitest';
import { rumor } from '../src/event.ts';
import { giftWrap } from '../src/gift-wrap.ts';
import { KINDS, NOSTR_LIMITS, type NostrEvent, type RelayStatus } from '../src/index.ts';
import { type Party, someSigner, startParty } from './support/party.ts';
import { scriptedRelay } from './support/scripted-relay.ts';

const cases = JSON.parse(
  readFileSync(new URL('../fixtures/relay-cases.json', import.meta.url), 'utf8'),
) as {
  readonly id: string;
  readonly title: string;
  readonly input: { readonly [key: string]: string[] };
}[];
const title = (id: string): string => `${id}: ${cases.find((each) => each.id === id)?.title}`;
const random = new SeededRandom(99);
const advisor = someSigner();
const nowSeconds = (): number => Math.floor(Date.now() / 1_000);

function wrapFor(node: Party, content: string): Event {
  const text = rumor({
    kind: KINDS.chat,
    created_at: nowSeconds(),
    tags: [['p', node.signer.pubkey]],
    content,
    pubkey: advisor.pubkey,
  });
  return plain(giftWrap(text, node.signer.pubkey, advisor, nowSeconds(), random));
}

const plain = (event: NostrEvent): Event => JSON.parse(JSON.stringify(event)) as Event;

const soon = (assertion: () => void): Promise<void> => vi.waitFor(assertion, 10_000);

const statusOf = (node: Party, url: string): RelayStatus | undefined =>
  node.transport.health().find((each) => each.url === url);

const healthy = (node: Party, url: string): Promise<void> =>
  soon(() => expect(statusOf(node, url)?.verdict).toBe('healthy'));

describe('a relay that is not to be trusted', () => {
  it(title('RL-07'), async () => {
    const relay = await scriptedRelay();
    const node = await startParty([relay.url]);
    await healthy(node, relay.url);
    const [client] = relay.clients;
    const other = someSigner();
    const event = (fields: Partial<NostrEvent>): Event =>
      plain({ ...wrapFor(node, 'x'), ...fields });
    const inbox = client?.inbox ?? '';
    const frames: Record<string, readonly (string | Buffer)[]> = {
      'other p-tag': [JSON.stringify(['EVENT', inbox, event({ tags: [['p', other.pubkey]] })])],
      'other kind': [JSON.stringify(['EVENT', inbox, event({ kind: 1 })])],
      '1 MB content': [JSON.stringify(['EVENT', inbox, event({ content: 'x'.repeat(1_000_000) })])],
      '100,000 tags': [
        JSON.stringify([
          'EVENT',
          inbox,
          event({ tags: Array.from({ length: 100_000 }, () => ['p']) }),
        ]),
      ],
      'subscription id of somebody else': [JSON.stringify(['EVENT', 'theirs', wrapFor(node, 'x')])],
      'not JSON': ['{{{', ''],
      'binary frame': [Buffer.from([1, 2, 3])],
      'same id, different content': [
        JSON.stringify([
          'EVENT',
          inbox,
          { ...wrapFor(node, 'x'), content: wrapFor(node, 'y').content },
        ]),
      ],
    };
    const asked = cases.find(({ id }) => id === 'RL-07')?.input['events'] ?? [];
    for (const name of asked) {
      expect(frames[name], name).toBeDefined();
      (frames[name] ?? []).forEach((frame) => relay.raw(frame));
    }
    // Too few tags for the frame's bound, too many for an event.
    relay.raw(
      JSON.stringify(['EVENT', inbox, event({ tags: Array.from({ length: 65 }, () => ['p']) })]),
    );
    await soon(() =>
      expect(statusOf(node, relay.url)?.bad).toEqual({
        unasked: 3,
        too_long: 2,
        not_json: 2,
        binary: 1,
        forged: 1,
        malformed_event: 1,
      }),
    );
    expect(node.received).toEqual([]);
    // The connection still stands, and what is right still arrives.
    relay.put(wrapFor(node, 'right'));
    await soon(() => expect(node.received.map(({ content }) => content)).toEqual(['right']));
    expect(relay.handshakes).toBe(1);
  });

  it('cannot hide a message by sending a forgery under its id first', async () => {
    const relay = await scriptedRelay();
    const node = await startParty([relay.url]);
    await healthy(node, relay.url);
    const right = wrapFor(node, 'right');
    relay.put({ ...right, sig: wrapFor(node, 'x').sig });
    await soon(() => expect(statusOf(node, relay.url)?.bad.forged).toBe(1));
    relay.put(right);
    await soon(() => expect(node.received).toHaveLength(1));
  });

  it('is cut and kept away when it sends garbage without end; others go on', async () => {
    const good = await scriptedRelay();
    const hostile = await scriptedRelay({
      onOpen: (client) => {
        for (let n = 0; n < 5_000; n += 1) {
          client.socket.send(n % 2 === 0 ? 'garbage' : JSON.stringify(['EOSE', 'nobody']));
        }
      },
    });
    const node = await startParty([good.url, hostile.url]);
    await soon(() =>
      expect(statusOf(node, hostile.url)).toMatchObject({
        phase: 'waiting',
        verdict: 'unhealthy',
        lastFailure: { code: 'hostile' },
      }),
    );
    expect(statusOf(node, hostile.url)?.bad.not_json).toBeLessThanOrEqual(NOSTR_LIMITS.badFrames);
    await healthy(node, good.url);
    good.put(wrapFor(node, 'right'));
    await soon(() => expect(node.received).toHaveLength(1));
    expect(hostile.handshakes).toBe(1);
  });

  it('is not cut for what strangers stored on it, nor for frames of a subscription that is over', async () => {
    const relay = await scriptedRelay();
    const node = await startParty([relay.url]);
    await healthy(node, relay.url);
    const inbox = [...relay.clients][0]?.inbox ?? '';
    const far = { ...wrapFor(node, 'x'), created_at: nowSeconds() + 86_400 };
    const crowded = { ...far, tags: Array.from({ length: 65 }, () => ['t']) };
    for (let n = 0; n < 2 * NOSTR_LIMITS.badFrames; n += 1) {
      relay.raw(JSON.stringify(['EVENT', inbox, far]));
      relay.raw(JSON.stringify(['EVENT', inbox, crowded]));
    }
    await node.transport.send({
      to: someSigner().pubkey,
      content: 'looks up the relays of its reader',
    });
    const lookup = [...relay.asked].find((id) => id.startsWith('q')) ?? '';
    expect(lookup).not.toBe('');
    for (let n = 0; n < 2 * NOSTR_LIMITS.badFrames; n += 1) {
      relay.raw(JSON.stringify(['CLOSED', lookup, '']));
      relay.raw(JSON.stringify(['EVENT', lookup, far]));
    }
    relay.put(wrapFor(node, 'right'));
    await soon(() => expect(node.received.map(({ content }) => content)).toEqual(['right']));
    expect(statusOf(node, relay.url)).toMatchObject({
      phase: 'open',
      dials: 1,
      bad: { future: 200, malformed_event: 200 },
    });
  });

  it('sends events of other authors as answers to a look-up in vain', async () => {
    const own = await scriptedRelay();
    const trap = await scriptedRelay();
    const peer = someSigner();
    const list = plain(
      someSigner().sign({
        kind: 10_050,
        created_at: nowSeconds(),
        tags: [['relay', trap.url]],
        content: '',
      }),
    );
    own.script = {
      onReq: (client, id, filters) => {
        if (filters[0]?.kinds?.includes(10_050) === true) {
          client.send(['EVENT', id, list]);
          client.send(['EVENT', id, { ...list, pubkey: peer.pubkey }]);
          client.send(['EOSE', id]);
          return true;
        }
        return false;
      },
    };
    const node = await startParty([own.url]);
    await healthy(node, own.url);
    const { outcome } = await node.transport.send({ to: peer.pubkey, content: 'hello' });
    expect(await outcome).toEqual({ kind: 'accepted', by: [own.url] });
    expect(trap.handshakes).toBe(0);
  });

  it('closes the subscription: that is seen, and asked for again later', async () => {
    const relay = await scriptedRelay({
      onReq: (client, id) => {
        client.send(['CLOSED', id, 'restricted: not for you']);
        return true;
      },
    });
    const node = await startParty([relay.url]);
    await soon(() =>
      expect(statusOf(node, relay.url)).toMatchObject({
        phase: 'open',
        subscription: 'refused',
        verdict: 'unhealthy',
        lastFailure: { code: 'subscription_refused', reason: 'restricted: not for you' },
      }),
    );
  });

  it('is heard without EOSE', async () => {
    const relay = await scriptedRelay({ onReq: () => true });
    const node = await startParty([relay.url]);
    await soon(() => expect([...relay.clients][0]?.inbox).toBeTruthy());
    relay.put(wrapFor(node, 'no end of stored events'));
    await soon(() => expect(node.received).toHaveLength(1));
  });
});

describe('a relay that asks who is there (NIP-42)', () => {
  it('is answered with its own address, then read and written', async () => {
    const relay = await scriptedRelay({ auth: true });
    const node = await startParty([relay.url]);
    const { outcome } = await node.transport.send({ to: advisor.pubkey, content: 'early' });
    await healthy(node, relay.url);
    expect(await outcome).toEqual({ kind: 'accepted', by: [relay.url] });
    expect(relay.authEvents).toHaveLength(1);
    expect(relay.authEvents[0]).toMatchObject({
      kind: 22_242,
      pubkey: node.signer.pubkey,
      content: '',
      tags: [
        ['relay', relay.url],
        ['challenge', 'challenge-7'],
      ],
    });
    relay.put(wrapFor(node, 'after auth'));
    await soon(() => expect(node.received).toHaveLength(1));
    expect(statusOf(node, relay.url)).toMatchObject({ auth: 'accepted', subscription: 'live' });
  });

  it('does not learn who writes when somebody else named it', async () => {
    const own = await scriptedRelay();
    const theirs = await scriptedRelay({ auth: true });
    const peer = someSigner();
    own.put(
      plain(
        peer.sign({
          kind: 10_050,
          created_at: nowSeconds(),
          tags: [['relay', theirs.url]],
          content: '',
        }),
      ),
    );
    const node = await startParty([own.url]);
    await healthy(node, own.url);
    await node.transport.send({ to: peer.pubkey, content: 'hello' });
    await soon(() => expect(theirs.clients.size).toBe(1));
    await soon(() =>
      expect(statusOf(node, theirs.url)?.lastFailure?.reason).toMatch(/auth-required/),
    );
    expect(theirs.authEvents).toEqual([]);
  });
});

describe(title('RL-04'), () => {
  it('publishes when two of five accept, and shows every refusal', async () => {
    const refusing =
      (reason: string) =>
      (client: { send: (m: unknown) => void }, event: Event): boolean => {
        client.send(['OK', event.id, false, reason]);
        return true;
      };
    const relays = await Promise.all([
      scriptedRelay(),
      scriptedRelay(),
      scriptedRelay({ onEvent: refusing('blocked: no') }),
      scriptedRelay({ onEvent: refusing('rate-limited: slow down') }),
      scriptedRelay({ handshake: 503 }),
    ]);
    const urls = relays.map(({ url }) => url);
    const node = await startParty(urls, { quorum: 2 });
    const { outcome } = await node.transport.publish({ kind: 1, tags: [], content: 'public' });
    const result = await outcome;
    expect(result.kind).toBe('accepted');
    expect(result.kind === 'accepted' && [...result.by].sort()).toEqual(urls.slice(0, 2).sort());
    await soon(() => {
      expect(urls.slice(2).map((url) => statusOf(node, url)?.lastFailure?.reason)).toEqual([
        'blocked: no',
        'rate-limited: slow down',
        expect.stringContaining('503'),
      ]);
    });
    await healthy(node, urls[0] ?? '');
  });

  it.each([
    ['NOTICE', (client: { send: (m: unknown) => void }) => client.send(['NOTICE', 'go away'])],
    ['EOSE at once', (client: { send: (m: unknown) => void }) => client.send(['EOSE', 'x'])],
    ['close 1006', (client: { socket: { terminate: () => void } }) => client.socket.terminate()],
  ])('counts no send as published: %s', async (_name, onOpen) => {
    const relay = await scriptedRelay({
      onOpen,
      onEvent: () => true,
      onReq: () => true,
    });
    const node = await startParty([relay.url]);
    const { outcome } = await node.transport.publish(
      { kind: 1, tags: [], content: 'x' },
      { expiresInMs: 400 },
    );
    expect(await outcome).toMatchObject({ kind: 'expired', by: [] });
  });

  it('says when all relays refuse for good', async () => {
    const relay = await scriptedRelay({
      onEvent: (client, event) => {
        client.send(['OK', event.id, false, 'blocked: no']);
        return true;
      },
    });
    const node = await startParty([relay.url]);
    const { outcome } = await node.transport.publish({ kind: 1, tags: [], content: 'x' });
    expect(await outcome).toEqual({
      kind: 'refused',
      by: [],
      refusals: [{ relay: relay.url, reason: 'blocked: no' }],
    });
    expect(await node.transport.request({ to: advisor.pubkey, content: 'x' }, 5_000)).toEqual({
      kind: 'failed',
      reason: 'no relay took it (refused)',
    });
  });
});
