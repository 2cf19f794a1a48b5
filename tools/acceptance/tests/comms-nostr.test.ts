import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { JsonObject } from '@cl-hive/core';
import {
  Client,
  Duration,
  Filter,
  Keys,
  Kind,
  loadWasmSync,
  NostrSigner,
  PublicKey,
  type RelayMessage,
  type Event as SdkEvent,
  UnwrappedGift,
} from '@rust-nostr/nostr-sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { textOf } from './support/advisor.ts';
import type { NodeUnderTest } from './support/node.ts';
import { withPair } from './support/node-pair.ts';
import { writePlainPlugin } from './support/plain-plugin.ts';
import { pluginFile } from './support/plugins.ts';
import { type RelayProcess, startRelays } from './support/relay-process.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'hive-counter-'));
const counterFile = path.join(folder, 'counter.js');
// Counts what reaches lightningd, whoever sent it.
writePlainPlugin(counterFile, {
  names: ['counter-count'],
  methods: `{
    fees: [],
    rpc_command: ({ rpc_command: { params } }) => (methods.fees.push(params), { result: 'continue' }),
    'counter-count': () => ({ fees: methods.fees }),
  }`,
  manifest: `{ hooks: [{ name: 'rpc_command', filters: ['setchannel'] }] }`,
});

let relays: readonly RelayProcess[] = [];
let stopRelays: () => Promise<void> = async () => undefined;
beforeAll(async () => {
  loadWasmSync();
  ({ relays, stop: stopRelays } = await startRelays(3));
});
afterAll(async () => {
  await stopRelays();
  rmSync(folder, { recursive: true, force: true });
});

const WELL = {
  incoming: { drop: 0, duplicate: 0, reorder: 0 },
  outgoing: { drop: 0, duplicate: 0, reorder: 0 },
  refuseConnections: false,
};
const CHAOTIC = {
  incoming: { drop: 0, duplicate: 0.5, reorder: 0.5 },
  outgoing: { drop: 0, duplicate: 0.5, reorder: 0.5 },
  refuseConnections: false,
};
const LOSSY = {
  incoming: { drop: 0.6, duplicate: 0.3, reorder: 0.3 },
  outgoing: { drop: 0.6, duplicate: 0.3, reorder: 0.3 },
  refuseConnections: false,
};
const DOWN = { refuseConnections: true };

/** What the node sends to an advisor, read by rust-nostr, which shares no code with the plugin. */
interface Advisor {
  readonly client: Client;
  readonly answers: JsonObject[];
  readonly close: () => Promise<void>;
}

async function connectAdvisor(keys: Keys, urls: readonly string[]): Promise<Advisor> {
  const client = new Client(NostrSigner.keys(keys));
  for (const url of urls) {
    await client.addRelay(url);
  }
  await client.connect();
  await client.waitForConnection(Duration.fromSecs(2));
  const answers: JsonObject[] = [];
  client.handleNotifications({
    handleEvent: async (_relay: string, _subscription: string, event: SdkEvent) => {
      const { rumor } = await UnwrappedGift.fromGiftWrap(NostrSigner.keys(keys), event);
      answers.push(JSON.parse(rumor.content) as JsonObject);
      return false;
    },
    handleMsg: async (_relay: string, _message: RelayMessage) => false,
  });
  await client.subscribe(new Filter().kind(new Kind(1_059)).pubkey(keys.publicKey));
  return {
    client,
    answers,
    close: () => client.shutdown(),
  };
}

async function channelOf(node: NodeUnderTest): Promise<{ scid: string; fee: number }> {
  const { channels } = await node.call('listpeerchannels');
  const [channel] = channels as readonly JsonObject[];
  const updates = channel?.['updates'] as { local?: { fee_proportional_millionths: number } };
  return {
    scid: channel?.['short_channel_id'] as string,
    fee: updates.local?.fee_proportional_millionths ?? -1,
  };
}

async function untilHealthy(node: NodeUnderTest, url: string): Promise<void> {
  let last: unknown;
  await node.until(
    `the node has ${url}`,
    async () => {
      const { transports } = await node.call('hive-comms-transports');
      const nostr = (transports as readonly JsonObject[]).find(({ id }) => id === 'nostr');
      const detail = nostr?.['detail'] as { relays: readonly JsonObject[] } | undefined;
      const all = detail?.relays ?? [];
      last = all;
      return all.some(
        (relay) =>
          relay['url'] === url && relay['phase'] === 'open' && relay['subscription'] === 'live',
      );
    },
    () => JSON.stringify(last),
  );
}

