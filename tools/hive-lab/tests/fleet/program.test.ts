import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runProgram } from '../../src/cli/program.ts';

let base: string;
beforeAll(() => {
  base = mkdtempSync(path.join(tmpdir(), 'hl-program-'));
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

async function run(...words: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const code = await runProgram(words, {
    output: {
      out: (text) => (out += text),
      err: (line) => (err += `${line}\n`),
      terminal: () => undefined,
    },
    cwd: base,
    env: { PATH: '/nonexistent' },
    dist: path.join(base, 'dist'),
  });
  return { code, out, err };
}

describe('hive-lab with wrong arguments', () => {
  it.each<[string[], number, RegExp]>([
    [['start', '--nodes', '0'], 3, /integer from 1 to 50/],
    [['start', '--nodes', '2.5'], 3, /integer/],
    [['start', '--public-nodes', '5'], 3, /100 to 100000/],
    [['start', '--no-such'], 3, /unknown option/],
    [
      ['start', '--plugins', './missing.js'],
      3,
      /there is no plugin .*missing\.js[^]*path of its entry/,
    ],
    [['start', '--plugins', 'comms'], 3, /npm run build/],
    [['start', '--plugins', 'none', '--option', 'comms:a=b'], 3, /no plugins/],
    [
      ['start', '--plugins', 'none', '--dir', `/tmp/${'x'.repeat(100)}`],
      3,
      /too long[^]*shorter --dir/,
    ],
    [['start', '--plugins', 'none', '--dir', '/dev/null/x'], 1, /\/dev\/null\/x cannot be used/],
    [['start', '--plugins', 'none', '--gossmap', '/nonexistent'], 1, /nonexistent/],
    [['no-such-command'], 3, /unknown command/],
    [['cli', '1', 'getinfo'], 2, /no fleet runs in .*\.hive-lab[^]*npm start/],
    [['cli', 'one', 'getinfo'], 3, /not the number of a node/],
    [['cli', '1'], 3, /method is missing/],
    [['cli', '1', '-k', 'x', 'y'], 3, /not name=value/],
    [['status'], 2, /no fleet/],
    [['generate'], 3, /--out/],
    [['relay', '--port', '70000'], 3, /65535/],
  ])('%j exits %i', async (words, code, message) => {
    const ended = await run(...words);
    expect(ended.err).toMatch(message);
    expect(ended.code).toBe(code);
  });

  it('refuses plugins that are not executable', async () => {
    const file = path.join(base, 'plain.js');
    writeFileSync(file, '', { mode: 0o644 });
    const ended = await run('start', '--plugins', file);
    expect(ended.err).toContain(`chmod +x ${file}`);
    expect(ended.code).toBe(3);
  });

  it.each(['start', 'cli', 'status', 'relay', 'generate'])(
    'explains %s with examples',
    async (name) => {
      const ended = await run(name, '--help');
      expect(ended.code).toBe(0);
      expect(ended.out).toMatch(/Examples?:\n {2}hive-lab /);
      expect(ended.out).toContain('Exit codes');
    },
  );
});

describe('hive-lab start --real', () => {
  it('says in one line what is missing and how to get it, which is no failure', async () => {
    const ended = await run('start', '--real', '--once', '--plugins', 'none');
    expect(ended).toMatchObject({ code: 0, err: '' });
    expect(ended.out).toMatch(/^Not on the PATH: lightningd, [^\n]*https:[^\n]*\n$/);
  });
});
