import type { JsonObject } from '@cl-hive/core';
import { type ChainMove, renderChainMove, renderChannelMove } from '../books.ts';
import { networkPrefix } from '../chain/address.ts';
import { type Channel, isOpen, peerOf, sideOf } from '../channel.ts';
import type { LabNode } from '../lab-node.ts';
import { optionalInteger } from '../params.ts';
import type { CommandFamily, Services } from '../services.ts';

/** `listchainmoves`, `listchannelmoves` and the summaries of the bookkeeper. */
export const bookCommands: CommandFamily = (services, node) => [
  {
    name: 'listchainmoves',
    run: (params): JsonObject => ({
      chainmoves: node.books.chain.page(params).map(renderChainMove),
    }),
  },
  {
    name: 'listchannelmoves',
    run: (params): JsonObject => ({
      channelmoves: node.books.channels.page(params).map(renderChannelMove),
    }),
  },
  { name: 'bkpr-listbalances', run: () => ({ accounts: listBalances(services, node) }) },
  {
    name: 'bkpr-listincome',
    run: (params): JsonObject => {
      const start = optionalInteger(params, 'start_time') ?? 0;
      const end = optionalInteger(params, 'end_time') ?? 0xffff_ffff;
      const events = listIncome(services, node).filter(
        ({ timestamp }) => timestamp >= start && timestamp < end,
      );
      return { income_events: events.map((event): JsonObject => ({ ...event })) };
    },
  },
  { name: 'bkpr-channelsapy', run: () => ({ channels_apy: listApy(services, node) }) },
];

function balanceOf(node: LabNode, account: string): bigint {
  const sum = (total: bigint, move: { credit: bigint; debit: bigint }): bigint =>
    total + move.credit - move.debit;
  return [...node.books.chain.rows, ...node.books.channels.rows]
    .filter((move) => move.account === account)
    .reduce(sum, 0n);
}

function listBalances({ state, channels }: Services, node: LabNode): JsonObject[] {
  const balances = (account: string): JsonObject[] => [
    { balance_msat: balanceOf(node, account), coin_type: networkPrefix(state.network) },
  ];
  const booked = (channel: Channel): boolean =>
    node.books.chain.rows.some((move) => move.account === channel.channelId);
  return [
    { account: 'wallet', balances: balances('wallet') },
    ...channels
      .ofNode(node.id)
      .filter(booked)
      .map((channel) => ({
        account: channel.channelId,
        peer_id: peerOf(channel, node.id),
        we_opened: sideOf(channel, node.id) === 0,
        account_closed: channel.spentAt !== undefined,
        account_resolved: !isOpen(channel),
        balances: balances(channel.channelId),
      })),
  ];
}

interface Income {
  readonly account: string;
  readonly tag: string;
  readonly credit_msat: bigint;
  readonly debit_msat: bigint;
  readonly currency: string;
  readonly timestamp: number;
  readonly outpoint?: string;
  readonly txid?: string;
  readonly payment_id?: string;
}

/** What came in and went out for good: deposits, fees, invoices and routing; moves between own accounts cancel. */
function listIncome({ state }: Services, node: LabNode): Income[] {
  const currency = networkPrefix(state.network);
  const chain = node.books.chain.rows;
  const spent = new Set(chain.flatMap(({ spendingTxid }) => spendingTxid ?? []));
  const events: Income[] = chain
    .filter((move) => move.tag === 'deposit' && !spent.has(txidOf(move)))
    .map(({ credit, timestamp, utxo }) => ({
      account: 'wallet',
      tag: 'deposit',
      credit_msat: credit,
      debit_msat: 0n,
      currency,
      timestamp,
      outpoint: utxo,
    }));
  for (const txid of spent) {
    const lost = chain.reduce((sum, move) => {
      const out = move.spendingTxid === txid ? move.debit : 0n;
      return (
        sum + out - (txidOf(move) === txid && move.spendingTxid === undefined ? move.credit : 0n)
      );
    }, 0n);
    const first = chain.find((move) => move.spendingTxid === txid);
    if (lost !== 0n && first !== undefined) {
      const opened = chain.find((move) => txidOf(move) === txid && move.tag === 'channel_open');
      events.push({
        account: opened?.account ?? first.account,
        tag: 'onchain_fee',
        credit_msat: lost < 0n ? -lost : 0n,
        debit_msat: lost > 0n ? lost : 0n,
        currency,
        timestamp: first.timestamp,
        txid,
      });
    }
  }
  return [...events, ...channelIncome(node, currency)].sort((a, b) => a.timestamp - b.timestamp);
}

