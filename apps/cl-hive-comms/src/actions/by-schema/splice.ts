import { type RpcClient, splicein, spliceout } from '@cl-hive/cln-rpc';
import { type JsonObject, type Msat, satToMsat } from '@cl-hive/core';
import {
  BASE_WEIGHT,
  DUST_SLACK_SAT,
  feeOf,
  feeratePerKw,
  INPUT_WEIGHT,
} from '@cl-hive/runtime/node';
import {
  type ActionContext,
  type Attempt,
  absent,
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
import { loadChannels, type NodeChannel } from '../channel-view.ts';
import { PEER_MS, SETTLE_MS, SPLICE_INPUTS_MAX } from '../limits.ts';
import { amountOf, numberOf, optionalText, textOf, textsOf } from '../params.ts';

type Way = 'in' | 'out';

/** lightningd chooses the coins and the feerate of a splice itself: the bound covers both. */
async function spliceFee(rpc: RpcClient, way: Way): Promise<Msat | undefined> {
  const perKw = await feeratePerKw(rpc, 'urgent');
  const inputs = way === 'in' ? SPLICE_INPUTS_MAX : 2;
  return perKw === undefined
    ? undefined
    : satToMsat(feeOf(BASE_WEIGHT + inputs * INPUT_WEIGHT, perKw * 2) + DUST_SLACK_SAT);
}

function inflightsOf({ row }: NodeChannel): readonly string[] {
  return (row.inflight ?? []).map(({ funding_txid: txid }) => txid);
}

function shown({ id, row, totalMsat }: NodeChannel): JsonObject {
  return {
    channel_id: id,
    state: row.state,
    total_msat: totalMsat,
    funding_txid: row.funding_txid ?? null,
    inflight: [...(row.inflight ?? [])].map((one) => ({
      funding_txid: one.funding_txid,
      total_funding_msat: one.total_funding_msat,
    })),
  };
}

async function plan({ rpc }: ActionContext, params: JsonObject): Promise<Plan> {
  const name = textOf(params, 'channel_id');
  const channel = (await loadChannels(rpc)).find(name);
  if (channel?.row.state !== 'CHANNELD_NORMAL') {
    return fail(`${name} is in no state to be spliced: ${channel?.row.state ?? 'not known'}`);
  }
  return go({
    channel_id: channel.id,
    before: [channel.row.funding_txid ?? '', ...inflightsOf(channel)],
    total_msat: String(channel.totalMsat),
  });
}

/** The change of capacity of a splice, as it would be and as it is. */
function matches(way: Way, amountMsat: bigint, changeMsat: bigint): boolean {
  return way === 'in' ? changeMsat === amountMsat : changeMsat <= -amountMsat;
}

async function look(
  { rpc }: ActionContext,
  { command, intent, marker }: Attempt,
  way: Way,
): Promise<Look> {
  const channel = (await loadChannels(rpc)).find(textOf(marker, 'channel_id'));
  if (channel === undefined) {
    return pending('the channel is gone, and with it what would tell');
  }
  const before = new Set(textsOf(marker['before']));
  const totalMsat = amountOf(marker, 'total_msat');
  const amountMsat = satToMsat(numberOf(command.params, 'amount_sats'));
  const added = (channel.row.inflight ?? [])
    .filter(({ funding_txid: txid }) => !before.has(txid))
    .map((one) => ({ txid: one.funding_txid, totalMsat: one.total_funding_msat as bigint }));
  const present = channel.row.funding_txid;
  const locked =
    present === undefined || before.has(present)
      ? []
      : [{ txid: present, totalMsat: channel.totalMsat }];
  const found = [...added, ...locked].find((one) =>
    matches(way, amountMsat, one.totalMsat - totalMsat),
  );
  if (found === undefined) {
    return channel.row.state === 'CHANNELD_AWAITING_SPLICE'
      ? pending('the channel is being spliced')
      : absent('the channel was not spliced');
  }
  // Going out, the fee is what the channel lost besides; going in, only its bound is known.
  const leftMsat = way === 'out' ? totalMsat - found.totalMsat : amountMsat + intent.facts.feeMsat;
  return there({ channel_id: channel.id, txid: found.txid }, leftMsat);
}

async function perform(
  context: ActionContext,
  attempt: Attempt,
  way: Way,
): Promise<ReturnType<typeof done>> {
  const { command, marker, intent } = attempt;
  const { params } = command;
  const channel = textOf(marker, 'channel_id');
  const sat = numberOf(params, 'amount_sats');
  const destination = optionalText(params, 'destination');
  const options = { timeoutMs: PEER_MS };
  const request = { channel, amount: String(sat) };
  const { txid } =
    way === 'in'
      ? await context.rpc.call(splicein, request, options)
      : await context.rpc.call(
          spliceout,
          { ...request, ...(destination === undefined ? {} : { destination }) },
          options,
        );
  const seen = await look(context, attempt, way).catch(() => undefined);
  const bound = satToMsat(sat) + intent.facts.feeMsat;
  return done(
    { channel_id: channel, txid: txid ?? null },
    seen?.kind === 'there' ? seen.leftMsat : bound,
  );
}

function splices(way: Way): EffectAction {
  return {
    kind: 'effect',
    settleMs: SETTLE_MS.peer,
    facts: async ({ rpc }, { params }) => {
      const view = await loadChannels(rpc);
      const feeMsat = await spliceFee(rpc, way);
      const names = [textOf(params, 'channel_id')];
      return feeMsat === undefined
        ? view.facts(names, { amountMsat: undefined })
        : view.facts(names, { amountMsat: satToMsat(numberOf(params, 'amount_sats')), feeMsat });
    },
    state: async ({ rpc }, { params }) => {
      const channel = (await loadChannels(rpc)).find(textOf(params, 'channel_id'));
      return { channel: channel === undefined ? null : shown(channel) };
    },
    plan: (context, { params }) => plan(context, params),
    perform: (context, attempt) => perform(context, attempt, way),
    look: (context, attempt) => look(context, attempt, way),
  };
}

/** `hive:splice/v1`. */
export const spliceActions: SchemaActions = {
  splice_in: splices('in'),
  splice_out: splices('out'),
};
