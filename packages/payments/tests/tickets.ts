import { bytesToHex, hexToBytes } from '@cl-hive/core';
import { sha256 } from '@noble/hashes/sha2.js';
import type { Evidence, PartCondition, TicketKind, TicketTerms } from '../src/index.ts';
import { sat } from './support.ts';

/** When the tickets of tests are made, in seconds since 1970. */
export const NOW = 1_800_000_000;
export const LOCKTIME = NOW + 86_400;
export const PAYER_KEY = `02${'aa'.repeat(32)}`;
export const RECEIVER_KEY = `02${'bb'.repeat(32)}`;

const byte = (value: number): string => value.toString(16).padStart(2, '0').repeat(32);

/** The preimage of a ticket's part. */
export const secretOf = (part: number): string => byte(0x40 + part);

export const task = (name: string): PartCondition => ({
  kind: 'task',
  task: name,
  digest: byte(0x10),
});

export const bonus = (name: string, atLeast: bigint): PartCondition => ({
  kind: 'measure',
  task: name,
  metric: 'fees_msat',
  atLeast,
  from: NOW + 100,
  until: NOW + 200,
});

export function terms(
  kind: TicketKind,
  conditions: readonly PartCondition[],
  change: Partial<TicketTerms> = {},
): TicketTerms {
  return {
    id: byte(1),
    kind,
    mint: 'https://mint.example',
    payerKey: PAYER_KEY,
    receiverKey: RECEIVER_KEY,
    locktime: LOCKTIME,
    parts: conditions.map((condition, at) => ({
      hash: bytesToHex(sha256(hexToBytes(secretOf(at)))),
      amountMsat: sat(100 + at),
      condition,
    })),
    ...change,
  };
}

/** One ticket of each kind. */
export const TICKETS: Readonly<Record<TicketKind, TicketTerms>> = {
  single: terms('single', [task('a')]),
  batch: terms('batch', [task('a'), task('b'), task('c')]),
  milestone: terms('milestone', [task('a'), task('b'), task('c')]),
  performance: terms('performance', [task('a'), bonus('a', 10n), bonus('a', 20n)]),
};

/** Evidence that a task was done; its receipt is named after `receipt`. */
export function done(name: string, receipt = name): Evidence {
  return { task: name, receipt, shown: { kind: 'done', digest: byte(0x10) } };
}

export function measured(name: string, value: bigint, at = NOW + 150, receipt = 'm'): Evidence {
  return { task: name, receipt, shown: { kind: 'measured', metric: 'fees_msat', value, at } };
}

/** Evidence that earns a part of one of {@link TICKETS}. */
export function earning(ticket: TicketTerms, part: number): Evidence {
  const condition = ticket.parts[part]?.condition;
  if (condition === undefined) {
    throw new Error(`the ticket has no part ${part}`);
  }
  return condition.kind === 'task'
    ? done(condition.task, `r${part}`)
    : measured(condition.task, condition.atLeast, undefined, `r${part}`);
}
