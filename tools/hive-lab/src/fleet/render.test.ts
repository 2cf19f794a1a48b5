import type { NodeId, UnixMs } from '@cl-hive/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FleetModel, NodeModel } from './fleet-model.ts';
import { renderLine, renderNext, renderTable } from './render.ts';

const node: NodeModel = {
  number: 1,
  id: `02${'ab'.repeat(32)}` as NodeId,
  state: { kind: 'up' },
  height: 110,
  peers: 2,
  channels: 2,
  plugins: [
    {
      file: 'cl-hive-comms.js',
      name: 'cl-hive-comms',
      state: { kind: 'ready' },
      version: '0.1.0',
      database: { kind: 'sqlite', location: '/f/node-1/regtest/comms.sqlite3', schema_version: 3 },
      siblings: [
        { name: 'cl-hive', state: 'ready' },
        { name: 'cl-hive-archon', state: 'absent' },
      ],
      npub: `npub1${'q'.repeat(54)}wxyz`,
    },
    {
      file: 'cl-hive.js',
      name: 'cl-hive',
      state: { kind: 'idle', waitingFor: 'cl-hive-comms' },
      database: {
        kind: 'postgres',
        location: 'postgres://user:secret@db:5432/hive?password=secret',
        schema_version: 1,
      },
      siblings: [{ name: 'cl-hive-comms', state: 'incompatible', reason: 'API 2' }],
    },
  ],
};

const model: FleetModel = {
  backend: 'lab',
  phase: 'running',
  dir: '/f',
  publicNetwork: '1,000 public nodes',
  relay: 'ws://127.0.0.1:7447',
  progress: '',
  nodes: [node],
  lines: [
    { seq: 1, at: 0 as UnixMs, level: 'info', text: 'all nodes are up' },
    { seq: 2, at: 3_723_000 as UnixMs, node: 1, level: 'warn', text: 'x\u001b[2Jy\nz' },
  ],
};

describe('renderTable', () => {
  it('shows nodes, plugins, siblings, databases and keys', () => {
    expect(renderTable(model, 150)).toBe(
      [
        'hive-lab: 1 node, emulated | 1,000 public nodes | relay ws://127.0.0.1:7447',
        'not healthy: node 1: cl-hive is idle, waits for cl-hive-comms | /f',
        '',
        'NODE                   PLUGIN         STATE                          SIBLINGS            DATABASE                                NOSTR KEY',
        '1 02ababab up          cl-hive-comms  ready                          hive                sqlite node-1/regtest/comms.sqlite3 v3  npub1qqqq…',
        '  block 110            cl-hive        idle, waits for cl-hive-comms  comms incompatible  postgres://db:5432/hive v1',
        '  2 peers, 2 channels',
        '',
        '00:00:00   fleet   all nodes are up',
        '01:02:03 ! node 1  x [2Jy z',
      ]
        .join('\n')
        .replace('npub1qqqq…', 'npub1qqqqq…wxyz'),
    );
  });

  it('never shows a password', () => {
    expect(renderTable(model, 200)).not.toContain('secret');
  });

  it('shows a fleet that starts', () => {
    const starting: FleetModel = {
      ...model,
      phase: 'starting',
      progress: 'opening 3 channels',
      backend: 'real',
      publicNetwork: '',
      lines: [],
      nodes: [{ ...node, state: { kind: 'starting' }, plugins: [] }],
    };
    const text = renderTable(starting, 120);
    expect(text).toContain('hive-lab: 1 node, real lightningd on regtest | relay');
    expect(text).toContain('starting: opening 3 channels');
    expect(text).toContain('1 02ababab starting');
  });

  it('keeps to any width from 60, shrinking the widest first, and stays within the lines asked for', () => {
    fc.assert(
      fc.property(fc.integer({ min: 60, max: 250 }), fc.nat({ max: 5 }), (width, recent) => {
        const lines = renderTable(model, width, recent).split('\n');
        expect(lines.every((line) => line.length <= width)).toBe(true);
        expect(lines.length).toBeLessThanOrEqual(8 + Math.min(recent, 2));
        expect(lines[4]).toContain('cl-hive');
      }),
    );
  });
});

describe('renderLine', () => {
  it('marks errors and never passes control characters on', () => {
    const line = { seq: 1, at: 0 as UnixMs, level: 'error', text: 'a\u0007\u009bb' } as const;
    expect(renderLine(line)).toBe('00:00:00 X fleet   a  b');
  });
});

describe('renderNext', () => {
  it('says what to type for the plugins that run', () => {
    expect(renderNext(model, 'hive-lab cli')).toBe(
      [
        'In another terminal:',
        '  hive-lab cli 1 hive-status',
        '  hive-lab cli 1 hive-comms-status',
        '  hive-lab cli 1 getinfo',
        'Ctrl-C stops the fleet.',
      ].join('\n'),
    );
    const bare = { ...model, nodes: [{ ...node, plugins: [] }] };
    expect(renderNext(bare, 'x')).not.toContain('hive-status');
  });
});
