import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type * as Simulator from '../sim/main.ts';
import { PROFILES } from '../sim/profiles.ts';

type Simulation = Pick<typeof Simulator, 'simulate' | 'replayCommand' | 'isProfile'>;

const SEEDS = 5;
/** Of membership and state, whose schedules take longer. */
const FLEET_SEEDS = 3;
const folder = mkdtempSync(join(tmpdir(), 'hive-simulation-'));
const bundler = new URL('../sim/bundle.mjs', import.meta.url).href;
const mutants = new URL('../sim/mutants.mjs', import.meta.url).href;

async function simulator(mutant?: string): Promise<Simulation> {
  const outfile = join(folder, `${mutant ?? 'real'}.mjs`);
  const { bundleSimulator } = (await import(bundler)) as {
    bundleSimulator: (outfile: string, mutant?: string) => Promise<void>;
  };
  await bundleSimulator(outfile, mutant);
  return (await import(/* @vite-ignore */ pathToFileURL(outfile).href)) as Simulation;
}

let real: Simulation;
beforeAll(async () => {
  real = await simulator();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the intent lock in simulation', () => {
  it.each(Object.keys(PROFILES))('keeps its invariants: %s', (name) => {
    expect(real.isProfile(name)).toBe(true);
    const profile = name as keyof typeof PROFILES;
    const { failures, openings } = real.simulate(profile, 1, SEEDS);
    const told = failures.map(
      ({ seed, broken }) => `${broken.join('; ')}: ${real.replayCommand(profile, seed)}`,
    );
    expect(told).toEqual([]);
    expect(openings).toBeGreaterThan(SEEDS);
  });

  it('repeats for the same seed', () => {
    expect(real.simulate('all', 7, 3)).toEqual(real.simulate('all', 7, 3));
  });
});

describe('membership and state in simulation', () => {
  it('keep their invariants, and agree ten minutes after the last fault', () => {
    const { failures } = real.simulate('fleet', 1, FLEET_SEEDS);
    const told = failures.map(
      ({ seed, broken }) => `${broken.join('; ')}: ${real.replayCommand('fleet', seed)}`,
    );
    expect(told).toEqual([]);
  });
});

describe('mutants of the hive', async () => {
  const { MUTANTS } = (await import(mutants)) as {
    MUTANTS: Readonly<
      Record<string, { readonly profile: Simulator.SimProfile; readonly seed?: number }>
    >;
  };
  it.each(Object.entries(MUTANTS))('%s is found', async (name, { profile, seed = 1 }) => {
    const { simulate } = await simulator(name);
    const { failures } = simulate(profile, seed, 300, 1);
    expect(failures).toHaveLength(1);
    // The very seeds that find the mutant hold without it.
    const [found] = failures;
    expect(real.simulate(profile, found?.seed ?? 0, 1).failures).toEqual([]);
  });
});
