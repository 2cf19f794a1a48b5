import {
  type Activity,
  adviceOnly,
  atLeastAsStrict,
  changePolicy,
  checkGrant,
  DEFAULT_POLICY,
  decodeSettings,
  effectiveRules,
  encodeSettings,
  endGrant,
  type Grant,
  isQuiet,
  isTimeZone,
  judge,
  localMinute,
  NO_ACTIVITY,
  NO_FACTS,
  nextPolicyChange,
  POLICY_REASONS,
  type Policy,
  PRESET_NAMES,
  type Question,
} from '@cl-hive/comms';
import { isCodedError, type Msat, type NodeId, type UnixMs } from '@cl-hive/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  activity,
  CHANNELS,
  COMMANDS,
  command,
  facts,
  grant,
  grants,
  NOW,
  PEERS,
  policy,
  question,
  someRules,
} from './arbitraries.ts';
import { modelJudge } from './policy-model.ts';

const RUNS = { numRuns: 1500 };
const now = NOW as UnixMs;

function codeOf(action: () => unknown): string {
  try {
    action();
    return 'nothing thrown';
  } catch (error) {
    return isCodedError(error) ? error.code : String(error);
  }
}

describe('judge against the slow model', () => {
  it('I6: gives the same verdict for the same reasons', () => {
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(question, (asked) => {
        const decision = judge(asked);
        const model = modelJudge(asked);
        expect(decision.verdict).toBe(model.verdict);
        expect(new Set(decision.findings.map(({ code }) => code))).toEqual(model.codes);
        for (const code of [decision.verdict, ...model.codes]) {
          seen.set(code, (seen.get(code) ?? 0) + 1);
        }
        expect(decision.message).not.toBe('');
        expect(decision.verdict === 'allow' || decision.remedy !== '').toBe(true);
      }),
      { numRuns: 10_000 },
    );
    for (const verdict of ['allow', 'needs_approval', 'refuse']) {
      expect([verdict, (seen.get(verdict) ?? 0) > 500]).toEqual([verdict, true]);
    }
    // The comparison means nothing for a rule that random cases never reach.
    for (const code of Object.keys(POLICY_REASONS)) {
      expect([code, (seen.get(code) ?? 0) > 20]).toEqual([code, true]);
    }
  });
});

