import { type Clock, CodedError, type JsonObject } from '@cl-hive/core';
import type { Store } from '@cl-hive/store';
import type { Desk } from '../openings/desk.ts';
import { APPROVE_WAIT_MS, BULK_MAX } from '../openings/limits.ts';
import { isOver, type OpeningView, type OrderReason } from '../openings/opening-desk.ts';
import { standingJson } from '../openings/opening-json.ts';
import type { HiveDatabase } from '../store/database.ts';
import { actionOf, type PendingAction, pendingActions } from './action-store.ts';

/** Why an action was not approved or rejected; a reason of the opening where it is that. */
export type ActionErrorCode = 'action_unknown' | 'action_over' | 'action_refused';

/** What waits for a person, and what a person decides; with the original's answers. */
export class ActionsQueue {
  readonly #desk: Desk;
  readonly #store: Store<HiveDatabase>;
  readonly #clock: Clock;

  constructor(desk: Desk, store: Store<HiveDatabase>, clock: Clock) {
    this.#desk = desk;
    this.#store = store;
    this.#clock = clock;
  }

  /** What waits, the oldest first. */
  pending(): Promise<readonly PendingAction[]> {
    return pendingActions(this.#store.reader);
  }

  /** A person's yes; judged again, then done as soon as the hive agrees. Throws {@link ActionErrorCode}. */
  async approve(id: number, amountSat?: bigint): Promise<JsonObject> {
    const action = await this.#waiting(id);
    const result = await this.#desk.decisions.approve(action.order_id, amountSat);
    if (!('state' in result)) {
      throw refused(id, result);
    }
    const view = await this.outcome(result);
    const proposed = (action.payload['context'] as JsonObject | undefined)?.['channel_size_sats'];
    return {
      status: statusOf(view),
      action_id: id,
      action_type: action.action_type,
      target: view.target,
      channel_size_sats: Number(view.capacitySat),
      proposed_size_sats: proposed ?? null,
      ...(amountSat === undefined
        ? {}
        : { override_applied: true, override_amount: Number(amountSat) }),
      order: view.id,
      ...standingJson(view),
    };
  }

  /** A person's no. Throws {@link ActionErrorCode}. */
  async reject(id: number, reason: string): Promise<JsonObject> {
    const action = await this.#waiting(id);
    const view = await this.#desk.decisions.reject(action.order_id, reason);
    return {
      status: 'rejected',
      action_id: id,
      action_type: action.action_type,
      order: action.order_id,
      state: view?.state ?? 'rejected',
    };
  }

  /** All that wait, up to {@link BULK_MAX}; one that cannot be done holds up none of the others. */
  async approveAll(): Promise<JsonObject> {
    const waiting = await this.pending();
    if (waiting.length === 0) {
      return { status: 'no_actions', message: 'No pending actions to approve' };
    }
    const approved: JsonObject[] = [];
    const errors = await this.#each(waiting, async (action) => {
      const result = await this.#desk.decisions.approve(action.order_id);
      if (!('state' in result)) {
        throw refused(action.id, result);
      }
      const { id: action_id, action_type } = action;
      approved.push({ action_id, action_type, result: statusOf(result) });
    });
    return {
      status: 'approved_all',
      approved_count: approved.length,
      approved,
      errors,
      ...tooMany(waiting),
    };
  }

  async rejectAll(reason: string): Promise<JsonObject> {
    const waiting = await this.pending();
    if (waiting.length === 0) {
      return { status: 'no_actions', message: 'No pending actions to reject' };
    }
    const rejected: JsonObject[] = [];
    const errors = await this.#each(waiting, async (action) => {
      await this.#desk.decisions.reject(action.order_id, reason);
      rejected.push({ action_id: action.id, action_type: action.action_type });
    });
    return {
      status: 'rejected_all',
      rejected_count: rejected.length,
      rejected,
      errors,
      ...tooMany(waiting),
    };
  }

  async #each(
    waiting: readonly PendingAction[],
    work: (action: PendingAction) => Promise<void>,
  ): Promise<readonly JsonObject[] | null> {
    const errors: JsonObject[] = [];
    for (const action of waiting.slice(0, BULK_MAX)) {
      try {
        await work(action);
      } catch (error) {
        const message = error instanceof Error ? error.message : 'failed';
        const code = error instanceof CodedError ? String(error.data['reason']) : 'internal';
        errors.push({ action_id: action.id, error: message, code });
      }
    }
    return errors.length === 0 ? null : errors;
  }

  async #waiting(id: number): Promise<PendingAction> {
    const action = await actionOf(this.#store.reader, id);
    if (action === undefined) {
      throw new CodedError<ActionErrorCode>('action_unknown', `there is no action ${id}`, {
        remedy: 'hive-pending-actions lists what waits',
        data: { action_id: id },
      });
    }
    if (action.status !== 'pending') {
      throw new CodedError<ActionErrorCode>('action_over', `Action already ${action.status}`, {
        remedy: 'hive-openings says what became of it',
        data: { action_id: id, status: action.status },
      });
    }
    return action;
  }

  /** What became of an approved opening, if that is soon. */
  async outcome(view: OpeningView): Promise<OpeningView> {
    let last = view;
    let end = (): void => {};
    const cancel = this.#clock.after(APPROVE_WAIT_MS, () => end());
    const unsubscribe = this.#desk.subscribe((next) => {
      if (next.id === view.id) {
        last = next;
        if (isOver(next.state) || next.state === 'proposed') {
          end();
        }
      }
    });
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    last = (await this.#desk.view(view.id)) ?? last;
    if (!isOver(last.state) && last.state !== 'proposed') {
      await ended;
    }
    cancel();
    unsubscribe();
    return (await this.#desk.view(view.id)) ?? last;
  }
}

function refused(id: number, reason: OrderReason): CodedError<ActionErrorCode> {
  const { code, message, remedy } = reason;
  return new CodedError<ActionErrorCode>('action_refused', message, {
    ...(remedy === undefined ? {} : { remedy }),
    data: { action_id: id, reason: code },
  });
}

/** In the original's words: `executed` and `failed` are final, `approved` goes on. */
function statusOf({ state }: OpeningView): string {
  if (state === 'done') {
    return 'executed';
  }
  return isOver(state) ? 'failed' : state === 'proposed' ? 'pending' : 'approved';
}

function tooMany(waiting: readonly PendingAction[]): JsonObject {
  return waiting.length > BULK_MAX
    ? { warning: `Only processed ${BULK_MAX} of ${waiting.length} pending actions` }
    : {};
}
