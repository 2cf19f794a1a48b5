import { appendFileSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type JsonObject, parseJson } from '@cl-hive/core';
import { PLUGIN_NAMES, pluginFile } from '@cl-hive/hive-lab';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withLab } from '../src/lab/lab.ts';
import { hiveGate } from './support/program.ts';
import { Repository } from './support/repository.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const DIST = path.join(ROOT, 'dist');
let repository: Repository;
beforeAll(() => {
  repository = new Repository(readFileSync(path.join(ROOT, 'docs/gates/gates.yaml'), 'utf8'));
});
afterAll(() => repository.remove());

const gate = (...words: readonly string[]) =>
  hiveGate(repository.root, Date.now(), ...words, '--dist', DIST);

/** Outcomes by check of a command that answers JSON. */
function outcomesIn(out: string): Readonly<Record<string, unknown>> {
  const { checks } = parseJson(out) as { checks: readonly JsonObject[] };
  return Object.fromEntries(checks.map(({ check, outcome }) => [check, outcome]));
}

describe('on one node', () => {
  it('doctor, canary and rollback see what is there', async () => {
    await withLab({ dist: DIST }, { plugins: [] }, async (node) => {
      const dir = node.lightningDir;
      expect((await gate('baseline', '--node', dir)).code).toBe(0);
      expect((await gate('baseline', '--node', dir)).code).toBe(3);
      const before = path.join(repository.root, 'before.json');
      const empty = await gate('doctor', '--node', dir, '--json', '--save', before);
      expect(outcomesIn(empty.out)['N-PLUGINS']).toBe('unknown');

      const config = path.join(dir, 'config');
      for (const plugin of PLUGIN_NAMES) {
        appendFileSync(config, `plugin=${pluginFile(DIST, plugin)}\n`);
      }
      appendFileSync(config, 'hive-governance-mode=advisor\n');
      await node.restart();
      await node.untilAllKnow(PLUGIN_NAMES);
      const healthy = await gate('doctor', '--node', dir, '--json', '--compare', before);
      expect(Object.values(outcomesIn(healthy.out.split('\n')[0] ?? ''))).toEqual(
        Array.from({ length: 9 }, () => 'pass'),
      );
      expect(healthy.out).toMatch(/plugins\.cl-hive: null →/);

      expect((await gate('sample', '--node', dir)).code).toBe(0);
      const canary = await gate('canary', '--json');
      expect(canary.code).toBe(2);
      const judged = canary.out.slice(0, canary.out.indexOf('\n'));
      expect(outcomesIn(judged)).toMatchObject({ 'K-UPTIME': 'unknown', 'K-MEMORY': 'unknown' });
      expect(canary.out).toContain('Proposed: pause');

      const names = ['--plugins', PLUGIN_NAMES.join(','), '--state', 'rollout.jsonl'];
      const shown = await gate('rollback', ...names, '--node', dir, '--config', config);
      expect(shown.code).toBe(2);
      expect(shown.out).toContain('hive-governance-mode=advisor');
      expect(readFileSync(config, 'utf8')).toContain('cl-hive');

      // RG-07: plugins and their options go together, lightningd starts, the data is kept.
      const done = await gate('rollback', ...names, '--node', dir, '--config', config, '--yes');
      expect(done.code).toBe(0);
      expect(readFileSync(config, 'utf8')).not.toMatch(/hive/);
      await node.restart();
      expect((await node.call('getinfo'))['id']).toBeDefined();
      expect(readFileSync(path.join(dir, 'cl-hive-comms/comms.sqlite3')).length).toBeGreaterThan(0);
    });
  }, 120_000);

  it('an option of an absent plugin is found before it keeps the node down', async () => {
    await withLab({ dist: DIST }, { plugins: [] }, async (node) => {
      appendFileSync(path.join(node.lightningDir, 'config'), 'hive-db=/x\n');
      const { out } = await gate('doctor', '--node', node.lightningDir, '--json');
      expect(outcomesIn(out)['N-OPTIONS']).toBe('fail');
    });
  }, 60_000);
});
