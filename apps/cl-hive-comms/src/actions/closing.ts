import {
  close,
  type ListclosedchannelsClosedchannels,
  listclosedchannels,
  type RpcClient,
} from '@cl-hive/cln-rpc';
import type { JsonObject, JsonValue, Msat } from '@cl-hive/core';
import { certaintyOf, explain } from '@cl-hive/runtime/node';
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
  there,
} from './action.ts';
import {
  type ChannelView,
  isLive,
  isOwnAddress,
  loadChannels,
  type NodeChannel,
  sumOf,
} from './channel-view.ts';
import { ASK_MS, CHANGE_MS, CLOSE_MS, SETTLE_MS } from './limits.ts';
import { amountOf, objectsOf, optionalText, textOf } from './params.ts';

/** How channels are closed. */
export interface Closing {
  /** All that are live, or the one that `channel_id` names. */
  readonly all: boolean;
  /**
   * Seconds until it is forced; undefined for never: a cooperative close waits for its peer for ever,
   * and lightningd is told so (`unilateraltimeout` 0).
   */
  readonly forceAfterS: number | undefined;
}

/** States of a channel that closes by agreement and has no transaction yet. */
const NEGOTIATING: ReadonlySet<string> = new Set([
  'CHANNELD_SHUTTING_DOWN',
  'CLOSINGD_SIGEXCHANGE',
]);

/** States of a channel whose end is on its way into the chain. */
const ENDED: ReadonlySet<string> = new Set([
  'CLOSINGD_COMPLETE',
  'AWAITING_UNILATERAL',
  'FUNDING_SPEND_SEEN',
  'ONCHAIN',
]);

/** What a close is about: a cooperative one nothing that closes already, a forced one that as well. */
function targets(view: ChannelView, closing: Closing, params: JsonObject): readonly NodeChannel[] {
  const forced = closing.forceAfterS !== undefined;
  const closable = (channel: NodeChannel): boolean =>
    isLive(channel) || (forced && NEGOTIATING.has(channel.row.state));
  if (closing.all) {
    return view.all.filter(closable);
  }
  const channel = view.find(textOf(params, 'channel_id'));
  return channel !== undefined && closable(channel) ? [channel] : [];
}

/** What goes to somebody else: the balances, when the address is not the wallet's. */
async function leaves(
  rpc: RpcClient,
  channels: readonly NodeChannel[],
  params: JsonObject,
): Promise<Msat> {
  const destination = optionalText(params, 'destination');
  const foreign = destination !== undefined && !(await isOwnAddress(rpc, destination));
  return sumOf(foreign ? channels : [], ({ toUsMsat }) => toUsMsat);
}

async function plan({ rpc }: ActionContext, params: JsonObject, closing: Closing): Promise<Plan> {
  const view = await loadChannels(rpc);
  const channels = targets(view, closing, params);
  if (channels.length === 0) {
    const name = optionalText(params, 'channel_id');
    return fail(name === undefined ? 'there is no channel to close' : `${name} is not open`);
  }
  const foreign = (await leaves(rpc, channels, params)) > 0n;
  return go({
    foreign,
    channels: channels.map(({ id, toUsMsat }) => ({ id, to_us_msat: String(toUsMsat) })),
  });
}

/** What became of one channel. */
type Fate = { readonly kind: 'open' | 'negotiating' | 'ended'; readonly shown: JsonObject };

function fateOf(
  id: string,
  view: ChannelView,
  closed: readonly ListclosedchannelsClosedchannels[],
): Fate {
  const channel = view.find(id);
  const state = channel?.row.state;
  if (state === undefined) {
    const gone = closed.some(({ channel_id: other }) => other === id);
    const shown = { channel_id: id, state: gone ? 'closed' : 'unknown' };
    return { kind: 'ended', shown };
  }
  const kind = ENDED.has(state) ? 'ended' : NEGOTIATING.has(state) ? 'negotiating' : 'open';
  return { kind, shown: { channel_id: id, state } };
}

