// House rules that no linter knows: names, lengths of script files, words that do not belong in the
// repository, and a CHANGELOG entry for the current version.
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './setup.mjs';

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && !/(?:^|\/)(?:fixtures|schemas|generated)\//.test(file));

const BANNED = [
  [
    // Any registry's host, spelled so that this line names none.
    /\bregistry\.[a-z]+\.(?:org|com)\b|\bdeb\.[a-z]+\.org\b/,
    'names a package registry host',
    /package-lock\.json|\.md$|tidy\.mjs|\.ts$|\.mjs$|\.json$|^\.npmrc$/,
  ],
  [/\b(?:TODO|FIXME|XXX)\b/, 'carries an unfinished mark', /\.(?:ts|mjs|md)$/],
  [
    /\.\.\/shared\b|\/work\//,
    'refers to something outside the repository',
    /\.(?:ts|mjs|md|json)$/,
  ],
];
const problems = [];
for (const file of files) {
  const full = path.join(ROOT, file);
  if (
    !/\.(?:ts|mjs|cjs|json|md|sh)$|^\.npmrc$/.test(file) ||
    statSync(full, { throwIfNoEntry: false }) === undefined
  ) {
    continue;
  }
  const text = readFileSync(full, 'utf8');
  for (const [pattern, what, where] of BANNED) {
    const match =
      where.test(file) && file !== 'tools/workspace/tidy.mjs' ? pattern.exec(text) : null;
    if (match !== null) {
      problems.push(
        `${file}:${text.slice(0, match.index).split('\n').length}: ${what} (${match[0]})`,
      );
    }
  }
  if (
    /\.(?:ts|mjs)$/.test(file) &&
    !/\.test\.ts$|\/tests\//.test(file) &&
    text.split('\n').length > 401
  ) {
    problems.push(`${file}: longer than 400 lines`);
  }
}

const { version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
if (!readFileSync(path.join(ROOT, 'CHANGELOG.md'), 'utf8').includes(`## ${version}`)) {
  problems.push(`CHANGELOG.md has no entry for ${version}`);
}
// The plugins tell each other and their operators the release: every place must say the same.
const versions = files
  .filter((file) => /^(?:packages|apps|tools)\/[^/]+\/package\.json$/.test(file))
  .map((file) => [file, JSON.parse(readFileSync(path.join(ROOT, file), 'utf8')).version]);
const told = /VERSION = '(.+)'/.exec(
  readFileSync(path.join(ROOT, 'packages/runtime/src/version.ts'), 'utf8'),
);
for (const [file, other] of [...versions, ['packages/runtime/src/version.ts', told?.[1]]]) {
  if (other !== version) {
    problems.push(`${file}: version ${other}, the workspace is ${version}`);
  }
}
for (const problem of problems) {
  console.error(problem);
}
if (problems.length === 0) {
  console.log(`${files.length} files are tidy`);
}
process.exit(problems.length === 0 ? 0 : 1);
