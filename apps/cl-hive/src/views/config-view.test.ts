import { describe, expect, it } from 'vitest';
import { readSettings } from '../openings/options.ts';
import { plannerSettings } from '../planner/settings.ts';
import { configView } from './config-view.ts';

const shown = (options: Readonly<Record<string, unknown>>) =>
  configView({
    hive: { autoJoin: () => options['hive-auto-join'] === true },
    openings: readSettings(options, undefined),
    planner: plannerSettings(options),
    expansionsEnabled: options['hive-planner-enable-expansions'] === true,
  });

describe('hive-config', () => {
  it('shows what the options say at the moment, in the original’s groups and units', () => {
    expect(
      shown({
        'hive-auto-join': true,
        'hive-governance-mode': 'failsafe',
        'hive-failsafe-budget-per-day': 3_000_000,
        'hive-budget-max-per-channel-pct': '0.25',
        'hive-budget-reserve-pct': '0.3',
        'hive-market-share-cap': '0.15',
        'hive-planner-interval': 7200,
        'hive-planner-enable-expansions': true,
        'hive-planner-min-channel-sats': 2_000_000,
        'hive-planner-max-channel-sats': 9_000_000,
      }),
    ).toMatchObject({
      governance: {
        governance_mode: 'failsafe',
        failsafe_budget_per_day: 3_000_000,
        budget_max_per_channel_pct: 0.25,
        budget_reserve_pct: 0.3,
      },
      membership: { auto_join_enabled: true, max_members: 50 },
      protocol: {
        market_share_cap_pct: 0.15,
        intent_hold_seconds: 60,
        intent_expire_seconds: 300,
        gossip_threshold_pct: 0.1,
        heartbeat_interval: 300,
      },
      planner: {
        planner_interval: 7200,
        planner_enable_expansions: true,
        planner_min_channel_sats: 2_000_000,
        planner_max_channel_sats: 9_000_000,
      },
    });
  });

  it('says by default that nothing goes without a person', () => {
    expect(shown({})).toMatchObject({
      governance: { governance_mode: 'advisor', failsafe_budget_per_day: 0 },
      planner: { planner_enable_expansions: false },
    });
  });
});
