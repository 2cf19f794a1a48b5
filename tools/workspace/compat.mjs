// Runs the tests on another Node: `node tools/workspace/compat.mjs VERSION`. The oldest supported Node
// and the newest LTS come from the registry as packages.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './setup.mjs';

/**
 * What depends on the Node version: streams, processes, native code, sockets, keys. Of the built plugins
 * those tests that start, stop, kill and use each of them; the others tell of what they decide.
 */
const SUITES = [
  { project: 'packages/core', files: [] },
  { project: 'packages/cln-rpc', files: [] },
  { project: 'packages/cln-plugin', files: [] },
  { project: 'packages/store', files: [] },
  // Its library says that it needs Node 22.
  { project: 'packages/cashu', files: ['vectors', 'stranger'] },
  {
    project: 'tools/acceptance',
    files: [
      'packaging',
      'life',
      'bad-input',
      'identity.test',
      'comms-management',
      'comms-nostr',
      'hive-membership',
      'archon-vault',
    ],
  },
];

const version = process.argv[2] ?? '';
const platform = `node-${process.platform}-${process.arch}`;
const home = path.join(ROOT, '.nx/nodes', version);
const bin = path.join(home, 'node_modules', platform, 'bin');

/** Fetches the Node of this version; kept for the next run. */
function provideNode() {
  if (existsSync(path.join(bin, 'node'))) {
    return;
  }
  rmSync(home, { recursive: true, force: true });
  mkdirSync(home, { recursive: true });
  writeFileSync(path.join(home, 'package.json'), '{"private":true}');
  console.log(`Fetching Node ${version}...`);
  const args = [
    'install',
    '--no-save',
    '--no-package-lock',
    '--ignore-scripts',
    `${platform}@${version}`,
  ];
  const done = spawnSync('npm', args, { cwd: home, stdio: 'inherit' });
  if (done.status !== 0) {
    console.error(`Node ${version} could not be fetched as the package ${platform}`);
    process.exit(1);
  }
}

function runSuite({ project, files }) {
  const out = path.join(home, 'results', `${project.replace('/', '-')}.json`);
  rmSync(out, { force: true });
  spawnSync(
    path.join(bin, 'node'),
    [
      path.join(ROOT, 'node_modules/vitest/vitest.mjs'),
      'run',
      ...files,
      '--config',
      path.join(ROOT, 'vitest.config.ts'),
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${out}`,
    ],
    {
      cwd: path.join(ROOT, project),
      stdio: 'inherit',
      env: { ...process.env, PATH: `${bin}${path.delimiter}${process.env.PATH}` },
    },
  );
  if (!existsSync(out)) {
    return { passed: 0, failed: 1 };
  }
  const { numPassedTests, numFailedTests, success } = JSON.parse(readFileSync(out, 'utf8'));
  // A crash of a worker fails no test but leaves some unrun.
  return { passed: numPassedTests, failed: success ? 0 : Math.max(1, numFailedTests) };
}

provideNode();
const results = SUITES.map(runSuite);
const sum = (key) => results.reduce((total, result) => total + result[key], 0);
const passed = sum('passed');
const failed = sum('failed');
const folder = path.join(ROOT, '.test-results', `node-${version}`);
mkdirSync(folder, { recursive: true });
writeFileSync(
  path.join(folder, 'test.json'),
  JSON.stringify({ numPassedTests: passed, numFailedTests: failed }),
);
console.log(`Node ${version}: ${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
