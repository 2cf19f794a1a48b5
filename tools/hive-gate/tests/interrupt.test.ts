import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const DEADLINE_MS = 60_000;
let folder: string;
let program: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'hgt-'));
  program = path.join(folder, 'hive-gate.js');
  execFileSync(process.execPath, [path.join(ROOT, 'tools/hive-gate/build.mjs'), program]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Processes that inherited this temporary folder. */
function processesWith(place: string): readonly string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`TMPDIR=${place}`);
    } catch {
      return false;
    }
  });
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  while (!condition()) {
    if (Date.now() > deadline) {
      throw new Error('it did not come to that');
    }
    await sleep(50);
  }
}

describe.skipIf(process.platform !== 'linux')('Ctrl-C in the middle of a drill', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    'leaves no process and no file behind: %s',
    async (signal) => {
      const place = mkdtempSync(path.join(folder, 't'));
      const words = [program, 'check', '--fresh', '--only', 'B-ROLLOUT-MANUAL'];
      const child = spawn(process.execPath, words, {
        cwd: ROOT,
        stdio: 'ignore',
        env: { ...process.env, TMPDIR: place, PATH: '/usr/bin:/bin' },
      });
      const ended = new Promise((resolve) => {
        child.on('exit', resolve);
      });
      // A plugin, or the shell with a block of the page, is at work.
      await until(() => processesWith(place).length >= 2);
      child.kill(signal);
      expect(await ended).toBe(signal === 'SIGINT' ? 130 : 143);
      await until(() => processesWith(place).length === 0);
      expect(readdirSync(place)).toEqual([]);
    },
    120_000,
  );
});
