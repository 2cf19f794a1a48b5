// Holds the reader of invoices to the examples in BOLT 11: `node scripts/bolt11-vectors.mjs FILE`, where FILE
// is the specification's `11-payment-encoding.md`. Exit 0 only if each valid one is read and each invalid refused.
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const file = process.argv[2];
if (file === undefined) {
  console.error('usage: node scripts/bolt11-vectors.mjs FILE');
  process.exit(3);
}
const [valid, invalid] = readFileSync(file, 'utf8').split('# Examples of Invalid Invoices');
const examples = (text = '') =>
  [...text.matchAll(/^> #+ (.*)\n> (\S{60,}|ln\S+|LN\S+)$/gm)].map(([, title, invoice]) => ({
    title,
    invoice,
  }));

const here = import.meta.dirname;
const folder = mkdtempSync(path.join(tmpdir(), 'bolt11-vectors-'));
let passed = 0;
let failed = 0;

function count(ok, title, detail) {
  passed += ok ? 1 : 0;
  failed += ok ? 0 : 1;
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${title}: ${detail}`);
}

try {
  symlinkSync(path.resolve(here, '../../../node_modules'), path.join(folder, 'node_modules'));
  const outfile = path.join(folder, 'payments.mjs');
  await build({
    entryPoints: [path.join(here, '../src/bolt11/index.ts')],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    conditions: ['@cl-hive/source'],
  });
  const { readInvoice } = await import(pathToFileURL(outfile));
  const read = (invoice) => {
    try {
      return { value: readInvoice(invoice) };
    } catch (error) {
      return { problem: error.data?.problem ?? String(error) };
    }
  };
  for (const { title, invoice } of examples(valid)) {
    const { value, problem } = read(invoice);
    count(value !== undefined, title, problem ?? `${value.amountMsat ?? 'any amount'} msat`);
  }
  for (const { title, invoice } of examples(invalid)) {
    const { problem } = read(invoice);
    count(problem !== undefined, `(invalid) ${title}`, problem ?? 'was read');
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
