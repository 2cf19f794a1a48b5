import type { NodeId, UnixMs } from '@cl-hive/core';
import { describe, expect, it } from 'vitest';
import { type FleetInput, type FleetModel, initialModel, stepFleet } from './fleet-model.ts';
import { isBeyondHope, unhealthyReasons } from './health.ts';
import { RECENT_LINES_MAX } from './limits.ts';
import type { NodeObservation, PluginObservation } from './observation.ts';
import type { PluginStatus } from './plugin-status.ts';

const NOW = 1_700_000_000_000 as UnixMs;
const ids = [1, 2, 3].map((n) => `02${String(n).repeat(64)}` as NodeId);
const FILES = ['cl-hive-comms.js', 'cl-hive.js'];

function fresh(nodes = 2): FleetModel {
  const model = initialModel({
    backend: 'lab',
    dir: '/f',
    nodes,
    publicNetwork: '',
    plugins: FILES,
  });
  return feed(model, {
    kind: 'started',
    nodes: ids
      .slice(0, nodes)
      .map((id, i) => ({ number: i + 1, id, lightningDir: '', rpcFile: '' })),
  });
}

function feed(model: FleetModel, ...inputs: readonly FleetInput[]): FleetModel {
  return inputs.reduce((state, input) => stepFleet(state, input, NOW), model);
}

function status(name: string, change: Partial<PluginStatus> = {}): PluginObservation {
  const others = ['cl-hive-comms', 'cl-hive-archon', 'cl-hive'].filter((other) => other !== name);
  return {
    kind: 'status',
    status: {
      plugin: name,
      version: '0.1.0',
      api_version: 1,
      state: 'ready',
      database: { kind: 'sqlite', location: `/f/node-1/${name}.sqlite3`, schema_version: 1 },
      siblings: others.map((other) => ({
        name: other,
        state: other === 'cl-hive-archon' ? ('absent' as const) : ('ready' as const),
      })),
      ...change,
    },
  };
}

function up(
  plugins: Readonly<Record<string, PluginObservation>> = {},
  change: { readonly peers?: number; readonly channels?: number } = {},
): NodeObservation {
  return {
    kind: 'up',
    id: `02${'1'.repeat(64)}` as NodeId,
    height: 110,
    peers: 1,
    channels: 1,
    plugins: new Map(
      Object.entries({
        'cl-hive-comms.js': status('cl-hive-comms'),
        'cl-hive.js': status('cl-hive'),
        ...plugins,
      }),
    ),
    ...change,
  };
}

const seen = (node: number, observation: NodeObservation): FleetInput => ({
  kind: 'observed',
  node,
  observation,
});
const lastLine = (model: FleetModel): string => model.lines.at(-1)?.text ?? '';

describe('the health of a fleet', () => {
  it('is good when all nodes are up in a ring, and every plugin is ready with its siblings', () => {
    const model = feed(fresh(), seen(1, up()), seen(2, up()));
    expect(unhealthyReasons(model)).toEqual([]);
    expect(isBeyondHope(model)).toBe(false);
  });

  it('does not miss a sibling that does not run here', () => {
    const model = feed(fresh(1), seen(1, up({}, { peers: 0, channels: 0 })));
    expect(unhealthyReasons(model)).toEqual([]);
  });

  it.each<[string, NodeObservation, string]>([
    ['too few peers', up({}, { peers: 0 }), 'node 1: is connected to 0 of 1 neighbours'],
    [
      'too few channels',
      up({}, { channels: 0 }),
      'node 1: has 0 of 1 channels in normal operation',
    ],
    [
      'a plugin that idles',
      up({ 'cl-hive.js': status('cl-hive', { state: 'idle', waiting_for: 'cl-hive-comms' }) }),
      'node 1: cl-hive is idle, waits for cl-hive-comms',
    ],
    [
      'a plugin that loads',
      up({ 'cl-hive.js': { kind: 'loading' } }),
      'node 1: cl-hive is starting',
    ],
    [
      'a status that fails',
      up({ 'cl-hive.js': { kind: 'silent', reason: 'hive-status: locked' } }),
      'node 1: cl-hive is failed: hive-status: locked',
    ],
    [
      'a sibling that is incompatible',
      up({
        'cl-hive.js': status('cl-hive', {
          siblings: [{ name: 'cl-hive-comms', state: 'incompatible', reason: 'API 9' }],
        }),
      }),
      'node 1: cl-hive has not found cl-hive-comms (incompatible: API 9)',
    ],
    [
      'no answer',
      { kind: 'unreachable', reason: 'ECONNREFUSED' },
      'node 1 does not answer: ECONNREFUSED',
    ],
  ])('is bad with %s, and may still mend', (_, observation, reason) => {
    const model = feed(fresh(), seen(1, observation), seen(2, up()));
    expect(unhealthyReasons(model)).toEqual([reason]);
    expect(isBeyondHope(model)).toBe(false);
  });

  it('is beyond hope when a plugin never came up, or a node died', () => {
    const absent = feed(fresh(), seen(1, up({ 'cl-hive.js': { kind: 'absent' } })));
    expect(isBeyondHope(absent)).toBe(true);
    expect(unhealthyReasons(absent)[0]).toContain('cl-hive is failed: it did not start');
    const died = feed(fresh(), {
      kind: 'event',
      event: { kind: 'node_died', node: 2, reason: 'SIGABRT: hook' },
    });
    expect(isBeyondHope(died)).toBe(true);
    expect(unhealthyReasons(died)).toContain('node 2 died: SIGABRT: hook');
    // What is looked up afterwards does not bring it back.
    expect(unhealthyReasons(feed(died, seen(2, up())))).toContain('node 2 died: SIGABRT: hook');
  });

  it('is not good before the fleet runs, nor while it stops', () => {
    const before = initialModel({
      backend: 'lab',
      dir: '/f',
      nodes: 1,
      publicNetwork: '',
      plugins: [],
    });
    expect(unhealthyReasons(before)).toEqual(['the fleet is starting']);
    const after = feed(fresh(1), seen(1, up()), { kind: 'stopping' });
    expect(unhealthyReasons(after)).toEqual(['the fleet is stopping']);
  });
});