describe('judge is monotone', () => {
  const stricter = (a: Question, b: Question): void => {
    expect(atLeastAsStrict(judge(a).verdict, judge(b).verdict)).toBe(true);
  };

  it('removing a grant, or ending it, never allows more', () => {
    fc.assert(
      fc.property(question, fc.nat(3), (asked, at) => {
        stricter({ ...asked, grants: asked.grants.filter((_, index) => index !== at) }, asked);
        const ended = asked.grants.map((one, index) =>
          index === at ? { ...one, until: now } : one,
        );
        stricter({ ...asked, grants: ended }, asked);
      }),
      RUNS,
    );
  });

  it('narrowing a grant never allows more', () => {
    fc.assert(
      fc.property(question, grant, grants, (asked, one, others) => {
        const wide: Grant = { ...one, id: 9, mode: 'act', actions: 'all', constraints: {} };
        const with_ = (last: Grant): Question => ({ ...asked, grants: [...others, last] });
        stricter(with_({ ...wide, constraints: one.constraints }), with_(wide));
        stricter(with_({ ...wide, actions: one.actions }), with_(wide));
        stricter(with_({ ...wide, mode: one.mode }), with_(wide));
        const { spend: _, close: __, forceClose: ___, ...powerless } = wide;
        stricter(with_(powerless), with_(wide));
        stricter(with_({ ...wide, tier: 'monitor' }), with_(wide));
      }),
      RUNS,
    );
  });

  it('more forbidden peers, protected channels, blocked schemas or past actions never allow more', () => {
    fc.assert(
      fc.property(question, policy, activity, (asked, other, more) => {
        const stern: Policy = {
          ...asked.policy,
          forbiddenPeers: new Set([...asked.policy.forbiddenPeers, ...other.forbiddenPeers]),
          protectedChannels: new Set([
            ...asked.policy.protectedChannels,
            ...other.protectedChannels,
          ]),
        };
        stricter({ ...asked, policy: stern }, asked);
        const rules = effectiveRules(asked.policy, asked.now);
        const blocked: Policy = {
          ...asked.policy,
          overrides: [
            ...asked.policy.overrides,
            {
              id: 99,
              from: now,
              until: (now + 1) as UnixMs,
              reason: '',
              settings: {
                blockedSchemas: new Set([...rules.blockedSchemas, 'hive:fee-policy/v1']),
                autoDangerMax: Math.min(rules.autoDangerMax, 3),
              },
            },
          ],
        };
        stricter({ ...asked, policy: blocked }, asked);
        const busier: Activity = {
          ...asked.activity,
          actionsLastHour: asked.activity.actionsLastHour + more.actionsLastHour,
          actionsLastDay: asked.activity.actionsLastDay + more.actionsLastDay,
          spentLastHourMsat: (asked.activity.spentLastHourMsat + more.spentLastHourMsat) as Msat,
          closedInWindowMsat: (asked.activity.closedInWindowMsat + more.closedInWindowMsat) as Msat,
        };
        stricter({ ...asked, activity: busier }, asked);
      }),
      RUNS,
    );
  });

  it('each preset allows what the one before it allows', () => {
    fc.assert(
      fc.property(question, (asked) => {
        const bare = (preset: (typeof PRESET_NAMES)[number]): Question => ({
          ...asked,
          policy: { ...DEFAULT_POLICY, preset },
        });
        stricter(bare('conservative'), bare('moderate'));
        stricter(bare('moderate'), bare('aggressive'));
      }),
      RUNS,
    );
  });

  it('an approval answers what needs one and nothing that is refused', () => {
    fc.assert(
      fc.property(question, (asked) => {
        const plain = judge({ ...asked, approved: false });
        const approved = judge({ ...asked, approved: true });
        expect(approved.verdict).toBe(plain.verdict === 'refuse' ? 'refuse' : 'allow');
      }),
      RUNS,
    );
  });

  it('nothing final happens without a person, whatever the settings', () => {
    const final = COMMANDS.filter(
      ({ effect, danger, action }) =>
        effect === 'force_close' || effect === 'control' || danger >= 8 || action === 'close_all',
    );
    expect(final.length).toBeGreaterThan(4);
    fc.assert(
      fc.property(question, fc.constantFrom(...final), (asked, one) => {
        expect(judge({ ...asked, command: one, approved: false }).verdict).not.toBe('allow');
      }),
      RUNS,
    );
  });

  it('a new advisor changes nothing without a person', () => {
    fc.assert(
      fc.property(question, fc.constantFrom(...COMMANDS), (asked, one) => {
        const verdict = judge({
          ...asked,
          command: one,
          grants: [adviceOnly('alice', 1, now)],
          approved: false,
        }).verdict;
        expect(one.effect === 'read' || verdict !== 'allow').toBe(true);
      }),
      RUNS,
    );
  });
});

const PEER: NodeId = PEERS[0] ?? ('' as NodeId);
const ACT: Grant = {
  id: 1,
  advisor: 'alice',
  mode: 'act',
  tier: 'admin',
  actions: 'all',
  constraints: {},
  from: 0 as UnixMs,
};

function ask(parts: Partial<Question>): Question {
  return {
    policy: { ...DEFAULT_POLICY, preset: 'aggressive' },
    grants: [ACT],
    command: command('hive:fee-policy/v1', 'set_single', { channel_id: '1x1x1', fee_ppm: 100 }),
    facts: { ...NO_FACTS, channels: [CHANNELS[0] ?? []], peers: [PEER] },
    activity: NO_ACTIVITY,
    now,
    approved: false,
    ...parts,
  };
}

