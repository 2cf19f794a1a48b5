// Checks the import rules of .dependency-cruiser.cjs, and that they bite: a violation of each rule
// is planted in a copy of the layout and must be found. Some checkers pass silently when they read
// nothing, so the number of modules read is checked too.

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ROOT } from './setup.mjs';

const PLANTED = [
  ['core-imports-downwards', 'packages/core/src/planted.ts', "import '@cl-hive/cln-rpc';"],
  ['cln-rpc-imports-downwards', 'packages/cln-rpc/src/planted.ts', "import '@cl-hive/store';"],
  [
    'store-imports-downwards',
    'packages/store/src/planted.ts',
    "import type {} from '../../cln-rpc/src/index.ts';",
  ],
  ['pure-packages-do-no-io', 'packages/protocol/src/planted.ts', "import 'node:fs';"],
  [
    'testkit-only-in-tests-and-lab',
    'packages/runtime/src/planted.ts',
    "import '@cl-hive/testkit';",
  ],
  [
    'apps-are-not-imported',
    'tools/hive-lab/src/planted.ts',
    "import '../../../apps/cl-hive/src/main.ts';",
  ],
  [
    'apps-do-not-import-each-other',
    'apps/cl-hive/src/planted.ts',
    "import '../../cl-hive-comms/src/main.ts';",
  ],
  [
    'no-cycles',
    'packages/core/src/planted-cycle.ts',
    "import './planted-cycle-too.ts';",
    'packages/core/src/planted-cycle-too.ts',
    "import './planted-cycle.ts';",
  ],
  ['resolvable', 'packages/core/src/planted-absent.ts', "import './absent.ts';"],
  ['declared-dependencies', 'packages/cln-plugin/src/planted.ts', "import 'kysely';"],
];

function cruise(folder) {
  const done = spawnSync(
    path.join(ROOT, 'node_modules/.bin/depcruise'),
    ['--config', '.dependency-cruiser.cjs', '--output-type', 'json', 'packages', 'apps', 'tools'],
    { cwd: folder, encoding: 'utf8', maxBuffer: 1 << 28 },
  );
  const { summary } = JSON.parse(done.stdout);
  return { modules: summary.totalCruised, violations: summary.violations };
}

/** A copy of the sources in which the workspace's packages resolve to the copy. */
function copyOfSources() {
  const copy = mkdtempSync(path.join(tmpdir(), 'cl-hive-boundaries-'));
  const skip = /\/(?:node_modules|dist|fixtures|schemas|tests|\.test-results|generated)(?:\/|$)/;
  for (const entry of [
    'packages',
    'apps',
    'tools',
    '.dependency-cruiser.cjs',
    'package.json',
    'tsconfig.base.json',
  ]) {
    cpSync(path.join(ROOT, entry), path.join(copy, entry), {
      recursive: true,
      filter: (source) => !skip.test(source.slice(ROOT.length)),
    });
  }
  mkdirSync(path.join(copy, 'node_modules/@cl-hive'), { recursive: true });
  for (const name of ['core', 'protocol', 'cln-rpc', 'cln-plugin', 'store', 'runtime', 'testkit']) {
    symlinkSync(path.join(copy, 'packages', name), path.join(copy, 'node_modules/@cl-hive', name));
  }
  symlinkSync(path.join(ROOT, 'node_modules/kysely'), path.join(copy, 'node_modules/kysely'));
  return copy;
}

const real = cruise(ROOT);
let good = real.modules >= 20;
if (!good) {
  console.error(`only ${real.modules} modules were read: the checker does not see the sources`);
}
for (const { from, to, rule } of real.violations) {
  good = false;
  console.error(`${rule.name}: ${from} imports ${to}`);
}

const copy = copyOfSources();
try {
  for (const [, ...files] of PLANTED) {
    for (let index = 0; index < files.length; index += 2) {
      writeFileSync(path.join(copy, files[index]), `${files[index + 1]}\n`);
    }
  }
  const { violations } = cruise(copy);
  for (const [rule, ...files] of PLANTED) {
    if (!violations.some(({ rule: { name }, from }) => name === rule && files.includes(from))) {
      good = false;
      console.error(`the rule ${rule} did not find the violation planted in ${files[0]}`);
    }
  }
} finally {
  rmSync(copy, { recursive: true, force: true });
}
if (good) {
  console.log(
    `${real.modules} modules obey the import rules; ${PLANTED.length} planted violations were found`,
  );
}
process.exit(good ? 0 : 1);
