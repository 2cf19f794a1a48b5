import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { stringifyJson } from '@cl-hive/core';
import { nip19 } from 'nostr-tools';
import { generateSecretKey, getPublicKey } from 'nostr-tools/pure';
import { afterAll, describe, expect, it } from 'vitest';
import { withNode } from './support/node.ts';

const base = mkdtempSync(path.join(tmpdir(), 'hive-id-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

describe('the Nostr identity of a node', () => {
  it('is the same after its database is lost, and another on another node', async () => {
    const dir = path.join(base, 'a');
    let first: unknown;
    await withNode({ plugins: ['cl-hive-comms'], dir }, async (node) => {
      await node.untilState('cl-hive-comms', 'ready');
      first = (await node.call('hive-client-identity'))['npub'];
      await node.stopPlugin('cl-hive-comms');
      rmSync(path.join(node.lightningDir, 'cl-hive-comms'), { recursive: true });
      await node.startPlugin('cl-hive-comms');
      await node.untilState('cl-hive-comms', 'ready');
      expect((await node.call('hive-client-identity'))['npub']).toBe(first);
    });
    await withNode({ plugins: ['cl-hive-comms'], seed: 2 }, async (node) => {
      await node.untilState('cl-hive-comms', 'ready');
      expect((await node.call('hive-client-identity'))['npub']).not.toBe(first);
    });
  });

  it('is imported, survives a restart, and leaves no trace of the secret', async () => {
    const secret = generateSecretKey();
    const nsec = nip19.nsecEncode(secret);
    const hex = Buffer.from(secret).toString('hex');
    await withNode({ plugins: ['cl-hive-comms'] }, async (node) => {
      await node.untilState('cl-hive-comms', 'ready');
      const answer = await node.call('hive-client-identity', { action: 'import', nsec });
      expect(answer).toMatchObject({
        npub: nip19.npubEncode(getPublicKey(secret)),
        source: 'imported',
      });
      await node.stopPlugin('cl-hive-comms');
      await node.startPlugin('cl-hive-comms');
      const status = await node.untilState('cl-hive-comms', 'ready');
      expect(await node.call('hive-client-identity')).toEqual(answer);

      const folder = path.join(node.lightningDir, 'cl-hive-comms');
      const kept = readdirSync(folder).map((file) => readFileSync(path.join(folder, file)));
      for (const trace of [nsec, hex, Buffer.from(secret)]) {
        expect(kept.some((bytes) => bytes.includes(trace))).toBe(false);
      }
      const said = node.log() + stringifyJson(status) + stringifyJson(answer);
      expect(said.includes(nsec) || said.includes(hex)).toBe(false);

      await node.call('hive-client-identity', { action: 'derive' });
      expect(await node.call('hive-client-identity')).toMatchObject({
        source: 'derived',
        version: 3,
      });
    });
  });

  it('is imported from a file that only the node’s user can read', async () => {
    const secret = generateSecretKey();
    const file = path.join(base, 'key');
    writeFileSync(file, `${nip19.nsecEncode(secret)}\n`, { mode: 0o600 });
    await withNode({ plugins: ['cl-hive-comms'] }, async (node) => {
      await node.untilState('cl-hive-comms', 'ready');
      const params = { action: 'import', nsec_file: file };
      expect(await node.call('hive-client-identity', params)).toMatchObject({
        public_key: getPublicKey(secret),
      });
      chmodSync(file, 0o644);
      expect((await node.refusal('hive-client-identity', params)).rpcMessage).toMatch(
        /others may read/,
      );
      const absent = { action: 'import', nsec_file: '/nonexistent' };
      expect((await node.refusal('hive-client-identity', absent)).rpcMessage).toMatch(/nsec_file/);
    });
  });

  it('a wrong key is refused without being repeated', async () => {
    await withNode({ plugins: ['cl-hive-comms'] }, async (node) => {
      await node.untilState('cl-hive-comms', 'ready');
      const nsec = `${nip19.nsecEncode(generateSecretKey()).slice(0, -1)}b`;
      const error = await node.refusal('hive-client-identity', { action: 'import', nsec });
      expect(error.rpcMessage).toMatch(/checksum/);
      const said = node.log() + error.rpcMessage + stringifyJson(error.rpcData ?? null);
      expect(said).not.toContain(nsec);
      expect(await node.call('hive-client-identity')).toMatchObject({ source: 'derived' });
    });
  });
});

describe('what a plugin leaves on disk', () => {
  it('is for the node’s user alone', async () => {
    await withNode({ plugins: ['cl-hive-comms', 'cl-hive', 'cl-hive-archon'] }, async (node) => {
      for (const plugin of ['cl-hive-comms', 'cl-hive', 'cl-hive-archon'] as const) {
        await node.untilState(plugin, 'ready');
        const folder = path.join(node.lightningDir, plugin);
        expect(statSync(folder).mode & 0o777).toBe(0o700);
        for (const file of readdirSync(folder)) {
          expect(statSync(path.join(folder, file)).mode & 0o777, file).toBe(0o600);
        }
      }
    });
  });
});
