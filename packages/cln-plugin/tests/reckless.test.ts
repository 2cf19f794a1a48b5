import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lintRecklessFolder } from '../src/reckless/index.ts';

let root: string;
let folder: string;
const put = async (name: string, text: string, mode = 0o644): Promise<void> => {
  await writeFile(join(folder, name), text);
  await chmod(join(folder, name), mode);
};

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'reckless-'));
  folder = join(root, 'greet');
  await mkdir(folder);
  await put('greet.js', '#!/usr/bin/env node\n', 0o755);
  await put('package.json', '{"name":"greet","version":"1.0.0"}');
});
afterEach(() => rm(root, { recursive: true, force: true }));

const rules = async (name?: string): Promise<string[]> =>
  (await lintRecklessFolder(folder, name)).map(({ rule }) => rule);

describe('trap 42, 44: a folder for reckless', () => {
  it('is fit with an executable entry of its name and a package.json', async () => {
    expect(await rules('greet')).toEqual([]);
  });

  it.each<[string, () => Promise<unknown>, string[]]>([
    ['no entry', () => rm(join(folder, 'greet.js')), ['entry']],
    ['an entry without x bit', () => chmod(join(folder, 'greet.js'), 0o644), ['entry_mode']],
    ['an entry without shebang', () => put('greet.js', 'console.log(1)', 0o755), ['entry_shebang']],
    [
      'an entry for another interpreter',
      () => put('greet.js', '#!/bin/sh\n', 0o755),
      ['entry_shebang'],
    ],
    ['no package.json', () => rm(join(folder, 'package.json')), ['package_json']],
    ['a broken package.json', () => put('package.json', '{'), ['package_json']],
    [
      'a package.json without version',
      () => put('package.json', '{"name":"greet"}'),
      ['package_json'],
    ],
    ['Python dependencies', () => put('requirements.txt', ''), ['foreign_installer']],
    [
      'a workspace dependency',
      () =>
        put(
          'package.json',
          '{"name":"greet","version":"1.0.0","dependencies":{"a":"file:../a","b":"^1.0.0"}}',
        ),
      ['local_dependency'],
    ],
    ['an executable helper', () => put('helper.sh', '#!/bin/sh\n', 0o755), ['stray_executable']],
  ])('is not with %s', async (_what, harm, expected) => {
    await harm();
    expect(await rules()).toEqual(expected);
  });

  it('is not under another name', async () => {
    expect(await rules('other')).toEqual(['folder_name']);
    expect(await rules('GREET')).toEqual([]);
  });

  it('leaves executables of dependencies alone', async () => {
    await mkdir(join(folder, 'node_modules'));
    await put('node_modules/tool', '#!/bin/sh\n', 0o755);
    expect(await rules()).toEqual([]);
  });
});
