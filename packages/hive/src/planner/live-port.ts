import {
  type BookStep,
  EMPTY_BOOK,
  type ExecutableOrder,
  type ExecutionPort,
  enter,
  learn,
  type OrderBook,
  type Step,
  substitute,
  withdraw,
} from '@cl-hive/planning-kernel';

/** What the runner of {@link livePort} does. */
export type LiveCommand =
  /** Ask the opening desk: lock, then `fundchannel`. */
  | { readonly kind: 'request'; readonly order: ExecutableOrder }
  /** Take it back at the desk. */
  | { readonly kind: 'take_back'; readonly clientOrderId: string };

/** Hands every order to the opening desk, which opens what the operator's limits allow. */
export const livePort: ExecutionPort<OrderBook, LiveCommand> = {
  name: 'live',
  start: () => EMPTY_BOOK,
  submit: (state, order, now) =>
    whenAccepted(enter(state, order, now), [{ kind: 'request', order }]),
  cancel: (state, clientOrderId) =>
    whenAccepted(withdraw(state, clientOrderId), [{ kind: 'take_back', clientOrderId }]),
  replace: (state, clientOrderId, by, now) =>
    whenAccepted(substitute(state, clientOrderId, by, now), [
      { kind: 'take_back', clientOrderId },
      { kind: 'request', order: by },
    ]),
  reconcile: (state, observations) => ({
    state: learn(state, observations),
    outcome: { kind: 'accepted' },
    commands: [],
  }),
  submissions: (state) => state.entries.map((entry) => entry.order),
};

function whenAccepted(
  { book, outcome }: BookStep,
  commands: readonly LiveCommand[],
): Step<OrderBook, LiveCommand> {
  return { state: book, outcome, commands: outcome.kind === 'accepted' ? commands : [] };
}
