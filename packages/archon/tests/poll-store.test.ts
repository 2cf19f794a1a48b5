import type { Clock, UnixMs } from '@cl-hive/core';
import { type Migration, openStore, type Store } from '@cl-hive/store';
import { DATABASE_KINDS, TestDatabases } from '@cl-hive/store/testing';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import {
  addBallot,
  addPoll,
  BALLOTS_MAX,
  type Ballot,
  ballotsOf,
  closeDue,
  decideOwnVote,
  EARLY_BALLOTS_PER_VOTER_MAX,
  findPoll,
  listPolls,
  OPEN_POLLS_PER_CREATOR_MAX,
  ownVotes,
  POLL_GRACE_SECONDS,
  POLLS_MAX,
  type Poll,
  type PollTables,
  pollTables,
  prunedResults,
  prunePolls,
  signOwnVote,
  tally,
} from '../src/index.ts';
import { type Member, members, NOW, pollOf } from './support/members.ts';

const migrations: readonly Migration[] = [
  { id: 1, name: 'polls', sql: (ddl) => [...pollTables(ddl)] },
];

const clock: Clock = {
  now: () => (NOW * 1000) as UnixMs,
  monotonic: () => performance.now(),
  after: (delayMs, task) => {
    const timer = setTimeout(task, delayMs);
    return () => clearTimeout(timer);
  },
};

const five = members(5);
const [voter0, voter1, voter2] = five as unknown as readonly [Member, Member, Member];
const poll = pollOf(five);

