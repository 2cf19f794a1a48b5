import type { JsonObject } from '@cl-hive/core';
import { GOSSIP_CHANGE_PERCENT, HEARTBEAT_MS, INTENT_HOLD_MS, MEMBERS_MAX } from '@cl-hive/hive';
import type { HiveSettings } from '../hive.ts';
import { INTENT_EXPIRES_SECONDS } from '../openings/limits.ts';
import type { OpeningSettings } from '../openings/settings.ts';
import { marketShareCap, type PlannerSettings } from '../planner/settings.ts';

/** What is in force at the moment. */
export interface SettingsInForce {
  readonly hive: HiveSettings;
  readonly openings: OpeningSettings;
  readonly planner: PlannerSettings;
  readonly expansionsEnabled: boolean;
}

/** What is set or fixed, under the original's names; amounts in sat, times in seconds. */
export function configView(settings: SettingsInForce): JsonObject {
  const { hive, openings, planner, expansionsEnabled } = settings;
  const { minChannelSat = 0, maxChannelSat = 0 } = planner.config;
  return {
    hot_reload_enabled: true,
    governance: {
      governance_mode: openings.mode,
      failsafe_budget_per_day: Number(openings.perDaySat),
      budget_max_per_channel_pct: openings.perChannelPpm / 1_000_000,
      budget_reserve_pct: openings.reservePpm / 1_000_000,
    },
    membership: {
      membership_enabled: true,
      auto_join_enabled: hive.autoJoin(),
      auto_vouch_enabled: false,
      auto_promote_enabled: true,
      ban_autotrigger_enabled: false,
      max_members: MEMBERS_MAX,
    },
    protocol: {
      market_share_cap_pct: marketShareCap(planner),
      intent_hold_seconds: INTENT_HOLD_MS / 1000,
      intent_expire_seconds: INTENT_EXPIRES_SECONDS,
      gossip_threshold_pct: Number(GOSSIP_CHANGE_PERCENT) / 100,
      heartbeat_interval: HEARTBEAT_MS / 1000,
    },
    planner: {
      planner_interval: planner.intervalMs / 1000,
      planner_enable_expansions: expansionsEnabled,
      planner_min_channel_sats: minChannelSat,
      planner_max_channel_sats: maxChannelSat,
    },
  };
}
