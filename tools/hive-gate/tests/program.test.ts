import { createHash } from 'node:crypto';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type JsonObject, parseJson } from '@cl-hive/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hiveGate } from './support/program.ts';
import { Repository } from './support/repository.ts';

const NOW = Date.parse('2026-11-21T12:00:00Z');
const gates = readFileSync(
  path.resolve(import.meta.dirname, '../../../docs/gates/gates.yaml'),
  'utf8',
);
let repository: Repository;
beforeAll(() => {
  repository = new Repository(gates);
});
afterAll(() => repository.remove());

const gate = (...words: readonly string[]) => hiveGate(repository.root, NOW, ...words);

async function outcomeOf(check: string, ...words: readonly string[]): Promise<string> {
  const { out } = await gate('check', '--only', check, '--json', ...words);
  const { checks } = parseJson(out) as { checks: readonly JsonObject[] };
  return JSON.stringify(checks[0]?.['outcome'] ?? null).replaceAll('"', '');
}

describe('hive-gate', () => {
  it.each([
    ['a word it does not know', ['chekc'], 3],
    ['an option it does not know', ['check', '--onyl', 'A'], 3],
    ['a check it does not know', ['check', '--only', 'Z-NOTHING'], 3],
    ['a report of some checks', ['check', '--only', 'A', '--report', 'r.json'], 3],
    ['a log without name', ['check', '--only', 'A', '--node-log', 'x'], 3],
    ['tests that are not there', ['check', '--only', 'A-TESTS', '--tests', 'no.xml'], 3],
    ['advisories that are not there', ['check', '--only', 'C', '--advisories', 'no'], 3],
    ['a log that is not there', ['check', '--only', 'A', '--node-log', 'x=no'], 3],
    ['a lightningd that is not there', ['check', '--only', 'D', '--lightningd', 'no'], 3],
    ['a folder that is not there', ['check', '--only', 'A', '--junit', 'no/x.xml'], 3],
    ['a node that is not there', ['doctor', '--node', 'nowhere'], 3],
    ['a report that is not there', ['verify', 'r.json'], 3],
    ['an explanation of nothing', ['explain', 'Z'], 3],
    ['a pass', ['check', '--only', 'A-DEFECTS'], 0],
    ['a fail', ['check', '--only', 'R-TAG'], 1],
    ['an unknown', ['check', '--only', 'D-MONOLITH'], 2],
    ['help', ['--help'], 0],
  ])('exits for %s', async (_name, words, code) => {
    expect((await gate(...words)).code).toBe(code);
  });

  it('shows the check, its outcome, evidence, and the next step', async () => {
    const { out } = await gate('check', '--only', 'A-DEFECTS,D-MONOLITH');
    expect(out).toMatch(/A-DEFECTS +pass +\d+\.\d s +0 listed, none open and high/);
    expect(out).toMatch(/D-MONOLITH +unknown/);
    expect(out).toContain('→ try the move');
    expect(out).toContain('1 pass, 0 fail, 1 unknown: not known to be ready');
    expect(out).not.toContain('\u001b');
  });

  it('writes JUnit and Markdown', async () => {
    const junit = await gate('check', '--only', 'R-TAG,D-MONOLITH', '--junit', '-');
    expect(junit.out).toContain('failures="1" errors="0"');
    expect(junit.out).toContain('failures="0" errors="1"');
    const { out } = await gate('check', '--only', 'A-DEFECTS', '--markdown', '-');
    expect(out).toContain('| A | A-DEFECTS | **pass** |');
  });

  it('lists and explains every check', async () => {
    const { out } = await gate('list', '--json');
    const { checks } = parseJson(out) as { checks: readonly { id: string }[] };
    expect(checks.length).toBeGreaterThan(35);
    for (const { id } of checks) {
      expect((await gate('explain', id)).out).toContain(id);
    }
  });

  it('reads tests from JUnit of this very commit', async () => {
    const commit = repository.git('rev-parse', 'HEAD');
    const junit = (of: string, inner: string): string =>
      repository.write(
        'out/junit.xml',
        `<testsuite><properties><property name="commit" value="${of}"/></properties><testcase name="a"/><testcase name="b">${inner}</testcase></testsuite>`,
      );
    expect(await outcomeOf('A-TESTS', '--tests', junit(commit, ''))).toBe('pass');
    expect(await outcomeOf('A-TESTS', '--tests', junit(commit, '<failure/>'))).toBe('fail');
    expect(await outcomeOf('A-TESTS', '--tests', junit('9'.repeat(40), ''))).toBe('unknown');
    expect(await outcomeOf('A-TESTS')).toBe('unknown');
  });

  it('reads what putting defects back came to, of this very commit and list', async () => {
    const list = 'unwritten: []\n';
    repository.write('docs/gates/mutants.yaml', list);
    const record = (changes: Record<string, unknown>): string =>
      repository.write(
        '.test-results/mutants.json',
        JSON.stringify({
          commit: repository.git('rev-parse', 'HEAD'),
          clean: true,
          list: createHash('sha256').update(list).digest('hex'),
          results: [{ id: 'x', priority: 'P0', outcome: 'killed', why: '', took_ms: 1 }],
          unwritten: [],
          ...changes,
        }),
      );
    expect(await outcomeOf('A-MUTANTS')).toBe('unknown');
    record({});
    expect(await outcomeOf('A-MUTANTS')).toBe('pass');
    record({ results: [{ id: 'x', priority: 'P0', outcome: 'survived', why: '' }] });
    expect(await outcomeOf('A-MUTANTS')).toBe('fail');
    for (const change of [
      { clean: false },
      { list: 'ab'.repeat(32) },
      { commit: '9'.repeat(40) },
    ]) {
      record(change);
      expect(await outcomeOf('A-MUTANTS')).toBe('unknown');
    }
  });

  it('reads logs of nodes', async () => {
    const at = (days: number): string => new Date(NOW - days * 86_400_000).toISOString();
    const log = (extra = ''): string =>
      repository.write(
        'out/log',
        `${at(15)} INFO    lightningd: x\n${extra}${at(0.1)} INFO    plugin-cl-hive.js: well\n`,
      );
    expect(await outcomeOf('A-NODE-LOGS', '--node-log', `a=${log()}`)).toBe('pass');
    const broken = `${at(1)} **BROKEN** plugin-cl-hive.js: disk\n`;
    expect(await outcomeOf('A-NODE-LOGS', '--node-log', `a=${log(broken)}`)).toBe('fail');
    const other = `${at(1)} **BROKEN** plugin-other: disk\n`;
    expect(await outcomeOf('A-NODE-LOGS', '--node-log', `a=${log(other)}`)).toBe('pass');
  });

  it('compares dependencies with advisories', async () => {
    const packages = {
      '': {},
      'node_modules/a': { version: '1.2.3' },
      'node_modules/b/node_modules/a': { version: '2.0.0' },
      'node_modules/c': { version: '1.0.0', dev: true },
    };
    repository.write('package-lock.json', JSON.stringify({ packages }));
    const database = (name: string, fixed: string): string => {
      const events = [{ introduced: '0' }, { fixed }];
      const affected = [
        { package: { name, ecosystem: 'npm' }, ranges: [{ type: 'SEMVER', events }] },
      ];
      return repository.write(
        'out/osv.json',
        JSON.stringify({ made: '2026-11-20', vulns: [{ id: 'G', affected }] }),
      );
    };
    const ask = (file: string) => outcomeOf('C-ADVISORIES', '--advisories', file);
    expect(await ask(database('a', '1.2.3'))).toBe('pass');
    expect(await ask(database('a', '1.10.0'))).toBe('fail');
    expect(await ask(database('a', '2.0.0'))).toBe('fail');
    expect(await ask(database('c', '9.0.0'))).toBe('pass');
  });

  it('finds a tag, and one that is stale', async () => {
    repository.git('tag', 'v0.0.0-baseline');
    expect(await outcomeOf('R-TAG')).toBe('pass');
    repository.git('checkout', '-q', '--orphan', 'other');
    repository.commit();
    expect(await outcomeOf('R-TAG')).toBe('fail');
  });

  it('signs reports with a key of its own, refuses open keys, and verifies', async () => {
    const key = path.join(repository.root, 'out/key');
    const made = await gate('key', key);
    expect(made.out).toMatch(/^ed25519:[0-9a-f]{64}\n$/);
    expect(statSync(key).mode & 0o777).toBe(0o600);
    expect((await gate('key', key)).code).toBe(3);
    const file = path.join(repository.root, 'out/report.json');
    const checked = await gate('check', '--report', file, '--key', key);
    expect(checked.code).toBe(1);
    const verified = await gate('verify', file, '--signer', made.out.trim());
    expect([verified.code, verified.err]).toEqual([1, '']);
    expect(verified.out).toContain('genuine');
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace('"outcome":"fail"', '"outcome":"pass"'));
    expect((await gate('verify', file)).err).toContain('changed after it was made');
    const promoted = await gate('promote', '--state', 'out/s', '--report', file, '--key', key);
    expect([promoted.code, promoted.out]).toEqual([1, '']);
  }, 60_000);

  it.each([
    ['an unknown key', 'version: 1\ndefects: []\ndefectz: []\n', 'defectz'],
    ['broken YAML', 'version: 1\n  defects:\n- x', 'defects.yaml'],
  ])('tells a register with %s as what is to be mended', async (_what, text, named) => {
    repository.write('docs/gates/defects.yaml', text);
    const { code, out } = await gate('check', '--only', 'A-DEFECTS');
    expect([code, out.includes(named)]).toEqual([2, true]);
    expect(out).toContain('→ mend docs/gates/defects.yaml');
    repository.write('docs/gates/defects.yaml', 'version: 1\ndefects: []\n');
  });

  it('refuses a gates.yaml with an unknown key', async () => {
    repository.write('docs/gates/gates.yaml', `${gates}\nsurprise: 1\n`);
    const { code, err } = await gate('check', '--only', 'A-DEFECTS');
    expect(code).toBe(3);
    expect(err).toContain('surprise: expected no such key');
    repository.write('docs/gates/gates.yaml', gates);
  });
});

