import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';

interface Mutant {
  readonly id: string;
  readonly case: string;
  readonly file: string;
  readonly find: string;
  readonly put: string;
  readonly test: string;
  readonly title: string;
}
interface Runner {
  readonly mutated: (
    text: string,
    mutant: Pick<Mutant, 'find' | 'put'>,
  ) => { readonly text?: string; readonly problem?: string };
  readonly readMutants: () => {
    readonly mutants: readonly Mutant[];
    readonly unwritten: readonly { readonly id: string; readonly case: string }[];
  };
}

const ROOT = path.resolve(import.meta.dirname, '../../..');
const RUNNER = path.join(ROOT, 'tools/hive-gate/mutants.mjs');
const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');
let runner: Runner;
beforeAll(async () => {
  runner = (await import(RUNNER)) as Runner;
});

describe('RG-03: the defects that are put back', () => {
  it('can each be put back, and have their test', () => {
    const problems = runner.readMutants().mutants.flatMap((mutant) => {
      const { problem } = runner.mutated(read(mutant.file), mutant);
      const titled = read(mutant.test).includes(mutant.title);
      const untitled = titled ? [] : [`${mutant.id}: ${mutant.test} has no "${mutant.title}"`];
      return [...(problem === undefined ? [] : [`${mutant.id}: ${problem}`]), ...untitled];
    });
    expect(problems).toEqual([]);
  });

  it('have names of their own, and say of which case they are', () => {
    const { mutants, unwritten } = runner.readMutants();
    const all = [...mutants, ...unwritten];
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
    expect(all.filter((one) => !/^[A-Z]{2}-\d{2}$/.test(one.case)).map(({ id }) => id)).toEqual([]);
  });

  it('are refused where their text is not there once, or changes nothing', () => {
    expect(runner.mutated('a b a', { find: 'a', put: 'c' }).problem).toMatch(/stands 2 times/);
    expect(runner.mutated('b', { find: 'a', put: 'c' }).problem).toMatch(/stands 0 times/);
    expect(runner.mutated('a', { find: 'a', put: 'a' }).problem).toMatch(/changes nothing/);
    expect(runner.mutated('a $& b', { find: 'a', put: '$&' })).toEqual({ text: '$& $& b' });
  });

  it('are noticed: one of them, in a copy of this tree', () => {
    const words = [RUNNER, '--only', 'nonce-locks-out'];
    const out = execFileSync(process.execPath, words, { encoding: 'utf8' });
    expect(out).toContain('1 killed, 0 survived, 0 broken');
  }, 120_000);
});
