// Records histories/*.json anew: `node scripts/record-histories.mjs`. A history holds a snapshot and the
// plan that it led to; tests/histories.test.ts plans it again and wants the same bytes. Histories that
// exist are never changed, because they are the contract: record new ones beside them, with the new flag.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'planner-histories-'));
try {
  const outfile = join(folder, 'cases.mjs');
  await build({
    entryPoints: [join(here, '../tests/history-cases.ts')],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    conditions: ['@cl-hive/source'],
    logLevel: 'error',
  });
  const { recordedTexts } = await import(pathToFileURL(outfile).href);
  for (const [name, text] of recordedTexts()) {
    const file = join(here, '../histories', `${name}.json`);
    if (existsSync(file)) {
      process.stdout.write(`${name}: kept\n`);
    } else {
      writeFileSync(file, text);
      process.stdout.write(`${name}: recorded\n`);
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
