import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { lintRecklessFolder } from '@cl-hive/cln-plugin/reckless';
import { afterAll, describe, expect, it } from 'vitest';
import { PLUGIN_NAMES, pluginFile } from './support/plugins.ts';

const base = mkdtempSync(path.join(tmpdir(), 'hive-pack-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

const run = promisify(execFile);

describe.each(PLUGIN_NAMES)('the folder of %s', (plugin) => {
  const entry = pluginFile(plugin);

  it('is what reckless installs', async () => {
    expect(await lintRecklessFolder(path.dirname(entry), plugin)).toEqual([]);
  });

  it('explains itself and exits 0 when run by hand, through a link as reckless does', async () => {
    const link = path.join(base, `${plugin}.js`);
    symlinkSync(entry, link);
    const { stderr, stdout } = await run(link, [], { env: { PATH: process.env['PATH'] } });
    expect(stdout).toBe('');
    expect(stderr).toMatch(/lightning-cli plugin start/);
    const { stdout: manifest } = await run(link, ['--manifest'], {
      env: { PATH: process.env['PATH'] },
    });
    expect(JSON.parse(manifest)).toHaveProperty('rpcmethods');
  });

  it('answers getmanifest without loading the database or anything native', async () => {
    const child = spawn(entry, [], {
      env: { PATH: process.env['PATH'], LIGHTNINGD_PLUGIN: '1', NODE_DEBUG_NATIVE: '' },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    child.stdin.write('{"jsonrpc":"2.0","id":"a#1","method":"getmanifest","params":{}}\n\n');
    const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
    expect(chunk.toString()).toContain('"rpcmethods"');
    const maps = readFileSync(`/proc/${child.pid}/maps`, 'utf8');
    expect(maps).not.toMatch(/better[-_]sqlite3/);
    child.stdin.end();
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});
