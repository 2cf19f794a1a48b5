import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { JsonObject } from '@cl-hive/core';
import { type TestFleet, type TestNode, withFleet } from '@cl-hive/hive-lab';
import { afterAll, describe, expect, it } from 'vitest';
import { withDataGatekeeper } from './support/data-gatekeeper.ts';
import { pluginFile } from './support/plugins.ts';

const base = mkdtempSync(path.join(tmpdir(), 'hive-vault-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

const NAMES = ['cl-hive-comms', 'cl-hive-archon', 'cl-hive'] as const;
const SNAPSHOTS = ['hive-comms-snapshot', 'hive-archon-snapshot', 'hive-snapshot'] as const;
const WAIT_MS = 60_000;
/** What a start writes, and the list of archives that an archive cannot hold itself. */
const MOVING =
  /^(?:\w+_store|comms_guard|hive_meta|archon_deliveries|archon_backups|archon_deposits|archon_deposit_pieces|archon_own_requests|archon_returned_shares)$/;

let made = 0;
function freshFolder(): string {
  made += 1;
  const folder = path.join(base, `archives-${made}`);
  mkdirSync(folder, { mode: 0o700 });
  return folder;
}

const plugins = (folder: string, more: Readonly<Record<string, string | boolean>> = {}) =>
  NAMES.map((name) => ({
    path: pluginFile(name),
    ...(name === 'cl-hive-archon'
      ? { options: { 'hive-archon-vault-folder': folder, ...more } }
      : {}),
  }));

async function ready(fleet: TestFleet, node: TestNode): Promise<void> {
  await fleet.waitFor(
    `node ${node.number} is ready`,
    async () => (await node.call('hive-archon-status'))['state'] === 'ready',
    WAIT_MS,
  );
}

/** The digests of all tables, by name, once nothing is written any more: receipts are signed a moment later. */
async function rows(fleet: TestFleet, node: TestNode): Promise<ReadonlyMap<string, string>> {
  await fleet.waitFor('all receipts are signed', async () => {
    const report = await node.call('hive-client-receipts', { action: 'verify' });
    return report['unsigned'] === 0;
  });
  const found = new Map<string, string>();
  for (const method of SNAPSHOTS) {
    const { tables } = await node.call(method, { action: 'state' });
    for (const { name, digest } of tables as readonly { name: string; digest: string }[]) {
      if (!MOVING.test(name)) {
        found.set(name, digest);
      }
    }
  }
  return found;
}

async function code(node: TestNode, method: string, params: JsonObject): Promise<unknown> {
  return node.call(method, params).then(
    (answer) => answer,
    (error: { rpcData?: { code?: string } }) => error.rpcData?.code ?? error,
  );
}

async function wiped(fleet: TestFleet, node: TestNode): Promise<void> {
  await node.end('kill');
  for (const name of [...NAMES, 'cl-hive-vault']) {
    rmSync(path.join(node.lightningDir, name), { recursive: true, force: true });
  }
  await node.restart();
  await ready(fleet, node);
}

async function restarted(fleet: TestFleet, node: TestNode): Promise<void> {
  await node.end('kill');
  await node.restart();
  await ready(fleet, node);
}

async function who(node: TestNode): Promise<unknown> {
  return (await node.call('hive-archon-status'))['identity'];
}

describe('the vault', () => {
  it('I9: brings a node that was wiped back as itself, with two of three shares', async () => {
    const folder = freshFolder();
    await withFleet({ nodes: 4, plugins: plugins(folder) }, async (fleet) => {
      const [first, second, third, fourth] = fleet.nodes as readonly [
        TestNode,
        TestNode,
        TestNode,
        TestNode,
      ];
      await Promise.all(fleet.nodes.map((node) => ready(fleet, node)));
      // The ring connects the first with the second and the fourth; the third needs a channel too.
      const { binding } = await third.call('getinfo');
      const [{ port } = { port: 0 }] = binding as readonly { port: number }[];
      await first.call('connect', { id: third.id, host: '127.0.0.1', port });
      fleet.world.mine(1);
      await first.call('fundchannel', { id: third.id, amount: 100_000 });
      fleet.world.mine(6);
      for (const holder of [second, third, fourth]) {
        await fleet.waitFor(
          `the first node has a channel with ${holder.number}`,
          async () => {
            const { channels } = await first.call('listpeerchannels', { id: holder.id });
            return (channels as readonly JsonObject[])[0]?.['state'] === 'CHANNELD_NORMAL';
          },
          WAIT_MS,
        );
      }
      await first.call('hive-client-authorize', { advisor: 'alice' });
      const holders = [second.id, third.id, fourth.id];
      const shared = { action: 'rotate', holders, threshold: 2, delay_blocks: 3 };
      await first.call('hive-archon-rotate-shares', shared);
      await fleet.waitFor(
        'all holders have their shares',
        async () => {
          const { sharings } = await first.call('hive-archon-rotate-shares');
          return (sharings as readonly JsonObject[])[0]?.['state'] === 'active';
        },
        WAIT_MS,
      );
      const before = await rows(fleet, first);
      const self = await who(first);
      const backup = await first.call('hive-archon-backup');
      expect(backup).toMatchObject({ sequence: 1, one_moment: true, recipients: 2 });
      const archive = path.join(folder, backup['archive'] as string);

      await wiped(fleet, first);
      expect(await rows(fleet, first)).not.toEqual(before);
      expect(await code(first, 'hive-archon-restore', { archive, use_shares: true })).toBe(
        'shares_missing',
      );
      const { request } = await first.call('hive-archon-restore', {
        action: 'request-shares',
        holders: [second.id],
      });
      // The one that was asked tells the others.
      for (const holder of [second, third, fourth]) {
        await fleet.waitFor(
          `holder ${holder.number} knows of the request`,
          async () => {
            const { requests_of_others: known } = await holder.call('hive-archon-rotate-shares');
            return JSON.stringify(known).includes(request as string);
          },
          WAIT_MS,
        );
      }
      await fourth.call('hive-archon-rotate-shares', {
        action: 'refuse',
        request: request as string,
      });
      const returned = async (): Promise<unknown> =>
        ((await first.call('hive-archon-rotate-shares'))['returned'] as JsonObject)['have'];
      fleet.world.mine(2);
      expect(await returned()).toBe(0);
      fleet.world.mine(4);
      await fleet.waitFor('two shares came back', async () => (await returned()) === 2, WAIT_MS);

      const plan = await first.call('hive-archon-restore', { archive, use_shares: true });
      expect(plan).toMatchObject({ older: false, one_moment: true });
      const confirm = plan['confirm'] as string;
      expect(await code(first, 'hive-archon-restore', { action: 'confirm', confirm: 'x' })).toBe(
        'vault_changed',
      );
      const done = await first.call('hive-archon-restore', { action: 'confirm', confirm });
      expect(done).toMatchObject({ confirmed: true });
      // Nobody serves the old state between.
      await fleet.waitFor(
        'both plugins refuse work',
        async () =>
          (await code(first, 'hive-client-pending', {})) === 'plugin_failed' &&
          (await code(first, 'hive-my-votes', {})) === 'plugin_failed',
        WAIT_MS,
      );
      await restarted(fleet, first);
      const after = await rows(fleet, first);
      for (const [name, digest] of before) {
        expect(after.get(name), name).toBe(digest);
      }
      expect(await who(first)).toEqual(self);
      const { advisors } = await first.call('hive-client-status');
      expect(JSON.stringify(advisors)).toContain('alice');
      expect(
        await first.call('hive-client-receipts', { action: 'verify', signatures: 'all' }),
      ).toMatchObject({ ok: true, faults: [] });
    });
  }, 240_000);
});

describe('an archive at a Gatekeeper', () => {
  it('I9: brings a node back that has nothing but its secret and what lightningd remembers', async () => {
    const folder = freshFolder();
    await withDataGatekeeper(async (gatekeeper) => {
      const options = {
        'hive-archon-network': true,
        'hive-archon-gatekeeper': gatekeeper.url,
        'hive-archon-vault-gatekeeper': true,
      };
      await withFleet({ nodes: 2, plugins: plugins(folder, options) }, async (fleet) => {
        const [node, other] = fleet.nodes as readonly [TestNode, TestNode];
        await Promise.all(fleet.nodes.map((each) => ready(fleet, each)));
        await node.call('hive-client-authorize', { advisor: 'alice' });
        const before = await rows(fleet, node);
        const self = await who(node);
        const made = await node.call('hive-archon-backup');
        expect(made).toMatchObject({ deposit: { state: 'done', gatekeeper: gatekeeper.url } });
        expect(await node.call('hive-archon-backup', { target: 'local' })).not.toHaveProperty(
          'deposit',
        );
        for (const bytes of gatekeeper.data.values()) {
          expect(bytes.includes('alice')).toBe(false);
        }

        rmSync(folder, { recursive: true });
        await wiped(fleet, node);
        const status = await node.call('hive-archon-backup-status');
        expect(status['archives']).toEqual([]);
        const { references } = status['gatekeeper'] as { references: readonly JsonObject[] };
        expect(references).toHaveLength(1);
        const archive = references[0]?.['reference'] as string;
        expect(archive).toBe((made['deposit'] as JsonObject)['reference']);
        expect(await code(other, 'hive-archon-restore', { archive })).toBe('vault_key_wrong');
        const absent = `${archive.slice(0, -1)}${archive.endsWith('0') ? '1' : '0'}`;
        expect(await code(node, 'hive-archon-restore', { archive: absent })).toBe(
          'vault_gatekeeper',
        );
        const plan = await node.call('hive-archon-restore', { archive });
        const confirm = plan['confirm'] as string;
        await node.call('hive-archon-restore', { action: 'confirm', confirm, accept_loss: true });
        await restarted(fleet, node);
        const after = await rows(fleet, node);
        for (const [name, digest] of before) {
          expect(after.get(name), name).toBe(digest);
        }
        expect(await who(node)).toEqual(self);
        // No number is used twice, though the folder is gone.
        const next = await node.call('hive-archon-backup');
        expect(next['sequence']).toBeGreaterThan(Number(made['sequence']));
      });
    });
  }, 120_000);
});

describe('an archive on one node', () => {
  it('VB-03, VB-07, VB-10: is refused when damaged, of another node, or older without a word', async () => {
    const folder = freshFolder();
    await withFleet({ nodes: 2, plugins: plugins(folder) }, async (fleet) => {
      const [node, other] = fleet.nodes as readonly [TestNode, TestNode];
      await Promise.all(fleet.nodes.map((each) => ready(fleet, each)));
      const first = (await node.call('hive-archon-backup'))['archive'] as string;
      await node.call('hive-client-authorize', { advisor: 'bob' });
      const now = await rows(fleet, node);
      const plan = await node.call('hive-archon-restore', { archive: first });
      expect(plan).toMatchObject({ older: true });
      const lost = JSON.stringify(plan['components']);
      expect(lost).toContain('comms_advisors');
      const confirm = plan['confirm'] as string;
      expect(await code(node, 'hive-archon-restore', { action: 'confirm', confirm })).toBe(
        'vault_older',
      );
      const whole = readFileSync(path.join(folder, first));
      const damaged = Buffer.from(whole);
      damaged[damaged.length - 100] = (damaged[damaged.length - 100] ?? 0) ^ 1;
      const bad = { damaged, short: whole.subarray(0, -1), long: Buffer.concat([whole, whole]) };
      for (const [name, content] of Object.entries(bad)) {
        writeFileSync(path.join(folder, name), content, { mode: 0o600 });
        expect(await code(node, 'hive-archon-restore', { archive: name }), name).toBe(
          'vault_damaged',
        );
      }
      expect(await code(other, 'hive-archon-restore', { archive: path.join(folder, first) })).toBe(
        'vault_key_wrong',
      );
      for (const archive of ['../x', 'x/y', '.hidden', 'none']) {
        const refused = archive === 'none' ? 'vault_missing' : 'vault_name';
        expect(await code(node, 'hive-archon-restore', { archive }), archive).toBe(refused);
      }
      expect(await rows(fleet, node)).toEqual(now);
      expect(readdirSync(path.join(node.lightningDir, 'cl-hive-vault/restore'))).toEqual([]);
      // With the word of a person it is done, and the epoch is a new one.
      const again = await node.call('hive-archon-restore', { archive: first });
      const epochs = await node.call('hive-archon-restore', {
        action: 'confirm',
        confirm: again['confirm'] as string,
        accept_loss: true,
      });
      expect(epochs['epochs']).toEqual(NAMES.map((plugin) => ({ plugin, epoch: 1 })));
      await restarted(fleet, node);
      expect((await node.call('hive-client-status'))['epoch']).toBe(1);
      expect(JSON.stringify((await node.call('hive-client-status'))['advisors'])).not.toContain(
        'bob',
      );
      // The same archive once more is another epoch: nothing of the one between counts again.
      const third = await node.call('hive-archon-restore', { archive: first });
      expect(JSON.stringify(third['components'])).toContain('"epoch":2');
    });
  }, 180_000);

  it('I9: brings one component back and leaves the others as they are', async () => {
    const folder = freshFolder();
    await withFleet({ nodes: 1, plugins: plugins(folder) }, async (fleet) => {
      const [node] = fleet.nodes as readonly [TestNode];
      await ready(fleet, node);
      const archive = (await node.call('hive-archon-backup'))['archive'] as string;
      const identity = await who(node);
      await node.call('hive-client-authorize', { advisor: 'carol' });
      await node.call('hive-archon-rotate-did');
      expect(await who(node)).not.toEqual(identity);
      const now = await rows(fleet, node);
      const components = ['cl-hive-archon'];
      const stranger = { archive, components: ['lightningd'] };
      await expect(node.call('hive-archon-restore', stranger)).rejects.toMatchObject({
        rpcCode: -32602,
      });
      const plan = await node.call('hive-archon-restore', { archive, components });
      expect(plan['components']).toMatchObject([{ plugin: 'cl-hive-archon', older: true }]);
      const confirm = { action: 'confirm', confirm: plan['confirm'] as string, accept_loss: true };
      const done = await node.call('hive-archon-restore', confirm);
      expect(done).toMatchObject({ epochs: [{ plugin: 'cl-hive-archon', epoch: 1 }] });
      expect(done['next']).not.toContain('comms');
      // The others work on meanwhile.
      await node.call('hive-client-authorize', { advisor: 'dave' });
      const later = await rows(fleet, node);
      await restarted(fleet, node);
      const after = await rows(fleet, node);
      const others = [...later].filter(([name]) => !/^(?:archon_|did_)/.test(name));
      for (const [name, digest] of others) {
        expect(after.get(name), name).toBe(digest);
      }
      expect(after.get('archon_identities')).not.toBe(now.get('archon_identities'));
      expect(await who(node)).toEqual(identity);
      const status = await node.call('hive-client-status');
      expect(JSON.stringify(status['advisors'])).toContain('dave');
      expect(status['epoch']).toBe(0);
    });
  }, 120_000);

  it('VB-03: does not bring back a component that it does not hold', async () => {
    const folder = freshFolder();
    const all = plugins(folder);
    await withFleet({ nodes: 1, plugins: all.slice(0, 2) }, async (fleet) => {
      const [node] = fleet.nodes as readonly [TestNode];
      await ready(fleet, node);
      const archive = (await node.call('hive-archon-backup'))['archive'] as string;
      const wish = { archive, components: ['cl-hive'] };
      expect(await code(node, 'hive-archon-restore', wish)).toBe('vault_component');
    });
  }, 120_000);

  it('VB-06: survives SIGKILL at any moment of backup and restore', async () => {
    const folder = freshFolder();
    await withFleet({ nodes: 1, plugins: plugins(folder) }, async (fleet) => {
      const [node] = fleet.nodes as readonly [TestNode];
      await ready(fleet, node);
      let state = 7;
      const moment = (): number => {
        state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
        return (state / 2 ** 32) * 400;
      };
      await node.call('hive-archon-backup');
      for (let round = 0; round < 6; round += 1) {
        const before = await rows(fleet, node);
        const archives = readdirSync(folder).filter((name) => name.endsWith('.age'));
        const newest = archives.sort().at(-1) as string;
        const work =
          round % 2 === 0
            ? node.call('hive-archon-backup')
            : node.call('hive-archon-restore', { archive: newest }).then(({ confirm }) =>
                node.call('hive-archon-restore', {
                  action: 'confirm',
                  confirm: confirm as string,
                  accept_loss: true,
                }),
              );
        const ended = work.then(
          () => true,
          () => false,
        );
        await new Promise((resolve) => setTimeout(resolve, moment()));
        await node.end('kill');
        await ended;
        await node.restart();
        await ready(fleet, node);
        // Old or new, never a mix: nothing but the vault's own list changed since the last archive.
        expect(await rows(fleet, node)).toEqual(before);
        const status = await node.call('hive-archon-backup-status');
        expect(status['restore_waits_for'] ?? []).toEqual([]);
        for (const { name } of status['archives'] as readonly { name: string }[]) {
          expect(await node.call('hive-archon-restore', { archive: name })).toHaveProperty(
            'confirm',
          );
          await node.call('hive-archon-restore', { action: 'cancel' });
        }
        expect(readdirSync(folder).filter((name) => name.includes('draft'))).toEqual([]);
      }
    });
  }, 240_000);
});
