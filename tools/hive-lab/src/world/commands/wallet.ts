import type { JsonObject } from '@cl-hive/core';
import { addressToScript, scriptToAddress } from '../chain/address.ts';
import { psbtOf } from '../chain/psbt.ts';
import { type Channel, isOpen, sideOf } from '../channel.ts';
import type { LabNode } from '../lab-node.ts';
import {
  badParam,
  missing,
  optionalFlag,
  optionalInteger,
  optionalSat,
  optionalText,
  requiredText,
} from '../params.ts';
import type { CommandFamily, Services } from '../services.ts';
import { dustError } from '../treasury.ts';
import { DUST_SAT, type WalletKey, type WalletOutput } from '../wallet.ts';

/** `newaddr`, `listaddresses`, `listfunds` and `withdraw`. */
export const walletCommands: CommandFamily = (services, node) => [
  { name: 'newaddr', run: (params) => newAddress(node, params) },
  { name: 'listaddresses', run: (params) => listAddresses(node, params) },
  { name: 'listfunds', run: (params) => listFunds(services, node, params) },
  { name: 'withdraw', run: (params) => withdraw(services, node, params) },
];

function newAddress(node: LabNode, params: JsonObject): JsonObject {
  const kind = optionalText(params, 'addresstype') ?? 'p2tr';
  if (kind !== 'bech32' && kind !== 'p2tr' && kind !== 'all') {
    throw badParam('addresstype', "should be 'bech32', 'p2tr', or 'all'", kind);
  }
  return addresses(node, node.wallet.newKey(kind));
}

function addresses(node: LabNode, key: WalletKey): JsonObject {
  return {
    ...(key.shown === 'p2tr' ? {} : { bech32: scriptToAddress(key.p2wpkh, node.network) }),
    ...(key.shown === 'bech32' ? {} : { p2tr: scriptToAddress(key.p2tr, node.network) }),
  };
}

function listAddresses(node: LabNode, params: JsonObject): JsonObject {
  const wanted = optionalText(params, 'address');
  const start = optionalInteger(params, 'start') ?? 1;
  const limit = optionalInteger(params, 'limit');
  const found = node.wallet.keys
    .filter((key) => key.shown !== undefined && key.index >= start)
    .map((key): JsonObject => ({ keyidx: key.index, ...addresses(node, key) }))
    .filter((row) => wanted === undefined || row['bech32'] === wanted || row['p2tr'] === wanted);
  return { addresses: limit === undefined ? found : found.slice(0, limit) };
}

function listFunds(
  { state, channels, connections }: Services,
  node: LabNode,
  params: JsonObject,
): JsonObject {
  const withSpent = optionalFlag(params, 'spent') === true;
  const outputs = node.wallet.outputs
    .filter((output) => withSpent || output.spentBy === undefined)
    .map((output) => renderOutput(node, output, state.chain.height));
  return {
    outputs,
    channels: channels
      .ofNode(node.id)
      .filter(isOpen)
      .map((channel) => renderChannelFunds(node, channel, (id) => connections.connected(node, id))),
  };
}

function renderOutput(node: LabNode, output: WalletOutput, height: number): JsonObject {
  const reserved = output.reservedTo > height;
  return {
    txid: output.txid,
    output: output.vout,
    amount_msat: output.sat * 1000n,
    scriptpubkey: output.script,
    address: scriptToAddress(output.script, node.network),
    status:
      output.spentBy !== undefined
        ? 'spent'
        : output.height === undefined
          ? 'unconfirmed'
          : 'confirmed',
    ...(output.height === undefined ? {} : { blockheight: output.height }),
    reserved,
    ...(reserved ? { reserved_to_block: output.reservedTo } : {}),
  };
}

function renderChannelFunds(
  node: LabNode,
  channel: Channel,
  connected: (id: string) => boolean,
): JsonObject {
  const side = sideOf(channel, node.id);
  const peer = channel.sides[side === 0 ? 1 : 0].id;
  return {
    peer_id: peer,
    connected: connected(peer),
    state: channel.sides[side].state,
    channel_id: channel.channelId,
    ...(channel.scid === undefined ? {} : { short_channel_id: channel.scid }),
    our_amount_msat: channel.ledger.balances[side],
    amount_msat: channel.ledger.capacityMsat,
    funding_txid: channel.fundingTxid,
    funding_output: channel.fundingOutnum,
  };
}

function withdraw(
  { state, treasury, channels }: Services,
  node: LabNode,
  params: JsonObject,
): JsonObject {
  const destination = requiredText(params, 'destination');
  const script = addressToScript(destination, state.network);
  if (script === undefined) {
    throw badParam('destination', 'should be a Bitcoin address', destination);
  }
  const all = params['satoshi'] === 'all';
  const sat = all ? 0n : optionalSat(params, 'satoshi');
  if (sat === undefined) {
    throw missing('satoshi');
  }
  if (!all && sat < DUST_SAT) {
    throw dustError('satoshi', JSON.stringify(params['satoshi']));
  }
  const transaction = treasury.spend(node, {
    outputs: [{ sat, script }],
    ...(all ? { takesAll: 0 } : {}),
    perKw: treasury.feeRate(params['feerate'], 12),
    minconf: optionalInteger(params, 'minconf', 0xffff) ?? 1,
    ...utxosOf(params),
    keepReserve: channels.ofNode(node.id).some(isOpen),
  });
  return { tx: transaction.hex, txid: transaction.txid, psbt: psbtOf(transaction) };
}

/** The `utxos` parameter, where it is there. */
export function utxosOf(params: JsonObject): { utxos?: readonly string[] } {
  const { utxos } = params;
  if (utxos === undefined || utxos === null) {
    return {};
  }
  if (!Array.isArray(utxos) || !utxos.every((name) => typeof name === 'string')) {
    throw badParam('utxos', 'should be an array of TXID:VOUT', utxos);
  }
  return { utxos };
}
