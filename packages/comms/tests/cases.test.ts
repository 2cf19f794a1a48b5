import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const ROOT = new URL('..', import.meta.url).pathname;
const { cases } = JSON.parse(readFileSync(`${ROOT}fixtures/adversarial-cases.json`, 'utf8')) as {
  cases: readonly { readonly id: string; readonly title: string }[];
};
const titles = ['src', 'tests']
  .flatMap((folder) =>
    readdirSync(`${ROOT}${folder}`, { recursive: true, encoding: 'utf8' }).map(
      (file) => `${ROOT}${folder}/${file}`,
    ),
  )
  .filter((file) => file.endsWith('.test.ts'))
  .flatMap((file) => [
    ...readFileSync(file, 'utf8').matchAll(/\bit(?:\.each\(\w+\))?\(\s*['"](.*?)['"],/g),
  ])
  .map((match) => match[1] ?? '');

describe('the adversarial cases', () => {
  it.each(cases)('$id ($title) has its test', ({ id }) => {
    expect(titles.some((title) => title.includes(id))).toBe(true);
  });
});
