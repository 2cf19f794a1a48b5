// Type-checks every project with its tests; a tests' project is checked after the sources it refers to.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './setup.mjs';

const tsc = path.join(ROOT, 'node_modules/.bin/tsc');
const run = (...args) => spawnSync(tsc, args, { cwd: ROOT, stdio: 'inherit' }).status === 0;

const { references } = JSON.parse(readFileSync(path.join(ROOT, 'tsconfig.json'), 'utf8'));
let good = run('-b');
// acceptance has tests alone, so tsc -b does not know it.
const projects = [...references.map(({ path: project }) => project), 'tools/acceptance'];
for (const project of good ? projects : []) {
  good = run('-p', path.join(project, 'tsconfig.test.json')) && good;
}
process.exit(good ? 0 : 1);
