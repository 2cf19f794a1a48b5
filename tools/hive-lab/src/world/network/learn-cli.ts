import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { readGossmap } from './gossmap.ts';
import { learnDistributions } from './learn.ts';

const [snapshot, output] = process.argv.slice(2);
if (snapshot === undefined || output === undefined) {
  console.error('usage: learn-cli SNAPSHOT.gossmap.gz mainnet.gen.ts');
  process.exitCode = 2;
} else {
  const network = readGossmap(readFileSync(snapshot), 1, 0);
  const table = learnDistributions(network, basename(snapshot));
  writeFileSync(
    output,
    `import type { Distributions } from './distribution.ts';\n\n` +
      `/** The public network's shape, learnt by \`learn-cli.ts\`; do not edit. */\n` +
      `export const MAINNET: Distributions = ${JSON.stringify(table)};\n`,
  );
}
