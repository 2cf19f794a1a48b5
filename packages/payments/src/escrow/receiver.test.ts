import { describe, expect, it } from 'vitest';
import { LOCKTIME, secretOf, TICKETS } from '../../tests/tickets.ts';
import {
  payerMayRefund,
  type ReceiverCommand,
  type ReceiverEvent,
  type ReceiverTicket,
  stepReceiver,
  takeTicket,
} from './receiver.ts';
import type { TicketTerms } from './terms.ts';

function run(from: ReceiverTicket, events: readonly ReceiverEvent[]) {
  const all: ReceiverCommand[] = [];
  const refusals: string[] = [];
  let state = from;
  for (const event of events) {
    const step = stepReceiver(state, event);
    state = step.state;
    all.push(...step.commands);
    refusals.push(...(step.refusal === undefined ? [] : [step.refusal]));
  }
  return { state, all, commands: all.map(({ kind }) => kind), refusals };
}

const held = (ticket: TicketTerms): ReceiverTicket =>
  run(takeTicket(ticket).state, [{ kind: 'checked', good: true }]).state;
const secret = (part = 0, preimage = secretOf(part)): ReceiverEvent => ({
  kind: 'secret',
  part,
  preimage,
});
const swapped = (outcome: 'done' | 'failed' | 'unknown' | 'spent'): ReceiverEvent => ({
  kind: 'redeem_swapped',
  part: 0,
  outcome,
});
const says = (spent: boolean): ReceiverEvent => ({ kind: 'mint_says', part: 0, spent });

describe('a ticket that is offered', () => {
  it('is checked with the mint before it is held', () => {
    const taken = takeTicket(TICKETS.single);
    expect(taken.commands).toEqual([{ kind: 'check' }]);
    expect(run(taken.state, [secret()]).refusals).toEqual(['not_held']);
    expect(run(taken.state, [{ kind: 'look' }]).commands).toEqual(['check']);
    const bad = run(taken.state, [
      { kind: 'checked', good: false },
      { kind: 'checked', good: true },
    ]);
    expect(bad.state.taken).toBe('refused');
    expect(bad.all).toEqual([{ kind: 'receipt', what: 'refused', part: undefined }]);
  });
});

describe('a part', () => {
  it('is redeemed once its secret is known, when the mint has swapped it', () => {
    const { state, commands } = run(held(TICKETS.single), [
      secret(),
      swapped('unknown'),
      { kind: 'look' },
      swapped('done'),
      { kind: 'look' },
    ]);
    expect(state.parts).toEqual([{ at: 'redeemed' }]);
    expect(commands).toEqual(['swap_redeem', 'look_redeem', 'receipt']);
  });

  it('stays the receiver’s to redeem after the locktime, until the mint says it is spent', () => {
    expect(payerMayRefund(TICKETS.single, LOCKTIME - 1)).toBe(false);
    expect(payerMayRefund(TICKETS.single, LOCKTIME)).toBe(true);
    const { state, commands } = run(held(TICKETS.single), [
      { kind: 'look' },
      says(false),
      secret(),
      swapped('failed'),
      { kind: 'look' },
      says(false),
      swapped('done'),
    ]);
    expect(commands).toEqual(['ask_mint', 'swap_redeem', 'ask_mint', 'swap_redeem', 'receipt']);
    expect(state.parts[0]?.at).toBe('redeemed');
  });

  it.each<[string, readonly ReceiverEvent[]]>([
    ['no_such_part', [secret(1)]],
    ['secret_differs', [secret(0, secretOf(1))]],
    ['secret_differs', [secret(0, 'zz')]],
    ['secret_differs', [secret(0, secretOf(0).slice(2))]],
    ['secret_missing', [{ kind: 'redeem', part: 0 }]],
    ['redeem_under_way', [secret(), secret()]],
    ['redeem_under_way', [secret(), { kind: 'redeem', part: 0 }]],
    ['part_over', [secret(), swapped('done'), secret()]],
  ])('is not redeemed: %s', (reason, events) => {
    const { refusals, commands } = run(held(TICKETS.single), events);
    expect(refusals).toEqual([reason]);
    expect(commands.filter((kind) => kind === 'swap_redeem').length).toBeLessThanOrEqual(1);
  });

  it('that the payer took back is lost; an alarm, where it was earned', () => {
    const lost = run(held(TICKETS.single), [says(true)]);
    expect(lost.state.parts).toEqual([{ at: 'taken_back' }]);
    expect(lost.commands).toEqual(['receipt']);
    for (const events of [
      [secret(), swapped('spent')],
      [secret(), swapped('failed'), says(true)],
    ]) {
      const { state, all } = run(held(TICKETS.single), events);
      expect(state.parts).toEqual([{ at: 'taken_back' }]);
      expect(all.at(-1)).toEqual({ kind: 'alert', part: 0, reason: 'earned_but_taken_back' });
    }
  });

  it('spent while it is being redeemed is looked into: it can be the redemption', () => {
    const { commands, state } = run(held(TICKETS.single), [secret(), says(true), swapped('done')]);
    expect(commands).toEqual(['swap_redeem', 'look_redeem', 'receipt']);
    expect(state.parts).toEqual([{ at: 'redeemed' }]);
  });
});