describe('a rollout', () => {
  it('is begun only with gates that pass, approvals of maintainers and signatures that count', async () => {
    const own = new Repository(gates);
    const run = (...words: readonly string[]) => hiveGate(own.root, NOW, ...words);
    const key = path.join(own.root, '..', `${path.basename(own.root)}.key`);
    try {
      const name = (await run('key', key)).out.trim();
      const maintainers = `maintainers: [{ name: Ada, key: "${name}" }]`;
      const one = gates
        .replace('maintainers: []', maintainers)
        .replace('required: 2', 'required: 1');
      own.write('docs/gates/gates.yaml', one);
      own.commit();
      await run('check', '--report', 'report.json', '--key', key);
      const approve = ['approve', 'report.json', '--stage', 'comms-alpha', '--out', 'a.json'];
      expect((await run(...approve, '--key', key)).err).toContain('only a pass can be approved');
      expect((await run(...approve, '--stage', 'nowhere', '--key', key)).code).not.toBe(0);
      const begin = ['rollout', 'begin', '--state', 's', '--report', 'report.json', '--key', key];
      expect((await run(...begin)).err).toContain('gates_not_passed');
      expect((await run('rollout', 'begin', '--state', 's', '--key', key)).err).toContain(
        'report_needed',
      );
      expect((await run('rollout', 'fly', '--state', 's')).code).toBe(3);
      expect((await run('status', '--state', 's')).out).toContain('not_begun');
      const stranger = path.join(own.root, 'stranger');
      await run('key', stranger);
      await run('check', '--report', 'other.json', '--key', stranger);
      expect((await run('verify', 'other.json')).err).toContain('may not sign');
    } finally {
      own.remove();
      rmSync(key, { force: true });
    }
  }, 60_000);
});
