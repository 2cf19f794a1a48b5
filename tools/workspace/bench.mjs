// `npm run bench`: runs every bench/*.bench.mjs and prints one table. Each figure is a ratio against
// something measured in the same run, so that the machine's speed cancels out.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { build, ROOT, setUp } from './setup.mjs';

setUp();
build();

const wanted = process.argv.slice(2);
const scripts = ['packages', 'apps', 'tools'].flatMap((group) =>
  readdirSync(path.join(ROOT, group)).flatMap((project) => {
    const folder = path.join(ROOT, group, project, 'bench');
    return existsSync(folder)
      ? readdirSync(folder)
          .filter((file) => file.endsWith('.bench.mjs'))
          .map((file) => path.join(folder, file))
      : [];
  }),
);

const rows = [];
let failed = false;
for (const script of scripts) {
  if (wanted.length > 0 && !wanted.some((word) => script.includes(word))) {
    continue;
  }
  console.error(`running ${path.relative(ROOT, script)}...`);
  const done = spawnSync(process.execPath, [script], {
    cwd: path.dirname(path.dirname(script)),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 1 << 26,
  });
  failed ||= done.status !== 0;
  for (const line of done.stdout.split('\n').filter((text) => text.startsWith('{'))) {
    rows.push(JSON.parse(line));
  }
}

const cells = rows.map(({ name, value, unit, against, ratio }) => [
  name,
  typeof value === 'number'
    ? `${Math.round(value * 100) / 100} ${unit ?? ''}`.trim()
    : String(value ?? ''),
  ratio === undefined || ratio === null ? '' : `${Math.round(ratio * 100) / 100} x`,
  String(against ?? ''),
]);
const header = ['figure', 'value', 'ratio', 'against'];
const widths = header.map((title, column) =>
  Math.max(title.length, ...cells.map((row) => row[column].length)),
);
const line = (row) =>
  row
    .map((cell, column) => cell.padEnd(widths[column]))
    .join('  ')
    .trimEnd();
console.log(
  [line(header), widths.map((width) => '-'.repeat(width)).join('  '), ...cells.map(line)].join(
    '\n',
  ),
);
process.exit(failed ? 1 : 0);
