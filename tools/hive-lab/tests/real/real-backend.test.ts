import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connectRpc } from '@cl-hive/cln-rpc';
import { describe, expect, it } from 'vitest';
import type { FleetEvent } from '../../src/contract/fleet.ts';
import { findByEnvironment } from '../../src/fleet/process-table.ts';
import { findBinaries, realBackend } from '../../src/real/index.ts';
import { optionLines, parseLogLine } from '../../src/real/lightningd.ts';
import { writePlugin } from '../fleet/plugins.ts';

const search = findBinaries(process.env['PATH'] ?? '');
if (search.kind === 'missing') {
  console.log(`Real lightningd: not tested. ${search.message}`);
}

describe('findBinaries', () => {
  it('names what is missing and how to get it, in one line', () => {
    const found = findBinaries('/nonexistent:relative');
    expect(found).toMatchObject({
      kind: 'missing',
      names: ['lightningd', 'lightning-cli', 'bitcoind', 'bitcoin-cli'],
    });
    expect(found.kind === 'missing' && found.message).toMatch(
      /^Not on the PATH: lightningd, .*https:\S+/,
    );
    expect(found.kind === 'missing' && found.message).not.toContain('\n');
  });

  it('makes the backend refuse to start', async () => {
    const spec = { dir: '/nonexistent', nodes: 1, plugins: [], seed: 1, publicNodes: 0 };
    await expect(
      realBackend({ searchPath: '/nonexistent' }).start(spec, () => undefined),
    ).rejects.toMatchObject({ code: 'binaries_missing' });
  });
});

describe('the configuration and the log of lightningd', () => {
  it('writes options as lines and refuses line breaks', () => {
    expect(optionLines({ path: 'x', options: { a: 1, b: true, c: ['x', 'y'], d: 'e=f' } })).toEqual(
      ['a=1', 'b=true', 'c=x', 'c=y', 'd=e=f'],
    );
    expect(() => optionLines({ path: 'x', options: { a: 'b\nplugin=evil' } })).toThrow(
      'line break',
    );
  });

  it('reads log lines', () => {
    const line = '2026-11-21T11:00:00.000Z UNUSUAL plugin-x.js: a: b';
    expect(parseLogLine(line)).toEqual({ level: 'unusual', source: 'plugin-x.js', text: 'a: b' });
    expect(parseLogLine('2026-11-21T11:00:00.000Z **BROKEN** lightningd: x')?.level).toBe('broken');
    expect(parseLogLine('something else')).toBeUndefined();
  });
});

describe.skipIf(search.kind === 'missing')('a fleet of real lightningd', () => {
  it('starts with plugins, funds and a channel ring, and leaves no process', async () => {
    const dir = mkdtempSync(path.join(tmpdir(), 'hl-'));
    const mark = path.basename(dir);
    const env = { HIVE_LAB_FLEET: mark };
    const events: FleetEvent[] = [];
    const plugins = [{ path: writePlugin(dir, 'cl-hive-comms.js') }];
    try {
      const fleet = await realBackend({ env }).start(
        { dir, nodes: 3, plugins, seed: 1, publicNodes: 0 },
        (event) => events.push(event),
      );
      expect(fleet.nodes.map(({ number }) => number)).toEqual([1, 2, 3]);
      const rpc = connectRpc({ path: fleet.nodes[0]?.rpcFile ?? '' });
      expect(await rpc.raw('hive-comms-status')).toMatchObject({ state: 'ready' });
      expect(await rpc.raw('listpeerchannels')).toMatchObject({
        channels: [{ state: 'CHANNELD_NORMAL' }, { state: 'CHANNELD_NORMAL' }],
      });
      await rpc.close();
      expect(findByEnvironment('HIVE_LAB_FLEET', mark).length).toBeGreaterThan(6);
      await Promise.all([fleet.stop(), fleet.stop()]);
      expect(findByEnvironment('HIVE_LAB_FLEET', mark)).toEqual([]);
      expect(events.filter(({ kind }) => kind === 'node_died')).toEqual([]);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  }, 180_000);

  it('repeats the last words of a lightningd that refuses to start, and stops the rest', async () => {
    const dir = mkdtempSync(path.join(tmpdir(), 'hl-'));
    const mark = path.basename(dir);
    const plugins = [{ path: writePlugin(dir, 'x.js'), options: { 'no-such-option': 1 } }];
    try {
      await expect(
        realBackend({ env: { HIVE_LAB_FLEET: mark } }).start(
          { dir, nodes: 2, plugins, seed: 1, publicNodes: 0 },
          () => undefined,
        ),
      ).rejects.toThrow(/lightningd of node \d ended .*no-such-option/);
      expect(findByEnvironment('HIVE_LAB_FLEET', mark)).toEqual([]);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  }, 120_000);
});
