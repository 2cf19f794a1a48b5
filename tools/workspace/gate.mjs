// `npm run gate`: sets up and builds what is missing, then checks this release.
// Words after `--` go to hive-gate: `npm run gate -- --only C`, `npm run gate -- doctor --node DIR`.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { build, ROOT, setUp } from './setup.mjs';

const COMMANDS = /^[a-z]+$/;

setUp();
build();
const words = process.argv.slice(2);
const given = COMMANDS.test(words[0] ?? '') ? words : ['check', ...words];
const program = path.join(ROOT, 'dist/hive-gate/hive-gate.js');
const child = spawn(process.execPath, [program, ...given], { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    if (signal !== 'SIGINT' || !process.stdin.isTTY) {
      child.kill(signal);
    }
  });
}
child.on('exit', (code, signal) => process.exit(code ?? (signal === null ? 0 : 1)));
