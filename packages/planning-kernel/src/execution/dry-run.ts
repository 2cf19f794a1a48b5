import { EMPTY_BOOK, enter, learn, type OrderBook, substitute, withdraw } from './order-book.ts';
import type { ExecutionPort } from './port.ts';

/** Carries nothing out: it says what would have been submitted. */
export const dryRunPort: ExecutionPort<OrderBook, never> = {
  name: 'dry-run',
  start: () => EMPTY_BOOK,
  submit: (state, order, now) => withoutCommands(enter(state, order, now)),
  cancel: (state, clientOrderId) => withoutCommands(withdraw(state, clientOrderId)),
  replace: (state, clientOrderId, by, now) =>
    withoutCommands(substitute(state, clientOrderId, by, now)),
  reconcile: (state, observations) => ({
    state: learn(state, observations),
    outcome: { kind: 'accepted' },
    commands: [],
  }),
  submissions: (state) => state.entries.map((entry) => entry.order),
};

function withoutCommands({ book, outcome }: ReturnType<typeof enter>): {
  readonly state: OrderBook;
  readonly outcome: typeof outcome;
  readonly commands: readonly never[];
} {
  return { state: book, outcome, commands: [] };
}
