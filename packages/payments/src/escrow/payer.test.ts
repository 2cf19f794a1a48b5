import { describe, expect, it } from 'vitest';
import {
  bonus,
  done,
  earning,
  LOCKTIME,
  measured,
  NOW,
  TICKETS,
  task,
  terms,
} from '../../tests/tickets.ts';
import {
  type Evidence,
  type PayerCommand,
  type PayerEvent,
  type PayerTicket,
  planTicket,
  REDEEM_GRACE_SECONDS,
  stepPayer,
} from './payer.ts';
import type { TicketTerms } from './terms.ts';

function run(
  ticket: TicketTerms | PayerTicket,
  events: readonly (readonly [PayerEvent, number?])[],
) {
  const begin = 'terms' in ticket ? ticket : planTicket(ticket);
  const commands: PayerCommand[] = [];
  const refusals: string[] = [];
  let state = begin;
  for (const [event, now = NOW] of events) {
    const step = stepPayer(state, event, now);
    state = step.state;
    commands.push(...step.commands);
    refusals.push(...(step.refusal === undefined ? [] : [step.refusal]));
  }
  return { state, commands: commands.map(({ kind }) => kind), all: commands, refusals };
}

const FUNDED: readonly (readonly [PayerEvent])[] = [
  [{ kind: 'fund' }],
  [{ kind: 'locked', outcome: 'done' }],
];
const funded = (ticket: TicketTerms) => run(ticket, FUNDED).state;
const shows = (part: number, evidence: Evidence): readonly [PayerEvent] => [
  { kind: 'evidence', part, evidence },
];
const refund = (part: number, now: number): readonly [PayerEvent, number] => [
  { kind: 'refund', part },
  now,
];
const swapped = (outcome: 'done' | 'failed' | 'unknown' | 'spent'): readonly [PayerEvent] => [
  { kind: 'refund_swapped', part: 0, outcome },
];

describe('funding', () => {
  it('locks once, and hands over only what the mint has locked', () => {
    const { commands, refusals } = run(TICKETS.single, [[{ kind: 'fund' }], ...FUNDED]);
    expect(commands).toEqual(['lock', 'receipt', 'hand_over']);
    expect(refusals).toEqual(['funded_already']);
  });

  it('of unknown outcome is looked for, never done again', () => {
    const { state, commands } = run(TICKETS.single, [
      [{ kind: 'fund' }],
      [{ kind: 'locked', outcome: 'unknown' }],
      [{ kind: 'look' }],
      [{ kind: 'fund' }],
    ]);
    expect(state.funding).toBe('locking');
    expect(commands).toEqual(['lock', 'look_lock']);
  });

  it('that failed ends the ticket', () => {
    const { state, refusals } = run(TICKETS.single, [
      [{ kind: 'fund' }],
      [{ kind: 'locked', outcome: 'failed' }],
      shows(0, done('a')),
      [{ kind: 'tell_again' }],
      [{ kind: 'locked', outcome: 'done' }],
    ]);
    expect(state.funding).toBe('unfunded');
    expect(refusals).toEqual(['not_funded', 'not_funded']);
  });
});

describe('a part', () => {
  it.each(Object.values(TICKETS))('is released for what earns it: $kind', (ticket) => {
    const { state, commands } = run(
      funded(ticket),
      ticket.parts.map((_, at) => shows(at, earning(ticket, at))),
    );
    expect(state.parts.every(({ at }) => at === 'released')).toBe(true);
    expect(commands.filter((kind) => kind === 'reveal')).toHaveLength(ticket.parts.length);
  });

  it.each<[string, TicketTerms, number, Evidence]>([
    ['no_such_part', TICKETS.single, 1, done('a')],
    ['no_such_part', TICKETS.single, -1, done('a')],
    ['evidence_of_other_task', TICKETS.batch, 0, done('b')],
    [
      'evidence_of_other_task',
      TICKETS.single,
      0,
      { task: 'a', receipt: 'r', shown: { kind: 'done', digest: 'other' } },
    ],
    ['task_not_done', TICKETS.single, 0, { task: 'a', receipt: 'r', shown: { kind: 'not_done' } }],
    ['out_of_order', TICKETS.milestone, 1, done('b')],
    ['measure_differs', TICKETS.performance, 1, done('a')],
    [
      'measure_differs',
      terms('performance', [task('a'), { ...bonus('a', 1n), metric: 'other' } as never]),
      1,
      measured('a', 5n),
    ],
    ['measure_too_low', TICKETS.performance, 1, measured('a', 9n)],
    ['measure_untimely', TICKETS.performance, 1, measured('a', 10n, NOW + 99)],
    ['measure_untimely', TICKETS.performance, 1, measured('a', 10n, NOW + 201)],
  ])('is not released: %s', (reason, ticket, part, evidence) => {
    const { state, commands, refusals } = run(funded(ticket), [shows(part, evidence)]);
    expect(refusals).toEqual([reason]);
    expect(commands).toEqual([]);
    expect(state).toEqual(funded(ticket));
  });

  it('needs a receipt of its own, and is released once', () => {
    const { refusals } = run(funded(TICKETS.batch), [
      shows(0, done('a', 'same')),
      shows(1, done('b', 'same')),
      shows(0, done('a', 'other')),
    ]);
    expect(refusals).toEqual(['evidence_used', 'released_already']);
  });

  it('is told again as often as the receiver asks, with what was released of it', () => {
    const { all } = run(funded(TICKETS.batch), [shows(1, done('b')), [{ kind: 'tell_again' }]]);
    expect(all.slice(-2)).toEqual([{ kind: 'hand_over' }, { kind: 'reveal', part: 1 }]);
  });
});

