import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { isNodeId, isShortChannelId, type JsonObject } from '@cl-hive/core';
import { describe, expect, it } from 'vitest';
import { POSITIONS, shareUpTo, valueAt } from '../../src/world/network/distribution.ts';
import { generateNetwork } from '../../src/world/network/generate.ts';
import { readGossmap } from '../../src/world/network/gossmap.ts';
import { learnDistributions, tableSource } from '../../src/world/network/learn.ts';
import { MAINNET } from '../../src/world/network/mainnet.gen.ts';
import { NetworkIndex } from '../../src/world/network/network-index.ts';
import { degrees, PUBLIC_HEIGHT } from '../../src/world/network/public-network.ts';
import { TestLab } from './lab.ts';

const NOW = 1_770_000_000;

/** Quantiles stand 1/32 apart, which is as near as two lists of them can be compared. */
const GRID = 1 / 32 + 0.01;

/** Largest gap between two distributions given by their quantiles, taken at each step of either. */
function distance(a: readonly number[], b: readonly number[]): number {
  return Math.max(
    ...[...a, ...b].map((value) => {
      // At an atom the share jumps: the gap is what even the nearer edges leave open.
      const [aLow, aHigh] = [shareUpTo(a, value - 1), shareUpTo(a, value)];
      const [bLow, bHigh] = [shareUpTo(b, value - 1), shareUpTo(b, value)];
      return Math.max(0, aLow - bHigh, bLow - aHigh);
    }),
  );
}

describe('the generator', () => {
  const network = generateNetwork({ nodes: 16_000, seed: 7, nowSeconds: NOW });
  const learnt = learnDistributions(network, 'generated');

  it('has as many channels a node as mainnet', () => {
    expect(network.channelCount / 16_000).toBeCloseTo(MAINNET.channels / MAINNET.nodes, 0);
  });

  it('follows the learnt degrees, capacities, fees and limits', () => {
    expect(distance(learnt.degree, MAINNET.degree)).toBeLessThan(0.02);
    MAINNET.capacitySat.forEach((list, group) => {
      expect(distance(learnt.capacitySat[group] ?? [], list), `capacity ${group}`).toBeLessThan(
        GRID,
      );
    });
    MAINNET.feePpm.forEach((list, group) => {
      expect(distance(learnt.feePpm[group] ?? [], list), `fee ${group}`).toBeLessThan(0.05);
    });
    expect(distance(learnt.htlcMax.ratioPpm, MAINNET.htlcMax.ratioPpm)).toBeLessThan(GRID);
    expect(learnt.htlcMax.full).toBeCloseTo(MAINNET.htlcMax.full, 1);
    expect(learnt.htlcMax.most).toBeCloseTo(MAINNET.htlcMax.most, 1);
  });

  it('disables as many channels as mainnet, whole and half', () => {
    MAINNET.disabled.forEach(([both, one], group) => {
      expect(learnt.disabled[group]?.[0], `both, ${group}`).toBeCloseTo(both, 1);
      expect(learnt.disabled[group]?.[1], `one, ${group}`).toBeCloseTo(one, 1);
    });
  });

  it('sets terms together as on mainnet', () => {
    MAINNET.terms.forEach((list, group) => {
      const [top] = list;
      const same = learnt.terms[group]?.find(
        (terms) => terms.slice(1).join() === top?.slice(1).join(),
      );
      expect(Math.abs((same?.[0] ?? 0) - (top?.[0] ?? 1)), `terms ${group}`).toBeLessThan(0.05);
    });
    expect(learnt.sameTerms).toBeCloseTo(MAINNET.sameTerms, 1);
    expect(learnt.sameFee).toBeCloseTo(MAINNET.sameFee, 0);
  });

  it('is connected, without loops, in the order of BOLT 7', () => {
    const index = new NetworkIndex(network);
    const seen = new Uint8Array(network.nodeCount);
    const queue = [0];
    seen[0] = 1;
    for (let node = queue.pop(); node !== undefined; node = queue.pop()) {
      for (const half of index.halvesOf(node)) {
        const next = network.source[half ^ 1] ?? 0;
        if (seen[next] === 0) {
          seen[next] = 1;
          queue.push(next);
        }
      }
    }
    expect(seen.every((flag) => flag === 1)).toBe(true);
    for (let channel = 0; channel < network.channelCount; channel += 1) {
      const [a, b] = [network.source[channel * 2] ?? 0, network.source[channel * 2 + 1] ?? 0];
      expect(index.idOf(a) < index.idOf(b)).toBe(true);
    }
  });

  it('gives every node its own valid id and every channel its own valid scid', () => {
    const index = new NetworkIndex(network);
    const ids = new Set(Array.from({ length: network.nodeCount }, (_, node) => index.idOf(node)));
    expect(ids.size).toBe(network.nodeCount);
    expect([...ids].every(isNodeId)).toBe(true);
    const scids = new Set(
      Array.from({ length: network.channelCount }, (_, channel) => index.scidOf(channel)),
    );
    expect(scids.size).toBe(network.channelCount);
    expect([...scids].every(isShortChannelId)).toBe(true);
    expect(Math.max(...network.block)).toBeLessThan(PUBLIC_HEIGHT);
    expect(index.channelOf(index.scidOf(17))).toBe(17);
    expect(index.channelOf('1x1x1')).toBeUndefined();
    expect(index.indexOf(index.idOf(123))).toBe(123);
  });

  it('repeats for its seed and differs for another', () => {
    const make = (seed: number) => generateNetwork({ nodes: 300, seed, nowSeconds: NOW });
    expect(make(5)).toEqual(make(5));
    expect(make(5).ids).not.toEqual(make(6).ids);
  });

  it.each([100, 1_000, 100_000])('makes %i nodes', (nodes) => {
    const made = generateNetwork({ nodes, seed: 3, nowSeconds: NOW });
    expect(made.nodeCount).toBe(nodes);
    expect(Math.min(...degrees(made))).toBeGreaterThan(0);
  });

  it.each([0, 99, 100_001, 1.5, Number.NaN])('refuses %d nodes', (nodes) => {
    expect(() => generateNetwork({ nodes, seed: 1, nowSeconds: NOW })).toThrow(RangeError);
  });
});

