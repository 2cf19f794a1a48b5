import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterAll, describe, expect, it } from 'vitest';
import type * as Readiness from '../src/index.ts';
import { BROKEN, UNREADABLE } from './support/broken-worlds.ts';
import { goodWorld, NOW, outcomesOf, verdictsOf, WORST } from './support/worlds.ts';

const SRC = path.resolve(import.meta.dirname, '../src');
const out = mkdtempSync(path.join(tmpdir(), 'hive-mutants-'));
afterAll(() => rmSync(out, { recursive: true, force: true }));

/** What is done to a rule: inverted, weakened to the other kind, or taken out. */
const OPERATORS: readonly (readonly [string, RegExp, string])[] = [
  ['problem taken out', /problems\.push\(/g, '[].push('],
  ['fail becomes unknown', /\bfail\(/g, 'unknown('],
  ['unknown becomes fail', /\bunknown\(/g, 'fail('],
  ['equal inverted', / === /g, ' !== '],
  ['unequal inverted', / !== /g, ' === '],
  ['above inverted', / > /g, ' <= '],
  ['below inverted', / < /g, ' >= '],
  ['and becomes or', / && /g, ' || '],
  ['or becomes and', / \|\| /g, ' && '],
];

/**
 * Mutants that no evidence can tell apart, each with the reason. They are matched by file and the text
 * of the line.
 */
const EQUIVALENT: readonly (readonly [string, RegExp, string])[] = [
  ['*', /names\.length === 0|summary|const shown|slice\(|const seen|padEnd/, 'words of a summary'],
  ['checks/reliability.ts', /names && /, 'words of a problem'],
  ['check.ts', /next === undefined \?|rest > 0/, 'words; check.test.ts has them'],
];

interface Mutant {
  readonly file: string;
  readonly line: number;
  readonly what: string;
  readonly text: string;
  readonly source: string;
}

function mutantsOf(file: string): readonly Mutant[] {
  const source = readFileSync(path.join(SRC, file), 'utf8');
  const found: Mutant[] = [];
  for (const [what, pattern, by] of OPERATORS) {
    for (const match of source.matchAll(pattern)) {
      const before = source.slice(0, match.index);
      const line = before.split('\n').length;
      const text = source.split('\n')[line - 1] ?? '';
      const code = text.trim();
      if (/^(?:import|export function|\*|\/\/|\/\*|why:|title:)/.test(code)) {
        continue;
      }
      const equivalent = EQUIVALENT.some(
        ([where, words]) => (where === '*' || where === file) && words.test(code),
      );
      if (!equivalent) {
        const after = source.slice(match.index + match[0].length);
        found.push({ file, line, what, text: code, source: before + by + after });
      }
    }
  }
  return found;
}

/** Mutants that are bundled at the same time. */
const AT_ONCE = 8;

/** What the rules stand on, bundled once. */
async function foundation(): Promise<string> {
  const file = path.join(out, 'foundation.mjs');
  await build({
    stdin: {
      contents: "export * from '@cl-hive/core'; export * from '@cl-hive/protocol';",
      resolveDir: SRC,
    },
    bundle: true,
    outfile: file,
    format: 'esm',
    platform: 'node',
    conditions: ['@cl-hive/source'],
    logLevel: 'error',
  });
  return pathToFileURL(file).href;
}

/** The rules with one file replaced, bundled and loaded. */
async function load(below: string, mutant: Mutant | undefined, number: number): Promise<Rules> {
  const file = path.join(out, `${number}.mjs`);
  await build({
    entryPoints: [path.join(SRC, 'index.ts')],
    bundle: true,
    outfile: file,
    format: 'esm',
    platform: 'node',
    logLevel: 'silent',
    plugins: [
      {
        name: 'mutant',
        setup: (bundle) => {
          bundle.onResolve({ filter: /^@cl-hive\// }, () => ({ path: below, external: true }));
          bundle.onLoad({ filter: /readiness\/src\/.*\.ts$/ }, ({ path: source }) =>
            mutant !== undefined && source === path.join(SRC, mutant.file)
              ? { contents: mutant.source, loader: 'ts' }
              : undefined,
          );
        },
      },
    ],
  });
  return (await import(/* @vite-ignore */ pathToFileURL(file).href)) as Rules;
}

type Rules = typeof Readiness;

/** Letters with which the ids of the checks in a file begin; every check stands on check.ts. */
const IDS: Readonly<Record<string, RegExp>> = {
  'checks/reliability.ts': /^A-/,
  'checks/operations.ts': /^B-/,
  'checks/security.ts': /^C-/,
  'checks/compatibility.ts': /^D-/,
  'checks/release.ts': /^R-/,
  'checks/canary.ts': /^K-/,
  'checks/node.ts': /^N-/,
};

/** What the worlds show of the checks with these ids, world by world. */
function* behaviour(rules: Rules, ids: RegExp): Generator<string> {
  const mine = ({ id }: Readiness.Check): boolean => ids.test(id);
  const part = {
    ...rules,
    CHECKS: rules.CHECKS.filter(mine),
    CANARY_CHECKS: rules.CANARY_CHECKS.filter(mine),
    NODE_CHECKS: rules.NODE_CHECKS.filter(mine),
  };
  const shown = (...of: Parameters<typeof outcomesOf> extends [unknown, ...infer R] ? R : never) =>
    JSON.stringify([...outcomesOf(part, ...of)]);
  yield shown(goodWorld());
  yield JSON.stringify(WORST.map(([outcomes]) => rules.worst(verdictsOf(outcomes))));
  for (const one of [...BROKEN, ...UNREADABLE]) {
    if ('check' in one && !ids.test(one.check)) {
      continue;
    }
    const world = goodWorld();
    one.change(world);
    yield shown(world, 'check' in one ? one : {});
  }
  yield shown(goodWorld(), { at: NOW - 25 * 3_600_000 });
  yield shown(goodWorld(), { at: NOW + 3_600_000 });
}

/** Whether some world shows these rules to be others. */
function differs(rules: Rules, ids: RegExp, expected: readonly string[]): boolean {
  let index = 0;
  try {
    for (const shown of behaviour(rules, ids)) {
      if (shown !== expected[index]) {
        return true;
      }
      index += 1;
    }
    return false;
  } catch {
    return true;
  }
}

describe('the rules', () => {
  it('RG-03: removing or inverting any of them is noticed by the worlds', async () => {
    const below = await foundation();
    const original = await load(below, undefined, 0);
    const files = readdirSync(path.join(SRC, 'checks')).map((name) => `checks/${name}`);
    const survivors: string[] = [];
    let tried = 0;
    for (const file of [...files, 'check.ts']) {
      const ids = IDS[file] ?? /./;
      const expected = [...behaviour(original, ids)];
      const mutants = mutantsOf(file);
      for (let from = 0; from < mutants.length; from += AT_ONCE) {
        const some = mutants.slice(from, from + AT_ONCE);
        const loaded = await Promise.all(some.map((one, at) => load(below, one, tried + at + 1)));
        tried += some.length;
        for (const [at, { line, what, text }] of some.entries()) {
          const rules = loaded[at];
          if (rules === undefined || !differs(rules, ids, expected)) {
            survivors.push(`${file}:${line} ${what}: ${text}`);
          }
        }
      }
    }
    expect(survivors).toEqual([]);
    expect(tried).toBeGreaterThan(150);
  }, 300_000);
});
