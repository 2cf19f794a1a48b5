import { readFileSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { isJsonObject, type JsonObject } from '@cl-hive/core';
import { type Relay, startRelay } from '@cl-hive/hive-lab';
import { type Filter, nip17, nip19 } from 'nostr-tools';
import { generateSecretKey, getPublicKey } from 'nostr-tools/pure';
import { Relay as Client, useWebSocketImplementation } from 'nostr-tools/relay';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { Advisor, textOf } from './support/advisor.ts';
import { type NodeUnderTest, withNode } from './support/node.ts';

useWebSocketImplementation(WebSocket);

const HAND_OVER = 14_044;
const GIFT_WRAP = 1059;

let relay: Relay;
let client: Client;
beforeAll(async () => {
  relay = await startRelay({});
  client = await Client.connect(relay.url);
});
afterAll(async () => {
  client.close();
  await relay.stop();
});

interface Seen {
  readonly pubkey: string;
  readonly content: string;
}

/** What a client reads of the events that were published. */
async function published(filter: Filter): Promise<readonly Seen[]> {
  return new Promise((resolve, reject) => {
    const found: Seen[] = [];
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

async function identity(node: NodeUnderTest, params: JsonObject = {}): Promise<JsonObject> {
  return node.call('hive-client-identity', params);
}

async function relaysOf(node: NodeUnderTest): Promise<readonly JsonObject[]> {
  const { relays } = await identity(node, { action: 'relays' });
  return Array.isArray(relays) ? relays.filter(isJsonObject) : [];
}

async function healthy(node: NodeUnderTest): Promise<void> {
  await node.until(
    'the relay is healthy',
    async () => (await relaysOf(node))[0]?.['health'] === 'healthy',
  );
}

/** Writes a request to a key of the node as a NIP-17 client does; gives who answered and what. */
async function ask(
  node: NodeUnderTest,
  advisor: Advisor,
  to: string,
): Promise<{ readonly from: string; readonly answer: JsonObject }> {
  const secret = generateSecretKey();
  const mine = { kinds: [GIFT_WRAP], '#p': [getPublicKey(secret)] };
  const request = advisor.signed({ schema: 'hive:monitor/v1', action: 'get_info' });
  const wrap = nip17.wrapEvent(secret, { publicKey: to }, JSON.stringify(request));
  await client.publish(wrap);
  const found: { from: string; answer: JsonObject }[] = [];
  await node.until('an answer came', async () => {
    for (const event of await published(mine)) {
      const { pubkey, content } = nip17.unwrapEvent(event as never, secret);
      found.push({ from: pubkey, answer: JSON.parse(content) as JsonObject });
    }
    return found.length > 0;
  });
  return found[0] ?? expect.unreachable();
}

describe('the Nostr identity at work', () => {
  it('takes relays while it runs, rotates, is read under both keys and does not go back', async () => {
    await withNode({ plugins: ['cl-hive-comms'] }, async (node) => {
      await node.untilState('cl-hive-comms', 'ready');
      const advisor = await Advisor.authorize(node, 'alice');
      expect(await relaysOf(node)).toEqual([]);
      await identity(node, { action: 'relays', add: `${relay.url}/` });
      await healthy(node);
      expect(await relaysOf(node)).toMatchObject([{ url: relay.url, from: 'command' }]);

      const old = textOf((await identity(node))['public_key']);
      const rotated = await identity(node, { action: 'rotate', overlap: '1h' });
      const key = textOf(rotated['public_key']);
      expect(key).not.toBe(old);
      expect(rotated).toMatchObject({ source: 'derived', formers: [{ public_key: old }] });
      await node.until(
        'the hand-over is published',
        async () => (await published({ kinds: [HAND_OVER] })).length === 2,
      );
      const told = await published({ kinds: [HAND_OVER] });
      expect(told.map(({ pubkey }) => pubkey).sort()).toEqual([old, key].sort());
      const { statement, zbase, from, to } = JSON.parse(told[0]?.content ?? '') as JsonObject;
      expect([from, to]).toEqual([old, key]);
      const { id } = await node.call('getinfo');
      expect(
        await node.call('checkmessage', {
          message: textOf(statement),
          zbase: textOf(zbase),
          pubkey: textOf(id),
        }),
      ).toMatchObject({ verified: true });

      for (const reader of [old, key]) {
        const { from: who, answer } = await ask(node, advisor, reader);
        expect(who).toBe(reader);
        expect(answer).toMatchObject({ outcome: 'executed' });
      }

      await node.stopPlugin('cl-hive-comms');
      await node.startPlugin('cl-hive-comms');
      await node.untilState('cl-hive-comms', 'ready');
      await healthy(node);
      expect(await identity(node)).toEqual(rotated);
      expect((await ask(node, advisor, old)).from).toBe(old);

      await node.stopPlugin('cl-hive-comms');
      rmSync(path.join(node.lightningDir, 'cl-hive-comms'), { recursive: true });
      await node.startPlugin('cl-hive-comms');
      await node.untilState('cl-hive-comms', 'ready');
      expect((await identity(node))['public_key']).toBe(key);
    });
  });

  it('goes into another client by a file, and refuses what cannot be', async () => {
    const option = { 'hive-comms-nostr-relays': relay.url };
    await withNode({}, async (node) => {
      await node.startPlugin('cl-hive-comms', option);
      await node.untilState('cl-hive-comms', 'ready');
      const { file, npub, ...rest } = await identity(node, { action: 'export' });
      expect(statSync(textOf(file)).mode & 0o777).toBe(0o600);
      const nsec = readFileSync(textOf(file), 'utf8').trim();
      const { data } = nip19.decode(nsec as `nsec1${string}`);
      expect(nip19.npubEncode(getPublicKey(data))).toBe(npub);
      expect(JSON.stringify(rest) + node.log()).not.toContain(nsec);

      const refusals: readonly (readonly [JsonObject, RegExp])[] = [
        [{ action: 'export' }, /is there already/],
        [{ action: 'rotate', overlap: '31d' }, /overlap: at most 30d/],
        [{ action: 'rotate', add: 'wss://x.example' }, /add: .*action=relays/],
        [{ action: 'relays', add: 'http://relay.example' }, /begins with http/],
        [{ action: 'relays', add: 'ws://relay.example' }, /not encrypted/],
        [{ action: 'relays', add: 'wss://user:word@relay.example' }, /user name or password/],
        [{ action: 'relays', remove: 'wss://relay.example' }, /none of the relays/],
      ];
      for (const [params, reason] of refusals) {
        const { rpcMessage } = await node.refusal('hive-client-identity', params);
        expect(rpcMessage).toMatch(reason);
        expect(rpcMessage).not.toContain('word@');
      }

      await identity(node, { action: 'relays', remove: relay.url });
      await node.stopPlugin('cl-hive-comms');
      await node.startPlugin('cl-hive-comms', option);
      await node.untilState('cl-hive-comms', 'ready');
      expect(await identity(node, { action: 'relays' })).toMatchObject({
        relays: [],
        removed: [relay.url],
      });
      await identity(node, { action: 'relays', add: relay.url });
      expect(await relaysOf(node)).toMatchObject([{ url: relay.url, from: 'option' }]);
    });
  });
});

describe('a bad option', () => {
  it('costs only what it is for; the status names it and the remedy', async () => {
    await withNode({}, async (node) => {
      const hook = 'ftp://secret.example/T0KEN';
      await node.startPlugin('cl-hive-comms', {
        'hive-comms-nostr-relays': 'relay.example',
        'hive-comms-operator': 'npub1nobody',
        'hive-comms-webhook': hook,
      });
      const status = await node.untilState('cl-hive-comms', 'ready');
      const problems = status['problems'] as readonly JsonObject[];
      expect(problems.map(({ option, value }) => [option, value ?? null])).toEqual([
        ['hive-comms-nostr-relays', 'relay.example'],
        ['hive-comms-operator', 'npub1nobody'],
        ['hive-comms-webhook', null],
      ]);
      for (const { message, remedy, code } of problems) {
        expect([message, remedy, code].every((text) => textOf(text) !== '')).toBe(true);
      }
      expect(node.log()).toMatch(/option hive-comms-operator npub1nobody is not used/);
      expect(node.log()).not.toContain('T0KEN');
      await identity(node, { action: 'relays', add: relay.url });
      await healthy(node);
      await Advisor.authorize(node, 'alice');

      const config = 'hive-comms-webhook';
      const { rpcMessage } = await node.refusal('setconfig', { config, val: hook });
      expect(rpcMessage).toMatch(/hive-comms-webhook: .*https/);
      await node.call('setconfig', { config, val: 'https://hook.example', transient: true });
      const after = (await node.status('cl-hive-comms'))['problems'] as readonly JsonObject[];
      expect(after.map(({ option }) => option)).not.toContain(config);
    });
  });
});