describe('judge, by example', () => {
  it('allows what is granted, and says which grant', () => {
    expect(judge(ask({}))).toMatchObject({
      verdict: 'allow',
      code: 'allowed',
      grant: 1,
      danger: 2,
    });
  });

  it('spends only up to the amount and only before the end', () => {
    const keysend = command('hive:payment/v1', 'keysend', {
      destination: PEERS[0] ?? '',
      amount_msat: 1000,
    });
    const paying = { ...NO_FACTS, amountMsat: 1000n as Msat, feeMsat: 10n as Msat };
    const spend = { amountMsat: 1010n as Msat, until: (now + 1) as UnixMs };
    const of = (parts: Partial<Question>) =>
      judge(ask({ command: keysend, facts: paying, ...parts }));
    expect(of({}).code).toBe('spend_not_granted');
    expect(of({ grants: [{ ...ACT, spend }] }).verdict).toBe('allow');
    expect(of({ grants: [{ ...ACT, spend: { ...spend, amountMsat: 1009n as Msat } }] }).code).toBe(
      'spend_not_granted',
    );
    expect(of({ grants: [{ ...ACT, spend }], now: (now + 1) as UnixMs }).code).toBe(
      'spend_not_granted',
    );
    const used = new Map([[1, { spend: 1n as Msat, close: 0n as Msat, forceClose: 0n as Msat }]]);
    expect(
      of({ grants: [{ ...ACT, spend }], activity: { ...NO_ACTIVITY, grantUse: used } }).code,
    ).toBe('spend_not_granted');
    expect(
      of({ facts: { ...paying, amountMsat: undefined }, grants: [{ ...ACT, spend }] }).code,
    ).toBe('amount_unknown');
  });

  it('never mixes the powers of two grants', () => {
    const open = command('hive:channel/v1', 'open', { peer_id: PEERS[0] ?? '', amount_sats: 1 });
    const spends: Grant = {
      ...ACT,
      id: 2,
      tier: 'monitor',
      spend: { amountMsat: 10_000n as Msat, until: (now + 9) as UnixMs },
    };
    const decision = judge(
      ask({
        command: open,
        facts: { ...NO_FACTS, amountMsat: 1000n as Msat },
        grants: [ACT, spends],
      }),
    );
    expect(decision.verdict).not.toBe('allow');
  });

  it('PB-12: splitting a payment does not lower its danger', () => {
    const keysend = command('hive:payment/v1', 'keysend', {
      destination: PEERS[0] ?? '',
      amount_msat: 1000,
    });
    const spend = { amountMsat: (10n ** 12n) as Msat, until: (now + 9) as UnixMs };
    const dangerOf = (amount: bigint, spent: bigint) =>
      judge(
        ask({
          command: keysend,
          grants: [{ ...ACT, spend }],
          facts: { ...NO_FACTS, amountMsat: amount as Msat },
          activity: { ...NO_ACTIVITY, spentLastHourMsat: spent as Msat },
        }),
      );
    for (const total of [150_000_000n, 1_000_000_000n, 1_000_010_000n, 10_000_010_000n]) {
      const part = 10_000n;
      expect(dangerOf(part, total - part).danger).toBe(dangerOf(total, 0n).danger);
    }
    expect(dangerOf(10_000n, 10_000_000_000n)).toMatchObject({
      verdict: 'needs_approval',
      danger: 8,
    });
  });

  it('hands off forbidden peers and protected channels, under every name of the channel', () => {
    const close = command('hive:channel/v1', 'close_cooperative', { channel_id: '1x1x1' });
    const base: Policy = { ...DEFAULT_POLICY, preset: 'aggressive' };
    const closing = { ...ask({}).facts, closesMsat: 1n as Msat, capacityMsat: 1000n as Msat };
    for (const name of CHANNELS[0] ?? []) {
      const held = changePolicy(base, { kind: 'protect_channel', channel: name }, now);
      expect(judge(ask({ policy: held, command: close, facts: closing })).code).toBe(
        'channel_protected',
      );
      const freed = changePolicy(held, { kind: 'unprotect_channel', channel: name }, now);
      expect(judge(ask({ policy: freed, command: close, facts: closing })).code).not.toBe(
        'channel_protected',
      );
      expect(judge(ask({ policy: held })).verdict).toBe('allow');
    }
    const off = changePolicy(base, { kind: 'forbid_peer', peer: PEER }, now);
    expect(judge(ask({ policy: off, approved: true })).code).toBe('peer_forbidden');
    expect(
      judge(ask({ policy: off, command: command('hive:monitor/v1', 'get_info', {}) })).verdict,
    ).toBe('allow');
  });

  it('tells how far back lists may reach', () => {
    const grants = [{ ...ACT, constraints: { historyHours: 24 } }];
    expect(judge(ask({ grants })).historySince).toBe(now - 86_400_000);
    expect(judge(ask({})).historySince).toBeUndefined();
  });

  it('closing more than a share of the capacity in the window needs a person', () => {
    const close = command('hive:channel/v1', 'close_cooperative', { channel_id: '1x1x1' });
    const power = { amountMsat: (10n ** 12n) as Msat, until: (now + 9) as UnixMs };
    const grants = [{ ...ACT, close: power }];
    const of = (closes: bigint, before: bigint): string =>
      judge(
        ask({
          command: close,
          grants,
          facts: { ...NO_FACTS, closesMsat: closes as Msat, capacityMsat: 1_000_000n as Msat },
          activity: { ...NO_ACTIVITY, closedInWindowMsat: before as Msat },
        }),
      ).code;
    expect(of(100_000n, 0n)).toBe('allowed');
    expect(of(100_001n, 0n)).toBe('close_share');
    expect(of(50_000n, 50_001n)).toBe('close_share');
  });
});

