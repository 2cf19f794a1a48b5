import { bytesToHex } from '@cl-hive/core';
import { LabRpcError } from '../contract/node.ts';
import type { ChainMove, ChannelMove } from './books.ts';
import { renderChainMove, renderChannelMove, renderMovement } from './books.ts';
import { networkPrefix } from './chain/address.ts';
import type { Block } from './chain/chain.ts';
import { feeFor } from './chain/feerates.ts';
import { makeTransaction, type Transaction, type TxOutput } from './chain/transaction.ts';
import type { LabNode } from './lab-node.ts';
import { badParam, INVALID_PARAMS } from './params.ts';
import type { WorldState } from './state.ts';
import type { Row } from './table.ts';
import { selectAll, selectCoins, type WalletOutput } from './wallet.ts';

/** lightningd's codes of funding. */
const CANNOT_AFFORD = 301;
const EMERGENCY = 313;

/** What stays in the wallet of a node with anchor channels (`min-emergency-msat`). */
export const EMERGENCY_SAT = 25_000n;

/** Blocks that coins are set aside for while a transaction is made. */
export const RESERVE_BLOCKS = 72;

/** What a transaction is to pay. */
export interface Spending {
  readonly outputs: readonly TxOutput[];
  /** Index of the output that takes all there is; its amount is replaced. */
  readonly takesAll?: number;
  readonly perKw: number;
  readonly minconf: number;
  /** Only these outputs, as `TXID:VOUT`. */
  readonly utxos?: readonly string[];
  /** Keep {@link EMERGENCY_SAT} in the wallet. */
  readonly keepReserve: boolean;
}

/** The on-chain side of all nodes: makes their transactions and follows what is mined. */
export class Treasury {
  readonly #state: WorldState;
  #grants = 0;

