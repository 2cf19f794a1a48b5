import type { ExecutableOrder } from '../intents/order-intent.ts';
import type { Observation } from './observation.ts';

/** What becomes of an order that was handed to an adapter. */
export type Outcome =
  /** Taken; its commands are to be carried out. */
  | { readonly kind: 'accepted' }
  /** The adapter has it already: handing an order over twice does nothing twice. */
  | { readonly kind: 'known' }
  /** It cannot be done in the state that the order is in; nothing changed. */
  | { readonly kind: 'refused'; readonly reason: RefusalCode };

/** Why an adapter refuses. */
export type RefusalCode =
  /** No order has that id. */
  | 'unknown_order'
  /** It was handed out to be carried out, or has ended: it can no longer be taken back. */
  | 'too_late'
  /** A replacement keeps member, target and side. */
  | 'not_a_replacement';

/** The outcome of one call: the adapter's new state, and what the runner is to do. */
export interface Step<State, Command> {
  readonly state: State;
  readonly outcome: Outcome;
  readonly commands: readonly Command[];
}

/**
 * A path by which orders are carried out, as pure decisions: every call gives the new state and the
 * commands that a runner carries out in their sequence. The runner keeps the plan's sequence, stores
 * the state before it carries out a command, and reports back through `reconcile` what it saw.
 *
 * Every adapter submits exactly the same orders for the same plan; the contract test of
 * `@cl-hive/planning-kernel/testing` holds each to that.
 */
export interface ExecutionPort<State, Command> {
  readonly name: string;
  /** The state before anything was submitted. */
  start(): State;
  /** Takes an order over. Idempotent by `clientOrderId`. */
  submit(state: State, order: ExecutableOrder, now: number): Step<State, Command>;
  /** Takes an order back that was not handed out yet. Idempotent. */
  cancel(state: State, clientOrderId: string, now: number): Step<State, Command>;
  /** Puts another order in the place of one that was not handed out yet. */
  replace(
    state: State,
    clientOrderId: string,
    by: ExecutableOrder,
    now: number,
  ): Step<State, Command>;
  /** Learns what was seen, in any order and repetition. The only place where the outside comes in. */
  reconcile(state: State, observations: readonly Observation[], now: number): Step<State, Command>;
  /** Every order that was ever submitted, in the sequence of submission. */
  submissions(state: State): readonly ExecutableOrder[];
}

/** Hands a plan's orders to an adapter, in the plan's sequence. */
export function submitAll<State, Command>(
  port: ExecutionPort<State, Command>,
  state: State,
  orders: readonly ExecutableOrder[],
  now: number,
): {
  readonly state: State;
  readonly outcomes: readonly Outcome[];
  readonly commands: readonly Command[];
} {
  let next = state;
  const outcomes: Outcome[] = [];
  const commands: Command[] = [];
  for (const order of orders) {
    const step = port.submit(next, order, now);
    next = step.state;
    outcomes.push(step.outcome);
    commands.push(...step.commands);
  }
  return { state: next, outcomes, commands };
}
