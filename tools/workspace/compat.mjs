// Runs the tests on another Node: `node tools/workspace/compat.mjs VERSION`. The oldest supported Node
// and the newest LTS come from the registry as packages, with better-sqlite3 compiled for them.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './setup.mjs';

const version = process.argv[2] ?? '';
const platform = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
const home = path.join(ROOT, '.nx/nodes', version);
const nodeHome = path.join(home, 'node_modules', platform);
const bin = path.join(nodeHome, 'bin');
const env = {
  ...process.env,
  PATH: `${bin}${path.delimiter}${process.env.PATH}`,
  NX_DAEMON: 'false',
};

function run(command, args, options = {}) {
  const done = spawnSync(command, args, { stdio: 'inherit', env, ...options });
  if (done.status !== 0) {
    console.error(`${command} ${args.join(' ')} failed (exit ${done.status ?? done.signal})`);
    process.exit(1);
  }
}

/** The Node of this version and, beside it, better-sqlite3 compiled for it; kept for the next run. */
function provide() {
  const mark = path.join(home, 'complete');
  if (existsSync(mark)) {
    return;
  }
  rmSync(home, { recursive: true, force: true });
  mkdirSync(home, { recursive: true });
  writeFileSync(path.join(home, 'package.json'), '{"private":true}');
  console.log(`Fetching Node ${version}...`);
  run('npm', ['install', '--no-save', '--no-package-lock', `${platform}@${version}`], {
    cwd: home,
    env: process.env,
  });
  const modules = path.join(home, 'node_modules');
  for (const name of ['better-sqlite3', 'bindings', 'file-uri-to-path']) {
    cpSync(path.join(ROOT, 'node_modules', name), path.join(modules, name), { recursive: true });
  }
  console.log(`Compiling better-sqlite3 for Node ${version}...`);
  const sqlite = path.join(modules, 'better-sqlite3');
  rmSync(path.join(sqlite, 'build'), { recursive: true, force: true });
  run('npm', ['rebuild', 'better-sqlite3'], {
    cwd: home,
    env: { ...env, npm_config_nodedir: nodeHome, JOBS: 'max' },
  });
  writeFileSync(mark, version);
}

/** The built plugins with the binding for this Node. */
function builtPlugins() {
  const dist = path.join(home, 'dist');
  rmSync(dist, { recursive: true, force: true });
  cpSync(path.join(ROOT, 'dist'), dist, { recursive: true });
  const binding = 'node_modules/better-sqlite3/build/Release/better_sqlite3.node';
  for (const plugin of ['cl-hive-comms', 'cl-hive-archon', 'cl-hive']) {
    cpSync(path.join(home, binding), path.join(dist, plugin, binding));
  }
  return dist;
}

provide();
const dist = builtPlugins();
const node = path.join(bin, 'node');
const vitest = path.join(ROOT, 'node_modules/vitest/vitest.mjs');
const config = path.join(ROOT, 'vitest.config.ts');
const SUITES = [
  'packages/core',
  'packages/cln-rpc',
  'packages/cln-plugin',
  'packages/store',
  'tools/acceptance',
];
let passed = 0;
let failed = 0;
for (const suite of SUITES) {
  const out = path.join(home, 'results', `${suite.replace('/', '-')}.json`);
  rmSync(out, { force: true });
  spawnSync(
    node,
    [
      vitest,
      'run',
      '--root',
      path.join(ROOT, suite),
      '--config',
      config,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${out}`,
    ],
    {
      stdio: 'inherit',
      env: {
        ...env,
        CL_HIVE_DIST: dist,
        CL_HIVE_SQLITE: path.join(home, 'node_modules/better-sqlite3'),
      },
    },
  );
  const result = existsSync(out)
    ? JSON.parse(readFileSync(out, 'utf8'))
    : { numPassedTests: 0, numFailedTests: 1 };
  passed += result.numPassedTests;
  failed += result.numFailedTests;
}
const folder = path.join(ROOT, '.test-results', `node-${version}`);
mkdirSync(folder, { recursive: true });
writeFileSync(
  path.join(folder, 'test.json'),
  JSON.stringify({ numPassedTests: passed, numFailedTests: failed }),
);
console.log(`Node ${version}: ${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
