import { canonicalJson } from '../canonical.ts';
import type { Observation } from '../execution/observation.ts';
import { type ExecutionPort, submitAll } from '../execution/port.ts';
import { compareSubmissions } from '../execution/shadow.ts';
import type { ExecutableOrder } from '../intents/order-intent.ts';

const NOW = 1_770_000_000_000;

/**
 * Holds an adapter to the contract of {@link ExecutionPort} for one plan's orders (at least one) and
 * returns what it breaks, a sentence each; empty where it keeps all of it.
 */
export function executionPortFaults<State, Command>(
  port: ExecutionPort<State, Command>,
  orders: readonly ExecutableOrder[],
): readonly string[] {
  const faults: string[] = [];
  const expect = (holds: boolean, sentence: string): void => {
    if (!holds) {
      faults.push(`${port.name}: ${sentence}`);
    }
  };
  const run = submitAll(port, port.start(), orders, NOW);
  const same = (state: State): boolean =>
    compareSubmissions(orders, port.submissions(state)).length === 0;
  expect(same(run.state), 'submits other orders than the plan, or in another sequence');
  expect(
    run.outcomes.every((o) => o.kind === 'accepted'),
    'does not accept a new order',
  );
  const again = submitAll(port, run.state, orders, NOW + 1);
  expect(
    again.outcomes.every((o) => o.kind === 'known'),
    'takes an order over twice',
  );
  expect(again.commands.length === 0, 'acts on an order that it has');
  expect(same(again.state), 'changes its submissions when an order comes again');
  cancelFaults(port, run.state, orders, expect);
  replaceFaults(port, run.state, orders, expect);
  reconcileFaults(port, run.state, orders, expect);
  return faults;
}

type Expect = (holds: boolean, sentence: string) => void;

function cancelFaults<State, Command>(
  port: ExecutionPort<State, Command>,
  state: State,
  orders: readonly ExecutableOrder[],
  expect: Expect,
): void {
  const [order] = orders;
  if (order === undefined) {
    return;
  }
  const id = order.clientOrderId;
  const stranger = port.cancel(state, '0'.repeat(64), NOW);
  expect(
    stranger.outcome.kind === 'refused' && stranger.outcome.reason === 'unknown_order',
    'cancels an order that it never got',
  );
  const once = port.cancel(state, id, NOW);
  const twice = port.cancel(once.state, id, NOW);
  expect(twice.outcome.kind !== 'accepted' && twice.commands.length === 0, 'cancels twice');
  const back = port.submit(once.state, order, NOW);
  expect(back.outcome.kind === 'known' && back.commands.length === 0, 'revives a cancelled order');
}

function replaceFaults<State, Command>(
  port: ExecutionPort<State, Command>,
  state: State,
  orders: readonly ExecutableOrder[],
  expect: Expect,
): void {
  const [order] = orders;
  if (order === undefined) {
    return;
  }
  const smaller = { ...order, clientOrderId: 'f'.repeat(64), quantitySat: order.stepSat };
  const replaced = port.replace(state, order.clientOrderId, smaller, NOW);
  if (replaced.outcome.kind === 'accepted') {
    const ids = port.submissions(replaced.state).map((o) => o.clientOrderId);
    expect(ids.at(-1) === smaller.clientOrderId, 'does not submit the replacement last');
    const again = port.replace(replaced.state, order.clientOrderId, smaller, NOW);
    expect(again.outcome.kind === 'known' && again.commands.length === 0, 'replaces twice');
  }
  const elsewhere = { ...smaller, target: order.member };
  const other = port.replace(state, order.clientOrderId, elsewhere, NOW);
  expect(
    other.outcome.kind === 'refused' && other.outcome.reason === 'not_a_replacement',
    'lets a replacement go to another target',
  );
}

function reconcileFaults<State, Command>(
  port: ExecutionPort<State, Command>,
  state: State,
  orders: readonly ExecutableOrder[],
  expect: Expect,
): void {
  const [order] = orders;
  if (order === undefined) {
    return;
  }
  const seen: readonly Observation[] = [
    { kind: 'submitted', clientOrderId: order.clientOrderId, order, at: 1 },
    { kind: 'done', clientOrderId: order.clientOrderId, txid: 'ab'.repeat(32), channelId: null },
  ];
  const forwards = port.reconcile(state, seen, NOW).state;
  const backwards = seen
    .toReversed()
    .reduce((s, one) => port.reconcile(s, [one, one], NOW).state, state);
  const late = (s: State): string =>
    canonicalJson(port.cancel(s, order.clientOrderId, NOW).outcome);
  expect(
    late(forwards) === late(backwards),
    'learns something else when observations come in another order',
  );
  const cancelled = port.cancel(forwards, order.clientOrderId, NOW).outcome;
  expect(
    cancelled.kind === 'refused' && cancelled.reason === 'too_late',
    'cancels an order that was carried out',
  );
}