describe('quiet hours', () => {
  const at = (iso: string): UnixMs => Date.parse(iso) as UnixMs;
  const berlin = { zone: 'Europe/Berlin', fromMinute: 22 * 60, toMinute: 6 * 60, dangerMax: 1 };

  it('CK-07: follow the clocks of the place through the change to summer time and back', () => {
    expect(isQuiet(berlin, at('2027-03-27T20:59:59Z'))).toBe(false);
    expect(isQuiet(berlin, at('2027-03-27T21:00:00Z'))).toBe(true);
    expect(isQuiet(berlin, at('2027-03-28T03:59:59Z'))).toBe(true);
    expect(isQuiet(berlin, at('2027-03-28T04:00:00Z'))).toBe(false);
    expect(isQuiet(berlin, at('2027-10-30T20:00:00Z'))).toBe(true);
    expect(isQuiet(berlin, at('2027-10-31T04:59:59Z'))).toBe(true);
    expect(isQuiet(berlin, at('2027-10-31T05:00:00Z'))).toBe(false);
  });

  it('knows zones of odd offsets and refuses what is none', () => {
    expect(localMinute(at('2027-01-01T00:00:00Z'), 'America/St_Johns')).toBe(20 * 60 + 30);
    expect(localMinute(at('2027-01-01T00:00:00Z'), 'Asia/Kolkata')).toBe(5 * 60 + 30);
    expect(localMinute(at('2027-01-01T00:00:00Z'), 'UTC')).toBe(0);
    for (const zone of [
      '',
      'Mars/Olympus',
      '+01:00',
      'Europe/Berlin\u0000',
      '../etc',
      'x'.repeat(99),
    ]) {
      expect(isTimeZone(zone)).toBe(false);
    }
    expect(isTimeZone('Europe/Berlin')).toBe(true);
  });
});