describe('quantiles', () => {
  it('interpolates between positions', () => {
    const list = POSITIONS.map((q) => Math.round(q * 1_000_000));
    expect(valueAt(list, 0)).toBe(0);
    expect(valueAt(list, 0.5)).toBe(500_000);
    expect(Math.abs(valueAt(list, 0.123_456) - 123_456)).toBeLessThan(3);
  });
});

/** BigSize numbers of BOLT 1. */
function bigSize(...values: (number | bigint)[]): Buffer {
  return Buffer.concat(
    values.map((value) => {
      const number = BigInt(value);
      if (number < 0xfdn) {
        return Buffer.from([Number(number)]);
      }
      const [mark, size] =
        number < 0x10000n ? [0xfd, 2] : number < 0x1_0000_0000n ? [0xfe, 4] : [0xff, 8];
      return Buffer.from([
        mark,
        ...Buffer.from(number.toString(16).padStart(size * 2, '0'), 'hex'),
      ]);
    }),
  );
}

const HEADER = Buffer.from('GOSSMAP_COMPRESSv1\0');
const TWO_CHANNELS = Buffer.concat([
  HEADER,
  bigSize(2, 0, 0, 1, 2), // channels 0-1 and 0-2
  bigSize(3, 4), // half-channel 3 is disabled
  bigSize(2, 100_000, 5_000_000_000, 0, 1), // capacities
  bigSize(2, 0, 1000, 1, 1, 0, 0), // htlc_minimum
  bigSize(3, 0, 1, 70_000, 0, 1, 2, 0), // htlc_maximum
  bigSize(1, 1000, 0, 0, 0, 0), // base
  bigSize(2, 10, 300, 0, 1, 0, 1), // ppm
  bigSize(2, 40, 144, 0, 0, 1, 1), // delay
]);

