import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { JsonObject } from '@cl-hive/core';
import { afterAll, describe, expect, it } from 'vitest';
import { withPair } from './support/node-pair.ts';
import { writePlainPlugin } from './support/plain-plugin.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'hive-taker-'));
const takerFile = path.join(folder, 'taker.js');
writePlainPlugin(takerFile, {
  names: ['taker-take', 'taker-taken'],
  methods: `{
    taken: [],
    'taker-take': (params) => (methods.taken.push(params), {}),
    'taker-taken': () => ({ taken: methods.taken }),
  }`,
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const PLUGINS = ['cl-hive-comms', 'cl-hive-archon', { path: takerFile }] as const;

describe('dmail', () => {
  it('carries sensitive messages between nodes that verified each other', async () => {
    await withPair(PLUGINS, async (first, second) => {
      for (const { node } of [first, second]) {
        await node.untilState('cl-hive-archon', 'ready');
      }
      await second.node.call('hive-comms-register-handler', {
        topic: 'note',
        method: 'taker-take',
      });
      const message = {
        topic: 'note',
        payload: 'secret',
        node: second.id,
        sensitivity: 'sensitive',
      };
      expect(await first.node.call('hive-comms-send', message)).toMatchObject({
        transport: 'bolt8',
      });
      await first.node.call('hive-archon-verify-contact', { node: second.id });
      await second.node.call('hive-archon-verify-contact', { node: first.id });
      expect(await first.node.call('hive-comms-send', message)).toMatchObject({
        outcome: 'sent',
        transport: 'dmail',
      });
      let taken: readonly JsonObject[] = [];
      await second.node.until('both messages are taken', async () => {
        taken = (await second.node.call('taker-taken'))['taken'] as readonly JsonObject[];
        return taken.length === 2;
      });
      expect(taken.map(({ transport }) => transport)).toEqual(['bolt8', 'dmail']);
      expect(taken[1]).toMatchObject({ topic: 'note', payload: 'secret', sender: null });
      const forged = { topic: 'archon:dmail', payload: { type: 'cl-hive-dmail' } };
      const { rpcData } = await second.node.refusal('hive-archon-message', forged);
      expect(rpcData).toMatchObject({ code: 'dmail_malformed' });
    });
  });
});
