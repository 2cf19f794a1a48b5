// `npm run mutants`: puts each confirmed defect of the original back into a copy of this tree, one at a
// time (docs/gates/mutants.yaml), and runs the test that has to notice. What the gate's A-MUTANTS judges is
// in .test-results/mutants.json afterwards.
//   --only ID[,ID]   some of them; nothing is recorded then
//   --which          all tests of the named file, and which of them notice: for a new entry
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parse } from 'yaml';

const ROOT = path.resolve(import.meta.dirname, '../..');
const LIST = 'docs/gates/mutants.yaml';
/** A test file ends within seconds; one that hangs was not stopped by its own time limit. */
const RUN_MS = 180_000;

/** Text of `mutant.file` with the defect in it, or why it cannot be put there. */
export function mutated(text, { find, put }) {
  const places = text.split(find).length - 1;
  if (places !== 1) {
    return { problem: `its text stands ${places} times in the file, not once` };
  }
  return find === put ? { problem: 'it changes nothing' } : { text: text.replace(find, () => put) };
}

/** The list as it stands. */
export function readMutants(root = ROOT) {
  const text = readFileSync(path.join(root, LIST), 'utf8');
  const { mutants, unwritten } = parse(text);
  return { mutants, unwritten, digest: createHash('sha256').update(text).digest('hex') };
}

const git = (...words) => execFileSync('git', words, { cwd: ROOT, encoding: 'utf8' }).trim();

/** Sources as they stand here, beside dependencies that are linked, with the workspace's own in the copy. */
function copyTree(to) {
  const files = git('ls-files', '-co', '--exclude-standard', 'packages', 'apps', 'vitest.*.ts')
    .split('\n')
    .filter((file) => existsSync(path.join(ROOT, file)));
  for (const file of [...files, 'package.json', 'tsconfig.base.json']) {
    cpSync(path.join(ROOT, file), path.join(to, file));
  }
  const modules = path.join(to, 'node_modules');
  mkdirSync(path.join(modules, '@cl-hive'), { recursive: true });
  for (const name of readdirSync(path.join(ROOT, 'node_modules'))) {
    if (name !== '@cl-hive' && !name.startsWith('.')) {
      symlinkSync(path.join(ROOT, 'node_modules', name), path.join(modules, name));
    }
  }
  for (const name of readdirSync(path.join(ROOT, 'node_modules/@cl-hive'))) {
    const link = path.join('node_modules/@cl-hive', name);
    symlinkSync(readlinkSync(path.join(ROOT, link)), path.join(to, link));
  }
}

let running;

const escaped = (title) => title.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

function end(child) {
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // None was started, or it has ended.
  }
}

/** Not spawnSync: Ctrl-C would wait for the last of all mutants. */
function ended(child) {
  running = child;
  return new Promise((resolve) => {
    child.on('error', resolve);
    child.on('close', resolve);
  });
}

/** Runs one test file of the copy, whole or the tests of these titles; each of them with its outcome. */
async function runTests(tree, { test, titles }) {
  const [group, name] = test.split('/');
  const report = path.join(tree, 'report.json');
  rmSync(report, { force: true });
  const words = ['run', '--root', path.join(tree, group, name)];
  words.push('--config', path.join(tree, 'vitest.config.ts'), path.join(tree, test));
  words.push('--reporter=json', `--outputFile=${report}`, '--retry=0', '--bail=0');
  if (titles !== undefined) {
    words.push('-t', titles.map(escaped).join('|'));
  }
  const vitest = path.join(ROOT, 'node_modules/vitest/vitest.mjs');
  await ended(
    spawn(process.execPath, [vitest, ...words], {
      cwd: tree,
      stdio: 'ignore',
      timeout: RUN_MS,
      // A group of its own: it ends with all that it has started.
      detached: true,
    }),
  );
  if (!existsSync(report)) {
    return { ran: [], failed: [], why: 'the test gave no result' };
  }
  const { testResults } = JSON.parse(readFileSync(report, 'utf8'));
  const all = testResults.flatMap(({ assertionResults }) => assertionResults);
  const ran = all.filter(({ status }) => status === 'passed' || status === 'failed');
  return {
    ran: ran.map(({ fullName }) => fullName),
    failed: ran.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName),
    why: testResults[0]?.message ?? '',
  };
}

