import { definePlugin } from '@cl-hive/cln-plugin';
import { FakeLightningd, type LinkedPlugin } from '@cl-hive/cln-plugin/testing';
import type { JsonObject } from '@cl-hive/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withPlannerMethods } from '../../src/methods/planner-methods.ts';
import { RATE_TARGETS_MAX } from '../../src/planner/limits.ts';
import { idOf } from './network.ts';

const NODE = idOf(1);

/** What a method needs at least. */
const NEEDED: Readonly<Record<string, JsonObject>> = {
  'hive-planner-explain': { target: NODE },
  'hive-planner-ignore': { peer_id: NODE },
  'hive-planner-unignore': { peer_id: NODE },
  'hive-calculate-size': { peer_id: NODE },
  'hive-rate-targets': { targets: [NODE] },
};

/** Per method: parameters of which exactly one is refused, under the name that the answer must have. */
const REFUSED: Readonly<Record<string, readonly (readonly [name: string, params: JsonObject])[]>> =
  {
    'hive-topology': [
      ['svg', { svg: '../fleet.svg' }],
      ['svg', { svg: '/tmp/fleet.svg' }],
      ['svg', { svg: '.svg' }],
      ['svg', { svg: 'fleet.png' }],
      ['svg', { svg: 'a\u0000.svg' }],
      ['svg', { svg: `${'a'.repeat(5_000)}.svg` }],
      ['svg', { svg: 1 }],
    ],
    'hive-planner-log': [
      ['limit', { limit: 0 }],
      ['limit', { limit: 501 }],
      ['limit', { limit: 'all' }],
      ['action_type', { action_type: '' }],
      ['action_type', { action_type: "expansion' or 1=1" }],
      ['action_type', { action_type: 'x'.repeat(41) }],
      ['result', { result: 'Skipped' }],
      ['target', { target: 'alice' }],
      ['since', { since: -1 }],
      ['before', { before: 0 }],
    ],
    'hive-planner-run': [
      ['dry', { dry: 'perhaps' }],
      ['dry', { dry: 2 }],
    ],
    'hive-planner-explain': [
      ['target', {}],
      ['target', { target: NODE.slice(2) }],
      ['target', { target: `05${NODE.slice(2)}` }],
      ['target', { target: [NODE] }],
    ],
    'hive-planner-replay': [
      ['cycle', { cycle: 0 }],
      ['cycle', { cycle: 1.5 }],
      ['list', { list: 'some' }],
    ],
    'hive-planner-ignore': [
      ['peer_id', {}],
      ['peer_id', { peer_id: 'bob' }],
      ['reason', { peer_id: NODE, reason: '' }],
      ['reason', { peer_id: NODE, reason: 'x'.repeat(201) }],
      ['duration_hours', { peer_id: NODE, duration_hours: -1 }],
      ['duration_hours', { peer_id: NODE, duration_hours: 876_001 }],
    ],
    'hive-planner-unignore': [
      ['peer_id', {}],
      ['peer_id', { peer_id: 'bob' }],
    ],
    'hive-planner-ignored-peers': [['include_expired', { include_expired: 'maybe' }]],
    'hive-calculate-size': [
      ['peer_id', {}],
      ['peer_id', { peer_id: 'bob' }],
      ['capacity_sats', { peer_id: NODE, capacity_sats: -1 }],
      ['capacity_sats', { peer_id: NODE, capacity_sats: 2_100_000_000_000_001 }],
      ['channel_count', { peer_id: NODE, channel_count: 1_000_001 }],
      ['hive_share_pct', { peer_id: NODE, hive_share_pct: 1.01 }],
      ['hive_share_pct', { peer_id: NODE, hive_share_pct: -0.1 }],
      ['hive_share_pct', { peer_id: NODE, hive_share_pct: 'NaN' }],
      ['hive_share_pct', { peer_id: NODE, hive_share_pct: ' ' }],
    ],
    'hive-rate-targets': [
      ['targets', {}],
      ['targets', { targets: [] }],
      ['targets', { targets: [NODE, 'bob'] }],
      ['targets', { targets: Array.from({ length: RATE_TARGETS_MAX + 1 }, () => NODE) }],
    ],
    'hive-enable-expansions': [
      ['enabled', { enabled: 'yes please' }],
      ['enabled', { enabled: {} }],
    ],
  };

describe('the planner’s methods', () => {
  let node: FakeLightningd;
  let plugin: LinkedPlugin;
  let asked = 0;
  beforeAll(async () => {
    node = await FakeLightningd.start();
    plugin = await node.attach(
      withPlannerMethods(definePlugin({ name: 'hive' }), () => {
        asked += 1;
        throw new Error('the planner was asked');
      }),
    );
  });
  afterAll(async () => {
    await node.stop();
  });

  it('are all in the table below', () => {
    expect(plugin.methods.toSorted()).toEqual(Object.keys(REFUSED).toSorted());
  });

  it.each(Object.entries(REFUSED))(
    '%s refuses by name, before anything is done',
    async (method, cases) => {
      const unknown = ['nonsense', { ...NEEDED[method], nonsense: 1 }] as const;
      for (const [name, params] of [...cases, unknown]) {
        const refusal = expect(plugin.call(method, params), `${method} ${name}`).rejects;
        await refusal.toMatchObject({ code: -32602, message: expect.stringContaining(name) });
      }
      expect(asked).toBe(0);
    },
  );
});
