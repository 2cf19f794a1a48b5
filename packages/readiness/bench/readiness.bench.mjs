// What the rules cost, one JSON line each: {"name","value","unit","against","ratio"}. Judging all checks
// against JSON.parse of the very evidence that they judge: less cannot be done with a file of evidence.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'readiness-bench-'));
const ROUNDS = 20;

async function load(entry, name) {
  const outfile = join(folder, name);
  await build({
    stdin: { contents: entry, resolveDir: here, loader: 'js' },
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    conditions: ['@cl-hive/source'],
    logLevel: 'error',
  });
  return import(pathToFileURL(outfile).href);
}

function took(action) {
  action();
  const began = performance.now();
  for (let round = 0; round < ROUNDS; round += 1) {
    action();
  }
  return (performance.now() - began) / ROUNDS;
}

try {
  const rules = await load("export * from '../src/index.ts';", 'rules.mjs');
  const { goodWorld, configInput, SUBJECT, NOW } = await load(
    "export * from '../tests/support/worlds.ts';",
    'worlds.mjs',
  );
  const world = goodWorld();
  // A canary of ten days, a sample each half hour.
  const [sample] = world.canary.samples;
  world.canary.samples = Array.from({ length: 500 }, (_, index) => ({
    ...sample,
    at: NOW - (500 - index) * 60_000,
  }));
  world.canary.begun = NOW - 501 * 60_000;
  const of = rules.subjectDigest(SUBJECT);
  const evidence = new Map(
    Object.entries(world).map(([id, value]) => [id, rules.gathered(value, { at: NOW, of })]),
  );
  const config = rules.decodeGatesConfig(configInput(), rules.ACCEPTABLE);
  const context = { now: NOW, config, subject: SUBJECT };
  const parts = [
    ['release and node', [...rules.CHECKS, ...rules.NODE_CHECKS]],
    ['canary of ten days', rules.CANARY_CHECKS],
  ];
  for (const [what, checks] of parts) {
    const of = Object.fromEntries(checks.map(({ collector }) => [collector, world[collector]]));
    const text = JSON.stringify(of);
    const parsing = took(() => JSON.parse(text));
    const judging = took(() => rules.judgeAll(checks, evidence, context));
    const name = `readiness: ${checks.length} checks judged, ${what}`;
    const size = `${Math.round(text.length / 1024)} KiB`;
    const against = `JSON.parse of their evidence (${size}): ${parsing.toPrecision(3)} ms`;
    const ratio = Number((judging / parsing).toFixed(2));
    const value = Number(judging.toPrecision(3));
    process.stdout.write(`${JSON.stringify({ name, value, unit: 'ms', against, ratio })}\n`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
