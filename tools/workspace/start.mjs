// `npm start`: sets up what is missing, then runs hive-lab's fleet with all three plugins.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { build, ROOT, setUp } from './setup.mjs';

setUp();
build();

const lab = path.join(ROOT, 'dist/hive-lab/hive-lab.js');
const child = spawn(process.execPath, [lab, 'start', ...process.argv.slice(2)], {
  stdio: 'inherit',
});
// The terminal signals the whole group; waiting for the child lets it clean up and print its last word.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    if (signal !== 'SIGINT' || !process.stdin.isTTY) {
      child.kill(signal);
    }
  });
}
child.on('exit', (code, signal) => process.exit(code ?? (signal === null ? 0 : 1)));
