import type { Action, SchemaActions } from './action.ts';
import { backupActions } from './by-schema/backup.ts';
import { channelActions } from './by-schema/channel.ts';
import { configActions } from './by-schema/config.ts';
import { emergencyActions } from './by-schema/emergency.ts';
import { feePolicyActions } from './by-schema/fee-policy.ts';
import { forwardingActions } from './by-schema/forwarding.ts';
import { htlcManagementActions } from './by-schema/htlc-mgmt.ts';
import { htlcPolicyActions } from './by-schema/htlc-policy.ts';
import { monitorActions } from './by-schema/monitor.ts';
import { paymentActions } from './by-schema/payment.ts';
import { peerActions } from './by-schema/peer.ts';
import { pluginActions } from './by-schema/plugins.ts';
import { rebalanceActions } from './by-schema/rebalance.ts';
import { spliceActions } from './by-schema/splice.ts';
import { walletActions } from './by-schema/wallet.ts';

const SCHEMAS: Readonly<Record<string, SchemaActions>> = {
  'hive:monitor/v1': monitorActions,
  'hive:fee-policy/v1': feePolicyActions,
  'hive:htlc-policy/v1': htlcPolicyActions,
  'hive:forwarding/v1': forwardingActions,
  'hive:rebalance/v1': rebalanceActions,
  'hive:channel/v1': channelActions,
  'hive:splice/v1': spliceActions,
  'hive:peer/v1': peerActions,
  'hive:payment/v1': paymentActions,
  'hive:wallet/v1': walletActions,
  'hive:plugin/v1': pluginActions,
  'hive:config/v1': configActions,
  'hive:backup/v1': backupActions,
  'hive:emergency/v1': emergencyActions,
  'hive:htlc-mgmt/v1': htlcManagementActions,
};

/** What stands behind each action of the registry, by `schema action`. */
export const ACTIONS: ReadonlyMap<string, Action> = new Map(
  Object.entries(SCHEMAS).flatMap(([schema, actions]) =>
    Object.entries(actions).map(([name, action]) => [`${schema} ${name}`, action] as const),
  ),
);
