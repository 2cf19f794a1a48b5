import { ask, type Flow } from '../pipeline/command.ts';
import { answerAbout, carryOut, type WordResult } from '../pipeline/flow.ts';
import type { OrderClaim } from './decide-order.ts';

/**
 * From a quoted order to its outcome: claimed with its reservation, then carried out like every intent.
 * One that its idempotency key stands for already is not made again; its outcome is told.
 */
export function* handleOrder(order: OrderClaim): Flow<WordResult> {
  const decision = yield* ask('order', { order });
  switch (decision.kind) {
    case 'refused':
      return decision;
    case 'known':
      return { kind: 'done', answer: answerAbout(decision.intent, order.route, true) };
    case 'claimed':
      return { kind: 'done', answer: yield* carryOut(decision.intent) };
  }
}
