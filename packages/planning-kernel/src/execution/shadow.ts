import { canonicalJson, compareBy } from '../canonical.ts';
import type { ExecutableOrder } from '../intents/order-intent.ts';
import type { ExecutionPort, Step } from './port.ts';

/** One difference between what two adapters submitted. */
export interface SubmissionDifference {
  readonly kind: 'only_first' | 'only_second' | 'content' | 'sequence';
  readonly clientOrderId: string;
  /** Fields that differ, where the content does. */
  readonly fields: readonly string[];
}

/** Compares two adapters' submissions; empty where they are the same, in content and sequence. */
export function compareSubmissions(
  first: readonly ExecutableOrder[],
  second: readonly ExecutableOrder[],
): readonly SubmissionDifference[] {
  const mine = new Map(first.map((order) => [order.clientOrderId, order]));
  const theirs = new Map(second.map((order) => [order.clientOrderId, order]));
  const differences: SubmissionDifference[] = [];
  for (const [clientOrderId, order] of mine) {
    const other = theirs.get(clientOrderId);
    const fields = other === undefined ? [] : differingFields(order, other);
    if (other === undefined || fields.length > 0) {
      differences.push({
        kind: other === undefined ? 'only_first' : 'content',
        clientOrderId,
        fields,
      });
    }
  }
  for (const clientOrderId of theirs.keys()) {
    if (!mine.has(clientOrderId)) {
      differences.push({ kind: 'only_second', clientOrderId, fields: [] });
    }
  }
  const shared = [...mine.keys()].filter((id) => theirs.has(id));
  const sequence = [...theirs.keys()].filter((id) => mine.has(id));
  shared.forEach((clientOrderId, at) => {
    if (sequence[at] !== clientOrderId) {
      differences.push({ kind: 'sequence', clientOrderId, fields: [] });
    }
  });
  return differences.sort(
    compareBy(
      (d) => d.clientOrderId,
      (d) => d.kind,
    ),
  );
}

function differingFields(a: ExecutableOrder, b: ExecutableOrder): readonly string[] {
  const fields = new Set([...Object.keys(a), ...Object.keys(b)]);
  const value = (order: object, field: string): string =>
    canonicalJson((order as Readonly<Record<string, unknown>>)[field] ?? null);
  return [...fields].filter((field) => value(a, field) !== value(b, field)).sort();
}

/** The states of two adapters that run side by side. */
export interface ShadowState<First, Second> {
  readonly first: First;
  readonly second: Second;
}

/** Runs two adapters with the same calls; only the first one's commands are carried out. */
export function shadowPort<First, Second, Command>(
  first: ExecutionPort<First, Command>,
  second: ExecutionPort<Second, unknown>,
): ExecutionPort<ShadowState<First, Second>, Command> & {
  differences(state: ShadowState<First, Second>): readonly SubmissionDifference[];
} {
  const both = (
    a: Step<First, Command>,
    b: Step<Second, unknown>,
  ): Step<ShadowState<First, Second>, Command> => ({
    state: { first: a.state, second: b.state },
    outcome: a.outcome,
    commands: a.commands,
  });
  return {
    name: `shadow of ${first.name} and ${second.name}`,
    start: () => ({ first: first.start(), second: second.start() }),
    submit: (s, order, now) =>
      both(first.submit(s.first, order, now), second.submit(s.second, order, now)),
    cancel: (s, id, now) => both(first.cancel(s.first, id, now), second.cancel(s.second, id, now)),
    replace: (s, id, by, now) =>
      both(first.replace(s.first, id, by, now), second.replace(s.second, id, by, now)),
    reconcile: (s, seen, now) =>
      both(first.reconcile(s.first, seen, now), second.reconcile(s.second, seen, now)),
    submissions: (s) => first.submissions(s.first),
    differences: (s) =>
      compareSubmissions(first.submissions(s.first), second.submissions(s.second)),
  };
}