function channelIncome(node: LabNode, currency: string): Income[] {
  return node.books.channels.rows.flatMap((move) => {
    const common = {
      account: move.account,
      currency,
      timestamp: move.timestamp,
      ...(move.paymentHash === undefined ? {} : { payment_id: move.paymentHash }),
    };
    if (move.tag === 'routed') {
      // Both halves of a forward carry the fee; it is earned once.
      return move.credit > 0n
        ? [{ ...common, tag: 'routed', credit_msat: move.fees, debit_msat: 0n }]
        : [];
    }
    const fee = move.debit > 0n && move.tag === 'invoice' ? move.fees : 0n;
    return [
      { ...common, tag: move.tag, credit_msat: move.credit, debit_msat: move.debit - fee },
      ...(fee > 0n ? [{ ...common, tag: 'invoice_fee', credit_msat: 0n, debit_msat: fee }] : []),
    ];
  });
}

function txidOf(move: ChainMove): string {
  return move.utxo.slice(0, 64);
}

function percent(part: bigint, whole: bigint): string {
  return `${(whole === 0n ? 0 : Number((part * 1_000_000n) / whole) / 10_000).toFixed(4)}%`;
}

interface Totals {
  readonly out: bigint;
  readonly in: bigint;
  readonly pushedOut: bigint;
  readonly pushedIn: bigint;
  readonly ours: bigint;
  readonly all: bigint;
  readonly feesOut: bigint;
  readonly feesIn: bigint;
}

function listApy({ channels }: Services, node: LabNode): JsonObject[] {
  const rows = channels
    .ofNode(node.id)
    .filter((channel) => channel.scid !== undefined)
    .map((channel) => ({ account: channel.channelId, totals: totalsOf(node, channel) }));
  const net = rows.reduce<Totals>(
    (sum, { totals }) => ({
      out: sum.out + totals.out,
      in: sum.in + totals.in,
      pushedOut: sum.pushedOut + totals.pushedOut,
      pushedIn: sum.pushedIn + totals.pushedIn,
      ours: sum.ours + totals.ours,
      all: sum.all + totals.all,
      feesOut: sum.feesOut + totals.feesOut,
      feesIn: sum.feesIn + totals.feesIn,
    }),
    { out: 0n, in: 0n, pushedOut: 0n, pushedIn: 0n, ours: 0n, all: 0n, feesOut: 0n, feesIn: 0n },
  );
  return [...rows, { account: 'net', totals: net }].map(({ account, totals }) =>
    renderApy(account, totals),
  );
}

function totalsOf(node: LabNode, channel: Channel): Totals {
  const opened = sideOf(channel, node.id) === 0;
  const start = opened ? channel.openedMsat - channel.pushedMsat : channel.pushedMsat;
  const moves = node.books.channels.rows.filter(
    (move) => move.account === channel.channelId && move.tag !== 'pushed',
  );
  const sum = (pick: (move: (typeof moves)[number]) => bigint): bigint =>
    moves.reduce((total, move) => total + pick(move), 0n);
  const routedFees = (incoming: boolean): bigint =>
    sum((move) => (move.tag === 'routed' && move.credit > 0n === incoming ? move.fees : 0n));
  return {
    out: sum((move) => move.debit),
    in: sum((move) => move.credit),
    pushedOut: opened ? channel.pushedMsat : 0n,
    pushedIn: opened ? 0n : channel.pushedMsat,
    ours: start,
    all: channel.openedMsat,
    feesOut: routedFees(false),
    feesIn: routedFees(true),
  };
}

function renderApy(account: string, totals: Totals): JsonObject {
  const apyOut = percent(totals.feesOut, totals.ours);
  const apyTotal = percent(totals.feesOut + totals.feesIn, totals.all);
  return {
    account,
    routed_out_msat: totals.out,
    routed_in_msat: totals.in,
    lease_fee_paid_msat: 0,
    lease_fee_earned_msat: 0,
    pushed_out_msat: totals.pushedOut,
    pushed_in_msat: totals.pushedIn,
    our_start_balance_msat: totals.ours,
    channel_start_balance_msat: totals.all,
    fees_out_msat: totals.feesOut,
    fees_in_msat: totals.feesIn,
    utilization_out: percent(totals.out, totals.all),
    utilization_out_initial: percent(totals.out, totals.ours),
    utilization_in: percent(totals.in, totals.all),
    apy_out: apyOut,
    apy_out_initial: apyOut,
    apy_in: percent(totals.feesIn, totals.all - totals.ours),
    apy_total: apyTotal,
    apy_total_initial: apyTotal,
  };
}
