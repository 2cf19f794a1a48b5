// Bundles modules of this package for a bench, as an app's build does.
import { symlinkSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const here = import.meta.dirname;

/** Imports the named source files, paths from the repository's root, as one module. */
export async function load(folder, files) {
  const root = path.resolve(here, '../../..');
  symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
  const outfile = path.join(folder, 'bundle.mjs');
  await build({
    stdin: {
      contents: files
        .map((file) => `export * from ${JSON.stringify(path.join(root, file))};`)
        .join('\n'),
      resolveDir: root,
      loader: 'ts',
    },
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    conditions: ['@cl-hive/source'],
    external: ['better-sqlite3', 'better-sqlite3-napi', 'pg'],
    logLevel: 'error',
  });
  return import(pathToFileURL(outfile).href);
}

/** The clock of the machine. */
export const clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (ms, task) => {
    const timer = setTimeout(() => task(), ms);
    return () => clearTimeout(timer);
  },
};

/** Milliseconds that `work` takes. */
export async function timed(work) {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

export function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

/** Prints a figure for `npm run bench`. */
export function figure(name, value, unit, against, ratio) {
  process.stdout.write(`${JSON.stringify({ name, value, unit, against, ratio })}\n`);
}
