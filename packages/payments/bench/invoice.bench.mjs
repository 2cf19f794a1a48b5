// Invoices (BOLT 11) read per second, signature recovered, against the recovery of the same signatures
// alone, in turns in one run. `node bench/invoice.bench.mjs` prints one JSON line per figure.
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const ROUNDS = 400;
const WARM = 100;
const root = path.resolve(import.meta.dirname, '../../..');
const folder = mkdtempSync(path.join(tmpdir(), 'hive-bench-'));

try {
  symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
  const outfile = path.join(folder, 'bundle.mjs');
  await build({
    stdin: {
      contents: [
        `export * from '${root}/packages/payments/src/index.ts';`,
        `export * from '${root}/packages/payments/tests/support.ts';`,
        `export { nobleCurve } from '${root}/packages/protocol/src/index.ts';`,
        `export { sha256 } from '@noble/hashes/sha2.js';`,
      ].join('\n'),
      resolveDir: path.join(root, 'packages/payments'),
      loader: 'ts',
    },
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    conditions: ['@cl-hive/source'],
    logLevel: 'error',
  });
  const c = await import(pathToFileURL(outfile).href);
  const pairs = [];
  for (let n = 0; n < ROUNDS; n += 1) {
    const text = c.makeInvoice(c.BASIC, { timestamp: 1_800_000_000 + n });
    const hash = c.sha256(new TextEncoder().encode(text));
    const signed = c.nobleCurve.ecdsaSignRecoverable(hash, c.PAYEE_SECRET);
    pairs.push([
      timed(() => c.readInvoice(text)),
      timed(() => c.nobleCurve.ecdsaRecover(hash, signed.signature, signed.recid)),
    ]);
  }
  const warm = pairs.slice(WARM);
  const [ours, base] = [median(warm.map(([a]) => a)), median(warm.map(([, b]) => b))];
  const name = 'invoices read, signature checked';
  const against = 'recovery of one signature alone';
  process.stdout.write(
    `${JSON.stringify({ name, value: 1000 / ours, unit: '1/s', against, ratio: base / ours })}\n`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function timed(work) {
  const begun = performance.now();
  work();
  return performance.now() - begun;
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}
