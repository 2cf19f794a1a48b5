import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');

/** Cases of these groups that other layers answer for, or that wait for the wiring on this package. */
const ELSEWHERE = {
  'GP-07': 'field types: packages/protocol',
  'GP-09': 'frames: packages/protocol',
  'GP-10': 'nesting: packages/protocol',
  'GP-16': 'targets are chosen by the planner',
  'GP-19': 'saturation is the planner’s',
  'IN-06': 'the simulator’s skew profile',
  'CK-03': 'timers are the runner’s',
  'CK-07': 'times are integers throughout',
};

it('every adversarial case of the groups has a test by its id, or a place where it belongs', () => {
  const { cases } = JSON.parse(read('../fixtures/adversarial-cases.json')) as {
    cases: readonly { readonly id: string }[];
  };
  const tests = readdirSync(new URL('../src', import.meta.url), {
    recursive: true,
    encoding: 'utf8',
  })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => read(`../src/${file}`))
    .join('\n');
  const missing = cases
    .map(({ id }) => id)
    .filter((id) => !new RegExp(`it\\('[^']*${id}`).test(tests));
  expect(missing.sort()).toEqual(Object.keys(ELSEWHERE).sort());
});
