// Every adversarial case that cl-hive-comms and cl-hive-archon have to withstand has a test under its id.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../setup.mjs';

/** Cases of these groups that are another part's, and whose. */
const ELSEWHERE = {
  'TI-04': 'cl-hive: messages of the hive are its own to read; comms passes them on unread (GP-09)',
  'SG-07': 'cl-hive: the challenge of a join; tested in packages/hive',
  'SG-12': 'cl-hive: states of the fleet carry their owners’ signatures',
  'SG-13': 'cl-hive: comms verifies signatures itself and never calls checkmessage',
  'RP-15': 'cl-hive: the relaying of its messages',
  'RP-16': 'cl-hive: settlements',
  'RP-18': 'cl-hive: the table of its messages',
  'PB-18': 'cl-hive: its own pending actions',
  'PB-19': 'cl-hive: its own budget',
  'ST-01': 'cl-hive: settlements',
  'ST-06': 'cl-hive: settlements',
  'ST-07': 'cl-hive: settlements',
  'ST-09': 'cl-hive: settlements',
  'ST-10': 'cl-hive: settlements',
  'ST-13': 'cl-hive: settlements',
  'ST-15': 'cl-hive: settlements',
  'CK-06': 'cl-hive: times of its messages; tested in packages/hive',
  'KX-03': 'cl-hive: settlements',
  'KX-06': 'cl-hive: steps of plans',
  'HK-04': 'cl-hive: its planner',
};

const { cases } = JSON.parse(
  readFileSync(path.join(ROOT, 'tools/workspace/fixtures/adversarial-cases.json'), 'utf8'),
);

/** Titles of tests: the text after `it(`, `describe(`, `title(`, or the second bracket of `it.each(…)(`. */
function titlesIn(source) {
  const call = /(?:\b(?:it|describe|title)|\))\(\s*(['"`])((?:(?!\1)[^\\]|\\.)*)\1\s*[,)]/g;
  return [...source.matchAll(call)].map((match) => match[2]);
}

const titles = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.test.ts'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && !file.startsWith('packages/hive/'))
  .flatMap((file) => titlesIn(readFileSync(path.join(ROOT, file), 'utf8')));

const mine = cases.filter(({ id }) => !(id in ELSEWHERE));

describe('the adversarial cases of cl-hive-comms and cl-hive-archon', () => {
  it.each(mine)('$id ($title) has its test', ({ id }) => {
    expect(titles.filter((title) => new RegExp(`\\b${id}\\b`).test(title))).not.toEqual([]);
  });

  it('leave none out without a reason, and give none away that is theirs', () => {
    const known = new Map(cases.map(({ id, target }) => [id, target]));
    for (const id of Object.keys(ELSEWHERE)) {
      expect(['hive', 'orchestrator']).toContain(known.get(id));
    }
  });

  it('are found by what tests are called, not by what is written about them', () => {
    expect(titlesIn("// TI-99\nit('TI-98: x', () => {})")).toEqual(['TI-98: x']);
    expect(titlesIn("it.each([['TI-97']])(\n  'TI-96: %s', f)")).toEqual(['TI-96: %s']);
  });
});
