import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const { methods } = parse(
  readFileSync(path.join(ROOT, 'docs/gates/rpc-allowlist.yaml'), 'utf8'),
) as {
  readonly methods: readonly {
    readonly name: string;
    readonly plugin: string;
    readonly danger: number;
    readonly callers: readonly string[];
    readonly why: string;
  }[];
};

/** Methods that a plugin's sources name by themselves, as what is called is. */
function namedBy(plugin: string): readonly string[] {
  const files = execFileSync(
    'git',
    ['ls-files', '-co', '--exclude-standard', `apps/${plugin}/src`],
    {
      cwd: ROOT,
      encoding: 'utf8',
    },
  );
  const texts = files
    .split('\n')
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map((file) => readFileSync(path.join(ROOT, file), 'utf8'));
  return texts.flatMap((text) =>
    [...text.matchAll(/'(hive-[a-z0-9-]+)'/g)].map(([, name = '']) => name),
  );
}

describe('the list of RPC methods', () => {
  it.each(['cl-hive-comms', 'cl-hive-archon', 'cl-hive'])(
    'lets siblings call what %s calls of them',
    (plugin) => {
      const named = new Set(namedBy(plugin));
      const forgotten = methods
        .filter((method) => method.plugin !== plugin && named.has(method.name))
        .filter(({ callers }) => !callers.includes('sibling'))
        .map(({ name }) => name);
      expect(forgotten).toEqual([]);
    },
  );

  it('says of what only reads that it harms nobody, and of nothing else', () => {
    const only = methods.filter(({ why }) => /^reads(?:;|$)/.test(why));
    expect(only.length).toBeGreaterThan(20);
    expect(only.filter(({ danger }) => danger > 2).map(({ name }) => name)).toEqual([]);
  });

  it('has no method of danger 5 or more for advisors but the one that decides inside', () => {
    const open = methods.filter(
      ({ danger, callers }) => danger >= 5 && callers.includes('advisor'),
    );
    expect(open.map(({ name }) => name)).toEqual(['hive-comms-rpc']);
  });
});
