import type { JsonObject } from '@cl-hive/core';
import { type Row, Table } from './table.ts';

/** A change of what a node has on the chain; amounts in msat, one of credit and debit is 0. */
export interface ChainMove extends Row {
  readonly account: string;
  readonly credit: bigint;
  readonly debit: bigint;
  /** Unix seconds. */
  readonly timestamp: number;
  readonly tag: 'deposit' | 'withdrawal' | 'channel_open' | 'channel_close' | 'to_them';
  readonly extraTags: readonly string[];
  /** `TXID:OUTPUT`. */
  readonly utxo: string;
  readonly outputMsat: bigint;
  readonly blockheight: number;
  readonly peerId?: string;
  readonly spendingTxid?: string;
  readonly outputCount?: number;
}

/** A change of what a node has in a channel. */
export interface ChannelMove extends Row {
  readonly account: string;
  readonly credit: bigint;
  readonly debit: bigint;
  readonly timestamp: number;
  readonly tag: 'invoice' | 'routed' | 'pushed';
  readonly fees: bigint;
  readonly paymentHash?: string;
  readonly partId?: number;
  readonly groupId?: bigint;
}

/** All moves of one node, as its bookkeeper knows them. */
export class Books {
  readonly chain = new Table<ChainMove>();
  readonly channels = new Table<ChannelMove>();
}

/** A move as `listchainmoves` shows it. */
export function renderChainMove(move: ChainMove): JsonObject {
  return {
    created_index: move.createdIndex,
    account_id: move.account,
    credit_msat: move.credit,
    debit_msat: move.debit,
    timestamp: move.timestamp,
    primary_tag: move.tag,
    extra_tags: move.extraTags,
    utxo: move.utxo,
    ...(move.peerId === undefined ? {} : { peer_id: move.peerId }),
    ...(move.spendingTxid === undefined ? {} : { spending_txid: move.spendingTxid }),
    output_msat: move.outputMsat,
    ...(move.outputCount === undefined ? {} : { output_count: move.outputCount }),
    blockheight: move.blockheight,
  };
}

/** A move as `listchannelmoves` shows it. */
export function renderChannelMove(move: ChannelMove): JsonObject {
  return {
    created_index: move.createdIndex,
    account_id: move.account,
    credit_msat: move.credit,
    debit_msat: move.debit,
    timestamp: move.timestamp,
    primary_tag: move.tag,
    ...(move.paymentHash === undefined ? {} : { payment_hash: move.paymentHash }),
    ...(move.partId === undefined ? {} : { part_id: move.partId }),
    ...(move.groupId === undefined ? {} : { group_id: move.groupId }),
    fees_msat: move.fees,
  };
}

/** What goes into a coin movement besides the move. */
export interface MovementFrame {
  readonly nodeId: string;
  readonly coinType: string;
}

/** A move as the `coin_movement` notification carries it. */
export function renderMovement(
  kind: 'chain_mvt' | 'channel_mvt',
  frame: MovementFrame,
  move: JsonObject,
): JsonObject {
  return {
    version: 2,
    coin_type: frame.coinType,
    node_id: frame.nodeId,
    type: kind,
    ...(kind === 'channel_mvt' ? { extra_tags: [] } : {}),
    ...move,
  };
}
