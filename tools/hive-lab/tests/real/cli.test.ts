import { mkdtempSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endProcesses, isRunning } from '../../src/fleet/process-table.ts';
import { findBinaries } from '../../src/real/index.ts';
import { buildLab, type Lab } from '../fleet/lab.ts';
import { writePlugin } from '../fleet/plugins.ts';

const search = findBinaries(process.env['PATH'] ?? '');

describe.skipIf(search.kind === 'missing')('hive-lab start --real', () => {
  let lab: Lab;
  beforeAll(() => {
    lab = buildLab();
  });
  afterAll(() => lab.remove());

  it('gets over a run that was killed, becomes healthy, and leaves nothing', async () => {
    const dir = mkdtempSync(path.join(lab.base, 'r'));
    const plugin = writePlugin(lab.base, 'cl-hive-comms.js');
    const args = ['start', '--real', '--nodes', '2', '--dir', dir, '--plugins', plugin];
    const killed = lab.spawn(...args);
    await lab.seen(killed, 'opening 1 channel');
    const orphans = lab.processes(dir);
    killed.child.kill('SIGKILL');
    await killed.ended;
    try {
      const once = await lab.run(...args, '--once');
      expect([once.code, once.err]).toEqual([0, '']);
      expect(once.out).toContain('that an earlier fleet had left behind');
      expect(once.out).toContain('2 nodes, real lightningd on regtest');
      expect(orphans.length).toBeGreaterThan(3);
      expect(orphans.some(isRunning)).toBe(false);
    } finally {
      await endProcesses(orphans, 500);
    }
  }, 120_000);

  it('stops in order at Ctrl-C', async () => {
    const dir = mkdtempSync(path.join(lab.base, 'r'));
    const run = lab.spawn('start', '--real', '--nodes', '1', '--dir', dir, '--plugins', 'none');
    await lab.seen(run, 'Ctrl-C stops the fleet.');
    const processes = lab.processes(dir);
    run.child.kill('SIGINT');
    const ended = await run.ended;
    expect([ended.code, ended.err]).toEqual([0, '']);
    expect(ended.out).not.toContain('died');
    expect(processes.some(isRunning)).toBe(false);
  }, 120_000);
});