describe('the loader of snapshots', () => {
  it.each([
    ['plain', TWO_CHANNELS],
    ['gzipped', gzipSync(TWO_CHANNELS)],
  ])('reads a %s one', (_, file) => {
    const network = readGossmap(file, 1, NOW);
    expect(network.nodeCount).toBe(3);
    expect([...network.capacitySat]).toEqual([100_000, 5_000_000_000]);
    const half = (channel: number, from: number) =>
      [channel * 2, channel * 2 + 1].find((h) => network.source[h] === from) ?? -1;
    expect(network.htlcMaxMsat[half(0, 0)]).toBe(100_000_000);
    expect(network.htlcMaxMsat[half(0, 1)]).toBe(99_000_000);
    expect(network.htlcMaxMsat[half(1, 0)]).toBe(70_000);
    expect(network.disabled[half(1, 2)]).toBe(1);
    expect(network.disabled[half(1, 0)]).toBe(0);
    expect(network.feePpm[half(0, 1)]).toBe(300);
    expect(network.delay[half(1, 0)]).toBe(144);
    expect(network.htlcMinMsat[half(0, 0)]).toBe(1000);
  });

  it.each([
    ['an empty file', Buffer.alloc(0)],
    ['another header', Buffer.from('GOSSMAP_COMPRESSv2\0aaaa')],
    ['a cut one', TWO_CHANNELS.subarray(0, TWO_CHANNELS.length - 1)],
    [
      'an index outside its table',
      Buffer.concat([TWO_CHANNELS.subarray(0, TWO_CHANNELS.length - 1), Buffer.from([9])]),
    ],
    ['too many channels', Buffer.concat([HEADER, bigSize(400_001)])],
    ['a number beyond 2^53', Buffer.concat([HEADER, bigSize(1n << 60n)])],
    ['damaged gzip', Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3])],
    ['a bomb', gzipSync(Buffer.alloc(65 * 1024 * 1024))],
  ])('refuses %s', (_, file) => {
    expect(() => readGossmap(file, 1, NOW)).toThrow(
      expect.objectContaining({ code: 'gossmap_format' }),
    );
  });

  it('was used to learn the committed table', () => {
    const file = new URL('../../src/world/network/mainnet.gen.ts', import.meta.url);
    const text = readFileSync(file, 'utf8');
    expect(text).toBe(tableSource(MAINNET));
    expect(text.length).toBeLessThan(16_000);
    expect(MAINNET.source).toBe('mainnet-2026-02-03.gossmap.gz');
  });
});

describe('listchannels and listnodes over a public network', () => {
  const publicNetwork = generateNetwork({ nodes: 500, seed: 2, nowSeconds: NOW });
  const lab = new TestLab(1, { publicNetwork });
  const node = lab.node(1);
  const rows = (answer: JsonObject, key: string) => answer[key] as JsonObject[];

  it('shows every half-channel and every node', async () => {
    expect(rows(await node.call('listchannels'), 'channels')).toHaveLength(
      publicNetwork.channelCount * 2,
    );
    expect(rows(await node.call('listnodes'), 'nodes')).toHaveLength(500);
  });

  it('filters by short_channel_id, source and destination as the whole answer would', async () => {
    const all = rows(await node.call('listchannels'), 'channels');
    const one = all[40];
    for (const key of ['short_channel_id', 'source', 'destination']) {
      const filtered = rows(
        await node.call('listchannels', { [key]: one?.[key] ?? '' }),
        'channels',
      );
      const expected = all.filter((row) => row[key] === one?.[key]);
      expect(new Set(filtered.map((row) => JSON.stringify(row)))).toEqual(
        new Set(expected.map((row) => JSON.stringify(row))),
      );
    }
  });

  it('finds one node, and none for a stranger', async () => {
    const [first] = rows(await node.call('listnodes'), 'nodes');
    expect(await node.call('listnodes', { id: first?.['nodeid'] ?? '' })).toEqual({
      nodes: [first],
    });
    expect(await node.call('listnodes', { id: node.id })).toEqual({ nodes: [] });
    expect(await node.call('listchannels', { source: node.id })).toEqual({ channels: [] });
    expect(await node.call('listchannels', { short_channel_id: '1x2x3' })).toEqual({
      channels: [],
    });
  });

  it.each([
    [{ short_channel_id: '1x1x1', source: node.id }, /only specify one/],
    [{ short_channel_id: 'x' }, /short_channel_id: should be/],
    [{ source: '02' }, /source: should be a node id/],
  ])('refuses %j', async (params, message) => {
    const error = await node.refused('listchannels', params);
    expect(error.code).toBe(-32602);
    expect(error.message).toMatch(message);
  });

  it('sits above the public channels and repeats to the byte', async () => {
    expect(lab.world.height).toBeGreaterThanOrEqual(PUBLIC_HEIGHT);
    const again = new TestLab(1, {
      publicNetwork: generateNetwork({ nodes: 500, seed: 2, nowSeconds: NOW }),
    });
    expect(await again.node(1).call('listchannels')).toEqual(await node.call('listchannels'));
  });
});