describe('an advisor with another Nostr library', () => {
  it('changes fees over relays that fail in turn, duplicate and reorder; nothing happens twice', async () => {
    const urls = relays.map(({ url }) => url);
    const comms = {
      path: pluginFile('cl-hive-comms'),
      options: { 'hive-comms-nostr-relays': urls },
    };
    await withPair([comms, { path: counterFile }], async ({ node, id }) => {
      await node.untilState('cl-hive-comms', 'ready');
      const { public_key: nodeKey } = await node.call('hive-client-identity');
      const keys = Keys.generate();
      await node.call('hive-client-authorize', {
        advisor: 'ada',
        key: keys.publicKey.toBech32(),
        mode: 'act',
      });
      await node.until(
        'the channel is open',
        async () => (await channelOf(node)).scid !== undefined,
      );
      const { scid } = await channelOf(node);
      const sent: string[] = [];
      const underWay: Promise<void>[] = [];
      for (let round = 0; round < 3; round += 1) {
        const good = relays[round % 3];
        await good?.fail(WELL);
        await untilHealthy(node, good?.url ?? '');
        await good?.fail(CHAOTIC);
        await relays[(round + 1) % 3]?.fail(DOWN);
        await relays[(round + 2) % 3]?.fail(LOSSY);
        const reachable = [good, relays[(round + 2) % 3]].flatMap((relay) => relay?.url ?? []);
        const advisor = await connectAdvisor(keys, reachable);
        const request = JSON.stringify({
          type: 'hive.management.request',
          version: 1,
          principal: 'ada',
          node: id,
          epoch: 0,
          nonce: round + 1,
          timestamp: Math.floor(Date.now() / 1000),
          schema: 'hive:fee-policy/v1',
          action: 'set_single',
          params: { channel_id: scid, base_msat: 0, fee_ppm: 100 + round },
        });
        sent.push(request);
        // Waits for the word of the lossy relay long after the node has answered.
        const sending = advisor.client.sendPrivateMsg(
          PublicKey.parse(nodeKey as string),
          request,
          [],
        );
        await node.until(
          `round ${round} is answered`,
          () => advisor.answers.some(({ nonce }) => nonce === round + 1),
          () => JSON.stringify(advisor.answers),
        );
        const answer = advisor.answers.find(({ nonce }) => nonce === round + 1);
        expect(answer).toMatchObject({
          type: 'hive.management.answer',
          outcome: 'executed',
          node: id,
        });
        expect((await channelOf(node)).fee).toBe(100 + round);
        underWay.push(sending.then(() => advisor.close()));
      }
      // The same requests once more, each in a new wrap, over relays that are well.
      for (const relay of relays) {
        await relay.fail(WELL);
      }
      await untilHealthy(node, urls[0] ?? '');
      const advisor = await connectAdvisor(keys, urls);
      for (const request of sent) {
        await advisor.client.sendPrivateMsg(PublicKey.parse(nodeKey as string), request, []);
      }
      await node.until('the copies have come in', async () => {
        const { received } = await node.call('hive-comms-transports');
        return Number((received as JsonObject)['requests']) >= 2 * sent.length;
      });
      await Promise.all([...underWay, advisor.close()]);
      const { fees } = await node.call('counter-count');
      expect(
        (fees as readonly JsonObject[]).map((params) => Object.values(params).includes(102)),
      ).toEqual([false, false, true]);
      expect((await channelOf(node)).fee).toBe(102);
    });
  }, 180_000);

  it('is asked a price in the answer, pays it from elsewhere, and is served once', async () => {
    for (const relay of relays) {
      await relay.fail(WELL);
    }
    const [url = ''] = relays.map((relay) => relay.url);
    const comms = {
      path: pluginFile('cl-hive-comms'),
      options: { 'hive-comms-nostr-relays': [url] },
    };
    await withPair([comms], async ({ node, id }, payer) => {
      await node.untilState('cl-hive-comms', 'ready');
      const { public_key: nodeKey } = await node.call('hive-client-identity');
      const keys = Keys.generate();
      const key = keys.publicKey.toBech32();
      await node.call('hive-client-authorize', { advisor: 'ada', key, mode: 'act' });
      await node.call('hive-client-price', { action: 'on' });
      await node.until(
        'the channel is open',
        async () => (await channelOf(node)).scid !== undefined,
      );
      const { scid } = await channelOf(node);
      await untilHealthy(node, url);
      const advisor = await connectAdvisor(keys, [url]);
      const ask = async (feePpm: number, nonce: number, more: JsonObject): Promise<JsonObject> => {
        const before = advisor.answers.length;
        const request = {
          type: 'hive.management.request',
          version: 1,
          principal: 'ada',
          node: id,
          epoch: 0,
          nonce,
          timestamp: Math.floor(Date.now() / 1000),
          schema: 'hive:fee-policy/v1',
          action: 'set_single',
          params: { channel_id: scid, base_msat: 0, fee_ppm: feePpm },
          ...more,
        };
        const text = JSON.stringify(request);
        await advisor.client.sendPrivateMsg(PublicKey.parse(nodeKey as string), text, []);
        await node.until('it is answered', () => advisor.answers.length > before);
        return advisor.answers.at(-1) ?? {};
      };
      const asked = await ask(101, 1, {});
      expect(asked).toMatchObject({
        outcome: 'refused',
        reason: { code: 'payment_required' },
        result: { scheme: 'L402', amount_msat: 8000 },
      });
      const { invoice = '', macaroon = '' } = asked['result'] as JsonObject;
      const paid = await payer.node.call('xpay', { invstring: invoice });
      const l402 = `L402 ${textOf(macaroon)}:${textOf(paid['payment_preimage'])}`;
      expect(await ask(102, 1, { l402 })).toMatchObject({ outcome: 'executed' });
      expect(await ask(103, 2, { l402 })).toMatchObject({ reason: { code: 'payment_required' } });
      expect((await channelOf(node)).fee).toBe(102);
      await advisor.close();
    });
  }, 60_000);
});