describe.each(DATABASE_KINDS)('the book of polls on %s', (kind) => {
  const databases = new TestDatabases(kind);
  const opened: Store<PollTables>[] = [];
  afterAll(async () => {
    await Promise.all(opened.map((store) => store.close()));
    await databases.remove();
  });

  async function book(): Promise<Store<PollTables>> {
    const location = await databases.location();
    const store = await openStore<PollTables>({
      location,
      owner: 'cl-hive-archon',
      migrations,
      clock,
      log: () => undefined,
    });
    opened.push(store);
    return store;
  }

  const add = (store: Store<PollTables>, one: Poll, now = NOW) =>
    store.transact((tx) => addPoll(tx, one, now));
  const cast = (store: Store<PollTables>, ballot: Ballot, now = NOW) =>
    store.transact((tx) => addBallot(tx, ballot, now));

  it('keeps what came before the poll, counts each once, and gives it all back', async () => {
    const store = await book();
    const early = voter1.ballot(poll, 2);
    expect(await cast(store, early)).toBe('early');
    expect(await cast(store, early)).toBe('known');
    expect(await add(store, poll)).toBe(true);
    expect(await add(store, poll)).toBe(false);
    expect(await cast(store, early)).toBe('known');
    const late = voter1.ballot(poll, 1, { cast_at: NOW + 20 });
    expect(await cast(store, late)).toBe('added');
    expect(await cast(store, voter1.ballot(poll, 3, { cast_at: NOW + 30 }))).toBe('known');
    const ballots = await ballotsOf(store.reader, poll.id);
    expect(ballots).toEqual([early, late]);
    expect(tally(poll, ballots)).toMatchObject({ received: 1, conflicting: [voter1.id] });
    expect(await findPoll(store.reader, poll.id)).toEqual({ poll });
  });

  it('PO-04, I7: holds the same tally in every order of arrival', async () => {
    const pool = five.flatMap((member, index) => [
      member.ballot(poll, index % 4),
      member.ballot(poll, (index + 1) % 4, { cast_at: NOW + 5 + 10 * (index % 2) }),
    ]);
    const digests = new Set<string>();
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray(pool, { minLength: pool.length }),
        fc.nat(pool.length),
        async (order, at) => {
          const store = await book();
          for (const [index, ballot] of order.entries()) {
            if (index === at) {
              await add(store, poll);
            }
            await cast(store, ballot);
          }
          await add(store, poll);
          digests.add(tally(poll, await ballotsOf(store.reader, poll.id)).digest);
          await store.close();
        },
      ),
      { numRuns: kind === 'sqlite' ? 8 : 2 },
    );
    expect(digests.size).toBe(1);
  });

  it('closes for good, and keeps the result when it is pruned', async () => {
    const store = await book();
    await add(store, poll);
    await cast(store, voter0.ballot(poll, 1));
    const end = poll.deadline + POLL_GRACE_SECONDS;
    expect(await store.transact((tx) => closeDue(tx, end - 1))).toEqual([]);
    expect(await store.transact((tx) => closeDue(tx, end))).toEqual([poll.id]);
    expect(await findPoll(store.reader, poll.id)).toMatchObject({
      closedAt: end,
      result: { received: 1, pending: 4 },
    });
    // The clock went back a year: the result stands.
    await expect(cast(store, voter1.ballot(poll, 1))).rejects.toMatchObject({
      code: 'poll_closed',
    });
    expect(await store.transact((tx) => prunePolls(tx, end))).toBe(0);
    expect(await store.transact((tx) => prunePolls(tx, end + 1))).toBe(1);
    expect(await findPoll(store.reader, poll.id)).toBeUndefined();
    expect(await prunedResults(store.reader, 10)).toMatchObject([
      { poll: poll.id, title: poll.title, result: { received: 1 } },
    ]);
    await expect(cast(store, voter1.ballot(poll, 1))).rejects.toMatchObject({
      code: 'poll_closed',
    });
    await expect(add(store, poll, end)).rejects.toMatchObject({ code: 'poll_over' });
  });

  it('PO-06: takes nobody who is not in the electorate', async () => {
    const store = await book();
    await add(store, poll);
    const everybody = members(12);
    const wide = pollOf(everybody);
    for (const member of everybody.filter(({ id }) => !five.some((one) => one.id === id))) {
      const { body } = member.ballot(wide, 1).statement;
      const forged = member.says('ballot', { ...body, poll: poll.id });
      const ballot = { ...member.ballot(wide, 1), poll: poll.id, statement: forged as never };
      await expect(cast(store, ballot)).rejects.toMatchObject({ code: 'ballot_stranger' });
    }
    expect(await ballotsOf(store.reader, poll.id)).toEqual([]);
  });

  it('PO-07: one vote of this node is decided once, over crashes and answers that were lost', async () => {
    const store = await book();
    await add(store, poll);
    const ballot = voter0.ballot(poll, 2);
    const { body } = ballot.statement;
    await store.transact((tx) => decideOwnVote(tx, poll.id, body));
    expect(await ownVotes(store.reader)).toEqual([{ poll: poll.id, body, signature: undefined }]);
    const other = store.transact((tx) => decideOwnVote(tx, poll.id, { ...body, choice: 1 }));
    await expect(other).rejects.toMatchObject({ code: 'store_constraint' });
    expect(await store.transact((tx) => signOwnVote(tx, ballot, NOW))).toBe('added');
    expect(await store.transact((tx) => signOwnVote(tx, ballot, NOW))).toBe('known');
    expect(await ownVotes(store.reader, { poll: poll.id })).toMatchObject([
      { signature: ballot.statement.signature },
    ]);
  });

  it('bounds what one creator and one voter can fill', async () => {
    const store = await book();
    for (let n = 0; n < OPEN_POLLS_PER_CREATOR_MAX; n += 1) {
      await add(store, pollOf(five.slice(0, 1), { title: `question ${n}` }));
    }
    await expect(add(store, poll)).rejects.toMatchObject({ code: 'creator_full' });
    expect(await listPolls(store.reader, { open: true, limit: 7 })).toHaveLength(7);
    for (let n = 0; n < EARLY_BALLOTS_PER_VOTER_MAX; n += 1) {
      const unknown = pollOf(five, { title: `unknown ${n}` });
      expect(await cast(store, voter2.ballot(unknown, 1))).toBe('early');
    }
    await expect(cast(store, voter2.ballot(poll, 1))).rejects.toMatchObject({
      code: 'early_ballots_full',
    });
  });

  it('PO-12: refuses the 5,001st poll and the 50,001st ballot', async () => {
    const store = await book();
    await add(store, poll);
    await store.transact(async (tx) => {
      const polls = Array.from({ length: POLLS_MAX - 1 }, (_, n) => ({
        id: `p${n}`,
        creator: 'x',
        deadline: 1,
        statement: '{}',
        closed_at: 1,
        result: '{}',
      }));
      const ballots = Array.from({ length: BALLOTS_MAX }, (_, n) => ({
        id: `b${n}`,
        poll: 'p0',
        voter: 'x',
        cast_at: 1,
        statement: '{}',
      }));
      for (let at = 0; at < polls.length; at += 1_000) {
        await tx
          .insertInto('archon_polls')
          .values(polls.slice(at, at + 1_000))
          .execute();
      }
      for (let at = 0; at < ballots.length; at += 2_000) {
        await tx
          .insertInto('archon_ballots')
          .values(ballots.slice(at, at + 2_000))
          .execute();
      }
    });
    await expect(add(store, pollOf(five, { title: 'one more' }))).rejects.toMatchObject({
      code: 'polls_full',
    });
    await expect(cast(store, voter0.ballot(poll, 1))).rejects.toMatchObject({
      code: 'ballots_full',
    });
  });
});
