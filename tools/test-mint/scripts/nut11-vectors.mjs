// Holds the conditions to the test vectors of NUT-11 and NUT-14: `node scripts/nut11-vectors.mjs FILE`, where
// FILE is the specification's `tests/11-test.md`. Exit 0 only if each valid one is met and each invalid refused.
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const file = process.argv[2];
if (file === undefined) {
  console.error('usage: node scripts/nut11-vectors.mjs FILE');
  process.exit(3);
}
const here = import.meta.dirname;
const folder = mkdtempSync(path.join(tmpdir(), 'nut11-vectors-'));
let passed = 0;
let failed = 0;
try {
  symlinkSync(path.join(here, '../../../node_modules'), path.join(folder, 'node_modules'));
  const outfile = path.join(folder, 'conditions.mjs');
  await build({
    entryPoints: [path.join(here, '../src/conditions.ts')],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    conditions: ['@cl-hive/source'],
    logLevel: 'error',
  });
  const { checkConditions } = await import(pathToFileURL(outfile).href);
  const parts = readFileSync(file, 'utf8').split('```');
  for (let index = 1; index < parts.length; index += 2) {
    if (!parts[index].startsWith('json')) {
      continue;
    }
    const said = parts[index - 1].trim().split('\n').slice(-3).join(' ');
    const vector = JSON.parse(parts[index].slice(4));
    const inputs = vector.inputs ?? [vector];
    if (inputs.every(({ witness }) => witness === undefined)) {
      continue;
    }
    const outputs = (vector.outputs ?? []).flatMap(({ amount, B_ }) => [String(amount), B_]);
    const signed = vector.quote === undefined ? outputs : [...outputs, vector.quote];
    let met = true;
    try {
      checkConditions(inputs, signed, Math.floor(Date.now() / 1000));
    } catch {
      met = false;
    }
    const ok = met === !/invalid|\*\*not\*\*|failing/i.test(said);
    passed += ok ? 1 : 0;
    failed += ok ? 0 : 1;
    console.log(`${ok ? 'ok    ' : 'FAILED'} ${met ? 'met' : 'refused'}: ${said}`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${passed} as published, ${failed} not`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