describe('policy settings', () => {
  it('PB-03, PB-04, PB-10: are checked when they are written, and nothing is coerced', () => {
    const refused: readonly unknown[] = [
      ...['abc', null, Number.NaN, Number.POSITIVE_INFINITY, 1e9, -1, true, 6.5, '5', 11].map(
        (v) => ({ danger_max: v }),
      ),
      { unknown: 1 },
      { __proto__: null, constructor: 1 },
      [],
      {},
      null,
      'aggressive',
      { blocked_schemas: 'hive:payments/v1' },
      { blocked_schemas: ['hive:payments/v1'] },
      { blocked_schemas: { 0: 'hive:payment/v1' } },
      { always_approve: ['pay'] },
      ...[
        -1,
        '5k',
        null,
        '',
        Number.POSITIVE_INFINITY,
        '0x10',
        '100',
        0.5,
        'Unlimited',
        'none',
      ].map((v) => ({
        spend_per_day_msat: v,
      })),
      ...[-1, '5', null, 'unlimited '].map((v) => ({ actions_per_hour: v })),
      ...[null, 'service', [], { Service: 1 }, { service: -1 }, { service: 'unlimited' }].map(
        (v) => ({ purpose_per_day_msat: v }),
      ),
      ...[null, 'bolt11', ['keysend'], ['bolt11', 'bolt11']].map((v) => ({ pay_methods: v })),
      { quiet_hours: { zone: 'Mars/X', from: '22:00', to: '06:00', danger_max: 1 } },
      { quiet_hours: { zone: 'UTC', from: '22:00', to: '22:00', danger_max: 1 } },
      { quiet_hours: { zone: 'UTC', from: '24:00', to: '06:00', danger_max: 1 } },
      { quiet_hours: { zone: 'UTC', from: '22:00', to: '06:00' } },
      {
        amount_steps: [
          { above_msat: 5, danger: 5 },
          { above_msat: 5, danger: 6 },
        ],
      },
      {
        amount_steps: [
          { above_msat: 5, danger: 5 },
          { above_msat: 6, danger: 4 },
        ],
      },
    ];
    for (const value of refused) {
      expect([value, codeOf(() => decodeSettings(value))]).toEqual([value, 'policy_value']);
    }
    expect(decodeSettings({ spend_per_day_msat: 0, actions_per_hour: 'unlimited' })).toEqual({
      spendPerDayMsat: 0n,
      actionsPerHour: 'unlimited',
    });
  });

  it('read back as they were written', () => {
    fc.assert(
      fc.property(someRules, (rules) => {
        if (Object.keys(rules).length > 0) {
          expect(decodeSettings(encodeSettings(rules))).toEqual(rules);
        }
      }),
    );
  });

  it('overrides lapse by themselves', () => {
    const over = changePolicy(
      DEFAULT_POLICY,
      {
        kind: 'override',
        settings: { autoDangerMax: 6 },
        until: (now + 1000) as UnixMs,
        reason: 'maintenance',
      },
      now,
    );
    expect(effectiveRules(over, now).autoDangerMax).toBe(6);
    expect(effectiveRules(over, (now + 999) as UnixMs).autoDangerMax).toBe(6);
    expect(effectiveRules(over, (now + 1000) as UnixMs).autoDangerMax).toBe(2);
    expect(effectiveRules(over, (now - 1) as UnixMs).autoDangerMax).toBe(2);
    expect(nextPolicyChange(over, now)).toBe(now + 1000);
    expect(nextPolicyChange(over, (now + 1000) as UnixMs)).toBeUndefined();
    const ended = changePolicy(over, { kind: 'end_override', id: 1 }, now);
    expect(effectiveRules(ended, now).autoDangerMax).toBe(2);
  });

  it('refuses a change that would contradict itself at any moment', () => {
    expect(
      codeOf(() =>
        changePolicy(DEFAULT_POLICY, { kind: 'settings', settings: { autoDangerMax: 9 } }, now),
      ),
    ).toBe('policy_value');
    const bold = changePolicy(
      DEFAULT_POLICY,
      { kind: 'settings', settings: { dangerMax: 10, autoDangerMax: 9 } },
      now,
    );
    const narrow = {
      kind: 'override',
      settings: { dangerMax: 3 },
      until: (now + 10) as UnixMs,
      reason: '',
    } as const;
    expect(codeOf(() => changePolicy(bold, narrow, now))).toBe('policy_value');
    expect(changePolicy(bold, { kind: 'reset' }, now).settings).toEqual({});
    for (const until of [now, now - 1, now + 31 * 86_400_000, Number.NaN]) {
      const change = {
        kind: 'override',
        settings: { autoDangerMax: 1 },
        until: until as UnixMs,
        reason: '',
      } as const;
      expect(codeOf(() => changePolicy(DEFAULT_POLICY, change, now))).toBe('policy_value');
    }
  });

  it('bounds overrides and lists', () => {
    let full: Policy = DEFAULT_POLICY;
    const change = {
      kind: 'override',
      settings: { autoDangerMax: 1 },
      until: (now + 10) as UnixMs,
      reason: '',
    } as const;
    for (let i = 0; i < 64; i += 1) {
      full = changePolicy(full, change, now);
    }
    expect(codeOf(() => changePolicy(full, change, now))).toBe('policy_full');
    const later = (now + 10) as UnixMs;
    expect(
      changePolicy(full, { ...change, until: (now + 20) as UnixMs }, later).overrides.length,
    ).toBe(1);
    let channels: Policy = DEFAULT_POLICY;
    for (let i = 0; i < 1000; i += 1) {
      channels = changePolicy(channels, { kind: 'protect_channel', channel: `${i}x1x1` }, now);
    }
    expect(
      codeOf(() => changePolicy(channels, { kind: 'protect_channel', channel: 'x' }, now)),
    ).toBe('policy_full');
  });
});

describe('endGrant', () => {
  it('ends a grant now, and never makes one longer', () => {
    expect(judge(ask({ grants: [endGrant(ACT, now)] })).code).toBe('grant_missing');
    const over = { ...ACT, until: (now - 5) as UnixMs };
    expect(endGrant(over, now).until).toBe(now - 5);
  });
});

describe('checkGrant', () => {
  it('wants an amount and an end for every power', () => {
    const power = { amountMsat: 1n as Msat, until: (now + 1000) as UnixMs };
    expect(checkGrant({ ...ACT, spend: power }, now).spend).toEqual(power);
    const bad: readonly Grant[] = [
      { ...ACT, until: now },
      { ...ACT, spend: { ...power, amountMsat: 0n as Msat } },
      { ...ACT, close: { ...power, until: now } },
      { ...ACT, forceClose: { ...power, until: (now + 367 * 86_400_000) as UnixMs } },
      { ...ACT, spend: power, until: (now + 999) as UnixMs },
      { ...ACT, mode: 'advice', spend: power },
    ];
    for (const one of bad) {
      expect(codeOf(() => checkGrant(one, now))).toBe('grant_value');
    }
  });
});

describe('facts', () => {
  it('are never read from the command alone: unknown names are refused', () => {
    fc.assert(
      fc.property(question, facts, (asked, other) => {
        const decision = judge({ ...asked, facts: { ...other, unresolved: ['9x9x9'] } });
        expect(decision.verdict).toBe('refuse');
      }),
    );
  });
});
