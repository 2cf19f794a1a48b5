// A fleet left to itself for a virtual day on a generated network of mainnet's shape, against opening
// at random and opening to the biggest nodes: `node sim/day.mjs [--nodes=16000] [--members=5]
// [--hours=24] [--payments=300] [--seed=1]`. Exit 1 where something happened that never may, or where
// planning was not better.
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));
const option = (name, otherwise) =>
  Number(
    process.argv.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3) ?? otherwise,
  );

// Within node_modules, so that the native parts are found.
const folder = mkdtempSync(join(here, '../../../node_modules/.planner-day-'));
try {
  const bundle = (entry, name) =>
    build({
      entryPoints: [join(here, entry)],
      outfile: join(folder, name),
      bundle: true,
      format: 'esm',
      platform: 'node',
      conditions: ['@cl-hive/source'],
      external: ['better-sqlite3', 'better-sqlite3-napi', 'pg-native'],
      banner: {
        js: "import { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);",
      },
      logLevel: 'error',
    });
  await bundle('network.mjs', 'network.mjs');
  await bundle('../tests/planner/day.ts', 'day.mjs');
  const { generated } = await import(pathToFileURL(join(folder, 'network.mjs')).href);
  const { liveDay } = await import(pathToFileURL(join(folder, 'day.mjs')).href);
  await run(generated, liveDay);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function run(generated, liveDay) {
  const seed = option('seed', 1);
  const network = generated(option('nodes', 16_000), seed, 1_770_000_000);
  const sources = network.channels.map(({ source }) => source);
  const began = performance.now();
  const day = await liveDay({
    network,
    members: option('members', 5),
    seed,
    hours: option('hours', 24),
    payments: option('payments', 300),
    budgetPerDaySat: 60_000_000,
    onchainSat: 200_000_000,
    refusingPercent: 10,
    config: JSON.parse(process.argv.find((arg) => arg.startsWith('--config='))?.slice(9) ?? '{}'),
    settings: { 'hive-planner-max-channel-sats': 10_000_000 },
    peersOf: (_member, random) => [random.pick(sources)],
  });
  const figure = ({ probability, feePpm, costPpm, competitive }) =>
    `probability ${(probability * 100).toFixed(2)} %, fee ${feePpm.toFixed(1)} ppm, cost ${costPpm.toFixed(1)} ppm, competitive ${(competitive * 100).toFixed(1)} %`;
  const { opened, faults, cycles } = day;
  const lines = [
    `${network.nodes.length} nodes, ${network.channels.length / 2} channels, ${cycles} cycles, ${opened.length} openings of ${opened.reduce((sum, { sat }) => sum + sat, 0)} sat by ${new Set(opened.map(({ member }) => member)).size} members, ${((performance.now() - began) / 1000).toFixed(1)} s`,
    ...['before', 'planned', 'random', 'biggest'].map((name) => `${name}: ${figure(day[name])}`),
    ...faults.map((fault) => `FAULT: ${fault}`),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  const better = ['random', 'biggest'].every(
    (other) =>
      day.planned.probability > day[other].probability && day.planned.feePpm < day[other].feePpm,
  );
  process.exitCode = faults.length === 0 && better ? 0 : 1;
}
