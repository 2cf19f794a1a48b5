import type { JsonObject } from '@cl-hive/core';
import { describeWishes, epochName, INTENT_HOLD_MS, newestEpoch, windowOf } from '@cl-hive/hive';
import type { Desk } from './desk.ts';
import type { HiveAdapter } from './hive-adapter.ts';
import { SHOWN_INTENTS_MAX } from './limits.ts';

/** Intents with the original's members. */
export function intentView(desk: Desk): JsonObject {
  const { self, tables, foreign } = desk.lock.state;
  const local = desk.book.live.filter(({ kind }) => kind === 'open');
  const remote = [
    ...[...foreign].map(([key, window]) => {
      const [initiator = '', target = ''] = key.split('|');
      return { intent_type: 'channel_open', target, initiator, status: 'pending', window };
    }),
    ...[...tables.grants.values()]
      .filter(({ holder }) => holder !== self)
      .map(({ target, holder, window }) => ({
        intent_type: 'channel_open',
        target,
        initiator: holder,
        status: 'granted',
        window,
      })),
  ].slice(0, SHOWN_INTENTS_MAX);
  return {
    local_pending: local.length,
    local_intents: local.map((order) => ({
      id: order.id,
      intent_type: 'channel_open',
      target: order.target,
      initiator: self,
      timestamp: Math.floor(order.madeAt / 1000),
      status: order.state,
      amount_sats: Number(order.amountSat),
      ...(order.reason === undefined ? {} : { reason: { ...order.reason } }),
    })),
    remote_cached: remote.length,
    remote_intents: remote,
    stats: {
      hold_seconds: INTENT_HOLD_MS / 1000,
      our_pubkey: self,
      remote_intents_cached: remote.length,
    },
  };
}

/** The lock: who decides, what was granted, who is silent, what was noticed. */
export function lockView(desk: Desk, adapter: HiveAdapter): JsonObject {
  const { state, notices } = desk.lock;
  const epoch = newestEpoch(state.tables.epochs.values());
  return {
    height: state.height,
    window: windowOf(state.height),
    epoch:
      epoch === undefined
        ? null
        : {
            name: epochName(epoch),
            number: epoch.number,
            members: [...epoch.members],
            from_window: epoch.from,
          },
    ...adapter.view(),
    contestants: [...state.originals],
    openings: describeWishes(state).map((report) => ({
      order: desk.book.byWish(report.id)?.id ?? null,
      target: report.target,
      phase: report.phase,
      window: report.window,
      grants: { ...report.grants },
      silent: [...report.silent],
      refused: { ...report.refused },
      ...(report.reason === undefined ? {} : { reason: report.reason }),
    })),
    granted: [...state.tables.grants.values()].map(({ target, holder, window, epoch: number }) => ({
      target,
      holder,
      window,
      epoch: number,
    })),
    notices: notices.map((notice) => ({ ...notice })),
  };
}
