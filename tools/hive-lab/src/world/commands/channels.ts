import { isShortChannelId, type JsonObject } from '@cl-hive/core';
import { LabRpcError } from '../../contract/node.ts';
import { type Channel, isOpen, peerOf, sideOf } from '../channel.ts';
import { renderChannel, renderClosed } from '../channel-render.ts';
import type { LabNode } from '../lab-node.ts';
import {
  badParam,
  LIGHTNINGD,
  optionalFlag,
  optionalId,
  optionalInteger,
  optionalMsat,
  optionalText,
  requiredText,
} from '../params.ts';
import type { Policy } from '../policy.ts';
import type { CommandFamily, Services } from '../services.ts';
import { unknownChannel } from './closing.ts';

/** Seconds for which the terms before a `setchannel` stay good. */
const ENFORCE_DELAY_S = 600;

/** `listpeerchannels`, `listclosedchannels` and `setchannel`. */
export const channelCommands: CommandFamily = (services, node) => [
  {
    name: 'listpeerchannels',
    run: (params): JsonObject => {
      const id = optionalId(params, 'id');
      const scid = optionalText(params, 'short_channel_id');
      const channelId = optionalText(params, 'channel_id');
      if (scid !== undefined && !isShortChannelId(scid)) {
        throw badParam('short_channel_id', 'should be a short_channel_id', scid);
      }
      const channels = services.channels
        .ofNode(node.id)
        .filter(
          (channel) =>
            isOpen(channel) &&
            (id === undefined || peerOf(channel, node.id) === id) &&
            (scid === undefined || channel.scid === scid) &&
            (channelId === undefined || channel.channelId === channelId),
        )
        .map((channel) => show(services, node, channel));
      return { channels };
    },
  },
  {
    name: 'listclosedchannels',
    run: (params): JsonObject => {
      const id = optionalId(params, 'id');
      return {
        closedchannels: services.channels
          .ofNode(node.id)
          .filter((channel) => !isOpen(channel))
          .filter((channel) => id === undefined || peerOf(channel, node.id) === id)
          .map((channel) => renderClosed(channel, sideOf(channel, node.id))),
      };
    },
  },
  { name: 'setchannel', run: (params) => setChannel(services, node, params) },
];

function show(services: Services, node: LabNode, channel: Channel): JsonObject {
  const connected = services.connections.connected(node, peerOf(channel, node.id));
  return renderChannel(channel, sideOf(channel, node.id), {
    network: services.state.network,
    connected,
  });
}

function setChannel(services: Services, node: LabNode, params: JsonObject): JsonObject {
  const name = requiredText(params, 'id');
  const found =
    name === 'all'
      ? services.channels.ofNode(node.id).filter(isOpen)
      : services.channels.find(node.id, name.toLowerCase());
  if (found.length === 0 && name !== 'all') {
    throw unknownChannel(name);
  }
  const channels = found.filter((channel) =>
    ['CHANNELD_AWAITING_LOCKIN', 'CHANNELD_NORMAL', 'CHANNELD_AWAITING_SPLICE'].includes(
      services.channels.stateOf(channel, node.id),
    ),
  );
  if (channels.length === 0 && name !== 'all') {
    throw new LabRpcError(LIGHTNINGD, 'Could not find any active channels of peer with that id');
  }
  const base = optionalMsat(params, 'feebase');
  if (base !== undefined && base > 0xffff_ffffn) {
    throw badParam('feebase', 'should be at most 4294967295 msat', params['feebase']);
  }
  const delay = optionalInteger(params, 'enforcedelay', 0xffff_ffff) ?? ENFORCE_DELAY_S;
  const change: Change = {
    baseMsat: base === undefined ? undefined : Number(base),
    feePpm: optionalInteger(params, 'feeppm', 0xffff_ffff),
    htlcMinMsat: optionalMsat(params, 'htlcmin'),
    htlcMaxMsat: optionalMsat(params, 'htlcmax'),
    ignore: optionalFlag(params, 'ignorefeelimits'),
    formerUntilMs: services.state.clock.now() + delay * 1000,
  };
  return { channels: channels.map((channel) => apply(services, node, channel, change)) };
}

interface Change {
  readonly baseMsat: number | undefined;
  readonly feePpm: number | undefined;
  readonly htlcMinMsat: bigint | undefined;
  readonly htlcMaxMsat: bigint | undefined;
  readonly ignore: boolean | undefined;
  readonly formerUntilMs: number;
}

function apply(services: Services, node: LabNode, channel: Channel, change: Change): JsonObject {
  const side = channel.sides[sideOf(channel, node.id)];
  const most = channel.ledger.capacityMsat - side.reserveMsat;
  const tooHigh = change.htlcMaxMsat !== undefined && change.htlcMaxMsat > most;
  const policy: Policy = {
    baseMsat: change.baseMsat ?? side.policy.baseMsat,
    feePpm: change.feePpm ?? side.policy.feePpm,
    delay: side.policy.delay,
    htlcMinMsat: change.htlcMinMsat ?? side.policy.htlcMinMsat,
    htlcMaxMsat: tooHigh ? most : (change.htlcMaxMsat ?? side.policy.htlcMaxMsat),
  };
  side.former = { policy: side.policy, untilMs: change.formerUntilMs };
  side.policy = policy;
  side.ignoreFeeLimits = change.ignore ?? side.ignoreFeeLimits;
  services.life.publish(channel);
  return {
    peer_id: peerOf(channel, node.id),
    channel_id: channel.channelId,
    ...(channel.scid === undefined ? {} : { short_channel_id: channel.scid }),
    fee_base_msat: policy.baseMsat,
    fee_proportional_millionths: policy.feePpm,
    minimum_htlc_out_msat: policy.htlcMinMsat,
    maximum_htlc_out_msat: policy.htlcMaxMsat,
    ignore_fee_limits: side.ignoreFeeLimits,
    ...(tooHigh
      ? { warning_htlcmax_too_high: 'Set maximum_htlc_out_msat to maximum possible in channel' }
      : {}),
  };
}
