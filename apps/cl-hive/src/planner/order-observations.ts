import { isNodeId } from '@cl-hive/core';
import type { NodeFacts, PlannerLogLine } from '@cl-hive/hive';
import type {
  ExecutableOrder,
  Observation,
  ObservedChannel,
  OrderBook,
} from '@cl-hive/planning-kernel';
import type { OpeningView } from '../openings/opening-desk.ts';
import type { OrderSeen } from './store/order-rows.ts';

/** What a desk's word means for the book. */
export function observations(
  view: OpeningView,
  order: ExecutableOrder,
  next: () => number,
): readonly OrderSeen[] {
  const { clientOrderId } = order;
  const submitted: OrderSeen = { kind: 'submitted', clientOrderId, order, at: next() };
  switch (view.state) {
    case 'opening':
    case 'unknown':
      return [submitted];
    case 'done':
      return [
        {
          kind: 'done',
          clientOrderId,
          txid: view.outpoint?.split(':')[0] ?? null,
          channelId: view.channelId ?? null,
        },
      ];
    case 'failed':
    case 'refused':
    case 'given_up':
      return [{ kind: 'failed', clientOrderId, error: view.reason?.code ?? view.state }];
    case 'cancelled':
    case 'rejected':
    case 'expired':
      return [{ kind: 'cancelled', clientOrderId }];
    case 'proposed':
    case 'waiting':
    case 'allowed':
      return [];
  }
}

/** What the desk took back is withdrawn in the book too. */
export function withdrawnWhere(book: OrderBook, seen: readonly Observation[]): OrderBook {
  const ids = new Set(seen.flatMap((o) => (o.kind === 'cancelled' ? [o.clientOrderId] : [])));
  return ids.size === 0
    ? book
    : {
        ...book,
        entries: book.entries.map((entry) =>
          entry.status === 'waiting' && ids.has(entry.order.clientOrderId)
            ? { ...entry, status: 'withdrawn' }
            : entry,
        ),
      };
}

/** A channel as the book's ledger takes it. */
export function observed(channel: NodeFacts['channels'][number]): readonly ObservedChannel[] {
  const { channel_id, peer_id, state, total_msat, funding_txid, opener } = channel;
  return channel_id === undefined || !isNodeId(peer_id)
    ? []
    : [
        {
          channelId: channel_id,
          peer: peer_id,
          state,
          totalSat: Number((total_msat ?? 0n) / 1000n),
          fundingTxid: funding_txid ?? '',
          opener: opener === 'local' ? 'local' : 'remote',
        },
      ];
}

const RESULTS = {
  proposed: 'proposed',
  waiting: 'submitted',
  opening: 'submitted',
  allowed: 'info',
  unknown: 'info',
  done: 'success',
  failed: 'failed',
  refused: 'failed',
  given_up: 'failed',
  cancelled: 'skipped',
  rejected: 'skipped',
  expired: 'skipped',
} as const satisfies Readonly<Record<OpeningView['state'], PlannerLogLine['result']>>;

/** What the log says of an opening. */
export function viewLine(view: OpeningView): PlannerLogLine {
  return {
    actionType: 'opening',
    target: view.target,
    result: RESULTS[view.state],
    details: {
      order_id: view.id,
      state: view.state,
      amount_sats: Number(view.capacitySat),
      ...(view.reason === undefined
        ? {}
        : {
            code: view.reason.code,
            message: view.reason.message,
            ...(view.reason.remedy === undefined ? {} : { changed_by: view.reason.remedy }),
          }),
      ...(view.actionId === undefined ? {} : { action_id: view.actionId }),
      ...(view.outpoint === undefined ? {} : { outpoint: view.outpoint }),
      ...(view.channelId === undefined ? {} : { channel_id: view.channelId }),
    },
  };
}
