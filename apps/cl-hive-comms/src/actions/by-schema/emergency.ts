import { stop } from '@cl-hive/cln-rpc';
import {
  absent,
  done,
  type EffectAction,
  go,
  type SchemaActions,
  there,
  unsupported,
} from '../action.ts';
import { loadChannels } from '../channel-view.ts';
import { closes } from '../closing.ts';
import { EMERGENCY_CLOSE_S, PEER_MS, SETTLE_MS } from '../limits.ts';

/** The node ends, and this process with it: the next start finds that lightningd is another one. */
const stopNode: EffectAction = {
  kind: 'effect',
  settleMs: SETTLE_MS.change,
  volatile: true,
  facts: async ({ rpc }) => (await loadChannels(rpc)).facts([]),
  state: async ({ instance }) => ({ instance: instance() }),
  plan: async ({ instance }) => go({ instance: instance() }),
  perform: async ({ rpc }) => {
    const { result } = await rpc.call(stop, {}, { timeoutMs: PEER_MS });
    return done({ result });
  },
  look: async ({ instance }, { marker }) =>
    marker['instance'] === instance()
      ? absent('lightningd has not been stopped since')
      : there({ result: 'lightningd was stopped and started again' }),
};

/** `hive:emergency/v1`. */
export const emergencyActions: SchemaActions = {
  stop_node: stopNode,
  emergency_close_all: closes({ all: true, forceAfterS: EMERGENCY_CLOSE_S }),
  ban_peer: unsupported(
    'lightningd keeps no list of banned peers; the operator names it among the forbidden peers of the policy, and disconnects it',
  ),
};
