// Makes dist/hive-lab/hive-lab.js: the whole lab in one file, without native parts.
// `node build.mjs [FILE]` writes to FILE instead.
import { chmodSync, mkdirSync, renameSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';

const here = import.meta.dirname;
const out = path.resolve(process.argv[2] ?? path.join(here, '../../dist/hive-lab/hive-lab.js'));
const draft = `${out}.${process.pid}.draft`;

mkdirSync(path.dirname(out), { recursive: true });
await build({
  absWorkingDir: here,
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
