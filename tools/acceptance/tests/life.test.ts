import { randomBytes } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { stringifyJson } from '@cl-hive/core';
import { startPostgres, type TestPostgres } from '@cl-hive/store/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REAL, withNode } from './support/node.ts';
import { PLUGIN_NAMES, pluginFile } from './support/plugins.ts';

describe('on PostgreSQL', () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  }, 120_000);
  afterAll(() => postgres.stop());

  it('a plugin keeps what it knew, and shows no password', async () => {
    const url = await postgres.createDatabase();
    await withNode({}, async (node) => {
      await node.startPlugin('cl-hive-comms', { 'hive-comms-db': url });
      const status = await node.untilState('cl-hive-comms', 'ready');
      expect(status['database']).toMatchObject({ kind: 'postgres', schema_version: 11 });
      const password = new URL(url).password;
      expect(password).not.toBe('');
      expect(stringifyJson(status) + node.log()).not.toContain(`:${password}@`);
      const nsec = randomBytes(32).toString('hex').replace(/^../, '7f');
      const imported = await node.call('hive-client-identity', { action: 'import', nsec });
      await node.killPlugin('cl-hive-comms');
      await node.startPlugin('cl-hive-comms', { 'hive-comms-db': url });
      await node.untilState('cl-hive-comms', 'ready');
      expect(await node.call('hive-client-identity')).toEqual(imported);
      expect(existsSync(path.join(node.lightningDir, 'cl-hive-comms/comms.sqlite3'))).toBe(false);
    });
  });

  it('the database of another plugin is refused', async () => {
    const url = await postgres.createDatabase();
    await withNode({}, async (node) => {
      await node.startPlugin('cl-hive', { 'hive-db': url });
      await node.untilState('cl-hive', 'idle');
      await node.stopPlugin('cl-hive');
      await node.startPlugin('cl-hive-comms', { 'hive-comms-db': url });
      const status = await node.untilState('cl-hive-comms', 'failed');
      expect(status['problem']).toMatchObject({ code: 'store_foreign' });
    });
  });

  it('a server that is not there is said, with what to do', async () => {
    await withNode({}, async (node) => {
      const url = 'postgres://hive:secret-word@127.0.0.1:1/none';
      await node.startPlugin('cl-hive-comms', { 'hive-comms-db': url });
      const status = await node.untilState('cl-hive-comms', 'failed');
      expect(status['problem']).toMatchObject({ code: 'store_unreachable' });
      expect(stringifyJson(status) + node.log()).not.toContain('secret-word');
    });
  });
});

describe('the end of a node', () => {
  it.skipIf(REAL)('HK-09: by kill leaves no plugin behind', async () => {
    await withNode({ plugins: PLUGIN_NAMES }, async (node) => {
      await node.untilState('cl-hive', 'ready');
      await node.kill();
      await node.until('the plugins are gone', () =>
        PLUGIN_NAMES.every((plugin) => node.pidsOf(plugin).length === 0),
      );
    });
  });

  it('in order leaves no plugin behind either', async () => {
    await withNode({ plugins: PLUGIN_NAMES }, async (node) => {
      await node.untilState('cl-hive', 'ready');
      await node.stop();
      await node.until('the plugins are gone', () =>
        PLUGIN_NAMES.every((plugin) => node.pidsOf(plugin).length === 0),
      );
    });
  });
});

describe('an upgrade of the files under a running plugin', () => {
  it('breaks no method that was not called yet', async () => {
    const base = mkdtempSync(path.join(tmpdir(), 'hive-upgrade-'));
    try {
      for (const plugin of PLUGIN_NAMES) {
        cpSync(path.dirname(pluginFile(plugin)), path.join(base, plugin), { recursive: true });
      }
      const plugins = PLUGIN_NAMES.map((name) => ({ path: path.join(base, name, `${name}.js`) }));
      await withNode({ plugins }, async (node) => {
        for (const plugin of PLUGIN_NAMES) {
          await node.untilState(plugin, 'ready');
        }
        rmSync(base, { recursive: true });
        expect(await node.call('hive-client-identity')).toHaveProperty('npub');
        expect(await node.call('hive-siblings')).toHaveProperty('siblings');
        expect(await node.status('cl-hive-archon')).toMatchObject({ state: 'ready' });
      });
    } finally {
      rmSync(base, { recursive: true, force: true });
    }
  });
});
