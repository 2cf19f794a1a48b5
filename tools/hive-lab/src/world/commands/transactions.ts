import { type JsonObject, stringifyJson } from '@cl-hive/core';
import { LabRpcError } from '../../contract/node.ts';
import { addressToScript } from '../chain/address.ts';
import { psbtOf } from '../chain/psbt.ts';
import type { Transaction } from '../chain/transaction.ts';
import { isOpen } from '../channel.ts';
import type { LabNode } from '../lab-node.ts';
import {
  badParam,
  LIGHTNINGD,
  missing,
  optionalInteger,
  optionalSat,
  requiredText,
} from '../params.ts';
import type { CommandFamily, Services } from '../services.ts';
import { dustError } from '../treasury.ts';
import { DUST_SAT } from '../wallet.ts';
import { utxosOf } from './wallet.ts';

/** `txprepare`, which sets its coins aside, and `txsend` or `txdiscard` after it. */
export const transactionCommands: CommandFamily = (services, node) => [
  { name: 'txprepare', run: (params) => prepare(services, node, params) },
  {
    name: 'txsend',
    run: (params): JsonObject => {
      const draft = take(node, params);
      services.treasury.reserve(node, draft, false);
      services.treasury.submit(draft);
      return { psbt: psbtOf(draft), tx: draft.hex, txid: draft.txid };
    },
  },
  {
    name: 'txdiscard',
    run: (params): JsonObject => {
      const draft = take(node, params);
      services.treasury.reserve(node, draft, false);
      return { unsigned_tx: draft.hex, txid: draft.txid };
    },
  },
];

function take(node: LabNode, params: JsonObject): Transaction {
  const txid = requiredText(params, 'txid');
  const draft = node.drafts.get(txid);
  if (draft === undefined) {
    throw new LabRpcError(LIGHTNINGD, `not an unreleased txid: ${txid}`);
  }
  node.drafts.delete(txid);
  return draft;
}

function prepare(services: Services, node: LabNode, params: JsonObject): JsonObject {
  const { outputs } = params;
  if (outputs === undefined) {
    throw missing('outputs');
  }
  if (!Array.isArray(outputs) || outputs.length === 0) {
    throw badParam('outputs', 'should be an array of outputs', outputs);
  }
  const entries = outputs.flatMap((output): [string, JsonObject][] =>
    typeof output === 'object' && output !== null && !Array.isArray(output)
      ? Object.keys(output).map((address) => [address, output as JsonObject])
      : [],
  );
  const paid = entries.map(([address, values]) => {
    const script = addressToScript(address, node.network);
    const all = values[address] === 'all';
    const sat = all ? 0n : optionalSat(values, address);
    if (script === undefined || sat === undefined) {
      throw badParam('outputs', 'should be an address and an amount', address);
    }
    if (!all && sat < DUST_SAT) {
      throw dustError('outputs', stringifyJson(values[address]));
    }
    return { all, output: { sat, script } };
  });
  const takesAll = paid.findIndex(({ all }) => all);
  const { treasury, channels } = services;
  const draft = treasury.draft(node, {
    outputs: paid.map(({ output }) => output),
    ...(takesAll === -1 ? {} : { takesAll }),
    perKw: treasury.feeRate(params['feerate'], 12),
    minconf: optionalInteger(params, 'minconf', 0xffff) ?? 1,
    ...utxosOf(params),
    keepReserve: channels.ofNode(node.id).some(isOpen),
  });
  treasury.reserve(node, draft, true);
  node.drafts.set(draft.txid, draft);
  return { psbt: psbtOf(draft), unsigned_tx: draft.hex, txid: draft.txid };
}
