import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { processesIn } from '../../src/fleet/process-mark.ts';
import { startLabFleet, type TestFleet, withFleet } from '../../src/index.ts';
import { writePlugin } from './plugins.ts';

let base: string;
beforeEach(() => {
  base = mkdtempSync(path.join(tmpdir(), 'hl-with-'));
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

const plugin = (file: string): { path: string } => ({ path: writePlugin(base, file) });

describe('withFleet', () => {
  it('starts nodes with plugins, calls them, and removes everything', async () => {
    let dir = '';
    const ids = await withFleet({ nodes: 2, plugins: [plugin('x.js')] }, async (fleet) => {
      dir = fleet.dir;
      expect(await fleet.node(2).call('x-echo', { a: 1 })).toEqual({ params: { a: 1 } });
      expect(fleet.node(1).plugin.running()).toContain('x.js');
      expect(fleet.logs(1).some(({ text }) => text.includes('Server started'))).toBe(true);
      expect(processesIn(dir)).toHaveLength(2);
      expect(() => fleet.node(3)).toThrow(RangeError);
      return fleet.nodes.map(({ id }) => id);
    });
    expect(existsSync(dir)).toBe(false);
    expect(processesIn(dir)).toEqual([]);
    // The same seed gives the same nodes, another gives others.
    const again = await withFleet({ nodes: 2 }, async ({ nodes }) => nodes.map(({ id }) => id));
    expect(again).toEqual(ids);
    const other = await withFleet({ seed: 2 }, async ({ nodes }) => nodes.map(({ id }) => id));
    expect(ids).not.toContain(other[0]);
  });

  it('cleans up when the test fails, and when a node does not start', async () => {
    let dir = '';
    await expect(
      withFleet({ plugins: [plugin('x.js')] }, async (fleet) => {
        dir = fleet.dir;
        throw new Error('as planned');
      }),
    ).rejects.toThrow('as planned');
    expect([existsSync(dir), processesIn(dir)]).toEqual([false, []]);
    const dead = { path: writePlugin(base, 'dead.js', { exitAtStart: true }), options: { no: 1 } };
    await expect(startLabFleet({ plugins: [plugin('x.js'), dead] })).rejects.toThrow();
  });

  it('starts, stops and kills plugins while the node runs', async () => {
    await withFleet({}, async (fleet) => {
      const node = fleet.node(1);
      const running = (): boolean => node.plugin.running().includes('x.js');
      await node.plugin.start(plugin('x.js').path);
      expect(running()).toBe(true);
      await node.plugin.stop('x.js');
      expect(running()).toBe(false);
      await node.plugin.start(path.join(base, 'x.js'));
      node.killPlugin('x.js');
      await fleet.waitFor('x.js to go', () => !running());
      expect(() => node.killPlugin('x.js')).toThrow('runs no plugin x.js');
      await expect(fleet.waitFor('nothing', () => false, 50)).rejects.toThrow(
        'waiting for nothing',
      );
    });
  });

  it('ends a node and starts it again with its identity', async () => {
    await withFleet({ nodes: 2, plugins: [plugin('x.js')] }, async (fleet: TestFleet) => {
      const node = fleet.node(1);
      const { id } = await node.call('getinfo');
      await node.end('kill');
      expect(node.ended()).toMatchObject({ kind: 'signal', signal: 'SIGKILL' });
      // Whether the open connection's end was noticed before the call is a matter of the event loop.
      await expect(node.call('getinfo')).rejects.toMatchObject({
        code: expect.stringMatching(/^rpc_(?:closed|unreachable)$/) as string,
      });
      await node.restart();
      expect((await node.call('getinfo'))['id']).toBe(id);
      expect(await node.call('x-echo', [])).toEqual({ params: [] });
      expect(fleet.events.filter(({ kind }) => kind === 'node_died')).toEqual([]);
    });
  });

  it('complains of a process that outlives its node, and ends it', async () => {
    const fleet = await startLabFleet({
      plugins: [{ path: writePlugin(base, 'x.js', { daemon: true }) }],
    });
    await fleet.waitFor('the second process', () => processesIn(fleet.dir).length === 2);
    await expect(fleet.stop()).rejects.toThrow('outlived');
    expect([existsSync(fleet.dir), processesIn(fleet.dir)]).toEqual([false, []]);
  });

  it('leaves no timer that would keep the process alive', async () => {
    const timers = (): number =>
      process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const before = timers();
    await withFleet({ nodes: 2 }, async (fleet) => {
      await fleet.node(1).call('invoice', { amount_msat: 1, label: 'x', description: 'x' });
    });
    expect(timers()).toBeLessThanOrEqual(before);
  });

  it('opens a ring of funded channels', async () => {
    await withFleet({ nodes: 3 }, async (fleet) => {
      for (const node of fleet.nodes) {
        const { channels } = await node.call('listpeerchannels');
        expect(channels).toHaveLength(2);
        expect(channels).toMatchObject([
          { state: 'CHANNELD_NORMAL' },
          { state: 'CHANNELD_NORMAL' },
        ]);
        expect((await node.call('listfunds'))['outputs']).toMatchObject([{ status: 'confirmed' }]);
      }
    });
  });
});
