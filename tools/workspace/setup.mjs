// Makes a fresh clone ready: the right Node, the dependencies, and a native module built for this Node.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export const ROOT = path.resolve(import.meta.dirname, '../..');
const MARK = path.join(ROOT, 'node_modules/.cl-hive-installed');

/** The refusal for a Node that is too old, or undefined. `version` as process.versions.node gives it. */
export function nodeRefusal(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) {
    return undefined;
  }
  return `Node ${version} is too old: cl-hive needs 20.19 or a later LTS (22, 24, ...). Install one and run the same command again.`;
}

function run(command, args) {
  const done = spawnSync(command, args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
  if (done.status !== 0) {
    console.error(`\n${command} ${args.join(' ')} failed (exit ${done.status ?? done.signal}).`);
    process.exit(1);
  }
}

function fingerprint() {
  return createHash('sha256')
    .update(readFileSync(path.join(ROOT, 'package-lock.json')))
    .digest('hex');
}

function installed() {
  return existsSync(MARK) && readFileSync(MARK, 'utf8') === fingerprint();
}

/** The database driver for the Node that runs this (packages/store/src/sqlite-driver.ts). */
const DRIVER =
  Number(process.versions.node.split('.')[0]) >= 22 ? 'better-sqlite3-napi' : 'better-sqlite3';

function driverLoads() {
  const probe = `new (require('${DRIVER}'))(':memory:').close()`;
  return spawnSync(process.execPath, ['-e', probe], { cwd: ROOT, stdio: 'ignore' }).status === 0;
}

/** Checks Node, installs what is missing, says what it does. Exits 1 with the reason when it cannot. */
export function setUp() {
  const refusal = nodeRefusal(process.versions.node);
  if (refusal !== undefined) {
    console.error(refusal);
    process.exit(1);
  }
  if (!installed()) {
    console.log(
      'Installing dependencies (about two minutes the first time; better-sqlite3 may be compiled)...',
    );
    // Not `npm ci`: it refuses a lock file that lacks the native packages of systems which the registry
    // it was made with did not offer. The lock's versions and digests hold here too.
    run('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error']);
    writeFileSync(MARK, fingerprint());
  }
  if (!driverLoads()) {
    console.log(`Building ${DRIVER} for Node ${process.versions.node}...`);
    run('npm', ['rebuild', DRIVER]);
  }
}

/** The Nx command of this workspace. */
export const NX = path.join(ROOT, 'node_modules/.bin/nx');

/** Builds the plugins' and the lab's folders in dist/; quick when nothing changed. */
export function build() {
  console.log('Building...');
  const done = spawnSync(NX, ['run-many', '-t', 'bundle', '--outputStyle=static'], {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NX_DAEMON: 'false' },
  });
  if (done.status !== 0) {
    console.error(done.stdout + done.stderr);
    process.exit(1);
  }
}
