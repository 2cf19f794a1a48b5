import type { JsonObject } from '@cl-hive/core';
import { isOver, type OpeningView } from './opening-desk.ts';

/** An opening as RPC shows it. */
export function openingJson(view: OpeningView): JsonObject {
  const { id, kind, target, capacitySat, wanted, proposedBy, actionId, madeAt, changedAt } = view;
  return {
    order: id,
    kind,
    target,
    capacity_sats: Number(capacitySat),
    wanted,
    proposed_by: proposedBy,
    ...(actionId === undefined ? {} : { action_id: actionId }),
    made_at: Math.floor(madeAt / 1000),
    changed_at: Math.floor(changedAt / 1000),
    ...standingJson(view),
  };
}

/** Where an opening stands, and why. */
export function standingJson(view: OpeningView): JsonObject {
  const { state, reason, channelId, outpoint, grants } = view;
  return {
    state,
    ...(channelId === undefined ? {} : { channel_id: channelId }),
    ...(outpoint === undefined ? {} : { txid: outpoint.slice(0, 64), outpoint }),
    ...(reason === undefined ? {} : { reason: { ...reason } }),
    ...(grants === undefined
      ? {}
      : { grants: { have: grants.have, need: grants.need, silent: [...grants.silent] } }),
    ...(isOver(state) && state !== 'done' && reason !== undefined ? { error: reason.message } : {}),
  };
}