describe('the lines of a fleet', () => {
  it('tell of each change of a plugin once', () => {
    let model = feed(fresh(1), seen(1, up()));
    expect(model.lines.map(({ text }) => text)).toEqual([
      'all nodes are up',
      'cl-hive-comms is ready',
      'cl-hive is ready',
    ]);
    model = feed(model, seen(1, up()), seen(1, up()));
    expect(model.lines).toHaveLength(3);
    model = feed(model, seen(1, up({ 'cl-hive.js': { kind: 'absent' } })));
    expect(model.lines.at(-1)).toMatchObject({ node: 1, level: 'warn', text: 'cl-hive is gone' });
    expect(model.nodes[0]?.plugins[1]).toEqual({
      file: 'cl-hive.js',
      name: 'cl-hive',
      state: { kind: 'gone' },
      siblings: [],
    });
    model = feed(model, seen(1, up({ 'cl-hive.js': { kind: 'loading' } })), seen(1, up()));
    expect(lastLine(model)).toBe('cl-hive is ready');
  });

  it('keep warnings of the log and drop the rest', () => {
    const log = (level: string): FleetInput => ({
      kind: 'event',
      event: { kind: 'log', node: 1, level, source: 'plugin-x.js', text: level },
    });
    const model = feed(fresh(1), ...['debug', 'info', 'UNUSUAL', 'broken', 'io'].map(log));
    expect(model.lines.slice(1).map(({ level, text }) => [level, text])).toEqual([
      ['warn', 'plugin-x.js: UNUSUAL'],
      ['error', 'plugin-x.js: broken'],
    ]);
    const stopping = feed(model, { kind: 'stopping' }, log('broken'), {
      kind: 'event',
      event: { kind: 'node_died', node: 1, reason: 'x' },
    });
    expect(stopping.lines).toHaveLength(3);
  });

  it('are bounded and numbered', () => {
    const note: FleetInput = { kind: 'note', level: 'info', text: 'x' };
    const model = feed(fresh(1), ...Array.from({ length: RECENT_LINES_MAX + 50 }, () => note));
    expect(model.lines).toHaveLength(RECENT_LINES_MAX);
    expect(model.lines.at(-1)?.seq).toBe(RECENT_LINES_MAX + 51);
  });

  it('ignore what is seen of a node that there is not', () => {
    const model = fresh(1);
    expect(feed(model, seen(7, up()))).toEqual(model);
  });

  it('tell when a node no longer answers, and show no stale connections', () => {
    const model = feed(fresh(), seen(1, up()), seen(1, { kind: 'unreachable', reason: 'refused' }));
    expect(model.nodes[0]).toMatchObject({ peers: 0, channels: 0, state: { kind: 'starting' } });
    expect(lastLine(model)).toBe('the node does not answer: refused');
  });
});
