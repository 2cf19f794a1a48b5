import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { choosePlugins } from '../../src/cli/plugin-choice.ts';
import { writePlugin } from './plugins.ts';

let base: string;
let folders: { dist: string; cwd: string };
beforeAll(() => {
  base = mkdtempSync(path.join(tmpdir(), 'hl-choice-'));
  folders = { dist: path.join(base, 'dist'), cwd: base };
  for (const name of ['cl-hive-comms', 'cl-hive']) {
    mkdirSync(path.join(folders.dist, name), { recursive: true });
    writePlugin(path.join(folders.dist, name), `${name}.js`);
  }
  writePlugin(base, 'mine.js');
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

describe('choosePlugins', () => {
  it('finds those of the suite in dist and others by their path, with their options', () => {
    expect(
      choosePlugins(
        'hive,cl-hive-comms,./mine.js',
        ['hive:a=b=c', 'comms:x=', 'mine:y=1'],
        folders,
      ),
    ).toEqual([
      { path: path.join(folders.dist, 'cl-hive/cl-hive.js'), options: { a: 'b=c' } },
      { path: path.join(folders.dist, 'cl-hive-comms/cl-hive-comms.js'), options: { x: '' } },
      { path: path.join(base, 'mine.js'), options: { y: '1' } },
    ]);
    expect(choosePlugins('none', [], folders)).toEqual([]);
  });

  it.each([
    ['archon', [], 'plugin_missing'],
    ['./no.js', [], 'plugin_missing'],
    ['hive,cl-hive', [], 'plugin_twice'],
    ['hive', ['comms:a=b'], 'bad_option'],
    ['hive', ['hive:a'], 'bad_option'],
    ['hive', ['a=b'], 'bad_option'],
  ])('refuses %s with %j (%s)', (list, options, code) => {
    expect(() => choosePlugins(list, options, folders)).toThrow(
      expect.objectContaining({ code }) as Error,
    );
  });
});
