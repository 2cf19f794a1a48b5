import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { JsonObject } from '@cl-hive/core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { textOf } from './support/advisor.ts';
import { withDataGatekeeper } from './support/data-gatekeeper.ts';
import { buildKillable, dieAt as dieWith } from './support/killable.ts';
import { type NodeUnderTest, withNode } from './support/node.ts';

vi.setConfig({ testTimeout: 120_000 });

const base = mkdtempSync(path.join(tmpdir(), 'hive-archon-kill-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));
let plugin = '';
beforeAll(async () => {
  plugin = await buildKillable('cl-hive-archon', path.join(base, 'cl-hive-archon'));
});

const dieAt = (
  node: NodeUnderTest,
  places: readonly string[],
  act: () => Promise<unknown>,
  options: JsonObject = {},
) => dieWith(node, { name: 'cl-hive-archon', entry: plugin, options }, places, act);

async function world(
  test: (node: NodeUnderTest) => Promise<void>,
  options: Readonly<Record<string, string | boolean>> = {},
): Promise<void> {
  await withNode({ plugins: ['cl-hive-comms', { path: plugin, options }] }, async (node) => {
    await node.untilState('cl-hive-archon', 'ready');
    await test(node);
  });
}

async function identity(node: NodeUnderTest): Promise<JsonObject> {
  return (await node.status('cl-hive-archon'))['identity'] as JsonObject;
}

/** The database's rows but for those of starts and the vault's own books. */
async function rows(node: NodeUnderTest): Promise<ReadonlyMap<string, string>> {
  const { tables } = await node.call('hive-archon-snapshot', { action: 'state' });
  const own =
    /^(?:archon_(?:store|migrations|deliveries|backups|deposits|deposit_pieces|own_requests|returned_shares))$/;
  return new Map(
    (tables as readonly { name: string; digest: string }[]).flatMap(({ name, digest }) =>
      own.test(name) ? [] : [[name, digest]],
    ),
  );
}

function left(node: NodeUnderTest, kind: 'staging' | 'restore' | 'archives'): readonly string[] {
  const folder = path.join(node.lightningDir, 'cl-hive-vault', kind);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return readdirSync(folder);
}

describe('a plugin that is killed while the identity is made or changed', () => {
  it('PO-10, I7: has the identity before or after, whole, at every step', async () => {
    await world(async (node) => {
      let before = await identity(node);
      const steps: readonly (readonly [method: string, changed: boolean, place: string])[] = [
        ['rotate-keys', false, 'rotateKey:before'],
        ['rotate-keys', false, 'DidStore.add:after'],
        ['rotate-keys', true, 'OwnRecords.save:before'],
        ['rotate-keys', true, 'BindingDesk.ensure:before'],
        ['rotate-did', false, 'createAgent:after'],
        ['rotate-did', true, 'BindingDesk.ensure:before'],
      ];
      for (const [method, changed, place] of steps) {
        await dieAt(node, [place], () => node.call(`hive-archon-${method}`));
        const now = await identity(node);
        const key = method === 'rotate-keys' ? 'version' : 'identity';
        expect(Number(now[key]) - Number(before[key]), place).toBe(changed ? 1 : 0);
        const { attestation } = await node.call('hive-archon-provision');
        const { bindings } = attestation as { bindings: readonly JsonObject[] };
        expect(
          bindings.map(({ kind }) => kind),
          place,
        ).toEqual(['node', 'nostr']);
        before = now;
      }
      // The first start of all, with nothing there but the node's own secret.
      const { did } = before;
      for (const place of [
        'OwnRecords.load:before',
        'DidStore.add:after',
        'OwnRecords.save:before',
      ]) {
        await node.stopPlugin('cl-hive-archon');
        rmSync(path.join(node.lightningDir, 'cl-hive-archon'), { recursive: true, force: true });
        await dieAt(node, [place], () => node.startPlugin(plugin));
        expect((await identity(node))['did'], place).toBe(did);
      }
    });
  });

  it('KX-04, I7: votes once at every step', async () => {
    await world(async (node) => {
      const { id } = await node.call('getinfo');
      for (const place of [
        'decideOwnVote:after',
        'statementText:before',
        'signOwnVote:after',
        'PollSync.spread:before',
      ]) {
        const asked = await node.call('hive-poll-create', {
          title: `At ${place}?`,
          options: ['yes', 'no'],
          deadline: Math.floor(Date.now() / 1000) + 86_400,
          electorate: [textOf(id)],
        });
        const poll = textOf(asked['poll']);
        await dieAt(node, [place], () => node.call('hive-vote', { poll, choice: 2 }));
        await node.call('hive-vote', { poll, choice: 2 });
        const shown = await node.call('hive-poll-status', { poll, ballots: true });
        expect(shown['ballots'], place).toMatchObject([{ signer: id, body: { choice: 2 } }]);
      }
    });
  });
});

describe('a plugin that is killed while the vault works', () => {
  it('VB-06, I9: has an archive whole or not at all, at every step of a backup', async () => {
    await world(async (node) => {
      const before = await rows(node);
      const steps: readonly (readonly [made: number, place: string])[] = [
        [0, 'Copies.take:before'],
        [0, 'Copies.take:after'],
        [1, 'writeArchive:after'],
        [1, 'Copies.digests:after'],
        [1, 'VaultFolder.retain:after'],
        [1, 'removeCopy:before'],
      ];
      let archives = 0;
      for (const [made, place] of steps) {
        await dieAt(node, [place], () => node.call('hive-archon-backup'));
        archives += made;
        const status = await node.call('hive-archon-backup-status');
        expect(status['archives'], place).toHaveLength(archives);
        expect(JSON.stringify(status['attempts']), place).not.toContain('begun');
        expect(await rows(node), place).toEqual(before);
        expect([...left(node, 'staging'), ...left(node, 'restore')], place).toEqual([]);
        expect(
          left(node, 'archives').every((name) => name.endsWith('.age')),
          place,
        ).toBe(true);
      }
      for (const archive of left(node, 'archives')) {
        expect(await node.call('hive-archon-restore', { archive })).toHaveProperty('confirm');
        await node.call('hive-archon-restore', { action: 'cancel' });
      }
    });
  });

  it('VB-06, I9: has an archive at a Gatekeeper once and whole, at every step of a deposit', async () => {
    await withDataGatekeeper(async (gatekeeper) => {
      const options = { 'hive-archon-network': true, 'hive-archon-gatekeeper': gatekeeper.url };
      const vault = async (node: NodeUnderTest) =>
        (await node.call('hive-archon-backup-status'))['gatekeeper'] as {
          readonly deposits: readonly JsonObject[];
          readonly references: readonly JsonObject[];
        };
      await world(async (node) => {
        const steps: readonly (readonly [taken: boolean, place: string])[] = [
          [false, 'DepositOffice.take:after'],
          [true, 'putAndReadBack:before'],
          [true, 'putAndReadBack:after'],
          [true, 'depositIndex:before'],
          [true, 'depositIndex:after'],
          [true, 'DepositRecords.add:before'],
          [true, 'DepositRecords.add:after'],
        ];
        let count = 0;
        for (const [taken, place] of steps) {
          const backup = () => node.call('hive-archon-backup', { target: 'gatekeeper' });
          await dieAt(node, [place], backup, options);
          count += taken ? 1 : 0;
          await node.until(`all is at the Gatekeeper after ${place}`, async () => {
            const { deposits, references } = await vault(node);
            return references.length === count && deposits.every(({ state }) => state === 'done');
          });
          const { deposits, references } = await vault(node);
          expect(deposits, place).toHaveLength(count);
          expect(new Set(references.map(({ reference }) => reference)).size, place).toBe(count);
        }
        for (const { reference } of (await vault(node)).references) {
          const archive = textOf(reference);
          expect(await node.call('hive-archon-restore', { archive })).toHaveProperty('confirm');
          await node.call('hive-archon-restore', { action: 'cancel' });
        }
        const archive = textOf((await vault(node)).references[0]?.['reference']);
        const before = await rows(node);
        const restore = () => node.call('hive-archon-restore', { archive });
        await dieAt(node, ['fetchDeposit:after'], restore, options);
        expect(left(node, 'restore')).toEqual([]);
        expect(await rows(node)).toEqual(before);
      }, options);
    });
  });

  it('VB-06, I9: has the state before or the restored one, at every step of a restore', async () => {
    await world(async (node) => {
      const { archive } = await node.call('hive-archon-backup');
      const old = await identity(node);
      const restore = async (): Promise<void> => {
        const plan = { archive: textOf(archive), components: ['cl-hive-archon'] };
        const { confirm } = await node.call('hive-archon-restore', plan);
        const word = { action: 'confirm', confirm: textOf(confirm), accept_loss: true };
        await node.call('hive-archon-restore', word);
        await node.stopPlugin('cl-hive-archon');
        await node.startPlugin(plugin);
      };
      const steps: readonly (readonly [restored: boolean, place: string])[] = [
        [false, 'openArchive:after'],
        [false, 'Copies.prepare:after'],
        [false, 'writePlan:before'],
        [true, 'writePlan:after'],
        [true, 'markDone:before'],
        [true, 'markDone:after'],
        [true, 'finishPlan:before'],
        [true, 'finishPlan:after'],
      ];
      for (const [restored, place] of steps) {
        await node.call('hive-archon-rotate-did');
        const now = await identity(node);
        await dieAt(node, [place], restore);
        expect((await identity(node))['did'], place).toBe(restored ? old['did'] : now['did']);
        const status = await node.call('hive-archon-backup-status');
        expect(status['restore_waits_for'] ?? [], place).toEqual([]);
        expect(left(node, 'restore'), place).toEqual([]);
      }
    });
  });
});
