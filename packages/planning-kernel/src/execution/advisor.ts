import type { ExecutableOrder } from '../intents/order-intent.ts';
import {
  type BookStep,
  EMPTY_BOOK,
  enter,
  entryOf,
  handOut,
  learn,
  type OrderBook,
  substitute,
  withdraw,
} from './order-book.ts';
import type { ExecutionPort, Step } from './port.ts';

/** What the advisor's runner does. */
export type AdvisorCommand =
  /** Put the order before a person. */
  | { readonly kind: 'ask_approval'; readonly order: ExecutableOrder }
  /** The question is moot. */
  | { readonly kind: 'withdraw_question'; readonly clientOrderId: string }
  /** A person said yes: carry it out, by the live path. */
  | { readonly kind: 'carry_out'; readonly order: ExecutableOrder };

/** Queues every order for a person. Nothing is carried out without a yes, and no time makes one. */
export const advisorPort: ExecutionPort<OrderBook, AdvisorCommand> = {
  name: 'advisor',
  start: () => EMPTY_BOOK,
  submit: (state, order, now) =>
    whenAccepted(enter(state, order, now), [{ kind: 'ask_approval', order }]),
  cancel: (state, clientOrderId) =>
    whenAccepted(withdraw(state, clientOrderId), [{ kind: 'withdraw_question', clientOrderId }]),
  replace: (state, clientOrderId, by, now) =>
    whenAccepted(substitute(state, clientOrderId, by, now), [
      { kind: 'withdraw_question', clientOrderId },
      { kind: 'ask_approval', order: by },
    ]),
  reconcile: (state, observations) => ({
    state: learn(state, observations),
    outcome: { kind: 'accepted' },
    commands: [],
  }),
  submissions: (state) => state.entries.map((entry) => entry.order),
};

/** A person's yes. Said twice, or after a withdrawal, it carries nothing out. */
export function approve(state: OrderBook, clientOrderId: string): Step<OrderBook, AdvisorCommand> {
  const order = entryOf(state, clientOrderId)?.order;
  return whenAccepted(
    handOut(state, clientOrderId),
    order === undefined ? [] : [{ kind: 'carry_out', order }],
  );
}

/** A person's no; final. */
export function reject(state: OrderBook, clientOrderId: string): Step<OrderBook, AdvisorCommand> {
  return whenAccepted(withdraw(state, clientOrderId), []);
}

function whenAccepted(
  { book, outcome }: BookStep,
  commands: readonly AdvisorCommand[],
): Step<OrderBook, AdvisorCommand> {
  return { state: book, outcome, commands: outcome.kind === 'accepted' ? commands : [] };
}
