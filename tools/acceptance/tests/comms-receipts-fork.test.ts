import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { textOf } from './support/advisor.ts';
import { verified } from './support/management.ts';
import { type NodeUnderTest, withNode } from './support/node.ts';
import { DIST } from './support/plugins.ts';

const base = mkdtempSync(path.join(tmpdir(), 'hive-fork-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

/** What the shipped verifier says of these lines, and its exit status. */
function verify(lines: readonly string[], ...more: readonly string[]) {
  const file = path.join(base, 'chain.jsonl');
  writeFileSync(file, `${lines.join('\n')}\n`);
  const program = path.join(DIST, 'cl-hive-comms/hive-receipts.js');
  const args = [program, 'verify', file, ...more];
  const { stdout, status } = spawnSync(process.execPath, args, { env: {}, encoding: 'utf8' });
  return { said: stdout, status };
}

/** The chain of a node once every receipt is signed. */
async function chainOf(node: NodeUnderTest): Promise<readonly string[]> {
  await verified(node);
  const { file } = await node.call('hive-client-receipts', { action: 'export' });
  return readFileSync(textOf(file), 'utf8').trim().split('\n');
}

describe('a chain that its node wrote on twice from one place', () => {
  it('DB-07, I3: is found by the shipped verifier, though each branch is signed by the node', async () => {
    await withNode({ plugins: ['cl-hive-comms'] }, async (node) => {
      await node.untilState('cl-hive-comms', 'ready');
      const database = path.join(node.lightningDir, 'cl-hive-comms/comms.sqlite3');
      const kept = path.join(base, 'kept.sqlite3');
      const alias = (name: string) =>
        node.call('hive-client-alias', { advisor: 'alice', alias: name });
      await node.call('hive-client-authorize', { advisor: 'alice' });
      await alias('before');
      const trunk = await chainOf(node);
      await node.stopPlugin('cl-hive-comms');
      copyFileSync(database, kept);
      await node.startPlugin('cl-hive-comms');
      await node.untilState('cl-hive-comms', 'ready');
      await alias('one');
      await alias('two');
      const first = await chainOf(node);
      const { head } = await node.call('hive-client-receipts', { action: 'export' });
      const { seq, digest } = head as { readonly seq: number; readonly digest: string };
      await node.stopPlugin('cl-hive-comms');
      // Somebody with access to the files turns the node's memory back.
      copyFileSync(kept, database);
      await node.startPlugin('cl-hive-comms');
      await node.untilState('cl-hive-comms', 'ready');
      await alias('other');
      const second = await chainOf(node);

      expect(first.slice(0, trunk.length)).toEqual(trunk);
      expect(second.slice(0, trunk.length)).toEqual(trunk);
      expect(verify(first).status).toBe(0);
      expect(verify(second).status).toBe(0);
      const at = trunk.length + 1;
      const together = verify([...first, ...second.slice(trunk.length)]);
      expect(together.status).toBe(1);
      expect(together.said).toContain(`line ${first.length + 1}, receipt ${at}: forked`);
      const beside = verify([...first.slice(0, at), ...second.slice(trunk.length)]);
      expect(beside.status).toBe(1);
      expect(beside.said).toContain(`receipt ${at}: forked`);
      // Alone, the second branch is found by a head of the first that was told outside.
      const anchored = verify(second, '--head', `${seq}:${digest}`);
      expect(anchored.status).toBe(1);
      expect(anchored.said).toContain('tail_cut');
    });
  });
});
