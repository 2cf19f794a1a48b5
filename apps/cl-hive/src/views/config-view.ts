import type { JsonObject } from '@cl-hive/core';
import { GOSSIP_CHANGE_PERCENT, HEARTBEAT_MS, INTENT_HOLD_MS, MEMBERS_MAX } from '@cl-hive/hive';
import type { Hive } from '../hive.ts';

/** What is set or fixed about membership and protocol, under the original's names. */
export function configView({ settings }: Hive): JsonObject {
  return {
    hot_reload_enabled: true,
    membership: {
      membership_enabled: true,
      auto_join_enabled: settings.autoJoin(),
      auto_vouch_enabled: false,
      auto_promote_enabled: true,
      ban_autotrigger_enabled: false,
      max_members: MEMBERS_MAX,
    },
    protocol: {
      intent_hold_seconds: INTENT_HOLD_MS / 1000,
      gossip_threshold_pct: Number(GOSSIP_CHANGE_PERCENT) / 100,
      heartbeat_interval: HEARTBEAT_MS / 1000,
    },
  };
}
