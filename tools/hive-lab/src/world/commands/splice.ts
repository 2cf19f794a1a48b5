import type { JsonObject } from '@cl-hive/core';
import { LabRpcError } from '../../contract/node.ts';
import { addressToScript, witnessScript } from '../chain/address.ts';
import { psbtOf } from '../chain/psbt.ts';
import { makeTransaction, type Transaction } from '../chain/transaction.ts';
import { type Channel, sideOf, spendableBy } from '../channel.ts';
import { sha256 } from '../digest.ts';
import type { LabNode } from '../lab-node.ts';
import { badParam, missing, optionalSat, optionalText, requiredText } from '../params.ts';
import type { CommandFamily, Services } from '../services.ts';
import { DUST_SAT, selectCoins, transactionFee } from '../wallet.ts';
import { oneChannel } from './closing.ts';

/** lightningd's codes of splicing. */
const SPLICE_STATE = 354;
const SPLICE_FUNDS = 360;

/** `splicein` and `spliceout`: what they change counts once the new funding is mined. */
export const spliceCommands: CommandFamily = (services, node) => [
  { name: 'splicein', run: (params) => splice(services, node, params, 'in') },
  { name: 'spliceout', run: (params) => splice(services, node, params, 'out') },
];

function splice(
  services: Services,
  node: LabNode,
  params: JsonObject,
  way: 'in' | 'out',
): JsonObject {
  const channel = oneChannel(services, node, requiredText(params, 'channel'));
  const sat = optionalSat(params, 'amount');
  if (sat === undefined) {
    throw missing('amount');
  }
  const state = services.channels.stateOf(channel, node.id);
  if (state !== 'CHANNELD_NORMAL' || !services.life.connected(channel)) {
    throw new LabRpcError(SPLICE_STATE, `Channel cannot be spliced in state ${state}`);
  }
  if (sat < DUST_SAT) {
    throw badParam('amount', 'output would be dust', params['amount']);
  }
  const transaction =
    way === 'in'
      ? spliceIn(services, node, channel, sat)
      : spliceOut(services, node, channel, sat, params);
  const side = sideOf(channel, node.id);
  const capacityMsat = (transaction.outputs[0]?.sat ?? 0n) * 1000n;
  channel.inflight = {
    txid: transaction.txid,
    outnum: 0,
    capacityMsat,
    by: side,
    changeMsat: capacityMsat - channel.ledger.capacityMsat,
  };
  services.treasury.submit(transaction);
  services.life.move(
    channel,
    'CHANNELD_AWAITING_SPLICE',
    'user',
    'Splice sent',
    'CHANNELD_AWAITING_SPLICE:Channel ready for use. Waiting for splice to confirm.',
  );
  return { psbt: psbtOf(transaction), tx: transaction.hex, txid: transaction.txid };
}

function fundingScript(channel: Channel): string {
  return witnessScript(0, sha256('splice', channel.channelId, channel.fundingTxid));
}

function spliceIn(
  { state, treasury }: Services,
  node: LabNode,
  channel: Channel,
  sat: bigint,
): Transaction {
  const perKw = treasury.feeRate('urgent', 6);
  const candidates = treasury.candidates(node, { minconf: 1 });
  const selected = selectCoins(candidates, sat, 2, perKw);
  if ('shortSat' in selected) {
    throw new LabRpcError(
      301,
      `Could not afford ${sat}sat using all ${candidates.length} available UTXOs: ${selected.shortSat}sat short`,
    );
  }
  const change =
    selected.changeSat === 0n
      ? []
      : [{ sat: selected.changeSat, script: node.wallet.newKey(undefined).p2tr }];
  return makeTransaction(
    [{ txid: channel.fundingTxid, vout: channel.fundingOutnum }, ...selected.inputs],
    [{ sat: channel.ledger.capacityMsat / 1000n + sat, script: fundingScript(channel) }, ...change],
    state.chain.height,
  );
}

function spliceOut(
  { state, treasury }: Services,
  node: LabNode,
  channel: Channel,
  sat: bigint,
  params: JsonObject,
): Transaction {
  const feeSat = transactionFee(1, 2, treasury.feeRate('urgent', 6));
  if (spendableBy(channel, sideOf(channel, node.id)) < (sat + feeSat) * 1000n) {
    throw new LabRpcError(
      SPLICE_FUNDS,
      `Insufficient funds to splice out ${sat}sat and pay ${feeSat}sat of fees`,
    );
  }
  const destination = optionalText(params, 'destination');
  const script =
    destination === undefined
      ? node.wallet.newKey(undefined).p2tr
      : addressToScript(destination, state.network);
  if (script === undefined) {
    throw badParam('destination', 'should be a Bitcoin address', destination);
  }
  const rest = channel.ledger.capacityMsat / 1000n - sat - feeSat;
  return makeTransaction(
    [{ txid: channel.fundingTxid, vout: channel.fundingOutnum }],
    [
      { sat: rest, script: fundingScript(channel) },
      { sat, script },
    ],
    state.chain.height,
  );
}
