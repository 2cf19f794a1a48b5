import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCommand } from './command.ts';
import { DANGER_DIMENSIONS, dangerScore, UNKNOWN_DANGER } from './danger.ts';
import { PARAM_DECODERS } from './params.ts';
import { findAction, MANAGEMENT_REGISTRY, tierCovers } from './registry.ts';
import { commandSubject } from './subject.ts';

type Fixture = Record<
  string,
  {
    actions: Record<
      string,
      { danger: Record<string, number>; tier: string; params: Record<string, string> }
    >;
  }
>;
const fixture = JSON.parse(
  readFileSync(new URL('../../fixtures/management-schemas.json', import.meta.url), 'utf8'),
) as Fixture;

const NODE = `02${'ab'.repeat(32)}`;
const ADDRESS = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080';
const VALID: Record<string, unknown> = {
  address: ADDRESS,
  amount_msat: 1000,
  amount_sats: 5000,
  backup_path: 'backups/latest',
  base_msat: 1000,
  bolt11: `lnbcrt1${'q'.repeat(100)}`,
  channel_id: '103x1x0',
  channels: ['103x1x0', 'ab'.repeat(32)],
  cltv_expiry_delta: 40,
  description: 'coffee',
  destination: ADDRESS,
  fee_ppm: 250,
  feerate: 'normal',
  format: 'full',
  from_channel: '103x1x0',
  hints: ['103x1x0'],
  host: '127.0.0.1',
  htlc_id: '103x1x0:7',
  htlc_maximum_msat: 2000,
  htlc_minimum_msat: 1,
  key: 'min-capacity-sat',
  label: 'one',
  limit: 10,
  max_fee_ppm: 500,
  path: '/opt/plugin.py',
  peer_id: NODE,
  plugin_name: 'summary.py',
  policy: { base_msat: 0, fee_ppm: 100 },
  port: 9735,
  preimage: '00'.repeat(32),
  push_msat: 0,
  reason: 'because',
  status: 'settled',
  target_fee_ppm: 100,
  to_channel: '104x1x0',
  type: 'bech32',
  value: '10000',
};

function sample(schema: string, action: string): Record<string, unknown> {
  const names = [...(findAction(schema, action)?.params.keys() ?? [])];
  return Object.fromEntries(
    names.map((name) => [
      name,
      action === 'keysend' && name === 'destination' ? NODE : VALID[name],
    ]),
  );
}

const ACTIONS = [...MANAGEMENT_REGISTRY].flatMap(([schema, actions]) =>
  [...actions.keys()].map((action) => [schema, action] as const),
);

describe('the management registry', () => {
  it('is the fixture: 15 schemas, 44 actions, their dangers, tiers and parameters', () => {
    expect(MANAGEMENT_REGISTRY.size).toBe(15);
    expect(ACTIONS.length).toBe(44);
    const rebuilt: Fixture = {};
    for (const [schema, actions] of MANAGEMENT_REGISTRY) {
      rebuilt[schema] = { actions: {} };
      for (const [action, spec] of actions) {
        rebuilt[schema].actions[action] = {
          danger: { ...spec.scores },
          tier: spec.tier,
          params: Object.fromEntries([...spec.params].map(([name, { type }]) => [name, type])),
        };
      }
    }
    expect(rebuilt).toEqual(fixture);
  });

  it('takes the worst of five dimensions as the danger', () => {
    for (const [schema, action] of ACTIONS) {
      const scores = fixture[schema]?.actions[action]?.danger ?? {};
      expect(Object.keys(scores)).toEqual([...DANGER_DIMENSIONS]);
      expect(findAction(schema, action)?.danger).toBe(Math.max(...Object.values(scores)));
    }
    expect(
      dangerScore({
        reversibility: 1,
        financial_exposure: 2,
        time_sensitivity: 3,
        blast_radius: 10,
        recovery_difficulty: 5,
      }),
    ).toBe(10);
  });

  it('classes nothing above danger 1 as reading, and force close apart', () => {
    for (const [schema, action] of ACTIONS) {
      const spec = findAction(schema, action);
      expect(spec?.effect === 'read' && spec.danger > 1).toBe(false);
    }
    expect(findAction('hive:channel/v1', 'close_force')?.effect).toBe('force_close');
    expect(findAction('hive:channel/v1', 'close_cooperative')?.effect).toBe('close');
  });

  it('orders tiers', () => {
    expect(tierCovers('admin', 'monitor')).toBe(true);
    expect(tierCovers('standard', 'advanced')).toBe(false);
  });
});

