// `npm run lightning-cli -- N METHOD [PARAMS]`: talks to node N of the running fleet.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './setup.mjs';

const lab = path.join(ROOT, 'dist/hive-lab/hive-lab.js');
if (!existsSync(lab)) {
  console.error('No fleet has been started here yet: run `npm start` first.');
  process.exit(1);
}
const done = spawnSync(process.execPath, [lab, 'cli', ...process.argv.slice(2)], {
  stdio: 'inherit',
});
process.exit(done.status ?? 1);
