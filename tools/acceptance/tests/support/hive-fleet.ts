import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { JsonObject, NodeId } from '@cl-hive/core';
import { type TestFleet, type TestNode, withFleet } from '@cl-hive/hive-lab';
import { pluginFile } from './plugins.ts';
import { writeReaper } from './reaper.ts';

/** A limit in which every opening of a test goes without a person. */
export const FAILSAFE: Readonly<Record<string, string>> = {
  'hive-governance-mode': 'failsafe',
  'hive-failsafe-budget-per-day': '10000000',
  'hive-budget-max-per-channel-pct': '1.0',
};

/** Longest wait of a fleet for something, ms; only a failure takes it. */
const DEADLINE_MS = 60_000;

/** A fleet whose nodes are members of one hive and decide together about openings. */
export interface HiveFleet {
  readonly fleet: TestFleet;
  readonly nodes: readonly TestNode[];
  /** Public nodes, each a target of openings. */
  readonly targets: readonly NodeId[];
  /** Starts a node's cl-hive again after it was killed, and waits until it works. */
  readonly revive: (node: TestNode) => Promise<void>;
  readonly until: <T>(
    what: string,
    probe: () => T | Promise<T>,
  ) => Promise<Exclude<Awaited<T>, undefined | false>>;
}

/** Runs `test` on a hive of `size` members and leaves nothing behind. */
export async function withHive(
  size: number,
  options: Readonly<Record<string, string>>,
  test: (hive: HiveFleet) => Promise<void>,
): Promise<void> {
  const dir = mkdtempSync(path.join(tmpdir(), 'hive-reaper-'));
  const reaper = path.join(dir, 'reaper.js');
  writeReaper(reaper);
  const hive = { path: pluginFile('cl-hive'), options };
  try {
    await withFleet(
      {
        nodes: size,
        plugins: [{ path: reaper }, { path: pluginFile('cl-hive-comms') }, hive],
        publicNodes: 100,
      },
      async (fleet) => {
        const until: HiveFleet['until'] = (what, probe) => fleet.waitFor(what, probe, DEADLINE_MS);
        const ready = (node: TestNode) =>
          until(`cl-hive of node ${node.number} is ready`, async () => {
            const { state } = await node.call('hive-status');
            return state === 'ready';
          });
        const { nodes } = fleet;
        await Promise.all(nodes.map(ready));
        await form(fleet, until);
        const revive = async (node: TestNode): Promise<void> => {
          await until(
            'the killed plugin is gone',
            () => !node.plugin.running().includes('cl-hive.js'),
          );
          await node.plugin.start(hive.path, options);
          await ready(node);
        };
        const members = new Set(nodes.map(({ id }) => id));
        const known = (await nodes[0]?.call('listnodes'))?.['nodes'] as readonly JsonObject[];
        const targets = known
          .map(({ nodeid }) => nodeid as NodeId)
          .filter((target) => !members.has(target) && isOnCurve(target));
        await test({ fleet, nodes, targets, revive, until });
      },
    );
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Genesis, invitations, vouches, and an epoch of all. */
async function form(fleet: TestFleet, until: HiveFleet['until']): Promise<void> {
  const [founder, ...others] = fleet.nodes;
  if (founder === undefined) {
    return;
  }
  await founder.call('hive-genesis', { hive_id: 'acceptance' });
  const members = [founder];
  for (const node of others) {
    const { ticket } = await founder.call('hive-invite');
    await node.call('hive-join', { ticket: ticket as string });
    await until(`node ${node.number} is a neophyte for all`, async () => {
      const tiers = await Promise.all([...members, node].map((one) => tierOf(one, node.id)));
      return tiers.every((tier) => tier === 'neophyte');
    });
    for (const member of members) {
      await member.call('hive-vouch', { peer_id: node.id });
    }
    members.push(node);
    await until(`node ${node.number} is a member`, async () => {
      const tiers = await Promise.all(members.map((member) => tierOf(member, node.id)));
      return tiers.every((tier) => tier === 'member');
    });
  }
  await decideTogether(fleet, until);
}

/**
 * Waits until one epoch of all decides, and passes its beginning: before that an approved opening waits with
 * `no_epoch`, as it does for two windows after a promotion. All have seen the last block then: who asks for a
 * grant of a window that the others are not in yet has to ask again in the next one, which takes blocks.
 */
export async function decideTogether(
  fleet: TestFleet,
  until: (what: string, probe: () => Promise<boolean>) => Promise<unknown>,
): Promise<void> {
  const views = () => Promise.all(fleet.nodes.map((node) => node.call('hive-lock-status')));
  let looks = 0;
  await until('one epoch of all', async () => {
    // The chain goes on: each promotion's epoch begins at a height.
    looks += 1;
    if (looks % 10 === 0) {
      fleet.world.mine(1);
    }
    return (await views()).every(({ epoch, contestants }) => {
      const count = ((epoch as JsonObject | null)?.['members'] as readonly string[])?.length;
      return count === fleet.nodes.length && (contestants as readonly string[]).length === 0;
    });
  });
  // It begins a window after the last stop of the one before.
  fleet.world.mine(21);
  await until('all have seen the blocks', async () => {
    const tips = await Promise.all(fleet.nodes.map((node) => node.call('getinfo')));
    const [tip] = tips.map(({ blockheight }) => blockheight);
    return (await views()).every(({ height }) => height === tip);
  });
}

async function tierOf(node: TestNode, id: string): Promise<string | undefined> {
  const { members } = await node.call('hive-members');
  const found = (members as readonly JsonObject[]).find(({ peer_id: peer }) => peer === id);
  return found?.['tier'] as string | undefined;
}

/** Channels that a node opened to a target, whatever their state: what really happened. */
export async function channelsTo(node: TestNode, target: NodeId): Promise<number> {
  const { channels } = await node.call('listpeerchannels', { id: target });
  return (channels as readonly JsonObject[]).length;
}

const FIELD = 2n ** 256n - 2n ** 32n - 977n;

/** Whether an id is a key: ids of the made-up public network are so for every second node. */
function isOnCurve(id: NodeId): boolean {
  const x = BigInt(`0x${id.slice(2)}`);
  let base = (x * x * x + 7n) % FIELD;
  let power = 1n;
  for (let exponent = (FIELD - 1n) / 2n; exponent > 0n; exponent >>= 1n) {
    power = (exponent & 1n) === 1n ? (power * base) % FIELD : power;
    base = (base * base) % FIELD;
  }
  return power === 1n;
}