describe('parseCommand', () => {
  it.each(ACTIONS)('takes %s %s with well-formed parameters', (schema, action) => {
    const parsed = parseCommand(schema, action, sample(schema, action));
    expect(parsed).toMatchObject({ ok: true, value: { schema, action } });
  });

  it.each(ACTIONS)(
    '%s %s refuses unknown, missing and wrongly typed parameters',
    (schema, action) => {
      const params = sample(schema, action);
      expect(parseCommand(schema, action, { ...params, extra: 1 })).toMatchObject({
        ok: false,
        error: { code: 'param_unknown' },
      });
      for (const [name, spec] of findAction(schema, action)?.params ?? []) {
        const { [name]: _, ...without } = params;
        if (spec.required) {
          expect(parseCommand(schema, action, without)).toMatchObject({
            ok: false,
            error: { code: 'param_missing' },
          });
        }
        for (const wrong of [null, true, -1, 1.5, Number.NaN, '', '\u0000', {}, [], [1], -0.5]) {
          const result = parseCommand(schema, action, { ...params, [name]: wrong });
          const harmless =
            wrong === '' && ['reason', 'description', 'label', 'value'].includes(name);
          expect([name, wrong, result.ok]).toEqual([name, wrong, harmless]);
        }
      }
      for (const shape of [null, [], 'x', 1, undefined]) {
        expect(parseCommand(schema, action, shape)).toMatchObject({
          ok: false,
          error: { code: 'params_shape' },
        });
      }
    },
  );

  it('PB-01: an alias that the danger table does not know is danger 9 and refused', () => {
    for (const [schema, action] of [
      ['hive:policy/v1', 'preset'],
      ['hive:policy/v1', 'set-preset'],
      ['hive:channel/v1', 'closeForce'],
      ['hive:channel/v1', 'force_close'],
    ] as const) {
      expect(parseCommand(schema, action, {})).toMatchObject({
        ok: false,
        error: { danger: 9 },
      });
    }
  });

  it('PB-06: names are exact; no folding of case, space, look-alikes or prototypes', () => {
    const names = [
      ' SET_SINGLE ',
      'SET_SINGLE',
      'ſet_single',
      'set‐single',
      'set_single\u0000',
      'set_ѕingle',
      '__proto__',
      'constructor',
      'toString',
      'hasOwnProperty',
      '',
    ];
    for (const name of names) {
      expect(parseCommand('hive:fee-policy/v1', name, {})).toMatchObject({
        ok: false,
        error: { code: 'action_unknown', danger: UNKNOWN_DANGER },
      });
      expect(parseCommand(name, 'get_info', {})).toMatchObject({
        ok: false,
        error: { code: 'schema_unknown', danger: UNKNOWN_DANGER },
      });
    }
    for (const key of ['__proto__', 'constructor', 'prototype']) {
      const params: unknown = JSON.parse(
        `{"channel_id":"1x1x1","fee_ppm":1,"${key}":{"admin":true}}`,
      );
      expect(parseCommand('hive:fee-policy/v1', 'set_single', params)).toMatchObject({
        ok: false,
        error: { code: 'param_unknown' },
      });
    }
  });

  it('freezes what it returns to the depth and shares nothing with its input', () => {
    const policy = { fee_ppm: 100 };
    const channels = ['1x1x1'];
    const parsed = parseCommand('hive:fee-policy/v1', 'set_bulk', { channels, policy });
    expect(parsed.ok).toBe(true);
    policy.fee_ppm = 999_999;
    channels.push('2x2x2');
    if (parsed.ok) {
      expect(parsed.value.params).toEqual({ channels: ['1x1x1'], policy: { fee_ppm: 100 } });
      expect(Object.isFrozen(parsed.value)).toBe(true);
      expect(Object.isFrozen(parsed.value.params)).toBe(true);
      expect(Object.isFrozen(parsed.value.params['policy'])).toBe(true);
      expect(Object.isFrozen(parsed.value.params['channels'])).toBe(true);
    }
  });

  it('holds parameters to each other', () => {
    const refused: readonly (readonly [string, string, unknown])[] = [
      ['hive:fee-policy/v1', 'set_single', { channel_id: '1x1x1' }],
      ['hive:htlc-policy/v1', 'set_htlc_limits', { channel_id: '1x1x1' }],
      [
        'hive:htlc-policy/v1',
        'set_htlc_limits',
        { channel_id: '1x1x1', htlc_minimum_msat: 2, htlc_maximum_msat: 1 },
      ],
      ['hive:channel/v1', 'open', { peer_id: NODE, amount_sats: 1, push_msat: 1001 }],
      [
        'hive:rebalance/v1',
        'circular_rebalance',
        { from_channel: '1x1x1', to_channel: '1x1x1', amount_sats: 1, max_fee_ppm: 1 },
      ],
      ['hive:peer/v1', 'connect', { peer_id: NODE, port: 9735 }],
      ['hive:fee-policy/v1', 'set_bulk', { channels: ['1x1x1', '1x1x1'], policy: { fee_ppm: 1 } }],
      ['hive:fee-policy/v1', 'set_bulk', { channels: ['1x1x1'], policy: { fee_rate: 1 } }],
      ['hive:plugin/v1', 'start_plugin', { path: '/opt/../etc/x' }],
    ];
    for (const [schema, action, params] of refused) {
      expect([action, parseCommand(schema, action, params).ok]).toEqual([action, false]);
    }
  });

  it('TI-09: amounts are bounded integers and nothing else', () => {
    for (const amount of [0, -1, 0.1, 1e21, '1000', '1000msat', '', null, 2 ** 53, 10n ** 18n]) {
      expect(
        parseCommand('hive:wallet/v1', 'withdraw', { destination: ADDRESS, amount_sats: amount })
          .ok,
      ).toBe(false);
    }
  });

  it('never throws, whatever it is given', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...ACTIONS),
        fc.dictionary(fc.constantFrom(...PARAM_DECODERS.keys(), '__proto__', 'x'), fc.anything()),
        ([schema, action], params) => {
          const parsed = parseCommand(schema, action, params);
          if (parsed.ok) {
            commandSubject(parsed.value);
            return;
          }
          expect(parsed.error.message.length).toBeLessThan(2000);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('commandSubject', () => {
  const subject = (schema: string, action: string): unknown => {
    const parsed = parseCommand(schema, action, sample(schema, action));
    return parsed.ok ? commandSubject(parsed.value) : undefined;
  };

  it('names peers, channels, amounts and fees', () => {
    expect(subject('hive:channel/v1', 'open')).toMatchObject({
      peers: [NODE],
      amountMsat: 5_000_000n,
    });
    expect(subject('hive:payment/v1', 'keysend')).toMatchObject({
      peers: [NODE],
      amountMsat: 1000n,
    });
    expect(subject('hive:rebalance/v1', 'circular_rebalance')).toMatchObject({
      channels: ['103x1x0', '104x1x0'],
      maxFeePpm: 500,
    });
    expect(subject('hive:fee-policy/v1', 'set_bulk')).toMatchObject({
      channels: ['103x1x0', 'ab'.repeat(32)],
      feePpm: 100,
    });
    expect(subject('hive:fee-policy/v1', 'set_anchor')).toMatchObject({ feePpm: 100 });
    expect(subject('hive:htlc-mgmt/v1', 'settle_htlc')).toMatchObject({ channels: ['103x1x0'] });
    expect(subject('hive:emergency/v1', 'emergency_close_all')).toMatchObject({
      allChannels: true,
    });
    expect(subject('hive:payment/v1', 'pay')).toMatchObject({ amountMsat: undefined });
  });
});
