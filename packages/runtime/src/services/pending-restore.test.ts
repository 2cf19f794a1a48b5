import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type NodeId, nodeId } from '@cl-hive/core';
import { type Migration, openStore, restoreBackup, type Store } from '@cl-hive/store';
import { VirtualClock } from '@cl-hive/testkit';
import { afterAll, describe, expect, it } from 'vitest';
import { takePendingRestore } from './pending-restore.ts';
import {
  clearCopies,
  copyFolder,
  copyOf,
  finishPlan,
  kindFolder,
  pendingOwners,
  readPlan,
  readyOf,
  writePlan,
} from './vault-place.ts';

const base = mkdtempSync(path.join(tmpdir(), 'hive-pending-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

const OWNERS = ['cl-hive-comms', 'cl-hive-archon'] as const;
type Owner = (typeof OWNERS)[number];
const PREFIX = { 'cl-hive-comms': 'comms', 'cl-hive-archon': 'archon' } as const;
const node: NodeId = nodeId(`02${'ab'.repeat(32)}`);
const clock = new VirtualClock();

const migrations = (owner: Owner): readonly Migration[] => [
  {
    id: 1,
    name: 'notes',
    sql: (ddl) => [ddl.table(`${PREFIX[owner]}_notes`, `note ${ddl.text} primary key`)],
  },
];

function options(owner: Owner, location: string) {
  return { location, owner, migrations: migrations(owner), clock, log: () => undefined };
}

interface Tables {
  readonly [table: string]: { readonly note: string };
}

async function notesIn(owner: Owner, file: string): Promise<readonly string[]> {
  const store = await openStore<Tables>(options(owner, file));
  const rows = await store.reader.selectFrom(`${PREFIX[owner]}_notes`).select('note').execute();
  await store.close();
  return rows.map(({ note }) => note).sort();
}

async function note(store: Store<Tables>, owner: Owner, text: string): Promise<void> {
  await store.transact(async (tx) => {
    await tx.insertInto(`${PREFIX[owner]}_notes`).values({ note: text }).execute();
  });
}

/** A node whose two plugins have a note since the backup, and what is to be restored beside. */
async function scene(name: string) {
  const lightningDir = path.join(base, name);
  mkdirSync(lightningDir);
  const files = OWNERS.map((owner) => path.join(lightningDir, owner, 'live.sqlite3'));
  const components = [];
  for (const [index, owner] of OWNERS.entries()) {
    const store = await openStore<Tables>(options(owner, files[index] ?? ''));
    await note(store, owner, 'before');
    const place = copyFolder(lightningDir, 'restore', 'r1');
    await store.backup(copyOf(place, owner));
    await note(store, owner, 'since');
    await store.close();
    const from = copyOf(place, owner);
    const to = readyOf(place, owner);
    const manifest = await restoreBackup({ ...options(owner, to), from, to, generationAtLeast: 4 });
    components.push({ owner, databaseId: manifest.databaseId, generation: 4 });
  }
  const take = (owner: Owner, step?: (name: string) => void, as = node) =>
    takePendingRestore({
      ...options(owner, files[OWNERS.indexOf(owner)] ?? ''),
      lightningDir,
      node: as,
      ...(step === undefined ? {} : { step }),
    });
  const plan = { format: 1, id: 'r1', node, components };
  return { lightningDir, files, take, plan };
}

describe('a restore that was decided', () => {
  it('I9, VB-06: is carried out by each plugin whatever step it is killed at, and by none before', async () => {
    const STEPS = ['aside-wal', 'aside-shm', 'aside', 'copy', 'publish', 'marker', 'end', 'done'];
    for (const at of STEPS) {
      const { lightningDir, files, take, plan } = await scene(`killed-${at}`);
      for (const owner of OWNERS) {
        await take(owner);
      }
      // Nothing was decided yet.
      expect(await notesIn(OWNERS[0], files[0] ?? '')).toEqual(['before', 'since']);
      writePlan(lightningDir, plan);
      expect(pendingOwners(lightningDir)).toEqual(OWNERS);
      for (const [index, owner] of OWNERS.entries()) {
        const killed = take(owner, (name) => {
          if (name === at) {
            throw new Error('killed');
          }
        });
        await expect(killed).rejects.toThrow('killed');
        expect(finishPlan(lightningDir)).toBe(false);
        await take(owner);
        await take(owner);
        expect(await notesIn(owner, files[index] ?? '')).toEqual(['before']);
      }
      expect(finishPlan(lightningDir)).toBe(true);
      expect(finishPlan(lightningDir)).toBe(false);
      expect(existsSync(path.join(kindFolder(lightningDir, 'restore'), 'r1'))).toBe(false);
    }
  });

  it('is none of another node', async () => {
    const { lightningDir, take, plan } = await scene('refused');
    writePlan(lightningDir, plan);
    const other = nodeId(`03${'cd'.repeat(32)}`);
    await expect(take('cl-hive-comms', undefined, other)).rejects.toMatchObject({
      code: 'restore_other_node',
    });
  });

  it('is not guessed where the plan is damaged', async () => {
    const { lightningDir, take, plan } = await scene('damaged');
    writePlan(lightningDir, plan);
    const file = path.join(kindFolder(lightningDir, 'restore'), 'plan.json');
    for (const content of [
      '',
      '{}',
      '[',
      JSON.stringify({ ...plan, id: '../x' }),
      'x'.repeat(20_000),
    ]) {
      writeFileSync(file, content);
      await expect(take('cl-hive-comms')).rejects.toMatchObject({ code: 'restore_plan_damaged' });
    }
    rmSync(file);
    expect(readPlan(lightningDir)).toBeUndefined();
  });

  it('leaves no copy behind that a killed process made, but those of the plan', async () => {
    const { lightningDir, plan } = await scene('cleared');
    writePlan(lightningDir, plan);
    for (const [kind, name] of [
      ['staging', 'backup'],
      ['restore', 'r2'],
    ] as const) {
      writeFileSync(copyOf(copyFolder(lightningDir, kind, name), 'cl-hive'), 'in clear');
    }
    clearCopies(lightningDir);
    expect(readdirSync(kindFolder(lightningDir, 'staging'))).toEqual([]);
    expect(readdirSync(kindFolder(lightningDir, 'restore')).sort()).toEqual(['plan.json', 'r1']);
  });

  it('VB-01, VB-12: names no place outside, and follows no link', async () => {
    const lightningDir = mkdtempSync(path.join(base, 'links-'));
    for (const name of ['..', '../x', '', 'a/b', '.x', '-x', 'a\0b', 'a.b']) {
      expect(() => copyFolder(lightningDir, 'staging', name)).toThrow(
        expect.objectContaining({ code: 'vault_place_unsafe' }),
      );
    }
    copyFolder(lightningDir, 'staging', 'ok');
    symlinkSync('/tmp', path.join(kindFolder(lightningDir, 'staging'), 'link'));
    expect(() => copyFolder(lightningDir, 'staging', 'link')).toThrow(
      expect.objectContaining({ code: 'vault_place_unsafe' }),
    );
  });
});
