// Simulates the intent lock: node packages/hive/sim/run.mjs [--seeds 1000] [--seed 1] [--profile all]
// [--mutant NAME]. A profile `each` runs all of them. Exits 1 when an invariant breaks.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { bundleSimulator } from './bundle.mjs';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    profile: { type: 'string', default: 'all' },
    mutant: { type: 'string' },
  },
});

const folder = mkdtempSync(join(tmpdir(), 'hive-sim-'));
try {
  const bundle = join(folder, 'simulator.mjs');
  await bundleSimulator(bundle, values.mutant);
  const { isProfile, PROFILE_NAMES, replayCommand, simulate } = await import(
    pathToFileURL(bundle).href
  );
  const profiles = values.profile === 'each' ? PROFILE_NAMES : [values.profile];
  for (const profile of profiles) {
    if (!isProfile(profile)) {
      throw new Error(`there is no profile ${profile}: each, ${PROFILE_NAMES.join(', ')}`);
    }
    const began = performance.now();
    const { seeds, failures, openings, barren } = simulate(
      profile,
      Number(values.seed),
      Number(values.seeds),
    );
    const seconds = (performance.now() - began) / 1000;
    for (const { seed, broken } of failures.slice(0, 5)) {
      process.stdout.write(`${broken.join('; ')}\n  again: ${replayCommand(profile, seed)}\n`);
    }
    process.stdout.write(
      `${profile}: ${seeds} seeds, ${failures.length} failed, ${(openings / seeds).toFixed(1)} ${profile === 'fleet' ? 'bans' : 'openings'} per seed, ${barren} without any, ${(seeds / seconds).toFixed(0)} seeds/s\n`,
    );
    process.exitCode = failures.length > 0 ? 1 : (process.exitCode ?? 0);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
