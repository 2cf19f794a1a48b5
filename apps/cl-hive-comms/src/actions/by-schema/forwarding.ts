import {
  type ActionContext,
  type Attempt,
  absent,
  type Done,
  done,
  type EffectAction,
  fail,
  go,
  type SchemaActions,
  there,
  unsupported,
} from '../action.ts';
import { applyPolicy, policyOf } from '../channel-policy.ts';
import { isLive, loadChannels, type NodeChannel } from '../channel-view.ts';
import { SETTLE_MS } from '../limits.ts';
import { readValue, removeValue, writeValue } from '../marker-store.ts';
import { amountOf, textOf } from '../params.ts';

/** Where the largest HTLC of a disabled channel is kept, so that enabling brings it back. */
function placeOf(id: string): readonly string[] {
  return ['disabled', id];
}

function maximumOf({ row }: NodeChannel): bigint {
  return row.maximum_htlc_out_msat ?? 0n;
}

/**
 * lightningd has no switch for a channel. One whose largest HTLC is zero forwards nothing and says so
 * to the network; it still receives, and the node's own payments may use it.
 */
async function disable({ rpc }: ActionContext, { command, marker }: Attempt): Promise<Done> {
  const id = textOf(marker, 'channel_id');
  const before = textOf(marker, 'htlc_maximum_msat');
  if (before !== '0') {
    await writeValue(rpc, placeOf(id), { htlc_maximum_msat: before });
  }
  const set = await applyPolicy(rpc, id, { htlcMaxMsat: 0 });
  return done({ ...set, disabled: true, reason: command.params['reason'] ?? null });
}

/** Brings back what a channel carried before; all it can where that is not known. */
async function enable({ rpc }: ActionContext, { marker }: Attempt): Promise<Done> {
  const id = textOf(marker, 'channel_id');
  const kept = await readValue(rpc, placeOf(id));
  const wanted = amountOf(kept ?? marker, 'htlc_maximum_msat');
  const set = await applyPolicy(rpc, id, { htlcMaxMsat: Number(wanted) });
  await removeValue(rpc, placeOf(id));
  return done({ ...set, disabled: false });
}

function forwardingSwitch(on: boolean): EffectAction {
  return {
    kind: 'effect',
    settleMs: SETTLE_MS.change,
    facts: async ({ rpc }, { params }) =>
      (await loadChannels(rpc)).facts([textOf(params, 'channel_id')]),
    state: async ({ rpc }, { params }) => {
      const channel = (await loadChannels(rpc)).find(textOf(params, 'channel_id'));
      return { channel: channel === undefined ? null : policyOf(channel) };
    },
    plan: async ({ rpc }, { params }) => {
      const name = textOf(params, 'channel_id');
      const channel = (await loadChannels(rpc)).find(name);
      if (channel === undefined || !isLive(channel)) {
        return fail(`${name} is no channel that is open`);
      }
      if (on && maximumOf(channel) > 0n) {
        return fail(`${name} is not disabled`);
      }
      const maximum = on ? channel.totalMsat : maximumOf(channel);
      return go({ channel_id: channel.id, htlc_maximum_msat: String(maximum) });
    },
    perform: on ? enable : disable,
    look: async ({ rpc }, { marker }) => {
      const channel = (await loadChannels(rpc)).find(textOf(marker, 'channel_id'));
      return channel !== undefined && maximumOf(channel) > 0n === on
        ? there({ ...policyOf(channel), disabled: !on })
        : absent(`the channel is ${on ? 'disabled' : 'enabled'}`);
    },
  };
}

/** `hive:forwarding/v1`. */
export const forwardingActions: SchemaActions = {
  disable_channel: forwardingSwitch(false),
  enable_channel: forwardingSwitch(true),
  set_routing_hints: unsupported(
    'lightningd keeps no routing hints: it chooses them for each invoice when it is made',
  ),
};
