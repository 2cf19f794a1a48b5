// Bundles the simulator, as it is or with one mutant of the protocol in it.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { MUTANTS } from './mutants.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));

/** Writes the bundle to `outfile`; `mutant` is a name of {@link MUTANTS}. */
export async function bundleSimulator(outfile, mutant) {
  const change = mutant === undefined ? undefined : MUTANTS[mutant];
  if (mutant !== undefined && change === undefined) {
    throw new Error(`there is no mutant ${mutant}: ${Object.keys(MUTANTS).join(', ')}`);
  }
  let changed = 0;
  const mutate = {
    name: 'mutant',
    setup(builder) {
      builder.onLoad({ filter: /\/hive\/src\/.*\.ts$/ }, ({ path }) => {
        if (change === undefined || !path.endsWith(`/src/${change.file}`)) {
          return undefined;
        }
        const text = readFileSync(path, 'utf8');
        changed += text.split(change.find).length - 1;
        const put = typeof change.put === 'string' ? () => change.put : change.put;
        return { contents: text.replace(change.find, put), loader: 'ts' };
      });
    },
  };
  await build({
    entryPoints: [`${here}main.ts`],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    conditions: ['@cl-hive/source'],
    plugins: [mutate],
    logLevel: 'error',
  });
  if (change !== undefined && changed !== (change.times ?? 1)) {
    throw new Error(`mutant ${mutant}: its text occurs ${changed} times in ${change.file}`);
  }
}
