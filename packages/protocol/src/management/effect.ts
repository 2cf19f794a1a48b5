/**
 * What kind of effect an action has, from harmless to final. `spend` moves money out or pays a fee,
 * `close` ends channels by agreement, `force_close` ends them alone (its own class: a milder action
 * never turns into it), `control` changes the daemon itself.
 */
export const EFFECTS = ['read', 'change', 'spend', 'close', 'force_close', 'control'] as const;

/** One kind of effect. */
export type Effect = (typeof EFFECTS)[number];

/** The effect of every action that is not `read` by its tier `monitor`, by `schema action`. */
export const ACTION_EFFECTS: ReadonlyMap<string, Effect> = new Map<string, Effect>([
  ['hive:fee-policy/v1 set_single', 'change'],
  ['hive:fee-policy/v1 set_bulk', 'change'],
  ['hive:fee-policy/v1 set_anchor', 'change'],
  ['hive:htlc-policy/v1 set_htlc_limits', 'change'],
  ['hive:htlc-policy/v1 set_cltv_delta', 'change'],
  ['hive:forwarding/v1 disable_channel', 'change'],
  ['hive:forwarding/v1 enable_channel', 'change'],
  ['hive:forwarding/v1 set_routing_hints', 'change'],
  ['hive:rebalance/v1 circular_rebalance', 'spend'],
  ['hive:rebalance/v1 swap_out', 'spend'],
  ['hive:rebalance/v1 swap_in', 'spend'],
  ['hive:channel/v1 open', 'spend'],
  ['hive:channel/v1 close_cooperative', 'close'],
  ['hive:channel/v1 close_force', 'force_close'],
  ['hive:channel/v1 close_all', 'close'],
  ['hive:splice/v1 splice_in', 'spend'],
  ['hive:splice/v1 splice_out', 'spend'],
  ['hive:peer/v1 connect', 'change'],
  ['hive:peer/v1 disconnect', 'change'],
  ['hive:payment/v1 create_invoice', 'change'],
  ['hive:payment/v1 pay', 'spend'],
  ['hive:payment/v1 keysend', 'spend'],
  ['hive:wallet/v1 new_address', 'change'],
  ['hive:wallet/v1 withdraw', 'spend'],
  ['hive:plugin/v1 start_plugin', 'control'],
  ['hive:plugin/v1 stop_plugin', 'control'],
  ['hive:config/v1 set_config', 'control'],
  ['hive:backup/v1 export_scb', 'read'],
  ['hive:backup/v1 restore', 'control'],
  ['hive:emergency/v1 stop_node', 'control'],
  ['hive:emergency/v1 emergency_close_all', 'force_close'],
  ['hive:emergency/v1 ban_peer', 'change'],
  ['hive:htlc-mgmt/v1 settle_htlc', 'change'],
  ['hive:htlc-mgmt/v1 fail_htlc', 'change'],
]);
