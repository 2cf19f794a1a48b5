import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import * as protocol from '../src/index.ts';
import { ALICE, ALICE_KEY } from '../src/testing/index.ts';

it('the example of the README runs and says what it says it does', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const [, code = ''] = /```ts\n([\s\S]*?)```/.exec(readme) ?? [];
  const script = code.replace(
    /import (\{[\s\S]*?\}) from '@cl-hive\/protocol';/,
    'const $1 = protocol;',
  );
  expect(script).toContain('const {');
  const said: string[] = [];
  const console = { log: (...words: unknown[]) => said.push(words.join(' ')) };
  runInNewContext(script, {
    protocol,
    console,
    peer_id: ALICE,
    secretKey: ALICE_KEY,
    Object,
    Array,
  });
  expect(said).toEqual(['moving house valid']);
});
