import {
  fundchannel,
  type ListpeerchannelsChannels,
  listclosedchannels,
  listpeerchannels,
  type RpcClient,
} from '@cl-hive/cln-rpc';
import { type JsonObject, msat, nodeId, satToMsat } from '@cl-hive/core';
import { feeBound, fundWithin } from '@cl-hive/runtime/node';
import {
  type ActionContext,
  type Attempt,
  absent,
  type Done,
  done,
  type EffectAction,
  fail,
  go,
  type Look,
  type Plan,
  pending,
  type SchemaActions,
  there,
} from '../action.ts';
import { loadChannels } from '../channel-view.ts';
import { closes } from '../closing.ts';
import { ASK_MS, FORCE_CLOSE_S, PEER_MS, SETTLE_MS } from '../limits.ts';
import { amountOf, numberOf, optionalNumber, textOf, textsOf } from '../params.ts';
import { readTransaction } from '../transaction.ts';

/** Where a channel is agreed with its peer, before its funding is sent. */
const OPENING: ReadonlySet<string> = new Set([
  'OPENINGD',
  'DUALOPEND_OPEN_INIT',
  'DUALOPEND_OPEN_COMMITTED',
  'DUALOPEND_OPEN_COMMIT_READY',
]);

const FEERATE = 'normal';

async function channelsWith(
  rpc: RpcClient,
  params: JsonObject,
): Promise<readonly ListpeerchannelsChannels[]> {
  const id = nodeId(textOf(params, 'peer_id'));
  const { channels } = await rpc.call(listpeerchannels, { id }, { timeoutMs: ASK_MS });
  return channels;
}

async function closedWith(rpc: RpcClient, params: JsonObject) {
  const id = nodeId(textOf(params, 'peer_id'));
  const { closedchannels } = await rpc.call(listclosedchannels, { id }, { timeoutMs: ASK_MS });
  return closedchannels;
}

/** fundchannel takes no label: its channel is one that was not there before. */
async function planOpen(
  { rpc }: ActionContext,
  params: JsonObject,
  reservedFeeMsat: bigint,
): Promise<Plan> {
  const sat = BigInt(numberOf(params, 'amount_sats'));
  const funding = await fundWithin(rpc, sat, FEERATE, reservedFeeMsat);
  if (typeof funding === 'string') {
    return fail(funding);
  }
  const channels = await channelsWith(rpc, params);
  if (channels.some(({ state }) => OPENING.has(state))) {
    return fail('a channel with this peer is being opened already');
  }
  const closed = await closedWith(rpc, params);
  const before = [...channels, ...closed].flatMap(({ channel_id: id }) => id ?? []);
  const { utxos, perKw, inputsSat, feeSat } = funding;
  return go({
    before,
    utxos,
    feerate: `${perKw}perkw`,
    inputs_sat: String(inputsSat),
    left_msat: String((sat + feeSat) * 1000n),
  });
}

async function performOpen({ rpc }: ActionContext, { command, marker }: Attempt): Promise<Done> {
  const { params } = command;
  const push = optionalNumber(params, 'push_msat');
  const opened = await rpc.call(
    fundchannel,
    {
      id: nodeId(textOf(params, 'peer_id')),
      amount: BigInt(numberOf(params, 'amount_sats')),
      feerate: textOf(marker, 'feerate'),
      utxos: textsOf(marker['utxos']),
      ...(push === undefined || push === 0 ? {} : { push_msat: msat(push) }),
    },
    { timeoutMs: PEER_MS },
  );
  const { outputsSat } = readTransaction(opened.tx);
  const feeSat = amountOf(marker, 'inputs_sat') - outputsSat;
  return done(
    { channel_id: opened.channel_id, funding_txid: opened.txid, outnum: opened.outnum },
    satToMsat(numberOf(params, 'amount_sats')) + feeSat * 1000n,
  );
}

async function lookForChannel({ rpc }: ActionContext, { command, marker }: Attempt): Promise<Look> {
  const before = new Set(textsOf(marker['before']));
  const amountMsat = satToMsat(numberOf(command.params, 'amount_sats'));
  const channels = await channelsWith(rpc, command.params);
  const added = channels.find(
    ({ channel_id: id, opener, state, total_msat: totalMsat }) =>
      id !== undefined &&
      !before.has(id) &&
      opener === 'local' &&
      totalMsat === amountMsat &&
      !OPENING.has(state),
  );
  if (added !== undefined) {
    return there(
      {
        channel_id: added.channel_id ?? null,
        funding_txid: added.funding_txid ?? null,
        outnum: added.funding_outnum ?? null,
      },
      amountOf(marker, 'left_msat'),
    );
  }
  if (channels.some(({ state }) => OPENING.has(state))) {
    return pending('the channel is being agreed with the peer');
  }
  const closed = (await closedWith(rpc, command.params)).find(
    ({ channel_id: id, opener, total_msat: totalMsat }) =>
      !before.has(id) && opener === 'local' && totalMsat === amountMsat,
  );
  return closed === undefined
    ? absent('there is no such channel')
    : there(
        { channel_id: closed.channel_id, funding_txid: closed.funding_txid, closed: true },
        amountOf(marker, 'left_msat'),
      );
}

const open: EffectAction = {
  kind: 'effect',
  settleMs: SETTLE_MS.peer,
  // All of it leaves the wallet, into a channel with a peer that the advisor chose.
  facts: async ({ rpc }, { params }) => {
    const amountMsat = satToMsat(numberOf(params, 'amount_sats'));
    const feeMsat = await feeBound(rpc, amountMsat / 1000n, FEERATE);
    const peers = [nodeId(textOf(params, 'peer_id'))];
    const view = await loadChannels(rpc);
    return feeMsat === undefined
      ? view.facts([], { peers, amountMsat: undefined })
      : view.facts([], { peers, amountMsat, feeMsat });
  },
  state: async ({ rpc }, { params }) => ({
    channels: (await channelsWith(rpc, params)).map(({ channel_id: id, state }) => ({
      channel_id: id ?? null,
      state,
    })),
  }),
  plan: (context, { params }, { facts }) => planOpen(context, params, facts.feeMsat),
  perform: performOpen,
  look: lookForChannel,
};

/** `hive:channel/v1`. */
export const channelActions: SchemaActions = {
  open,
  close_cooperative: closes({ all: false, forceAfterS: undefined }),
  close_force: closes({ all: false, forceAfterS: FORCE_CLOSE_S }),
  close_all: closes({ all: true, forceAfterS: undefined }),
};
