import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type JsonObject, type JsonValue, parseJson } from '@cl-hive/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compareAdvisories, dependenciesOf } from '../src/collectors/advisories.ts';

const EXPORT = path.resolve(import.meta.dirname, '../fixtures/osv-export.json');
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'hive-osv-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Told {
  readonly made: string;
  readonly records: number;
  readonly hits: readonly JsonObject[];
  readonly unclear: readonly JsonObject[];
}

const compare = (place: string, ...dependencies: readonly (readonly [string, string])[]): Told =>
  compareAdvisories(
    dependencies.map(([name, version]) => ({ name, version })),
    place,
  ) as unknown as Told;

function write(name: string, text: string): string {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return file;
}

const exported = (): { readonly made: string; readonly vulns: readonly JsonObject[] } =>
  parseJson(readFileSync(EXPORT, 'utf8')) as never;

describe('an OSV export', () => {
  it.each([
    ['alpha', '0.9.9', false],
    ['alpha', '0.0.7', true],
    ['alpha', '1.0.0', true],
    ['alpha', '1.0.0-rc.1', false],
    ['alpha', '1.2.2', true],
    ['alpha', '1.2.3', false],
    ['alpha', '2.0.0-beta.1', false],
    ['alpha', '2.0.0-beta.11', true],
    ['alpha', '2.0.0', false],
    ['alpha', '2.1.0', true],
    ['alpha', '2.4.0', true],
    ['alpha', '2.4.1', false],
    ['@scope/beta', '2.9.9', true],
    ['@scope/beta', '3.0.0', false],
    ['scope/beta', '2.9.9', false],
    ['Alpha', '1.1.0', false],
    ['gamma', '1.0.0', false],
    ['delta', '1.0.0', false],
    ['epsilon', '99.0.0', true],
    ['eta', '1.9.0', true],
    ['eta', '2.0.0', false],
  ])('%s %s is affected: %s', (name, version, is) => {
    expect(compare(EXPORT, [name, version]).hits.length > 0).toBe(is);
  });

  it('names a vulnerability once, by whatever names records give it, with its worst severity', () => {
    const { hits } = compare(
      EXPORT,
      ['@scope/beta', '2.9.9'],
      ['epsilon', '1.0.0'],
      ['eta', '1.0.0'],
    );
    expect(hits.map(({ id, severity }) => [id, severity])).toEqual([
      ['GHSA-aaaa-aaaa-aaaa', 'high'],
      ['MAL-2026-1', 'high'],
      ['GHSA-cccc-cccc-cccc', 'low'],
    ]);
    expect(hits[0]?.['aliases']).toEqual(['CVE-2026-0001']);
    expect(compare(EXPORT, ['alpha', '1.0.0']).hits[0]?.['severity']).toBe('medium');
  });

  it('tells what it cannot read: commits in place of versions, and versions that are none', () => {
    const { hits, unclear } = compare(EXPORT, ['zeta', '1.0.0'], ['epsilon', 'git+ssh://x#main']);
    expect(hits).toEqual([]);
    expect(unclear.map(({ id }) => id)).toEqual(['MAL-2026-1', 'GHSA-cccc-cccc-cccc']);
  });

  it('is a list, a record a line, a folder of records or one record; without a date the newest change dates it', () => {
    const { vulns } = exported();
    const several = path.join(folder, 'records');
    mkdirSync(several);
    for (const [index, one] of vulns.entries()) {
      writeFileSync(path.join(several, `${index}.json`), JSON.stringify(one));
    }
    const places = [
      write('list.json', JSON.stringify(vulns)),
      write('lines.json', vulns.map((one) => JSON.stringify(one)).join('\n')),
      write('undated.json', JSON.stringify({ vulns })),
      several,
    ];
    for (const place of places) {
      const { made, records, hits } = compare(place, ['alpha', '1.0.0']);
      expect([made, records, hits.length]).toEqual(['2026-11-05', 5, 1]);
    }
    const one = write('one.json', JSON.stringify(vulns[3]));
    expect(compare(one, ['epsilon', '1.0.0']).hits).toHaveLength(1);
    expect(compare(EXPORT, ['alpha', '1.0.0']).made).toBe('2026-11-20');
  });

  it.each<[string, string]>([
    ['no JSON', '{"vulns": ['],
    ['something else', '{"packages": {}}'],
    ['no advisory', '{"made":"2026-11-20","vulns":[]}'],
    ['no date', '[{"id":"X","affected":[]}]'],
    ['a record without id', '{"made":"2026-11-20","vulns":[{"affected":[]}]}'],
    [
      'ranges of another form',
      '[{"id":"X","modified":"2026-11-20","affected":[{"ranges":"all"}]}]',
    ],
  ])('is refused with %s in it', (name, text) => {
    expect(() => compare(write(`${name}.json`, text), ['alpha', '1.0.0'])).toThrow();
  });
});

describe('a lock file', () => {
  it('names what is installed, under its own name, without what is for development', () => {
    const packages: Readonly<Record<string, JsonValue>> = {
      '': { version: '1.0.0' },
      'packages/core': { version: '1.0.0' },
      'node_modules/@cl-hive/core': { link: true },
      'node_modules/@scope/beta': { version: '1.0.0' },
      'node_modules/a/node_modules/@scope/beta': { version: '2.0.0' },
      'node_modules/other-name': { name: 'alpha', version: '3.0.0' },
      'node_modules/tool': { version: '1.0.0', dev: true },
    };
    const found = dependenciesOf({ packages });
    expect(found.map(({ name, version }) => `${name} ${version}`)).toEqual([
      '@scope/beta 1.0.0',
      '@scope/beta 2.0.0',
      'alpha 3.0.0',
    ]);
  });
});
