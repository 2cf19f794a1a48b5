import { stringifyJson } from '@cl-hive/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { at, members, NOW, pollBody, pollOf } from '../../tests/support/members.ts';
import {
  type Ballot,
  type BallotBody,
  bondedMsat,
  bondStands,
  compareHoldings,
  draftBallot,
  draftPoll,
  holdingOf,
  keptBallots,
  type PollBody,
  readBallot,
  readHolding,
  readPoll,
  tally,
} from '../index.ts';

const five = members(5);
const [first, second] = five as unknown as [(typeof five)[number], (typeof five)[number]];

function pollCode(more: Partial<PollBody>): string | undefined {
  try {
    draftPoll(pollBody(five, more));
    return undefined;
  } catch (error) {
    return (error as { code: string }).code;
  }
}

function ballotCode(body: Partial<BallotBody>): string | undefined {
  try {
    draftBallot(pollOf(five), {
      voter: second.id,
      choice: 1,
      cast_at: NOW + 1,
      epoch: 0,
      ...body,
    });
    return undefined;
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describe('a poll', () => {
  it('is read back as it was signed, under an id of all that it says', () => {
    const poll = pollOf(five);
    expect(readPoll(JSON.parse(stringifyJson({ ...poll.statement })))).toEqual(poll);
    const other = pollOf(five.slice(0, 4));
    expect(other.id).not.toBe(poll.id);
  });

  it.each([
    [
      'PO-12: 11 options',
      { options: Array.from({ length: 11 }, (_, n) => `choice ${'abcdefghjkm'[n]}`) },
      'poll_options',
    ],
    ['PO-12: 1 option', { options: ['yes'] }, 'poll_options'],
    ['PO-12: 65-char option', { options: ['yes', 'n'.repeat(65)] }, 'poll_options'],
    ['PO-12: NUL in an option', { options: ['yes', 'n\0o'] }, 'poll_options'],
    ['PO-12: title 201', { title: 'a'.repeat(201) }, 'poll_title'],
    ['an empty title', { title: '' }, 'poll_title'],
    ['PO-12: metadata 8,193 bytes', { metadata: { a: 'x'.repeat(8_193 - 8) } }, 'poll_metadata'],
    ['PO-12: deadline in ms', { deadline: (NOW + 60) * 1000 }, 'poll_deadline'],
    ['a deadline before its creation', { deadline: NOW }, 'poll_deadline'],
    ['a deadline in two years', { deadline: NOW + 2 * 366 * 86_400 }, 'poll_deadline'],
    ['nobody to vote', { electorate: [] }, 'poll_electorate'],
    ['a member twice', { electorate: [first.id, first.id] }, 'poll_electorate'],
    ['members out of order', { electorate: [second.id, first.id] }, 'poll_electorate'],
    ['a creator without a vote', { electorate: [second.id] }, 'poll_electorate'],
    ['a bond for everybody', { bond_sat: 1 }, 'poll_bond'],
    ['governance without a bond', { tier: 'governance' }, 'poll_bond'],
  ] as const)('is refused for %s', (_, more, code) => {
    expect(pollCode(more as Partial<PollBody>)).toBe(code);
  });

  it('PO-12: counts characters, not UTF-16 units', () => {
    expect(pollCode({ title: '\u{1f41d}'.repeat(200) })).toBeUndefined();
    expect(pollCode({ title: '\u{1f41d}'.repeat(201) })).toBe('poll_title');
    expect(pollCode({ options: ['yes', '\u{1f41d}'.repeat(64)] })).toBeUndefined();
    expect(pollCode({ metadata: { a: 'x'.repeat(8_192 - 8) } })).toBeUndefined();
  });

  it.each(['yes', 'ye\u0455', 'ye\u200bs', 'YES ', 'YES', 'yes\u00a0', '\uff59es', 'ye\u0301s'])(
    'PO-03: does not offer %j beside yes',
    (option) => {
      expect(pollCode({ options: ['yes', option] })).toBe('poll_options');
    },
  );

  it('offers what differs', () => {
    expect(pollCode({ options: ['yes', 'no', 'не сейчас', '50 ppm', '500 ppm'] })).toBeUndefined();
  });

  it('is refused when another signed it, or one bit of it changed', () => {
    const { statement } = pollOf(five);
    const forged = second.says('poll', statement.body);
    expect(() => readPoll(forged)).toThrow(expect.objectContaining({ code: 'poll_signature' }));
    const more = first.says('poll', { ...statement.body, extra: 1 });
    expect(() => readPoll(more)).toThrow(expect.objectContaining({ code: 'poll_malformed' }));
    const words = stringifyJson({ ...statement });
    fc.assert(
      fc.property(fc.nat(words.length - 1), fc.nat(6), (at, bit) => {
        const changed =
          words.slice(0, at) +
          String.fromCharCode(words.charCodeAt(at) ^ (1 << bit)) +
          words.slice(at + 1);
        let input: unknown;
        try {
          input = JSON.parse(changed);
        } catch {
          return;
        }
        expect(() => readPoll(input)).toThrow();
      }),
    );
  });

  it.each([null, 1, 'x', [], {}, { body: {}, signer: first.id, signature: 'y'.repeat(104) }])(
    'is not %j',
    (input) => {
      expect(() => readPoll(input)).toThrow(expect.objectContaining({ code: 'poll_signature' }));
    },
  );
});

describe('a ballot', () => {
  it.each([
    ['an option too many', { choice: 4 }, 'ballot_option'],
    [
      'a voter outside',
      { voter: members(6).find(({ id }) => !five.some((m) => m.id === id))?.id },
      'ballot_stranger',
    ],
    ['PO-12: reason 501', { reason: 'r'.repeat(501) }, 'ballot_reason'],
    ['an invisible reason', { reason: 'a\u200bb' }, 'ballot_reason'],
    ['a time after the deadline', { cast_at: NOW + 86_401 }, 'ballot_time'],
    ['a time before the poll', { cast_at: NOW - 3_601 }, 'ballot_time'],
  ] as const)('is refused for %s', (_, body, code) => {
    expect(ballotCode(body as Partial<BallotBody>)).toBe(code);
  });

  it('may be spoiled on purpose, and carry a reason', () => {
    expect(ballotCode({ choice: 0, reason: 'none of these' })).toBeUndefined();
  });

  it('is refused when another signed it, or one bit of it changed', () => {
    const { statement } = second.ballot(pollOf(five), 2);
    const forged = first.says('ballot', statement.body);
    expect(() => readBallot(forged)).toThrow(expect.objectContaining({ code: 'ballot_signature' }));
    expect(() => readBallot({ ...statement, body: { ...statement.body, choice: 1 } })).toThrow(
      expect.objectContaining({ code: 'ballot_signature' }),
    );
    expect(() => readBallot(second.says('ballot', { ...statement.body, more: 1 }))).toThrow(
      expect.objectContaining({ code: 'ballot_malformed' }),
    );
  });
});

const poll = pollOf(five);
/** Every vote that five members may cast, each of them twice. */
const pool: readonly Ballot[] = five.flatMap((member, index) => [
  member.ballot(poll, index % 4),
  member.ballot(poll, (index + 1) % 4, { cast_at: NOW + 5 + 10 * (index % 2) }),
]);
const cast = fc.array(fc.nat(pool.length - 1), { maxLength: 30 });

/** The obvious count: each voter's ballot of the earliest time, one vote each. */
function obviousCount(ballots: readonly Ballot[]): readonly number[] {
  const votes = [0, 0, 0, 0];
  for (const { id } of five) {
    const own = ballots.filter(({ voter }) => voter === id);
    const earliest = own.reduce<Ballot | undefined>(
      (best, one) => (best === undefined || one.cast_at < best.cast_at ? one : best),
      undefined,
    );
    if (earliest !== undefined) {
      votes[earliest.choice] = (votes[earliest.choice] ?? 0) + 1;
    }
  }
  return votes;
}

describe('a tally', () => {
  it('PO-04: is that of the obvious count, in every order and with every copy', () => {
    fc.assert(
      fc.property(cast, fc.infiniteStream(fc.nat()), (indices, order) => {
        const ballots = indices.map((index) => at(pool, index));
        const result = tally(poll, ballots);
        expect([result.spoiled, ...result.options.map(({ votes }) => votes)]).toEqual(
          obviousCount(ballots),
        );
        const shuffled = ballots
          .concat(ballots)
          .map((ballot) => [order.next().value, ballot] as const)
          .sort(([a], [b]) => a - b)
          .map(([, ballot]) => ballot);
        expect(tally(poll, shuffled)).toEqual(result);
      }),
    );
  });

  it('PO-04: a changed vote does not count, whichever came first', () => {
    const before = second.ballot(poll, 1, { cast_at: NOW + 1 });
    const after = second.ballot(poll, 2, { cast_at: NOW + 2 });
    for (const order of [
      [before, after],
      [after, before, after],
    ]) {
      expect(tally(poll, order)).toMatchObject({
        options: [{ votes: 1 }, { votes: 0 }, { votes: 0 }],
        received: 1,
        conflicting: [second.id],
      });
    }
    const third = second.ballot(poll, 3, { cast_at: NOW + 3 });
    expect(keptBallots([third, after, before])).toEqual([before, after]);
  });

  it('PO-06: leaves out whoever is not in the electorate, and other polls', () => {
    const stranger = members(40).find(({ id }) => !five.some((member) => member.id === id));
    const theirs = pollOf(members(40));
    const outside = stranger?.ballot(theirs, 1) as Ballot;
    const posing = { ...outside, poll: poll.id };
    expect(tally(poll, [outside, posing, second.ballot(poll, 1)])).toMatchObject({
      received: 1,
      eligible: 5,
    });
  });
});

describe('what two nodes exchange', () => {
  it('makes them agree, whatever each had', () => {
    fc.assert(
      fc.property(cast, cast, (left, right) => {
        const take = (indices: readonly number[]): Ballot[] => indices.map((n) => at(pool, n));
        let [a, b] = [firsts(take(left)), firsts(take(right))];
        const step = compareHoldings(poll, b, { ...holdingOf(poll, a), answer: false });
        a = firsts([...a, ...step.send]);
        if (step.ask) {
          const back = compareHoldings(poll, a, { ...holdingOf(poll, b), answer: true });
          expect(back.ask).toBe(false);
          b = firsts([...b, ...back.send]);
        }
        const again = compareHoldings(poll, b, { ...holdingOf(poll, a), answer: false });
        a = firsts([...a, ...again.send]);
        if (again.ask) {
          const back = compareHoldings(poll, a, { ...holdingOf(poll, b), answer: true });
          b = firsts([...b, ...back.send]);
        }
        expect(tally(poll, a).digest).toBe(tally(poll, b).digest);
      }),
    );
  });

  it('is read from outside with bounds', () => {
    const holding = { ...holdingOf(poll, pool), answer: 1 };
    expect(readHolding(holding)).toMatchObject({ answer: true });
    for (const bad of [{ held: '0'.repeat(200) }, { poll: 'x' }, { digest: 1 }, { answer: 2 }]) {
      expect(() => readHolding({ ...holding, ...bad })).toThrow();
    }
    expect(compareHoldings(poll, [], { ...readHolding(holding), held: 'zz' })).toEqual({
      send: [],
      ask: false,
    });
  });
});

function firsts(ballots: readonly Ballot[]): Ballot[] {
  return five.flatMap(({ id }) =>
    keptBallots(ballots.filter(({ voter }) => voter === id)).slice(0, 1),
  );
}

describe('a bond', () => {
  it('is what stands on the own side of working channels', () => {
    const channels = [
      { state: 'CHANNELD_NORMAL', to_us_msat: 30_000_000 },
      { state: 'CHANNELD_NORMAL', to_us_msat: 20_000_000 },
      { state: 'CLOSINGD_SIGEXCHANGE', to_us_msat: 90_000_000 },
      { state: 'CHANNELD_NORMAL', to_us_msat: 'nonsense' },
      null,
    ];
    const balance = bondedMsat({ channels });
    expect(balance).toBe(50_000_000n);
    expect(bondStands(balance, 50_000n)).toBe(true);
    expect(bondStands(balance, 50_001n)).toBe(false);
    expect(bondedMsat(undefined)).toBe(0n);
  });
});
