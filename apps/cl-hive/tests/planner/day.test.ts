import { SeededRandom } from '@cl-hive/testkit';
import { describe, expect, it } from 'vitest';
import { liveDay } from './day.ts';
import { smallNetwork } from './network.ts';

describe('a day of a fleet left to itself', () => {
  it('breaks no limit, opens once to a target, and routes better than before', async () => {
    const network = smallNetwork(250, new SeededRandom(11));
    const sources = network.channels.map(({ source }) => source);
    const day = await liveDay({
      network,
      members: 5,
      seed: 5,
      hours: 24,
      payments: 60,
      budgetPerDaySat: 30_000_000,
      onchainSat: 100_000_000,
      refusingPercent: 10,
      settings: { 'hive-planner-max-channel-sats': 10_000_000 },
      peersOf: (_member, random) => [random.pick(sources)],
    });
    expect(day.faults).toEqual([]);
    expect(day.cycles).toBeGreaterThan(5 * 20);
    expect(day.opened.length).toBeGreaterThan(5);
    expect(day.planned.costPpm).toBeLessThan(day.before.costPpm);
    expect(day.planned.probability).toBeGreaterThan(day.before.probability);
  });
});
