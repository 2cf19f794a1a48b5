import { isShortChannelId, type JsonObject } from '@cl-hive/core';
import { type CallContext, LabRpcError } from '../../contract/node.ts';
import { addressToScript } from '../chain/address.ts';
import type { Transaction } from '../chain/transaction.ts';
import { type Channel, isUsable, peerOf, sideOf } from '../channel.ts';
import type { LabNode } from '../lab-node.ts';
import { badParam, LIGHTNINGD, optionalInteger, optionalText, requiredText } from '../params.ts';
import type { CommandFamily, Services } from '../services.ts';

/** Seconds after which a close that the peer does not answer is forced: two days. */
const UNILATERAL_AFTER_S = 172_800;

/** `close`. */
export const closingCommands: CommandFamily = (services, node) => [
  { name: 'close', run: (params, call) => close(services, node, params, call) },
];

/** The one channel that a command means. Throws LabRpcError when there is none, or more than one. */
export function oneChannel({ channels }: Services, node: LabNode, name: string): Channel {
  const named = channels.find(node.id, name.toLowerCase());
  if (named.length === 0) {
    throw unknownChannel(name);
  }
  const [channel, second] = named.filter(
    (one) => !['FUNDING_SPEND_SEEN', 'ONCHAIN'].includes(channels.stateOf(one, node.id)),
  );
  if (channel === undefined) {
    throw new LabRpcError(LIGHTNINGD, `Short channel ID not active: '${name}'`);
  }
  if (second !== undefined) {
    throw new LabRpcError(
      LIGHTNINGD,
      'Peer has multiple channels: use channel_id or short_channel_id',
    );
  }
  return channel;
}

/** lightningd's answer about a channel that is not there, by what the name looks like. */
export function unknownChannel(name: string): LabRpcError {
  const looksLikeId = /^[0-9a-f]{64}$/i.test(name);
  const reason = looksLikeId
    ? 'Channel id not found'
    : 'should be a channel ID or short channel ID';
  return badParam('id', isShortChannelId(name) ? 'Short channel id not found' : reason, name);
}

async function close(
  services: Services,
  node: LabNode,
  params: JsonObject,
  call: CallContext,
): Promise<JsonObject> {
  const channel = oneChannel(services, node, requiredText(params, 'id'));
  const side = sideOf(channel, node.id);
  const timeout = optionalInteger(params, 'unilateraltimeout', 0xffff_ffff) ?? UNILATERAL_AFTER_S;
  const destination = optionalText(params, 'destination');
  if (destination !== undefined) {
    const script = addressToScript(destination, services.state.network);
    if (script === undefined) {
      throw badParam('destination', 'should be a Bitcoin address', destination);
    }
    channel.sides[side].closeTo = script;
  }
  const state = services.channels.stateOf(channel, node.id);
  if (
    channel.inflight !== undefined ||
    (!isUsable(channel) &&
      state !== 'CHANNELD_AWAITING_LOCKIN' &&
      state !== 'CHANNELD_SHUTTING_DOWN')
  ) {
    throw new LabRpcError(LIGHTNINGD, `Channel is in state ${state}`);
  }
  services.closer.shutDown(channel);
  const { life, closer, waits, state: world } = services;
  if (!life.connected(channel)) {
    call.message(
      'info',
      `peer is offline, will negotiate once they reconnect${timeout === 0 ? '' : ` (${timeout} seconds before unilateral close)`}.`,
    );
  }
  const ready = (): boolean =>
    channel.closing !== undefined || (life.connected(channel) && channel.ledger.htlcs.length === 0);
  try {
    const limit = timeout === 0 ? undefined : timeout * 1000;
    await waits.until(ready, world.clock, limit, call.signal, () => new TooLong());
  } catch (error) {
    if (!(error instanceof TooLong) || call.signal.aborted) {
      throw new LabRpcError(LIGHTNINGD, 'The close goes on without its caller');
    }
    call.message('info', 'Timed out, forcing close.');
    services.payments.failStuck(channel);
    return answer(closer.unilateral(channel, side), 'unilateral');
  }
  if (channel.closing !== undefined) {
    const other = peerOf(channel, node.id);
    throw new LabRpcError(LIGHTNINGD, `Channel was closed by ${other} meanwhile`);
  }
  call.message('info', `Sending closing fee offer, with range 151sat-1735sat`);
  return answer(closer.mutual(channel, side), 'mutual');
}

/** The time for a mutual close is over. */
class TooLong extends Error {}

function answer(transaction: Transaction, type: 'mutual' | 'unilateral'): JsonObject {
  return { txs: [transaction.hex], txids: [transaction.txid], type };
}
