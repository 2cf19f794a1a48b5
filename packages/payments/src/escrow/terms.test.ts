import { isCodedError, type Msat, parseJson, stringifyJson } from '@cl-hive/core';
import { describe, expect, it } from 'vitest';
import { sat } from '../../tests/support.ts';
import { bonus, NOW, PAYER_KEY, RECEIVER_KEY, TICKETS, task, terms } from '../../tests/tickets.ts';
import { PAYMENT_LIMITS } from '../limits.ts';
import { judgeOffer, judgeTerms } from './offer.ts';
import { planTicket, stepPayer } from './payer.ts';
import { stepReceiver, takeTicket } from './receiver.ts';
import {
  decodePayer,
  decodeReceiver,
  decodeTerms,
  payerToJson,
  receiverToJson,
  termsToJson,
} from './records.ts';
import { type TicketTerms, ticketMsat } from './terms.ts';

const question = {
  ownKey: RECEIVER_KEY,
  mintListed: true,
  mintLocks: true,
  keysetEnds: undefined,
  now: NOW,
};
const single = TICKETS.single;
const part = (change: Partial<TicketTerms['parts'][number]>) => ({
  parts: single.parts.map((one) => ({ ...one, ...change })),
});
const reread = (json: object): unknown => parseJson(stringifyJson(json));

describe('terms of a ticket', () => {
  it.each(Object.values(TICKETS))('are taken: $kind', (ticket) => {
    expect(judgeOffer(ticket, question)).toBeUndefined();
    expect(ticketMsat(ticket)).toBe(ticket.parts.length === 1 ? sat(100) : sat(303));
    expect(decodeTerms(reread(termsToJson(ticket)))).toEqual(ticket);
  });

  const many = Array.from({ length: PAYMENT_LIMITS.ticketParts + 1 }, (_, at) => task(`${at}`));
  it.each<[string, TicketTerms]>([
    ['no_parts', terms('single', [])],
    ['too_many_parts', terms('batch', many)],
    ['parts_of_other_kind', terms('single', [task('a'), task('b')])],
    ['parts_of_other_kind', terms('batch', [task('a')])],
    ['parts_of_other_kind', terms('milestone', [task('a'), bonus('a', 1n)])],
    ['parts_of_other_kind', terms('performance', [task('a')])],
    ['parts_of_other_kind', terms('performance', [bonus('a', 1n), bonus('a', 2n)])],
    ['parts_of_other_kind', terms('performance', [task('a'), bonus('b', 1n)])],
    ['amount_not_in_sats', { ...single, ...part({ amountMsat: 0n as Msat }) }],
    ['amount_not_in_sats', { ...single, ...part({ amountMsat: 1001n as Msat }) }],
    ['amount_too_large', { ...single, ...part({ amountMsat: sat(10_000_001) }) }],
    ['hash_repeated', { ...TICKETS.batch, parts: [...TICKETS.batch.parts, ...single.parts] }],
    ['task_repeated', terms('batch', [task('a'), task('a')])],
    ['same_key', terms('single', [task('a')], { receiverKey: `03${PAYER_KEY.slice(2)}` })],
    ['locktime_too_near', { ...single, locktime: NOW + 3599 }],
    ['locktime_too_far', { ...single, locktime: NOW + 31 * 86_400 }],
    ['measure_after_locktime', { ...TICKETS.performance, locktime: NOW + 3600 }],
  ])('are refused: %s', (problem, ticket) => {
    const late = problem === 'measure_after_locktime' ? { ...question, now: NOW - 4000 } : question;
    const changed =
      problem === 'measure_after_locktime' ? { ...ticket, locktime: NOW + 200 } : ticket;
    expect(judgeTerms(changed, late)).toBe(problem);
  });

  it.each([
    ['other_receiver', { ownKey: PAYER_KEY }],
    ['mint_not_listed', { mintListed: false }],
    ['mint_without_locks', { mintLocks: false }],
    ['lock_outlives_keyset', { keysetEnds: single.locktime }],
  ])('are refused by who is offered them: %s', (problem, change) => {
    expect(judgeOffer(single, { ...question, ...change })).toBe(problem);
  });

  it('fit a lock that ends before its keyset', () => {
    expect(judgeOffer(single, { ...question, keysetEnds: single.locktime + 1 })).toBeUndefined();
  });
});

describe('records of tickets', () => {
  const json = termsToJson(TICKETS.performance);
  it.each<[string, object]>([
    ['a kind', { kind: 'other' }],
    ['an id', { id: 'ab' }],
    ['a key', { payer_key: `05${'aa'.repeat(32)}` }],
    ['a locktime', { locktime: 1.5 }],
    ['a mint', { mint: 'x'.repeat(PAYMENT_LIMITS.ticketNameChars + 1) }],
    ['parts', { parts: 'none' }],
    ['a condition', { parts: [{ hash: 'aa'.repeat(32), amount_msat: 1, condition: {} }] }],
    ['an amount', { parts: [{ ...termsPart(), amount_msat: -1 }] }],
  ])('are refused with another %s', (_, change) => {
    expect(codeOf(() => decodeTerms({ ...json, ...change }))).toBe('decode');
  });

  it('read hexadecimal in one form, so that nothing is there twice under two names', () => {
    const upper = { ...json, receiver_key: RECEIVER_KEY.toUpperCase() };
    expect(decodeTerms(upper).receiverKey).toBe(RECEIVER_KEY);
  });

  it('are refused where states and parts do not fit', () => {
    const funded = { terms: json, funding: 'funded' };
    const released = [{ at: 'released' }, { at: 'locked' }, { at: 'locked' }];
    for (const parts of [[], released]) {
      expect(codeOf(() => decodePayer({ ...funded, parts }))).toBe('decode');
    }
    const held = { terms: json, taken: 'held' };
    const redeeming = [{ at: 'redeeming' }, { at: 'held' }, { at: 'held' }];
    for (const parts of [[], redeeming]) {
      expect(codeOf(() => decodeReceiver({ ...held, parts }))).toBe('decode');
    }
  });

  it('of new tickets come back as they were', () => {
    const payer = stepPayer(planTicket(single), { kind: 'fund' }, NOW).state;
    expect(decodePayer(reread(payerToJson(payer)))).toEqual(payer);
    const receiver = stepReceiver(takeTicket(single).state, { kind: 'checked', good: true }).state;
    expect(decodeReceiver(reread(receiverToJson(receiver)))).toEqual(receiver);
  });
});

function termsPart(): object {
  return { hash: 'aa'.repeat(32), condition: { kind: 'task', task: 'a', digest: 'bb'.repeat(32) } };
}

function codeOf(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return isCodedError(error) ? error.code : error;
  }
}
