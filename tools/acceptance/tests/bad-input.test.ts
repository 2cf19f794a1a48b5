import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { JsonObject } from '@cl-hive/core';
import { afterAll, describe, expect, it } from 'vitest';
import { type NodeUnderTest, withNode } from './support/node.ts';
import { PLUGIN_NAMES, pluginFile } from './support/plugins.ts';

const base = mkdtempSync(path.join(tmpdir(), 'hive-bad-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

/** Starts comms on a database that it must refuse: it stays up, says why, and the node is unharmed. */
async function refusedDatabase(
  node: NodeUnderTest,
  location: string,
  code: string,
): Promise<JsonObject> {
  await node.startPlugin('cl-hive-comms', { 'hive-comms-db': location });
  const status = await node.untilState('cl-hive-comms', 'failed');
  const problem = status['problem'] as JsonObject;
  expect(problem['code']).toBe(code);
  expect(problem['message']).toBeTypeOf('string');
  expect(problem['remedy']).toBeTypeOf('string');
  expect((await node.refusal('hive-client-identity')).rpcMessage).toMatch(/cannot work/);
  expect(await node.call('getinfo')).toHaveProperty('id');
  return problem;
}

describe('a database that cannot be used', () => {
  it('in a folder that cannot be made', async () => {
    const file = path.join(base, 'a-file');
    writeFileSync(file, 'not a folder');
    await withNode({}, async (node) => {
      const problem = await refusedDatabase(
        node,
        path.join(file, 'x', 'db.sqlite3'),
        'store_denied',
      );
      expect(problem['message']).toContain(file);
    });
  });

  it('of another plugin is refused and left untouched', async () => {
    await withNode({ plugins: ['cl-hive'] }, async (node) => {
      await node.untilState('cl-hive', 'idle');
      await node.stopPlugin('cl-hive');
      const file = path.join(node.lightningDir, 'cl-hive/hive.sqlite3');
      const before = readFileSync(file);
      await refusedDatabase(node, file, 'store_foreign');
      expect(readFileSync(file).equals(before)).toBe(true);
    });
  });

  it('of another node is refused', async () => {
    const copied = path.join(base, 'copied.sqlite3');
    await withNode({ plugins: ['cl-hive-comms'], seed: 5 }, async (node) => {
      await node.untilState('cl-hive-comms', 'ready');
      await node.stopPlugin('cl-hive-comms');
      copyFileSync(path.join(node.lightningDir, 'cl-hive-comms/comms.sqlite3'), copied);
    });
    await withNode({ seed: 6 }, async (node) => {
      await refusedDatabase(node, copied, 'database_of_other_node');
    });
  });

  it('DB-10: that is in use by another process is refused', async () => {
    await withNode({ plugins: ['cl-hive'] }, async (node) => {
      await node.untilState('cl-hive', 'idle');
      await refusedDatabase(
        node,
        path.join(node.lightningDir, 'cl-hive/hive.sqlite3'),
        'store_locked',
      );
    });
  });

  it('that is no database is refused and left untouched', async () => {
    const file = path.join(base, 'text.sqlite3');
    writeFileSync(file, 'these are not the rows you are looking for'.repeat(200));
    await withNode({}, async (node) => {
      await refusedDatabase(node, file, 'store_not_a_database');
      expect(readFileSync(file, 'utf8')).toMatch(/^these are not/);
    });
  });

  it('DB-04: that was lost is not silently begun anew', async () => {
    await withNode({ plugins: ['cl-hive-comms'] }, async (node) => {
      await node.untilState('cl-hive-comms', 'ready');
      await node.stopPlugin('cl-hive-comms');
      for (const suffix of ['', '-wal', '-shm']) {
        rmSync(path.join(node.lightningDir, `cl-hive-comms/comms.sqlite3${suffix}`), {
          force: true,
        });
      }
      await node.startPlugin('cl-hive-comms');
      const status = await node.untilState('cl-hive-comms', 'failed');
      expect(status['problem']).toMatchObject({ code: 'store_missing' });
      expect(existsSync(path.join(node.lightningDir, 'cl-hive-comms/comms.sqlite3'))).toBe(false);
    });
  });
});

describe('bad requests', () => {
  it('an unknown option is refused by name and the node lives', async () => {
    await withNode({}, async (node) => {
      const error = await node.refusal('plugin', {
        subcommand: 'start',
        plugin: pluginFile('cl-hive-comms'),
        'hive-comms-dbb': 'x',
      });
      expect(error.rpcMessage).toContain('hive-comms-dbb');
      expect(await node.call('getinfo')).toHaveProperty('id');
    });
  });

  it('a wrong type in every parameter, an unknown one, too many: -32602 that names it', async () => {
    await withNode({ plugins: PLUGIN_NAMES }, async (node) => {
      await node.untilState('cl-hive-comms', 'ready');
      for (const name of ['action', 'nsec', 'nsec_file']) {
        for (const value of [{}, { a: 1 }, [], [1]]) {
          const others = name === 'action' ? {} : { action: 'import' };
          const error = await node.refusal('hive-client-identity', { ...others, [name]: value });
          expect(error.rpcCode, name).toBe(-32602);
          expect(error.rpcMessage).toContain(name);
        }
      }
      const unknown = await node.refusal('hive-client-identity', { acton: 'get' });
      expect(unknown.rpcCode).toBe(-32602);
      expect(unknown.rpcMessage).toContain('acton');
      for (const method of [
        'hive-status',
        'hive-comms-version',
        'hive-archon-status',
        'hive-siblings',
      ]) {
        expect((await node.refusal(method, ['x'])).rpcCode, method).toBe(-32602);
      }
      const huge = await node.refusal('hive-client-identity', { action: 'x'.repeat(8 << 20) });
      expect(huge.rpcCode).toBe(-32602);
      expect(huge.rpcMessage.length).toBeLessThan(500);
      expect(await node.status('cl-hive-comms')).toMatchObject({ state: 'ready' });
    });
  });
});

describe('a built folder', () => {
  it('runs alone, away from the repository', async () => {
    const alone = path.join(base, 'alone/cl-hive-comms');
    mkdirSync(path.dirname(alone), { recursive: true });
    cpSync(path.dirname(pluginFile('cl-hive-comms')), alone, { recursive: true });
    await withNode({ plugins: [{ path: path.join(alone, 'cl-hive-comms.js') }] }, async (node) => {
      const status = await node.untilState('cl-hive-comms', 'ready');
      expect(status['database']).toMatchObject({ kind: 'sqlite', schema_version: 11 });
    });
  });
});
