import { VirtualClock } from '@cl-hive/testkit';
import { expect, it } from 'vitest';
import { TierDesk } from '../src/governance/tier-desk.ts';
import { freshFile, openArchonStore } from './support.ts';

const HOUR = 3_600_000;

/** A node with so many sat on its side of a channel. */
async function node() {
  const location = freshFile();
  const store = await openArchonStore(location);
  const clock = new VirtualClock();
  const said: string[] = [];
  const note = (message: unknown): void => void said.push(String(message));
  const held = { sat: 60_000, state: 'CHANNELD_NORMAL' };
  const channels = async () => ({
    channels: [{ state: held.state, to_us_msat: held.sat * 1000 }],
  });
  const parts = { store, clock, log: { info: note, warn: note }, neighbours: { channels } };
  return { store, clock, said, held, desk: new TierDesk(parts), again: () => new TierDesk(parts) };
}

/** Lets an hour pass, and the look that it brings end. */
async function hour(clock: VirtualClock): Promise<void> {
  clock.advance(HOUR);
  while (clock.pending === 0) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

it('is basic until a bond is chosen that stands, and remembers it', async () => {
  const { store, desk, again, held } = await node();
  expect(await desk.view()).toEqual({ tier: 'basic' });
  await expect(desk.require(1)).rejects.toMatchObject({ code: 'tier_basic' });
  held.sat = 49_999;
  await expect(desk.choose('governance', 50_000)).rejects.toMatchObject({ code: 'bond_missing' });
  expect(await desk.view()).toEqual({ tier: 'basic' });
  held.sat = 50_000;
  const bond = { bond_sat: 50_000, held_sat: 50_000 };
  expect(await desk.choose('governance', 50_000)).toEqual({ tier: 'governance', ...bond });
  expect(await again().view()).toEqual({ tier: 'governance', ...bond });
  await again().require(50_000);
  // A poll may ask for more than what was chosen, and never for less.
  await expect(desk.require(50_001)).rejects.toMatchObject({ code: 'bond_missing' });
  expect(await desk.choose('basic', 50_000)).toEqual({ tier: 'basic' });
  await expect(desk.require(1)).rejects.toMatchObject({ code: 'tier_basic' });
  await store.close();
});

it('is looked at again every hour, and falls and comes back with the bond', async () => {
  const { store, clock, said, held, desk } = await node();
  await desk.choose('governance', 50_000);
  await desk.wake();
  expect(said).toEqual(['the bond of 50000 sat for the tier governance stands']);
  held.state = 'ONCHAIN';
  await hour(clock);
  await hour(clock);
  expect(said).toHaveLength(2);
  expect(said[1]).toContain('is missing: 0 sat');
  expect(await desk.view()).toMatchObject({ tier: 'basic', reason: 'bond_missing' });
  await expect(desk.require(1)).rejects.toMatchObject({ code: 'bond_missing' });
  held.state = 'CHANNELD_NORMAL';
  await hour(clock);
  expect(said).toHaveLength(3);
  expect(await desk.view()).toMatchObject({ tier: 'governance' });
  desk.idle();
  expect(clock.pending).toBe(0);
  await store.close();
});
