import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { FakeLightningd } from '../src/testing/index.ts';
import { buildFolder } from './bundle.ts';

let folder: Awaited<ReturnType<typeof buildFolder>>;
let node: FakeLightningd;

beforeAll(async () => {
  folder = await buildFolder();
  node = await FakeLightningd.start();
});
afterAll(async () => {
  await node.stop();
  await folder.remove();
});

it('the complete plugin of the README runs, in fewer than 20 lines', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const source = /```ts\n(#![\s\S]*?)```/.exec(readme)?.[1] ?? '';
  expect(source.trim().split('\n').length).toBeLessThan(20);
  const plugin = await node.spawn(await folder.bundle('greet.js', source));

  expect(await plugin.call('greet-say', ['Ada'])).toEqual({ text: 'Hello, Ada!' });
  await plugin.setconfig('greet-word', 'Hi');
  expect(await plugin.call('greet-say', { name: 'Ada', times: '2' })).toEqual({
    text: 'Hi, Ada! Hi, Ada!',
  });
  expect(await plugin.link.emitted('greet-said')).toEqual({
    method: 'greet-said',
    params: { 'greet-said': { name: 'Ada' } },
  });
  await expect(plugin.check('greet-say', { name: 'Ada', times: 12 })).rejects.toThrow('times');
  plugin.link.notify('block_added', { hash: '00'.repeat(32), height: 800_000 });
  await plugin.link.logged('block 800000');
  expect(await plugin.shutdown()).toBe(0);
});
