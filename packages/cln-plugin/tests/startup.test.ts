import { readFile } from 'node:fs/promises';
import { stringifyJson } from '@cl-hive/core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PluginLink, runFile } from '../src/testing/index.ts';
import { buildFolder } from './bundle.ts';

let folder: Awaited<ReturnType<typeof buildFolder>>;
beforeAll(async () => {
  folder = await buildFolder();
});
afterAll(() => folder.remove());

async function manifestMs(path: string): Promise<{ ms: number; manifest: unknown }> {
  const started = performance.now();
  const link = new PluginLink(runFile(path, { cwd: folder.path }));
  const manifest = await link.getmanifest(true);
  const ms = performance.now() - started;
  link.process.stdin.end();
  await link.gone;
  return { ms, manifest };
}

it('answers getmanifest within 1.5 times what a bare Node program takes', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const source = /```ts\n(#![\s\S]*?)```/.exec(readme)?.[1] ?? '';
  const ours = await folder.bundle('greet.js', source);
  const { manifest } = await manifestMs(ours);
  const bare = await folder.write(
    'bare.js',
    `#!/usr/bin/env node
let text = '';
process.stdin.on('data', (chunk) => {
  text += chunk;
  if (!text.endsWith('\\n\\n')) return;
  const { id } = JSON.parse(text);
  process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, result: ${stringifyJson(manifest)} }) + '\\n\\n');
});
`,
  );
  const times = { ours: [] as number[], bare: [] as number[] };
  for (let round = 0; round < 9; round += 1) {
    times.ours.push((await manifestMs(ours)).ms);
    times.bare.push((await manifestMs(bare)).ms);
  }
  const ratio = Math.min(...times.ours) / Math.min(...times.bare);
  process.stderr.write(
    `getmanifest: ${Math.min(...times.ours).toFixed(1)} ms, bare ${Math.min(...times.bare).toFixed(1)} ms, ratio ${ratio.toFixed(2)}\n`,
  );
  expect(ratio).toBeLessThan(1.5);
});

it('has no generated code on the way to the manifest', async () => {
  const file = await folder.bundle(
    'plain.js',
    `import { definePlugin } from '@cl-hive/cln-plugin'; definePlugin({ name: 'plain' }).run();`,
  );
  const text = await readFile(file, 'utf8');
  // The decoders of hooks and notifications are there, but in a wrapper that only `init` opens.
  expect(text).toMatch(/var init_decoders = __esm\(/);
  expect(text).not.toContain('askrene-bias-channel layer short_channel_id_dir');
  expect(text.includes('GetinfoResponse') || text.includes('our_features')).toBe(false);
});