  constructor(state: WorldState) {
    this.#state = state;
    state.chain.onBlock((block) => this.#mined(block));
  }

  /** Pays a node from nowhere, as mining would; mined with the next block. */
  grant(node: LabNode, sat: bigint, outputs: number): void {
    this.#grants += 1;
    const source = bytesToHex(this.#state.draws.at('grant', this.#grants));
    const transaction = makeTransaction(
      [{ txid: source, vout: 0 }],
      Array.from({ length: outputs }, () => ({ sat, script: node.wallet.newKey('p2tr').p2tr })),
      0,
    );
    this.#state.chain.submit(transaction);
  }

  /** Makes and submits a transaction from a node's wallet. Throws LabRpcError 301 or 313. */
  spend(node: LabNode, spending: Spending): Transaction {
    const transaction = this.draft(node, spending);
    this.submit(transaction);
    return transaction;
  }

  /** Makes a transaction from a node's wallet, no more. Throws LabRpcError 301 or 313. */
  draft(node: LabNode, spending: Spending): Transaction {
    const { chain } = this.#state;
    const candidates = this.candidates(node, spending);
    const { inputs, outputs } =
      spending.takesAll === undefined
        ? planExact(node, candidates, spending, chain.height)
        : planAll(node, candidates, spending, spending.takesAll);
    return makeTransaction(inputs, outputs, chain.height);
  }

  /** Sets the inputs of a draft aside for {@link RESERVE_BLOCKS}, or frees them. */
  reserve(node: LabNode, draft: Transaction, on: boolean): void {
    for (const { txid, vout } of draft.inputs) {
      const output = node.wallet.find(txid, vout);
      if (output !== undefined) {
        output.reservedTo = on ? this.#state.chain.height + RESERVE_BLOCKS : 0;
      }
    }
  }

  /** The outputs that a transaction may take. */
  candidates(node: LabNode, spending: Pick<Spending, 'utxos' | 'minconf'>): WalletOutput[] {
    const { height } = this.#state.chain;
    const all = node.wallet.available(height, spending.minconf);
    if (spending.utxos === undefined) {
      return all;
    }
    return [...new Set(spending.utxos)].map((name) => {
      const found = all.find((output) => `${output.txid}:${output.vout}` === name);
      if (found === undefined) {
        throw badParam('utxos', 'unknown or unavailable UTXO', name);
      }
      return found;
    });
  }

  /** Sends a transaction to the chain; what nodes spend and get back by it is theirs at once. */
  submit(transaction: Transaction): void {
    if (!this.#state.chain.submit(transaction)) {
      throw new LabRpcError(-1, 'Error broadcasting transaction: bad-txns-inputs-missingorspent');
    }
    for (const node of this.#state.nodes.values()) {
      const spends = transaction.inputs.flatMap(
        ({ txid, vout }) => node.wallet.find(txid, vout) ?? [],
      );
      for (const output of spends) {
        output.spentBy = transaction.txid;
      }
      if (spends.length > 0) {
        takeOutputs(node, transaction, undefined);
      }
    }
  }

  /** The fee rate that a parameter asks for, in sat/kw: a name, `Nperkw`, `Nperkb` or `Nblocks`. */
  feeRate(value: unknown, fallbackBlocks: number): number {
    const fees = this.#state.fees;
    if (value === undefined || value === null) {
      return feeFor(fees, fallbackBlocks);
    }
    const text =
      typeof value === 'string' ? value : typeof value === 'number' ? `${value}perkb` : '';
    const named = { slow: 100, normal: 12, urgent: 6, opening: 12, minimum: 100 }[text];
    if (named !== undefined) {
      return feeFor(fees, named);
    }
    const match = /^(\d{1,9})(perkw|perkb|blocks)?$/.exec(text);
    if (match === null) {
      throw badParam('feerate', 'should be a feerate', value);
    }
    const number = Number(match[1]);
    return match[2] === 'blocks'
      ? feeFor(fees, number)
      : Math.max(fees.floorPerKw, match[2] === 'perkw' ? number : Math.floor(number / 4));
  }

  /** Books a move on the chain and tells the node's plugins. */
  bookChain(node: LabNode, move: Omit<ChainMove, keyof Row | 'timestamp' | 'blockheight'>): void {
    const booked = node.books.chain.add((row) => ({
      ...row,
      ...move,
      timestamp: this.#state.now(),
      blockheight: this.#state.chain.height,
    }));
    node.notify(
      'coin_movement',
      renderMovement('chain_mvt', this.#frame(node), renderChainMove(booked)),
    );
  }

  /** Books a move in a channel and tells the node's plugins. */
  bookChannel(node: LabNode, move: Omit<ChannelMove, keyof Row | 'timestamp'>): void {
    const booked = node.books.channels.add((row) => ({
      ...row,
      ...move,
      timestamp: this.#state.now(),
    }));
    node.notify(
      'coin_movement',
      renderMovement('channel_mvt', this.#frame(node), renderChannelMove(booked)),
    );
  }

  #frame(node: LabNode): { nodeId: string; coinType: string } {
    return { nodeId: node.id, coinType: networkPrefix(this.#state.network) };
  }

  #mined(block: Block): void {
    for (const transaction of block.transactions) {
      for (const node of this.#state.nodes.values()) {
        this.#follow(node, transaction, block.height);
      }
    }
  }

  #follow(node: LabNode, transaction: Transaction, height: number): void {
    for (const { txid, vout } of transaction.inputs) {
      const spent = node.wallet.find(txid, vout);
      if (spent !== undefined) {
        this.bookChain(node, {
          account: 'wallet',
          credit: 0n,
          debit: spent.sat * 1000n,
          tag: 'withdrawal',
          extraTags: [],
          utxo: `${txid}:${vout}`,
          spendingTxid: transaction.txid,
          outputMsat: spent.sat * 1000n,
        });
      }
    }
    for (const output of takeOutputs(node, transaction, height)) {
      this.bookChain(node, {
        account: 'wallet',
        credit: output.sat * 1000n,
        debit: 0n,
        tag: 'deposit',
        extraTags: [],
        utxo: `${output.txid}:${output.vout}`,
        outputMsat: output.sat * 1000n,
      });
    }
  }
}

/** Adds the outputs of a transaction that are a node's, or notes where they were mined. */
function takeOutputs(
  node: LabNode,
  transaction: Transaction,
  height: number | undefined,
): WalletOutput[] {
  return transaction.outputs.flatMap(({ sat, script }, vout) => {
    if (!node.wallet.owns(script)) {
      return [];
    }
    const known = node.wallet.find(transaction.txid, vout);
    if (known !== undefined) {
      known.height = height;
      return known;
    }
    const { txid } = transaction;
    const output = { txid, vout, sat, script, height, spentBy: undefined, reservedTo: 0 };
    node.wallet.outputs.push(output);
    return output;
  });
}

interface Planned {
  readonly inputs: readonly WalletOutput[];
  readonly outputs: readonly TxOutput[];
}

function planExact(
  node: LabNode,
  candidates: readonly WalletOutput[],
  spending: Spending,
  height: number,
): Planned {
  const sat = spending.outputs.reduce((sum, output) => sum + output.sat, 0n);
  const selected = selectCoins(candidates, sat, spending.outputs.length, spending.perKw);
  if ('shortSat' in selected) {
    throw new LabRpcError(
      CANNOT_AFFORD,
      `Could not afford ${sat}sat using all ${candidates.length} available UTXOs: ${selected.shortSat}sat short`,
    );
  }
  const kept = node.wallet
    .available(height, 0)
    .filter((output) => !selected.inputs.includes(output))
    .reduce((sum, output) => sum + output.sat, selected.changeSat);
  if (spending.keepReserve && kept < EMERGENCY_SAT) {
    throw new LabRpcError(
      EMERGENCY,
      `We would not have enough left for min-emergency-msat ${EMERGENCY_SAT}sat`,
    );
  }
  const change =
    selected.changeSat === 0n
      ? []
      : [{ sat: selected.changeSat, script: node.wallet.newKey(undefined).p2tr }];
  return {
    inputs: selected.inputs,
    outputs: [...spending.outputs, ...change],
  };
}

function planAll(
  node: LabNode,
  candidates: readonly WalletOutput[],
  spending: Spending,
  takesAll: number,
): Planned {
  const kept = spending.keepReserve ? EMERGENCY_SAT : 0n;
  const count = spending.outputs.length + (spending.keepReserve ? 1 : 0);
  const all = selectAll(candidates, count, spending.perKw);
  const others = spending.outputs.reduce(
    (sum, output, index) => (index === takesAll ? sum : sum + output.sat),
    kept,
  );
  const left = all.leftSat - others;
  if (left <= 0n) {
    throw new LabRpcError(
      CANNOT_AFFORD,
      `Could not afford all using all ${candidates.length} available UTXOs: ${1n - left}sat short`,
    );
  }
  const outputs = spending.outputs.map((output, index) =>
    index === takesAll ? { ...output, sat: left } : output,
  );
  return {
    inputs: all.inputs,
    outputs:
      kept === 0n
        ? outputs
        : [...outputs, { sat: kept, script: node.wallet.newKey(undefined).p2tr }],
  };
}

/** The error of an output that nobody would relay. */
export function dustError(name: string, token: string): LabRpcError {
  return new LabRpcError(INVALID_PARAMS, `${name}: output would be dust: invalid token '${token}'`);
}
