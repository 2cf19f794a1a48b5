// `npm run test:real`: the integration tests against real lightningd and bitcoind on regtest.
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { build, ROOT, setUp } from './setup.mjs';

/** A test starts up to four real daemons, and on a busy machine each takes seconds. */
const TEST_MS = 240_000;

const NEEDED = ['lightningd', 'lightning-cli', 'bitcoind', 'bitcoin-cli'];

function onPath(name) {
  return (process.env.PATH ?? '').split(path.delimiter).some((folder) => {
    try {
      accessSync(path.join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

const missing = NEEDED.filter((name) => !onPath(name));
if (missing.length > 0) {
  console.log(
    `Not run: ${missing.join(', ')} not on the PATH. Get Core Lightning from github.com/ElementsProject/lightning/releases and Bitcoin Core from bitcoincore.org, and put their bin folders on the PATH.`,
  );
  process.exit(0);
}

setUp();
build();
let good = true;
for (const project of ['tools/hive-lab', 'tools/acceptance']) {
  const done = spawnSync(
    path.join(ROOT, 'node_modules/.bin/vitest'),
    [
      'run',
      '--config',
      path.join(ROOT, 'vitest.config.ts'),
      `--testTimeout=${TEST_MS}`,
      ...process.argv.slice(2),
    ],
    { cwd: path.join(ROOT, project), stdio: 'inherit', env: { ...process.env, CL_HIVE_REAL: '1' } },
  );
  good = done.status === 0 && good;
}
process.exit(good ? 0 : 1);