/** Puts one defect in, runs its test, takes it out again. */
async function tryMutant(tree, mutant, which) {
  const begun = Date.now();
  const file = path.join(tree, mutant.file);
  const before = readFileSync(file, 'utf8');
  const change = mutated(before, mutant);
  const result = (outcome, why = '') => ({
    id: mutant.id,
    priority: mutant.priority,
    outcome,
    why,
    took_ms: Date.now() - begun,
  });
  if (change.problem !== undefined) {
    return result('broken', change.problem);
  }
  writeFileSync(file, change.text);
  try {
    const { ran, failed, why } = await runTests(
      tree,
      which ? { test: mutant.test } : { test: mutant.test, titles: [mutant.title] },
    );
    if (which) {
      console.log(
        [`${mutant.id}: ${failed.length} of ${ran.length} notice`, ...failed].join('\n  '),
      );
    }
    // A file that does not even load has tested nothing.
    return ran.length === 0
      ? result('broken', why.split('\n')[0] || 'no test has this title')
      : result(failed.length > 0 ? 'killed' : 'survived');
  } finally {
    writeFileSync(file, before);
  }
}

/** Tests that fail without any defect would notice nothing. */
async function failingAnyway(tree, mutants) {
  const titles = new Map();
  for (const { test, title } of mutants) {
    titles.set(test, [...(titles.get(test) ?? []), title]);
  }
  const failing = new Set();
  for (const [test, wanted] of titles) {
    const { ran, failed } = await runTests(tree, { test, titles: wanted });
    for (const title of wanted) {
      const passes =
        ran.some((name) => name.includes(title)) && !failed.some((name) => name.includes(title));
      if (!passes) {
        failing.add(`${test} ${title}`);
      }
    }
  }
  return failing;
}

async function main(words) {
  const which = words.includes('--which');
  const at = words.indexOf('--only');
  const only = at < 0 ? undefined : (words[at + 1] ?? '').split(',');
  const { mutants, unwritten, digest } = readMutants();
  const chosen = mutants.filter(({ id }) => only === undefined || only.includes(id));
  if (chosen.length === 0) {
    console.error(`--only ${only} names no mutant of ${LIST}`);
    return 3;
  }
  const begun = Date.now();
  const before = { commit: git('rev-parse', 'HEAD'), clean: git('status', '--porcelain') === '' };
  const tree = mkdtempSync(path.join(tmpdir(), 'cl-hive-mutants-'));
  process.on('exit', () => {
    end(running);
    rmSync(tree, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  });
  const results = [];
  copyTree(tree);
  const failing = which ? new Set() : await failingAnyway(tree, chosen);
  for (const [index, mutant] of chosen.entries()) {
    const { id, priority, test, title } = mutant;
    const why = 'its test fails without it too';
    const result = failing.has(`${test} ${title}`)
      ? { id, priority, outcome: 'broken', why, took_ms: 0 }
      : await tryMutant(tree, mutant, which);
    results.push(result);
    console.log(`${index + 1}/${chosen.length} ${result.outcome} ${id} ${result.why}`.trim());
  }
  const count = (outcome) => results.filter((one) => one.outcome === outcome).length;
  const seconds = Math.round((Date.now() - begun) / 1000);
  console.log(
    `${count('killed')} killed, ${count('survived')} survived, ${count('broken')} broken in ${seconds} s`,
  );
  if (only === undefined && !which) {
    const after = { commit: git('rev-parse', 'HEAD'), clean: git('status', '--porcelain') === '' };
    const clean = before.clean && after.clean && before.commit === after.commit;
    const late = (unwritten ?? [])
      .filter(({ until }) => until.some((place) => existsSync(path.join(ROOT, place))))
      .map(({ id }) => id);
    const report = { commit: after.commit, clean, list: digest, results, unwritten: late };
    mkdirSync(path.join(ROOT, '.test-results'), { recursive: true });
    writeFileSync(path.join(ROOT, '.test-results/mutants.json'), `${JSON.stringify(report)}\n`);
  }
  return count('killed') === results.length ? 0 : 1;
}

if (process.argv[1] === import.meta.filename) {
  process.on('SIGINT', () => process.exit(130));
  process.on('SIGTERM', () => process.exit(143));
  process.exitCode = await main(process.argv.slice(2));
}
