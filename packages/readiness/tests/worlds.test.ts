import { describe, expect, it } from 'vitest';
import * as rules from '../src/index.ts';
import { BROKEN, UNREADABLE } from './support/broken-worlds.ts';
import { goodWorld, NOW, outcomesOf, verdictsOf, WORST } from './support/worlds.ts';

const ALL = [...rules.CHECKS, ...rules.CANARY_CHECKS, ...rules.NODE_CHECKS];
const notPassing = (outcomes: ReadonlyMap<string, string>): Record<string, string> =>
  Object.fromEntries([...outcomes].filter(([, outcome]) => outcome !== 'pass'));

describe('worlds', () => {
  it('a world in order passes every check', () => {
    const outcomes = outcomesOf(rules, goodWorld());
    expect(notPassing(outcomes)).toEqual({});
    expect(outcomes.size).toBe(ALL.length);
  });

  it.each(BROKEN.map((one) => [one.name, one] as const))('%s turns that check alone', (_n, one) => {
    const world = goodWorld();
    one.change(world);
    const outcomes = outcomesOf(rules, world, one);
    expect(notPassing(outcomes)).toEqual(
      one.outcome === 'pass' ? {} : { [one.check]: one.outcome },
    );
  });

  it.each(UNREADABLE.map((one) => [one.name, one] as const))('RG-01: %s is unknown', (_n, one) => {
    const world = goodWorld();
    one.change(world);
    for (const [check, outcome] of outcomesOf(rules, world)) {
      if (one.checks.test(check)) {
        expect([check, outcome]).toEqual([check, 'unknown']);
      }
    }
  });

  it('RG-01: missing evidence of any collector makes exactly its checks unknown', () => {
    for (const collector of Object.keys(goodWorld())) {
      const world = { ...goodWorld(), [collector]: undefined };
      const mine = ALL.filter((check) => check.collector === collector).map(({ id }) => id);
      expect(mine).not.toEqual([]);
      expect(notPassing(outcomesOf(rules, world))).toEqual(
        Object.fromEntries(mine.map((id) => [id, 'unknown'])),
      );
    }
  });

  it.each([
    ["yesterday's evidence", NOW - 25 * 3_600_000],
    ['evidence from the future', NOW + 3_600_000],
  ])('RG-01: %s is unknown for every check', (_name, at) => {
    const outcomes = outcomesOf(rules, goodWorld(), { at });
    expect([...outcomes.values()].every((outcome) => outcome === 'unknown')).toBe(true);
  });

  it.each(WORST)('%j are together %s', (outcomes, expected) => {
    expect(rules.worst(verdictsOf(outcomes))).toBe(expected);
  });

  it('every check has a world that it fails or does not know, and every verdict says what is next', () => {
    const covered = new Set(
      BROKEN.filter(({ outcome }) => outcome !== 'pass').map(({ check }) => check),
    );
    expect(ALL.map(({ id }) => id).filter((id) => !covered.has(id))).toEqual([]);
    expect(ALL.filter(({ next, why }) => next === '' || why === '')).toEqual([]);
  });
});
