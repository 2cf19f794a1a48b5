import type { Msat } from '@cl-hive/core';
import { PAYMENT_LIMITS } from '../limits.ts';

/** What a ticket pays for: one task, several, the steps of one, or one with a bonus by measure. */
export const TICKET_KINDS = ['single', 'batch', 'milestone', 'performance'] as const;

/** What a ticket pays for. */
export type TicketKind = (typeof TICKET_KINDS)[number];

/** What must be shown before a part is released. */
export type PartCondition =
  | {
      readonly kind: 'task';
      readonly task: string;
      /** SHA-256 of the command that is to be carried out, in hexadecimal. */
      readonly digest: string;
    }
  | {
      readonly kind: 'measure';
      readonly task: string;
      readonly metric: string;
      /** The least value that earns the part, in the metric's own unit. */
      readonly atLeast: bigint;
      /** When the measure must have been taken, in seconds since 1970, both ends included. */
      readonly from: number;
      readonly until: number;
    };

/** One part of a ticket: proofs of its own, locked under a hash of its own. */
export interface PartTerms {
  /** SHA-256 of the part's preimage, in hexadecimal (NUT-14). */
  readonly hash: string;
  /** A whole number of sats. */
  readonly amountMsat: Msat;
  readonly condition: PartCondition;
}

/** What payer and receiver agree on; it never changes afterwards. */
export interface TicketTerms {
  /** 32 bytes, in hexadecimal, that no other ticket has. */
  readonly id: string;
  readonly kind: TicketKind;
  /** The mint's address. */
  readonly mint: string;
  /** Compressed public key that may take the money back after the locktime. */
  readonly payerKey: string;
  /** Compressed public key that may take the money with the preimage, before and after the locktime. */
  readonly receiverKey: string;
  /** Seconds since 1970; the mint's clock judges it. */
  readonly locktime: number;
  readonly parts: readonly PartTerms[];
}

/** Why terms are none that a ticket can have (closed list). */
export type TermsProblem =
  | 'no_parts'
  | 'too_many_parts'
  | 'parts_of_other_kind'
  | 'amount_not_in_sats'
  | 'amount_too_large'
  | 'hash_repeated'
  | 'task_repeated'
  | 'same_key'
  | 'measure_after_locktime'
  | 'locktime_too_near'
  | 'locktime_too_far';

/** The sum of a ticket's parts, in msat. */
export function ticketMsat(terms: Pick<TicketTerms, 'parts'>): Msat {
  return terms.parts.reduce((sum, { amountMsat }) => sum + amountMsat, 0n) as Msat;
}

/** Whether the parts are those of the ticket's kind. */
function partsFit({ kind, parts }: TicketTerms): boolean {
  const [first, ...rest] = parts.map(({ condition }) => condition);
  const tasks = first?.kind === 'task' && rest.every((one) => one.kind === 'task');
  switch (kind) {
    case 'single':
      return tasks && rest.length === 0;
    case 'batch':
    case 'milestone':
      return tasks && rest.length > 0;
    case 'performance':
      return (
        first?.kind === 'task' &&
        rest.length > 0 &&
        rest.every((one) => one.kind === 'measure' && one.task === first.task)
      );
  }
}

function repeated(values: readonly string[]): boolean {
  return new Set(values).size < values.length;
}

function partsProblem(terms: TicketTerms): TermsProblem | undefined {
  const { parts } = terms;
  if (parts.length === 0) {
    return 'no_parts';
  }
  if (parts.length > PAYMENT_LIMITS.ticketParts) {
    return 'too_many_parts';
  }
  if (!partsFit(terms)) {
    return 'parts_of_other_kind';
  }
  if (parts.some(({ amountMsat }) => amountMsat <= 0n || amountMsat % 1000n !== 0n)) {
    return 'amount_not_in_sats';
  }
  if (parts.reduce((sum, { amountMsat }) => sum + amountMsat, 0n) > PAYMENT_LIMITS.ticketMsat) {
    return 'amount_too_large';
  }
  if (repeated(parts.map(({ hash }) => hash))) {
    return 'hash_repeated';
  }
  const tasks = parts.flatMap(({ condition }) =>
    condition.kind === 'task' ? [condition.task] : [],
  );
  return repeated(tasks) ? 'task_repeated' : undefined;
}

/** Why these terms cannot be a ticket's at `now` (seconds since 1970); undefined when they can. */
export function termsProblem(terms: TicketTerms, now: number): TermsProblem | undefined {
  const problem = partsProblem(terms);
  if (problem !== undefined) {
    return problem;
  }
  if (terms.payerKey.slice(2) === terms.receiverKey.slice(2)) {
    return 'same_key';
  }
  if (terms.locktime < now + PAYMENT_LIMITS.ticketSecondsMin) {
    return 'locktime_too_near';
  }
  if (terms.locktime > now + PAYMENT_LIMITS.ticketSecondsMax) {
    return 'locktime_too_far';
  }
  const measuredLate = terms.parts.some(
    ({ condition }) =>
      condition.kind === 'measure' &&
      (condition.from > condition.until || condition.until >= terms.locktime),
  );
  return measuredLate ? 'measure_after_locktime' : undefined;
}
