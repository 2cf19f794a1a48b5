// Runs one whole-workspace check and leaves its verdict where test.mjs counts it:
// `node tools/workspace/check.mjs NAME COMMAND...`
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './setup.mjs';

const [name, command, ...args] = process.argv.slice(2);
const bin = path.join(ROOT, 'node_modules/.bin');
const done = spawnSync(command, args, {
  cwd: ROOT,
  stdio: 'inherit',
  env: { ...process.env, PATH: `${bin}${path.delimiter}${process.env.PATH}` },
});
const passed = done.status === 0;
const folder = path.join(ROOT, '.test-results', name);
mkdirSync(folder, { recursive: true });
writeFileSync(
  path.join(folder, 'test.json'),
  JSON.stringify({ numPassedTests: passed ? 1 : 0, numFailedTests: passed ? 0 : 1 }),
);
process.exit(passed ? 0 : 1);
