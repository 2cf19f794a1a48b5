// A full planning cycle beside JSON.parse of the same bytes, one JSON line per figure:
// {"name","value","unit","against","ratio"}. A cycle parses a listchannels answer as cl-hive's engine does,
// in pieces that go into the index, computes the share of every target, ranks, and plans. Networks are generated with mainnet's distributions.
// `node bench/planner.bench.mjs [--nodes=1000,16000] [--gossmap=FILE]`; each size runs in its own process.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));
const option = (name) =>
  process.argv.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3);
const FLEETS = [5, 50, 200];
const NOW_SECONDS = 1_770_100_000;
const sha256 = (text) => createHash('sha256').update(text, 'utf8').digest('hex');

if (option('child') === undefined) {
  const folder = mkdtempSync(join(tmpdir(), 'planner-bench-'));
  try {
    const bundle = async (entry, name) => {
      await build({
        entryPoints: [join(here, entry)],
        outfile: join(folder, name),
        bundle: true,
        format: 'esm',
        platform: 'node',
        conditions: ['@cl-hive/source'],
        logLevel: 'error',
      });
    };
    await bundle('../src/index.ts', 'kernel.mjs');
    await bundle('./network.mjs', 'network.mjs');
    const gossmap = option('gossmap');
    const sizes = (option('nodes') ?? '1000,16000,100000').split(',');
    const cases = gossmap === undefined ? sizes : [...sizes, gossmap];
    for (const size of cases) {
      const run = spawnSync(
        process.execPath,
        [
          '--expose-gc',
          '--max-old-space-size=6000',
          fileURLToPath(import.meta.url),
          `--child=${size}`,
          `--folder=${folder}`,
        ],
        { stdio: ['ignore', 'inherit', 'inherit'] },
      );
      if (run.status !== 0) {
        process.exitCode = 1;
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
} else {
  await measure(option('child'), option('folder'));
}

async function measure(size, folder) {
  const kernel = await import(pathToFileURL(join(folder, 'kernel.mjs')).href);
  const { networkTexts, takeChannels } = await import(
    pathToFileURL(join(folder, 'network.mjs')).href
  );
  const generated = /^\d+$/.test(size);
  const { bytes, nodeIds, nodeCount } = networkTexts(
    generated
      ? { nodes: Number(size), seed: 7, nowSeconds: NOW_SECONDS }
      : { gossmap: readFileSync(size), seed: 7, nowSeconds: NOW_SECONDS },
  );
  const label = generated ? `${size} nodes` : `mainnet, ${nodeCount} nodes`;
  const rounds = bytes.length > 100e6 ? 4 : bytes.length > 20e6 ? 9 : 25;
  const parse = () => JSON.parse(bytes.toString());

  // Memory comes first, while the heap holds nothing else.
  const bareMemory = held(parse);
  for (const fleet of FLEETS) {
    const members = fleetOf(nodeIds, fleet);
    const cycle = (before) => {
      const reader = new kernel.GraphReader(before);
      takeChannels(bytes, (channels) => reader.read(channels));
      return kernel.planCycle(snapshotOf(members), reader, sha256);
    };
    if (fleet === FLEETS[0]) {
      const cycleMemory = held(() => cycle(undefined));
      report(
        `${label}: memory held by index and plan`,
        'MB',
        cycleMemory / 1e6,
        'entries alone',
        bareMemory / 1e6,
      );
    }
    const previous = cycle(undefined).graph;
    const parses = [];
    const cycles = [];
    const nexts = [];
    for (let round = 0; round < rounds; round += 1) {
      parses.push(timed(parse));
      cycles.push(timed(() => cycle(undefined)));
      nexts.push(timed(() => cycle(previous)));
    }
    const bare = best(parses);
    report(
      `${label}, fleet of ${fleet}: first cycle, parsing included`,
      'ms',
      best(cycles),
      'JSON.parse',
      bare,
    );
    report(
      `${label}, fleet of ${fleet}: next cycle, parsing included, nothing changed`,
      'ms',
      best(nexts),
      'JSON.parse',
      bare,
    );
  }
}

/** Members are nodes of the middle: neither hubs nor leaves. */
function fleetOf(nodeIds, count) {
  return Array.from({ length: count }, (_, i) => ({
    id: nodeIds[Math.floor(nodeIds.length / 50) + i],
    onchainSat: 30_000_000 + i,
    uptimePpm: 990_000,
    online: true,
    canOpen: true,
    clboss: true,
  }));
}

function snapshotOf(members) {
  return {
    flags: [1],
    now: NOW_SECONDS * 1000,
    blockHeight: 935_000,
    channels: [],
    members,
    memberChannels: [],
    claims: [],
    openOrders: [],
    pendingIntents: [],
    quality: [],
    guards: [],
    saturated: [],
    openingPerkb: 2_000,
    budget: { limitSat: 100_000_000, spentSat: 0, reservedSat: 0 },
    expansionsEnabled: true,
    ignored: [],
    config: { massSaturationMax: 100_000 },
  };
}

/** Bytes that the outcome of `action` keeps alive, array buffers included. */
function held(action) {
  globalThis.gc();
  globalThis.gc();
  const before = process.memoryUsage();
  const kept = action();
  globalThis.gc();
  const after = process.memoryUsage();
  return kept === undefined
    ? 0
    : after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers;
}

/** No forced collection here: it would also throw compiled code away, and make everything look cold. */
function timed(action) {
  const began = performance.now();
  action();
  return performance.now() - began;
}

/** The least disturbed round: what else runs on the machine only ever adds time. */
function best(values) {
  return Math.min(...values);
}

function report(name, unit, value, against, base) {
  process.stdout.write(
    `${JSON.stringify({ name, value: Number(value.toPrecision(4)), unit, against: `${against}: ${base.toPrecision(4)} ${unit}`, ratio: Number((value / base).toFixed(3)) })}\n`,
  );
}
