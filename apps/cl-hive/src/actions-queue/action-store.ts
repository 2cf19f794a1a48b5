import { isJsonObject, type JsonObject, parseJson, stringifyJson } from '@cl-hive/core';
import type { Reader, Transactor } from '@cl-hive/store';
import type { HiveDatabase } from '../store/database.ts';

/** Where a pending action stands, in the original's words. */
export type ActionStatus = 'pending' | 'approved' | 'rejected' | 'expired' | 'executed' | 'failed';

/** Something that waits for a person, or did, with the original's members. */
export interface PendingAction {
  readonly id: number;
  readonly action_type: string;
  readonly payload: JsonObject;
  /** Unix seconds, labels. */
  readonly proposed_at: number;
  readonly expires_at: number;
  readonly status: string;
  /** The order that it is about. */
  readonly order_id: string;
}

/** A new pending action. */
export interface NewAction {
  readonly type: string;
  readonly payload: JsonObject;
  readonly orderId: string;
  /** Unix seconds. */
  readonly proposedAt: number;
  readonly expiresAt: number;
}

/** Keeps an action that waits; gives its number. */
export async function insertAction(
  transactor: Transactor<HiveDatabase>,
  action: NewAction,
): Promise<number> {
  const { id } = await transactor
    .insertInto('hive_pending_actions')
    .values({
      action_type: action.type,
      payload: stringifyJson(action.payload),
      proposed_at: action.proposedAt,
      expires_at: action.expiresAt,
      status: 'pending',
      order_id: action.orderId,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

/** Stores what became of an action. */
export async function setActionStatus(
  transactor: Transactor<HiveDatabase>,
  id: number,
  status: ActionStatus,
): Promise<void> {
  await transactor
    .updateTable('hive_pending_actions')
    .set({ status })
    .where('id', '=', id)
    .execute();
}

/** The action of a number. */
export async function actionOf(
  reader: Reader<HiveDatabase>,
  id: number,
): Promise<PendingAction | undefined> {
  const row = await reader
    .selectFrom('hive_pending_actions')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst();
  return row === undefined ? undefined : shown(row);
}

/** Actions that wait for a person, the oldest first. */
export async function pendingActions(
  reader: Reader<HiveDatabase>,
): Promise<readonly PendingAction[]> {
  const rows = await reader
    .selectFrom('hive_pending_actions')
    .selectAll()
    .where('status', '=', 'pending')
    .orderBy('id')
    .execute();
  return rows.map(shown);
}

function shown(row: Omit<PendingAction, 'payload'> & { readonly payload: string }): PendingAction {
  const payload = parseJson(row.payload);
  return { ...row, payload: isJsonObject(payload) ? payload : {} };
}