async function look({ rpc }: ActionContext, { marker }: Attempt, closing: Closing): Promise<Look> {
  const view = await loadChannels(rpc);
  const { closedchannels } = await rpc.call(listclosedchannels, {}, { timeoutMs: ASK_MS });
  const fates = objectsOf(marker['channels']).map((row) => ({
    ...fateOf(textOf(row, 'id'), view, closedchannels),
    toUsMsat: marker['foreign'] === true ? amountOf(row, 'to_us_msat') : 0n,
  }));
  const forced = closing.forceAfterS !== undefined;
  const closes = fates.filter(
    ({ kind }) => kind === 'ended' || (!forced && kind === 'negotiating'),
  );
  const result = { channels: fates.map(({ shown }) => shown) };
  const leftMsat = sumOf(closes, ({ toUsMsat }) => toUsMsat);
  if (closes.length === fates.length) {
    return there(result, leftMsat);
  }
  if (fates.some(({ kind }) => kind === 'negotiating')) {
    return pending('channels are being closed');
  }
  return closes.length === 0 ? absent('no channel closes') : { kind: 'partial', result, leftMsat };
}

/** Closes one channel; a cooperative close that outlasts its wait goes on by itself. */
async function closeOne(
  rpc: RpcClient,
  id: string,
  closing: Closing,
  destination: string | undefined,
): Promise<JsonObject> {
  const { forceAfterS } = closing;
  const answer = await rpc.call(
    close,
    {
      id,
      unilateraltimeout: forceAfterS ?? 0,
      ...(destination === undefined ? {} : { destination }),
    },
    { timeoutMs: forceAfterS === undefined ? CLOSE_MS : forceAfterS * 1000 + CHANGE_MS },
  );
  return { channel_id: id, type: answer.type, txids: [...(answer.txids ?? [])] };
}

async function perform(context: ActionContext, attempt: Attempt, closing: Closing): Promise<Done> {
  const ids = objectsOf(attempt.marker['channels']).map((row) => textOf(row, 'id'));
  const destination = optionalText(attempt.command.params, 'destination');
  const settled = await Promise.allSettled(
    ids.map((id) => closeOne(context.rpc, id, closing, destination)),
  );
  const errors = settled.flatMap((one) =>
    one.status === 'rejected' ? [one.reason as unknown] : [],
  );
  // One that may still be under way makes the whole a question to the node.
  const open = errors.find((error) => certaintyOf(error) === 'open');
  if (open !== undefined || errors.length === ids.length) {
    throw open ?? errors[0];
  }
  const channels: JsonValue[] = settled.map((one, index) =>
    one.status === 'fulfilled'
      ? one.value
      : { channel_id: ids[index] ?? '', error: explain(one.reason) },
  );
  const rows = objectsOf(attempt.marker['channels']);
  const gone = rows.filter((_, index) => settled[index]?.status === 'fulfilled');
  const foreign = attempt.marker['foreign'] === true;
  return done(
    { channels },
    sumOf(foreign ? gone : [], (row) => amountOf(row, 'to_us_msat')),
  );
}

/** An action that closes channels. */
export function closes(closing: Closing): EffectAction {
  return {
    kind: 'effect',
    settleMs: SETTLE_MS.peer,
    facts: async ({ rpc }, { params }) => {
      const view = await loadChannels(rpc);
      const channels = targets(view, closing, params);
      const names = closing.all ? channels.map(({ id }) => id) : [textOf(params, 'channel_id')];
      return view.facts(names, {
        amountMsat: await leaves(rpc, channels, params),
        closesMsat: sumOf(channels, ({ totalMsat }) => totalMsat),
      });
    },
    state: async ({ rpc }, { params }) => {
      const view = await loadChannels(rpc);
      const name = optionalText(params, 'channel_id');
      const shown = name === undefined ? view.all : [view.find(name)];
      return {
        channels: shown.map((one) =>
          one === undefined ? null : { channel_id: one.id, state: one.row.state },
        ),
      };
    },
    plan: (context, { params }) => plan(context, params, closing),
    perform: (context, attempt) => perform(context, attempt, closing),
    look: (context, attempt) => look(context, attempt, closing),
  };
}
