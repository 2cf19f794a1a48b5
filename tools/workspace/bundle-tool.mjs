// Bundles a command-line tool into one executable file: `bundleTool({ folder, out })`.
import { chmodSync, mkdirSync, renameSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';

/** `folder` is the tool's own, with src/main.ts; `out` the file to make, whole or not at all. */
export async function bundleTool({ folder, out }) {
  const draft = `${out}.${process.pid}.draft`;
  mkdirSync(path.dirname(out), { recursive: true });
  await build({
    absWorkingDir: folder,
    entryPoints: ['src/main.ts'],
    outfile: draft,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    conditions: ['@cl-hive/source'],
    // ws speeds up with these where they are installed; it works without.
    external: ['bufferutil', 'utf-8-validate'],
    banner: {
      // CommonJS dependencies inside an ES module call require for Node's own modules.
      js: "import { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);",
    },
    legalComments: 'eof',
    logLevel: 'warning',
  });
  chmodSync(draft, 0o755);
  renameSync(draft, out);
}
