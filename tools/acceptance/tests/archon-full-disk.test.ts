import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { JsonObject } from '@cl-hive/core';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { textOf } from './support/advisor.ts';
import { type NodeUnderTest, withNode } from './support/node.ts';
import { pluginFile } from './support/plugins.ts';

vi.setConfig({ testTimeout: 120_000 });

const base = mkdtempSync(path.join(tmpdir(), 'hive-full-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

const system = (command: string, ...args: readonly string[]) =>
  execFileSync(command, args, { stdio: 'ignore' });

/** What can be without space, and have it again. */
interface Space {
  readonly take: () => void;
  readonly free: () => void;
}

/** Runs `test` with a disk of its own at `folder`; undefined where this user may not mount one. */
async function withDisk(
  folder: string,
  test: (disk: Space | undefined) => Promise<void>,
): Promise<void> {
  const disk = ownDisk(folder);
  try {
    await test(disk);
  } finally {
    if (disk !== undefined) {
      system('umount', folder);
    }
  }
}

function ownDisk(folder: string): Space | undefined {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  try {
    system('mount', '-t', 'tmpfs', '-o', 'size=8m,mode=0700', 'tmpfs', folder);
  } catch {
    return undefined;
  }
  const ballast = path.join(folder, 'ballast');
  const take = (): void => {
    try {
      writeFileSync(ballast, randomBytes(8_388_608));
    } catch {
      // What fits is there.
    }
  };
  return { take, free: () => rmSync(ballast) };
}

/** A process that may write no file beyond 64 KiB: a disk that is full for it alone. */
function limited(node: NodeUnderTest, plugin: 'cl-hive-archon' | 'cl-hive-comms'): Space {
  const limit = (bytes: string) => (): void => {
    for (const pid of node.pidsOf(plugin)) {
      system('prlimit', '--pid', String(pid), `--fsize=${bytes}:unlimited`);
    }
  };
  return { take: limit('65536'), free: limit('unlimited') };
}

async function failure(work: Promise<unknown>): Promise<JsonObject> {
  return work.then(
    () => ({ code: 'none' }),
    (error: { rpcData?: JsonObject }) => error.rpcData ?? { code: 'no answer' },
  );
}

async function rows(node: NodeUnderTest): Promise<JsonObject> {
  const { tables } = await node.call('hive-archon-snapshot', { action: 'state' });
  const own = /^archon_(?:store|migrations|backups)$/;
  const all = tables as readonly { name: string; digest: string }[];
  return Object.fromEntries(
    all.filter(({ name }) => !own.test(name)).map(({ name, digest }) => [name, digest]),
  );
}

function left(node: NodeUnderTest, kind: 'staging' | 'restore'): readonly string[] {
  return readdirSync(path.join(node.lightningDir, 'cl-hive-vault', kind));
}

describe('a disk that is full under the vault', () => {
  const folder = path.join(base, 'archives');
  const options = { 'hive-archon-vault-folder': folder };
  const plugins = ['cl-hive-comms', { path: pluginFile('cl-hive-archon'), options }] as const;

  it('I9: loses nothing, leaves nothing half done, says why, and serves once there is space', async () => {
    await withDisk(folder, async (forArchives) => {
      await withNode({ plugins }, async (node) => {
        await node.untilState('cl-hive-archon', 'ready');
        const first = textOf((await node.call('hive-archon-backup'))['archive']);
        await withDisk(path.join(node.lightningDir, 'cl-hive-vault'), async (forCopies) => {
          await refusesBackups(node, folder, [forArchives, forCopies]);
          await refusesRestores(node, first, forCopies);
          const restore = await node.call('hive-archon-restore', { archive: first });
          expect(restore).toHaveProperty('confirm');
          await node.call('hive-archon-restore', { action: 'cancel' });
          const second = textOf((await node.call('hive-archon-backup'))['archive']);
          expect(readdirSync(folder).sort()).toEqual([first, second].sort());
          await node.untilState('cl-hive-comms', 'ready');
        });
      });
    });
  });
});

async function refusesBackups(
  node: NodeUnderTest,
  folder: string,
  disks: readonly (Space | undefined)[],
): Promise<void> {
  const before = await rows(node);
  const archives = readdirSync(folder);
  const own = limited(node, 'cl-hive-archon');
  // Where the archive goes, where the copies go, what each plugin's process may write.
  for (const space of [...disks, own, limited(node, 'cl-hive-comms')]) {
    space?.take();
    const refused = space && (await failure(node.call('hive-archon-backup')));
    const said = await node.call('hive-archon-backup-status');
    space?.free();
    if (space === undefined) {
      continue;
    }
    expect(refused).toMatchObject({
      code: expect.stringMatching(/^(?:store_full|store_io|store_outcome_unknown|vault_plugin)$/),
      remedy: expect.any(String),
    });
    // Without a place for its database it cannot note that it failed.
    if (space !== own) {
      expect(said).toMatchObject({ problem: expect.any(String) });
      expect(JSON.stringify(said['attempts'])).toContain('failed');
    }
    expect(readdirSync(folder)).toEqual(archives);
    expect(left(node, 'staging')).toEqual([]);
    expect(await rows(node)).toEqual(before);
  }
}

async function refusesRestores(
  node: NodeUnderTest,
  archive: string,
  disk: Space | undefined,
): Promise<void> {
  const before = await rows(node);
  for (const space of [disk, limited(node, 'cl-hive-archon')]) {
    space?.take();
    const refused = space && (await failure(node.call('hive-archon-restore', { archive })));
    space?.free();
    if (space !== undefined) {
      expect(refused).toMatchObject({ code: 'store_full', remedy: expect.any(String) });
      expect(left(node, 'restore')).toEqual([]);
      expect(await rows(node)).toEqual(before);
    }
  }
}
