// What the gate itself adds, one JSON line each: {"name","value","unit","against","ratio"}. The whole check
// against the sum of what its collectors run; a repeated one against Node starting the same program.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const PROGRAM = path.join(ROOT, 'dist/hive-gate/hive-gate.js');

function run(...words) {
  const began = performance.now();
  const { stdout } = spawnSync(process.execPath, [PROGRAM, ...words], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    // Without lightningd on the PATH: the figure is of the gate, not of what happens to be installed.
    env: { ...process.env, PATH: `${path.dirname(process.execPath)}:/usr/bin:/bin` },
  });
  return { ms: performance.now() - began, stdout };
}

function report(name, ms, against, base) {
  const ratio = Number((ms / base).toFixed(2));
  const told = `${against}: ${(base / 1000).toPrecision(3)} s`;
  console.log(
    JSON.stringify({
      name,
      value: Number((ms / 1000).toPrecision(3)),
      unit: 's',
      against: told,
      ratio,
    }),
  );
}

const { checks } = JSON.parse(run('list', '--json').stdout);
const collectorOf = new Map(checks.map(({ id, collector }) => [id, collector]));
run('check', '--only', 'A-DEFECTS');
const whole = run('check', '--json', '--fresh');
const spent = new Map();
for (const { check, took_ms: ms } of JSON.parse(whole.stdout).checks) {
  spent.set(collectorOf.get(check), ms);
}
const floor = [...spent.values()].reduce((sum, ms) => sum + ms, 0);
report('gate: whole check', whole.ms, `its ${spent.size} collectors`, floor);
run('check', '--json');
const again = run('check', '--json');
report('gate: repeated, nothing changed', again.ms, 'hive-gate list', run('list').ms);
