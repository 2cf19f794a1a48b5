// Makes dist/<plugin>/ from apps/<plugin>/: one executable entry, lazily loaded chunks in lib/, and the
// native database binding with what it needs, so that the folder alone runs and reckless installs it.
// Run from the app's folder.

import {
  chmodSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { ROOT } from './setup.mjs';

const app = process.cwd();
const name = path.basename(app);
const out = path.join(ROOT, 'dist', name);
const draft = `${out}.${process.pid}.draft`;

/** Native packages stay outside the bundle; each with the files that it needs to run. */
const NATIVE = {
  'better-sqlite3': ['package.json', 'LICENSE', 'lib', 'build/Release/better_sqlite3.node'],
  bindings: ['package.json', 'LICENSE.md', 'bindings.js'],
  'file-uri-to-path': ['package.json', 'LICENSE', 'index.js'],
  'better-sqlite3-napi': [
    'package.json',
    'LICENSE',
    'lib',
    ...[
      'linux-x64',
      'linux-arm64',
      'linuxmusl-x64',
      'linuxmusl-arm64',
      'darwin-x64',
      'darwin-arm64',
    ].map((platform) => `prebuilds/${platform}.node`),
  ],
};

/** Programs of the app beside the plugin, run as `node FILE`: lightningd would start an executable one. */
const tools = readdirSync(path.join(app, 'src'))
  .filter((file) => file.startsWith('hive-') && file.endsWith('.ts'))
  .map((file) => ({ in: `src/${file}`, out: path.basename(file, '.ts') }));

rmSync(draft, { recursive: true, force: true });
mkdirSync(draft, { recursive: true });
await build({
  absWorkingDir: app,
  entryPoints: [{ in: 'src/main.ts', out: name }, ...tools],
  outdir: draft,
  bundle: true,
  splitting: true,
  chunkNames: 'lib/[name]-[hash]',
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  conditions: ['@cl-hive/source'],
  external: ['better-sqlite3', 'better-sqlite3-napi', 'pg-native'],
  banner: {
    // CommonJS dependencies inside an ES module call require for Node's own modules.
    js: "import { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);",
  },
  legalComments: 'linked',
  logLevel: 'warning',
});

const entry = path.join(draft, `${name}.js`);
writeFileSync(entry, `#!/usr/bin/env node\n${readFileSync(entry, 'utf8')}`);
for (const [native, files] of Object.entries(NATIVE)) {
  for (const file of files) {
    const target = path.join(draft, 'node_modules', native, file);
    cpSync(path.join(ROOT, 'node_modules', native, file), target, { recursive: true });
  }
}

const own = JSON.parse(readFileSync(path.join(app, 'package.json'), 'utf8'));
const store = JSON.parse(readFileSync(path.join(ROOT, 'packages/store/package.json'), 'utf8'));
writeFileSync(
  path.join(draft, 'package.json'),
  `${JSON.stringify(
    {
      name,
      version: own.version,
      private: true,
      description: own.description,
      license: own.license,
      type: 'module',
      engines: { node: '>=20.19.0' },
      dependencies: { 'better-sqlite3-napi': store.dependencies['better-sqlite3-napi'] },
      // Only Node 20 uses it; where it cannot be compiled, later versions still install.
      optionalDependencies: { 'better-sqlite3': store.optionalDependencies['better-sqlite3'] },
      allowScripts: { 'better-sqlite3': true },
    },
    null,
    2,
  )}\n`,
);
for (const [from, to] of [
  [path.join(app, 'README.md'), 'README.md'],
  [path.join(ROOT, 'LICENSE'), 'LICENSE'],
]) {
  cpSync(from, path.join(draft, to));
}

// lightningd starts every executable file that it finds in a plugin folder: only the entry is one.
for (const found of readdirSync(draft, { recursive: true, withFileTypes: true })) {
  chmodSync(path.join(found.parentPath, found.name), found.isDirectory() ? 0o755 : 0o644);
}
chmodSync(entry, 0o755);

rmSync(out, { recursive: true, force: true });
renameSync(draft, out);
