import type { JsonObject } from '@cl-hive/core';
import { LabRpcError } from '../../contract/node.ts';
import { renderFeerates } from '../chain/feerates.ts';
import { INIT_FEATURES } from '../connections.ts';
import type { LabNode } from '../lab-node.ts';
import { NODE_FEATURES } from '../network/render.ts';
import { badParam, missing, optionalInteger, requiredText } from '../params.ts';
import type { CommandFamily, Services } from '../services.ts';

/** The version that the lab answers as. */
const VERSION = 'v26.06.6';

/** lightningd's code of a wait that took too long. */
const TIMED_OUT = 2000;

/** `getinfo`, `feerates` and `waitblockheight`. */
export const infoCommands: CommandFamily = (services, node) => [
  { name: 'getinfo', run: () => getInfo(services, node) },
  {
    name: 'feerates',
    run: (params): JsonObject => {
      const style = requiredText(params, 'style');
      if (style !== 'perkb' && style !== 'perkw') {
        throw badParam('style', "should be 'perkb' or 'perkw'", style);
      }
      return renderFeerates(services.state.fees, style);
    },
  },
  {
    name: 'waitblockheight',
    run: (params, call) => {
      const wanted = optionalInteger(params, 'blockheight', 0xffff_ffff);
      if (wanted === undefined) {
        throw missing('blockheight');
      }
      const timeout = optionalInteger(params, 'timeout', 0xffff_ffff) ?? 60;
      return waitHeight(services, wanted, timeout, call.signal);
    },
  },
];

function getInfo(services: Services, node: LabNode): JsonObject {
  const { state, channels } = services;
  const counts = channels.count(node.id);
  return {
    id: node.id,
    alias: node.spec.alias,
    color: node.id.slice(0, 6),
    num_peers: [...node.peers.values()].filter(
      (peer) => peer.state === 'connected' || channels.openBetween(node.id, peer.id).length > 0,
    ).length,
    num_pending_channels: counts.pending,
    num_active_channels: counts.active,
    num_inactive_channels: counts.inactive,
    address: [],
    binding: [{ type: 'ipv4', address: node.spec.address.host, port: node.spec.address.port }],
    version: VERSION,
    blockheight: state.chain.height,
    network: state.network,
    fees_collected_msat: node.feesCollectedMsat,
    'lightning-dir': node.spec.lightningDir,
    our_features: {
      init: INIT_FEATURES,
      node: NODE_FEATURES,
      channel: '',
      invoice: '02000002024100',
    },
  };
}

async function waitHeight(
  services: Services,
  wanted: number,
  timeoutSeconds: number,
  signal: AbortSignal,
): Promise<JsonObject> {
  const { chain, clock } = services.state;
  await services.waits.until(
    () => chain.height >= wanted,
    clock,
    timeoutSeconds * 1000,
    signal,
    () => new LabRpcError(TIMED_OUT, 'Timed out.'),
  );
  return { blockheight: chain.height };
}
