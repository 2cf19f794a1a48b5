import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { type JsonValue, parseJson } from '@cl-hive/core';
import { STATE_MS } from '../limits.ts';

/** What a plugin's own `hive-store.js` answered, or its refusal. */
export type StoreAnswer =
  | { readonly ok: true; readonly answer: JsonValue }
  | { readonly ok: false; readonly refusal: string };

/** Runs the store program that a built plugin brings along. */
export function runStoreTool(
  dist: string,
  plugin: string,
  ...words: readonly string[]
): StoreAnswer {
  const done = spawnSync(process.execPath, [path.join(dist, plugin, 'hive-store.js'), ...words], {
    encoding: 'utf8',
    timeout: STATE_MS,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return done.status === 0
    ? { ok: true, answer: parseJson(done.stdout.trim()) }
    : { ok: false, refusal: (done.stderr ?? '').split('\n')[0] || 'it did not answer in time' };
}
