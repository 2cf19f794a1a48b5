// Where a fleet of five would open on a recorded network, how much and why, and one target in full:
// `node sim/targets.mjs FILE.gossmap.gz`.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));
const NOW_SECONDS = 1_770_100_000;
const folder = mkdtempSync(join(tmpdir(), 'planner-targets-'));
try {
  const load = async (entry, name) => {
    const outfile = join(folder, name);
    const options = { bundle: true, format: 'esm', platform: 'node', logLevel: 'error' };
    const conditions = ['@cl-hive/source'];
    await build({ entryPoints: [join(here, entry)], outfile, conditions, ...options });
    return import(pathToFileURL(outfile).href);
  };
  const { recorded } = await load('network.mjs', 'network.mjs');
  const kernel = await load('../../../packages/planning-kernel/src/index.ts', 'kernel.mjs');
  print(kernel, recorded(readFileSync(process.argv[2] ?? ''), NOW_SECONDS));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function print({ CURRENT_FLAGS, executableOrders, explained, prepare }, { channels, nodes }) {
  const snapshot = {
    flags: CURRENT_FLAGS,
    now: NOW_SECONDS * 1000,
    blockHeight: 935_000,
    channels,
    nodes,
    members: nodes.slice(100, 105).map(({ nodeid: id }) => ({
      id,
      onchainSat: 100_000_000,
      online: true,
      canOpen: true,
      clboss: false,
    })),
    ...Object.fromEntries(
      'memberChannels,claims,openOrders,pendingIntents,quality,guards,saturated,ignored,requests'
        .split(',')
        .map((name) => [name, []]),
    ),
    openingPerkb: 2_000,
    budget: { limitSat: 1_000_000_000, spentSat: 0, reservedSat: 0 },
    expansionsEnabled: true,
    config: { massSaturationMax: 100_000 },
  };
  const { plan, explain } = explained(prepare(snapshot, undefined));
  const write = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
  plan.ranking.slice(0, 10).forEach(write);
  executableOrders(plan).forEach(write);
  write(explain(plan.ranking[0]?.target ?? ''));
  const own = channels.filter(({ source }) => source === plan.ranking[0]?.target);
  const sat = own.reduce((sum, { amount_msat }) => sum + amount_msat / 1000, 0);
  write({ counted: { channels: own.length, publicSat: sat } });
}
