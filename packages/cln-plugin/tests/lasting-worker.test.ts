import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LastingWorker } from '../src/helpers/index.ts';

const ANSWERS = `
import { CodedError } from '@cl-hive/core';
import { workerData } from 'node:worker_threads';
import { serveWorker } from './lasting-worker.ts';
let sum = workerData?.start ?? 0;
serveWorker(async (question) => {
  if (question === 'die') process.exit(3);
  if (question === 'spin') for (;;) {}
  if (question === 'refuse') throw new CodedError('no_way', 'not this', { remedy: 'ask otherwise' });
  if (question === 'break') throw new TypeError('broken');
  if (question === 'odd') return () => undefined;
  console.log('noise');
  sum += question;
  return { sum, big: 1n << 70n };
});
`;

let folder: string;
let module: URL;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lasting-'));
  const file = join(folder, 'answers.mjs');
  await build({
    stdin: {
      contents: ANSWERS,
      resolveDir: fileURLToPath(new URL('../src/helpers', import.meta.url)),
      loader: 'ts',
    },
    outfile: file,
    bundle: true,
    format: 'esm',
    platform: 'node',
    conditions: ['@cl-hive/source'],
    logLevel: 'error',
  });
  module = pathToFileURL(file);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const limits = { timeoutMs: 30_000 };

describe('LastingWorker', () => {
  it('keeps what it knows, and answers questions in their order', async () => {
    const worker = new LastingWorker(module, { data: { start: 10 } });
    expect(worker.alive).toBe(false);
    const answers = await Promise.all([worker.ask(1, limits), worker.ask(2, limits)]);
    expect(answers).toEqual([
      { sum: 11, big: 1n << 70n },
      { sum: 13, big: 1n << 70n },
    ]);
    expect(worker.alive).toBe(true);
    await worker.end();
    expect(await worker.ask(1, limits)).toMatchObject({ sum: 11 });
    await worker.end();
  });

  it("passes the handler's error on with its code, and lives", async () => {
    const worker = new LastingWorker(module);
    await worker.ask(5, limits);
    await expect(worker.ask('refuse', limits)).rejects.toMatchObject({
      code: 'no_way',
      message: 'not this',
      remedy: 'ask otherwise',
    });
    await expect(worker.ask('break', limits)).rejects.toMatchObject({
      code: 'worker_failed',
      message: 'broken',
    });
    expect(await worker.ask(1, limits)).toMatchObject({ sum: 6 });
    await worker.end();
  });

  it('starts anew after a death, a timeout and a cancellation', async () => {
    const worker = new LastingWorker(module);
    await worker.ask(5, limits);
    await expect(worker.ask('die', limits)).rejects.toMatchObject({ code: 'worker_failed' });
    expect(await worker.ask(1, limits)).toMatchObject({ sum: 1 });
    await expect(worker.ask('spin', { timeoutMs: 20 })).rejects.toMatchObject({
      code: 'worker_timeout',
    });
    const stop = new AbortController();
    const spinning = worker.ask('spin', { ...limits, signal: stop.signal });
    const behind = worker.ask(2, limits);
    stop.abort();
    await expect(spinning).rejects.toMatchObject({ code: 'worker_cancelled' });
    expect(await behind).toMatchObject({ sum: 2 });
    await expect(worker.ask(1, { ...limits, signal: stop.signal })).rejects.toMatchObject({
      code: 'worker_cancelled',
    });
    await worker.end();
  });

  it('says so when an answer or a question cannot be cloned', async () => {
    const worker = new LastingWorker(module);
    await expect(worker.ask('odd', limits)).rejects.toMatchObject({ code: 'worker_failed' });
    await expect(worker.ask(() => 1, limits)).rejects.toMatchObject({ code: 'worker_failed' });
    expect(await worker.ask(1, limits)).toMatchObject({ big: 1n << 70n });
    await worker.end();
  });
});
