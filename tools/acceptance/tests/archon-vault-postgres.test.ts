import type { JsonObject } from '@cl-hive/core';
import { startPostgres, type TestPostgres } from '@cl-hive/store/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { textOf } from './support/advisor.ts';
import { type NodeUnderTest, withNode } from './support/node.ts';
import { pluginFile } from './support/plugins.ts';

vi.setConfig({ testTimeout: 120_000 });

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startPostgres();
}, 120_000);
afterAll(() => postgres.stop());

/** What every start writes, and the vault's own list. */
const MOVING = /^(?:\w+_store|comms_guard|archon_backups)$/;

async function rows(node: NodeUnderTest): Promise<JsonObject> {
  await node.until('all receipts are signed', async () => {
    const report = await node.call('hive-client-receipts', { action: 'verify' });
    return report['unsigned'] === 0;
  });
  const found: Record<string, string> = {};
  for (const method of ['hive-comms-snapshot', 'hive-archon-snapshot']) {
    const { tables } = await node.call(method, { action: 'state' });
    for (const { name, digest } of tables as readonly { name: string; digest: string }[]) {
      if (!MOVING.test(name)) {
        found[name] = digest;
      }
    }
  }
  return found;
}

describe('the vault of a node whose databases are on PostgreSQL', () => {
  it('I9: restores them in place, byte for byte, and keeps the old tables beside', async () => {
    const urls = { comms: await postgres.createDatabase(), archon: await postgres.createSchema() };
    const plugins = [
      { path: pluginFile('cl-hive-comms'), options: { 'hive-comms-db': urls.comms } },
      { path: pluginFile('cl-hive-archon'), options: { 'hive-archon-db': urls.archon } },
    ];
    await withNode({ plugins }, async (node) => {
      const { database } = await node.untilState('cl-hive-archon', 'ready');
      expect(database).toMatchObject({ kind: 'postgres' });
      await node.call('hive-client-authorize', { advisor: 'alice' });
      const before = await rows(node);
      const archive = textOf((await node.call('hive-archon-backup'))['archive']);
      await node.call('hive-client-authorize', { advisor: 'bob' });
      await node.call('hive-archon-rotate-did');
      const plan = await node.call('hive-archon-restore', { archive });
      expect(plan).toMatchObject({ older: true });
      const confirm = { action: 'confirm', confirm: textOf(plan['confirm']), accept_loss: true };
      await node.call('hive-archon-restore', confirm);
      for (const [name, option, url] of [
        ['cl-hive-archon', 'hive-archon-db', urls.archon],
        ['cl-hive-comms', 'hive-comms-db', urls.comms],
      ] as const) {
        await node.stopPlugin(name);
        await node.startPlugin(name, { [option]: url });
      }
      await node.untilState('cl-hive-archon', 'ready');
      expect(await rows(node)).toEqual(before);
      expect((await node.call('hive-client-status'))['epoch']).toBe(1);
      const kept = node.log().match(/the old one is the schema \w+/g);
      expect(new Set(kept).size).toBe(2);
      const status = await node.call('hive-archon-backup-status');
      expect(status['restore_waits_for'] ?? []).toEqual([]);
    });
  });
});
