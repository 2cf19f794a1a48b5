// `npm test`: sets up, then runs every check and every test of the workspace, each cached by Nx on
// what it reads. The last line is the plain count.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { NX, ROOT, setUp } from './setup.mjs';

setUp();

const readJson = (...parts) => JSON.parse(readFileSync(path.join(ROOT, ...parts), 'utf8'));

/** Every place where a check or a project's tests leave their count. */
function expectedResults() {
  const checks = Object.keys(readJson('package.json').nx.targets).map((name) => ({
    name,
    file: path.join(ROOT, '.test-results', name, 'test.json'),
  }));
  const suites = ['packages', 'apps', 'tools'].flatMap((group) =>
    readdirSync(path.join(ROOT, group))
      .filter((name) => existsSync(path.join(ROOT, group, name, 'package.json')))
      .filter((name) => readJson(group, name, 'package.json').nx?.targets?.test !== undefined)
      .map((name) => ({
        name: `${group}/${name}`,
        file: path.join(ROOT, group, name, '.test-results/test.json'),
      })),
  );
  return [...checks, ...suites];
}

/** The commit, and whether every file is as it has it. */
function treeState() {
  const git = (...words) =>
    spawnSync('git', words, { cwd: ROOT, encoding: 'utf8' }).stdout?.trim() ?? '';
  return { commit: git('rev-parse', 'HEAD'), clean: git('status', '--porcelain') === '' };
}

const expected = expectedResults();
for (const { file } of expected) {
  rmSync(file, { force: true });
}
const targets = [...Object.keys(readJson('package.json').nx.targets), 'bundle', 'test'];
const before = treeState();
const run = spawnSync(
  NX,
  ['run-many', '-t', ...targets, '--outputStyle=static', ...process.argv.slice(2)],
  {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, NX_DAEMON: 'false' },
  },
);

let passed = 0;
let failed = 0;
let skipped = 0;
const failures = [];
const absent = [];
console.log('');
for (const { name, file } of expected) {
  if (existsSync(file)) {
    const result = JSON.parse(readFileSync(file, 'utf8'));
    const { numPassedTests, numFailedTests, numPendingTests = 0 } = result;
    skipped += numPendingTests;
    if (numFailedTests > 0) {
      failures.push(name);
    }
    passed += numPassedTests;
    failed += numFailedTests;
    console.log(`${name}: ${numPassedTests} passed, ${numFailedTests} failed.`);
  } else {
    failed += 1;
    absent.push(name);
    console.log(`${name}: did not run.`);
  }
}
// A task may fail without a failing test: a crash, an unhandled rejection, a build that broke.
if (run.status !== 0 && failed === 0) {
  failed = 1;
}
// hive-gate reads this; it holds for the commit only where nothing differed from it all the while.
const after = treeState();
mkdirSync(path.join(ROOT, '.test-results'), { recursive: true });
writeFileSync(
  path.join(ROOT, '.test-results/release.json'),
  JSON.stringify({
    commit: after.commit,
    clean: before.clean && after.clean && before.commit === after.commit,
    passed,
    failed,
    skipped,
    failures,
    absent,
  }),
);
console.log('');
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
