import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { JsonObject } from '@cl-hive/core';
import { afterAll, describe, expect, it } from 'vitest';
import { withNode } from './support/node.ts';
import { type PairedNode, withPair } from './support/node-pair.ts';
import { writePlainPlugin } from './support/plain-plugin.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'hive-taker-'));
const takerFile = path.join(folder, 'taker.js');
// Keeps what it is handed, as a sibling would.
writePlainPlugin(takerFile, {
  names: ['taker-take', 'taker-taken', 'taker-send', 'taker-reach'],
  methods: `{
    taken: [],
    'taker-take': (params) => (methods.taken.push(params), {}),
    'taker-taken': () => ({ taken: methods.taken }),
    'taker-send': (params) => (methods.taken.push(params), { outcome: 'sent' }),
    'taker-reach': ({ target }) =>
      target.did === undefined ? { reach: 'none', reason: 'by DID only' } : { reach: 'now' },
  }`,
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const PLUGINS = ['cl-hive-comms', { path: takerFile }] as const;

async function ready(...nodes: readonly PairedNode[]): Promise<void> {
  for (const { node } of nodes) {
    await node.untilState('cl-hive-comms', 'ready');
  }
}

async function taken({ node }: PairedNode, count: number): Promise<readonly JsonObject[]> {
  let last: readonly JsonObject[] = [];
  await node.until(
    `${count} messages are taken`,
    async () => {
      last = (await node.call('taker-taken'))['taken'] as readonly JsonObject[];
      return last.length >= count;
    },
    () => JSON.stringify(last),
  );
  return last;
}

describe('messages between two nodes', () => {
  it('go by BOLT 8 to the handler of their topic, with the sending node as their sender', async () => {
    await withPair(PLUGINS, async (first, second) => {
      await ready(first, second);
      expect(
        await second.node.call('hive-comms-register-handler', {
          topic: 'hive:*',
          method: 'taker-take',
        }),
      ).toEqual({ topic: 'hive:*', method: 'taker-take', present: true });
      const big = 'x'.repeat(65_400);
      const wire = Buffer.from('HIVE{"type":32769,"version":1,"payload":{}}').toString('hex');
      const messages = [
        { topic: 'hive:note', payload: { text: 'hello \u{1f41d}', amount: 9_007_199_254_740_991 } },
        { topic: 'hive:big', payload: big },
        { topic: 'hive:wire', payload: wire },
      ];
      for (const message of messages) {
        expect(
          await first.node.call('hive-comms-send', { ...message, node: second.id }),
        ).toMatchObject({
          outcome: 'sent',
          transport: 'bolt8',
          why: expect.stringMatching(/reaches the target now/),
        });
      }
      expect(await taken(second, 3)).toEqual(
        messages.map((message) => ({
          ...message,
          transport: 'bolt8',
          sender: { scheme: 'lightning', key: first.id },
        })),
      );
    });
  });

  it('of the hive arrive at whoever listens for them, byte for byte', async () => {
    await withPair(PLUGINS, async (first, second) => {
      await ready(second);
      await second.node.call('hive-comms-register-handler', {
        topic: 'hive:*',
        method: 'taker-take',
      });
      const msg = Buffer.from('HIVE{"type":32777,"version":1,"payload":{"a":1}}').toString('hex');
      await first.node.call('sendcustommsg', { node_id: second.id, msg });
      expect(await taken(second, 1)).toMatchObject([{ topic: 'hive:wire', payload: msg }]);
    });
  });

  it('GP-09, HK-01, I10: whatever a peer sends, nothing stops and the next message arrives', async () => {
    await withPair(PLUGINS, async (first, second) => {
      await ready(second);
      await second.node.call('hive-comms-register-handler', {
        topic: 'hive:*',
        method: 'taker-take',
      });
      const hostile = [
        '484956455b5d',
        '48495645',
        '48495645ff',
        'c17d',
        'c17d01',
        `c17d01${'00'.repeat(8)}0002${'ab'.repeat(65_522)}`,
        `c17d01${'00'.repeat(8)}0001${Buffer.from('[]').toString('hex')}`,
        `c17d01${'00'.repeat(8)}0001${Buffer.from(`{"a":${'['.repeat(20_000)}`).toString('hex')}`,
        `c17d01${'00'.repeat(8)}0001ff`,
      ];
      for (const msg of hostile) {
        await first.node.call('sendcustommsg', { node_id: second.id, msg });
      }
      const wire = Buffer.from('HIVE{"last":true}').toString('hex');
      await first.node.call('sendcustommsg', { node_id: second.id, msg: wire });
      const messages = await taken(second, 4);
      expect(messages.at(-1)).toMatchObject({ topic: 'hive:wire', payload: wire });
      expect(await second.node.status('cl-hive-comms')).toMatchObject({ state: 'ready' });
      const { transports } = await second.node.call('hive-comms-transports');
      expect(transports).toMatchObject([{ id: 'bolt8', detail: { malformed: 2, unfinished: 1 } }]);
    });
  });
});

describe('what siblings register', () => {
  it('goes with them and comes back with them', async () => {
    await withPair(PLUGINS, async (first, second) => {
      await ready(first, second);
      await second.node.call('hive-comms-register-handler', {
        topic: 'hive:*',
        method: 'taker-take',
      });
      const handlers = async (): Promise<unknown> =>
        (await second.node.call('hive-comms-transports'))['handlers'];
      await second.node.call('plugin', { subcommand: 'stop', plugin: 'taker.js' });
      await second.node.until('the handler is gone', async () =>
        JSON.stringify(await handlers()).includes('"present":false'),
      );
      await first.node.call('hive-comms-send', { topic: 'hive:x', payload: 1, node: second.id });
      await second.node.call('plugin', { subcommand: 'start', plugin: takerFile });
      await second.node.until('the handler is back', async () =>
        JSON.stringify(await handlers()).includes('"present":true'),
      );
      await first.node.call('hive-comms-send', { topic: 'hive:x', payload: 2, node: second.id });
      expect(await taken(second, 1)).toMatchObject([{ payload: 2 }]);
    });
  });

  it('serves as a transport, both ways', async () => {
    await withNode({ plugins: PLUGINS }, async (node) => {
      await node.untilState('cl-hive-comms', 'ready');
      await node.call('hive-comms-register-transport', {
        transport: 'dmail',
        send_method: 'taker-send',
        reach_method: 'taker-reach',
        seal: 'recipient',
      });
      const message = { topic: 'dmail', payload: 'secret', sensitivity: 'sensitive' };
      expect(
        await node.call('hive-comms-send', { ...message, did: 'did:cid:bagaa' }),
      ).toMatchObject({
        outcome: 'sent',
        transport: 'dmail',
        why: expect.stringMatching(/made for sensitive messages/),
      });
      expect(
        await node.call('hive-comms-send', { ...message, nostr: 'ab'.repeat(32) }),
      ).toMatchObject({ outcome: 'failed', code: 'target_unreachable', transport: null });
      await node.call('hive-comms-register-handler', { topic: 'dmail', method: 'taker-take' });
      await node.call('hive-comms-receive', {
        transport: 'dmail',
        message: '{"type":"hive.comms.message","version":1,"topic":"dmail","payload":"hi"}',
        did: 'did:cid:bagaa',
      });
      const { taken: all } = await node.call('taker-taken');
      expect(all).toMatchObject([
        { target: { did: 'did:cid:bagaa' } },
        { topic: 'dmail', payload: 'hi', transport: 'dmail', sender: null },
      ]);
    });
  });

  it.each([
    ['pay', 'method_refused'],
    ['hive-client-approve', 'method_refused'],
    ['hive-nobody-has-this', 'method_unknown'],
  ])('is not %s', async (method, code) => {
    await withNode({ plugins: ['cl-hive-comms'] }, async (node) => {
      await node.untilState('cl-hive-comms', 'ready');
      const { rpcData } = await node.refusal('hive-comms-register-handler', { topic: 'x', method });
      expect(rpcData).toMatchObject({ code });
    });
  });
});