describe('a refund', () => {
  it('ST-16: is one only when the mint has swapped; until then it is under way', () => {
    const asked = run(funded(TICKETS.single), [refund(0, LOCKTIME), swapped('unknown')]);
    expect(asked.state.parts).toEqual([{ at: 'refunding', released: undefined }]);
    expect(asked.commands).toEqual(['swap_refund']);
    const again = run(asked.state, [refund(0, LOCKTIME), [{ kind: 'look' }], swapped('done')]);
    expect(again.refusals).toEqual(['refund_under_way']);
    expect(again.commands).toEqual(['look_refund', 'receipt']);
    expect(again.state.parts).toEqual([{ at: 'refunded', released: undefined }]);
  });

  it('that the mint refused leaves the part as it was; it can be released still', () => {
    const { state, commands } = run(funded(TICKETS.single), [
      refund(0, LOCKTIME),
      swapped('failed'),
      shows(0, done('a')),
    ]);
    expect(state.parts).toEqual([{ at: 'released', receipt: 'a' }]);
    expect(commands).toEqual(['swap_refund', 'receipt', 'reveal']);
  });

  it('waits for the locktime, and for longer where the secret was given', () => {
    const { state, refusals } = run(funded(TICKETS.single), [
      refund(0, LOCKTIME - 1),
      shows(0, done('a')),
      refund(0, LOCKTIME + REDEEM_GRACE_SECONDS - 1),
      refund(0, LOCKTIME + REDEEM_GRACE_SECONDS),
    ]);
    expect(refusals).toEqual(['before_locktime', 'secret_was_given']);
    expect(state.parts).toEqual([{ at: 'refunding', released: 'a' }]);
    expect(run(state, [swapped('failed')]).state.parts).toEqual([{ at: 'released', receipt: 'a' }]);
  });

  it('and a release exclude each other', () => {
    const { refusals, commands } = run(funded(TICKETS.single), [
      refund(0, LOCKTIME),
      shows(0, done('a')),
    ]);
    expect(refusals).toEqual(['refund_under_way']);
    expect(commands).not.toContain('reveal');
  });
});

describe('what the mint says', () => {
  const says = (spent: boolean): readonly [PayerEvent] => [{ kind: 'mint_says', part: 0, spent }];

  it('spent: the receiver has it, and nothing more is done with it', () => {
    const { state, all, refusals } = run(funded(TICKETS.single), [
      shows(0, done('a')),
      says(false),
      says(true),
      says(true),
      refund(0, LOCKTIME + REDEEM_GRACE_SECONDS),
      shows(0, done('a', 'b')),
    ]);
    expect(state.parts).toEqual([{ at: 'spent', released: 'a' }]);
    expect(all.at(-1)).toEqual({ kind: 'receipt', what: 'spent', part: 0 });
    expect(refusals).toEqual(['part_over', 'part_over']);
  });

  it('spent without a release is an alarm', () => {
    const { all } = run(funded(TICKETS.single), [says(true)]);
    expect(all.at(-1)).toEqual({ kind: 'alert', part: 0, reason: 'spent_unreleased' });
  });

  it('spent while a refund is under way is looked into: it can be the refund', () => {
    const asked = run(funded(TICKETS.single), [refund(0, LOCKTIME), says(true)]);
    expect(asked.commands).toEqual(['swap_refund', 'look_refund']);
    expect(run(asked.state, [swapped('spent')]).state.parts[0]?.at).toBe('spent');
    expect(run(asked.state, [swapped('done')]).state.parts[0]?.at).toBe('refunded');
  });

  it('is asked about each part that is not over', () => {
    const { all } = run(funded(TICKETS.batch), [says(true), [{ kind: 'look' }]]);
    expect(all.slice(-2)).toEqual([
      { kind: 'ask_mint', part: 1 },
      { kind: 'ask_mint', part: 2 },
    ]);
    expect(run(TICKETS.single, [[{ kind: 'look' }], says(true)]).refusals).toEqual(['not_funded']);
  });
});
