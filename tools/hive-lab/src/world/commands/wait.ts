import type { JsonObject } from '@cl-hive/core';
import { type CallContext, LabRpcError } from '../../contract/node.ts';
import type { LabNode } from '../lab-node.ts';
import { badParam, LIGHTNINGD, missing, optionalInteger, requiredText } from '../params.ts';
import { invoiceStatus } from '../payments/invoice-render.ts';
import { type CommandFamily, type Services } from '../services.ts';
import { type Row, Table } from '../table.ts';
import { htlcState } from './payment-lists.ts';

type IndexName = 'created' | 'updated' | 'deleted';

/** `wait` on the indices of a node's lists; and `sql`, which the lab has not. */
export const waitCommands: CommandFamily = (services, node) => [
  { name: 'wait', run: (params, call) => wait(services, node, params, call) },
  {
    name: 'sql',
    run: (): JsonObject => {
      throw new LabRpcError(LIGHTNINGD, 'sql is not emulated: use the list commands');
    },
  },
];

interface Subsystem {
  readonly table: { readonly index: (name: IndexName) => number };
  /** What the row with an index looks like, short. */
  readonly describe: (index: (row: Row) => boolean) => JsonObject | undefined;
}

function subsystem<T extends Row>(table: Table<T>, describe: (row: T) => JsonObject): Subsystem {
  return {
    table,
    describe: (matches) => {
      const row = table.rows.find(matches);
      return row === undefined ? undefined : describe(row);
    },
  };
}

function subsystemsOf(node: LabNode, now: number): Readonly<Record<string, Subsystem>> {
  return {
    invoices: subsystem(node.invoices, (row) => ({
      status: invoiceStatus(row, now),
      label: row.label,
      ...(row.description === undefined ? {} : { description: row.description }),
      ...(row.bolt11 === undefined ? {} : { bolt11: row.bolt11 }),
      ...(row.bolt12 === undefined ? {} : { bolt12: row.bolt12 }),
    })),
    forwards: subsystem(node.forwards, (row) => ({
      status: row.status,
      in_channel: row.inChannel,
      in_htlc_id: row.inHtlcId,
      in_msat: row.inMsat,
      out_channel: row.outChannel,
    })),
    sendpays: subsystem(node.sendpays, (row) => ({
      status: row.status,
      partid: row.partId,
      groupid: row.groupId,
      payment_hash: row.paymentHash,
    })),
    htlcs: subsystem(node.htlcs, (row) => ({
      state: htlcState(row),
      htlc_id: row.id,
      short_channel_id: row.scid,
      cltv_expiry: row.expiry,
      amount_msat: row.amountMsat,
      direction: row.direction,
      payment_hash: row.paymentHash,
    })),
    chainmoves: subsystem(node.books.chain, ({ account, credit, debit }) => ({
      account,
      credit_msat: credit,
      debit_msat: debit,
    })),
    channelmoves: subsystem(node.books.channels, ({ account, credit, debit }) => ({
      account,
      credit_msat: credit,
      debit_msat: debit,
    })),
    networkevents: subsystem(new Table(), () => ({})),
  };
}

async function wait(
  { state, waits }: Services,
  node: LabNode,
  params: JsonObject,
  call: CallContext,
): Promise<JsonObject> {
  const name = requiredText(params, 'subsystem');
  const index = requiredText(params, 'indexname');
  const next = optionalInteger(params, 'nextvalue');
  const found = subsystemsOf(node, state.now())[name];
  if (found === undefined) {
    throw badParam('subsystem', 'unknown subsystem', name);
  }
  if (!isIndexName(index)) {
    throw badParam('indexname', 'unknown index', index);
  }
  if (next === undefined) {
    throw missing('nextvalue');
  }
  const { table } = found;
  const reached = table.index(index);
  if (next === 0 || reached >= next) {
    return { subsystem: name, [index]: reached };
  }
  await waits.until(
    () => table.index(index) >= next,
    state.clock,
    undefined,
    call.signal,
    () => new LabRpcError(LIGHTNINGD, 'the caller went'),
  );
  const value = table.index(index);
  const details = found.describe(
    (row) => (index === 'updated' ? row.updatedIndex : row.createdIndex) === value,
  );
  return {
    subsystem: name,
    [index]: value,
    ...(details === undefined || index === 'deleted' ? {} : { [name]: details }),
  };
}

function isIndexName(name: string): name is IndexName {
  return name === 'created' || name === 'updated' || name === 'deleted';
}
