import { CodedError, type JsonObject, type NodeId, parseJson, stringifyJson } from '@cl-hive/core';
import type { Reader, Transactor } from '@cl-hive/store';
import { statementJson } from '../statement/statement.ts';
import { type Ballot, checkBallot, compareBallots, readBallot } from './ballot.ts';
import {
  BALLOTS_MAX,
  EARLY_BALLOTS_MAX,
  EARLY_BALLOTS_PER_VOTER_MAX,
  OPEN_POLLS_PER_CREATOR_MAX,
  POLL_GRACE_SECONDS,
  POLLS_MAX,
} from './limits.ts';
import { type Poll, readPoll } from './poll.ts';
import type { PollTables } from './poll-tables.ts';
import { keptBallots, tally, tallyJson } from './tally.ts';

type Read = Reader<PollTables>;
type Write = Transactor<PollTables>;

/** Why the book of polls did not take something. */
export type PollBookErrorCode =
  | 'poll_over'
  | 'poll_closed'
  | 'polls_full'
  | 'ballots_full'
  | 'early_ballots_full'
  | 'creator_full';

/** A poll as it is kept. */
export interface KeptPoll {
  readonly poll: Poll;
  /** Unix seconds; undefined while it is open. */
  readonly closedAt: number | undefined;
  /** Once it is closed. */
  readonly result: JsonObject | undefined;
}

function refuse(code: PollBookErrorCode, message: string, remedy: string): never {
  throw new CodedError<PollBookErrorCode>(code, message, { remedy });
}

async function count(query: {
  executeTakeFirstOrThrow: () => Promise<{ n: number | string | bigint }>;
}): Promise<number> {
  return Number((await query.executeTakeFirstOrThrow()).n);
}

function keptPoll(row: PollTables['archon_polls']): KeptPoll {
  return {
    poll: readPoll(parseJson(row.statement)),
    closedAt: row.closed_at ?? undefined,
    result: row.result === null ? undefined : (parseJson(row.result) as JsonObject),
  };
}

/** The poll of an id; undefined for none. */
export async function findPoll(reader: Read, id: string): Promise<KeptPoll | undefined> {
  const row = await reader
    .selectFrom('archon_polls')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst();
  return row === undefined ? undefined : keptPoll(row);
}

/** Polls by deadline, the latest first; at most `limit`. */
export async function listPolls(
  reader: Read,
  which: { readonly open?: boolean; readonly limit: number },
): Promise<readonly KeptPoll[]> {
  let query = reader.selectFrom('archon_polls').selectAll();
  if (which.open !== undefined) {
    query = query.where('closed_at', which.open ? 'is' : 'is not', null);
  }
  const rows = await query.orderBy('deadline', 'desc').orderBy('id').limit(which.limit).execute();
  return rows.map(keptPoll);
}

/** All ballots that are kept of a poll, each voter's in order. */
export async function ballotsOf(reader: Read, poll: string): Promise<readonly Ballot[]> {
  const rows = await reader
    .selectFrom('archon_ballots')
    .select('statement')
    .where('poll', '=', poll)
    .orderBy('voter')
    .orderBy('cast_at')
    .execute();
  return rows.map(({ statement }) => readBallot(parseJson(statement))).sort(compareVoters);
}

function compareVoters(a: Ballot, b: Ballot): number {
  return a.voter === b.voter ? compareBallots(a, b) : a.voter < b.voter ? -1 : 1;
}

/**
 * Adds a poll, and the ballots that came before it. Whether it was new. Throws `poll_over` for one whose
 * time is past, `polls_full`, `creator_full`.
 */
export async function addPoll(tx: Write, poll: Poll, now: number): Promise<boolean> {
  const known = await tx
    .selectFrom('archon_polls')
    .select('id')
    .where('id', '=', poll.id)
    .executeTakeFirst();
  if (known !== undefined) {
    return false;
  }
  if (poll.deadline + POLL_GRACE_SECONDS <= now) {
    refuse('poll_over', 'the poll is over', 'ask whoever has it for its result');
  }
  const all = tx.selectFrom('archon_polls').select((eb) => eb.fn.countAll<number>().as('n'));
  if ((await count(all)) >= POLLS_MAX) {
    refuse('polls_full', `${POLLS_MAX} polls are kept`, 'prune those that are closed');
  }
  const own = all.where('creator', '=', poll.creator).where('closed_at', 'is', null);
  if ((await count(own)) >= OPEN_POLLS_PER_CREATOR_MAX) {
    const remedy = 'wait until one of them is closed';
    refuse('creator_full', `its creator has ${OPEN_POLLS_PER_CREATOR_MAX} open polls`, remedy);
  }
  const { id, creator, deadline } = poll;
  const statement = stringifyJson(statementJson(poll.statement));
  const row = { id, creator, deadline, statement, closed_at: null, result: null };
  await tx.insertInto('archon_polls').values(row).execute();
  await takeEarly(tx, poll, now);
  return true;
}

async function takeEarly(tx: Write, poll: Poll, now: number): Promise<void> {
  const early = await tx
    .selectFrom('archon_early_ballots')
    .select(['id', 'statement'])
    .where('poll', '=', poll.id)
    .execute();
  for (const { statement } of early) {
    try {
      await addBallot(tx, readBallot(parseJson(statement)), now);
    } catch (error) {
      if (!(error instanceof CodedError) || error.code.startsWith('store_')) {
        throw error;
      }
      // Not a member's after all, or there is no room: what could not be judged then is refused now.
    }
  }
  await tx.deleteFrom('archon_early_ballots').where('poll', '=', poll.id).execute();
}

/** What became of a ballot. `early`: kept until its poll comes; `known`: nothing was added. */
export type BallotFate = 'added' | 'known' | 'early';

/** Adds a ballot. Throws what it does not count for, `poll_closed`, `ballots_full`, `early_ballots_full`. */
export async function addBallot(tx: Write, ballot: Ballot, now: number): Promise<BallotFate> {
  const kept = await findPoll(tx, ballot.poll);
  if (kept === undefined) {
    return addEarly(tx, ballot);
  }
  checkBallot(kept.poll, ballot);
  const voters = await tx
    .selectFrom('archon_ballots')
    .select('statement')
    .where('poll', '=', ballot.poll)
    .where('voter', '=', ballot.voter)
    .execute();
  const before = voters.map(({ statement }) => readBallot(parseJson(statement)));
  const after = keptBallots([...before, ballot]);
  if (before.some(({ id }) => id === ballot.id) || !after.some(({ id }) => id === ballot.id)) {
    return 'known';
  }
  if (kept.closedAt !== undefined || kept.poll.deadline + POLL_GRACE_SECONDS <= now) {
    refuse('poll_closed', 'the poll is closed', 'its result stands');
  }
  const all = tx.selectFrom('archon_ballots').select((eb) => eb.fn.countAll<number>().as('n'));
  if (before.length < after.length && (await count(all)) >= BALLOTS_MAX) {
    refuse('ballots_full', `${BALLOTS_MAX} ballots are kept`, 'prune polls that are closed');
  }
  for (const { id } of before.filter((one) => !after.includes(one))) {
    await tx.deleteFrom('archon_ballots').where('id', '=', id).execute();
  }
  const { id, poll, voter, cast_at } = ballot;
  const statement = stringifyJson(statementJson(ballot.statement));
  await tx.insertInto('archon_ballots').values({ id, poll, voter, cast_at, statement }).execute();
  return 'added';
}

async function addEarly(tx: Write, ballot: Ballot): Promise<BallotFate> {
  const { id, poll, voter } = ballot;
  const pruned = await tx
    .selectFrom('archon_poll_results')
    .select('poll')
    .where('poll', '=', poll)
    .executeTakeFirst();
  if (pruned !== undefined) {
    refuse('poll_closed', 'the poll is closed', 'its result stands');
  }
  const same = await tx
    .selectFrom('archon_early_ballots')
    .select('id')
    .where('id', '=', id)
    .executeTakeFirst();
  if (same !== undefined) {
    return 'known';
  }
  const all = tx
    .selectFrom('archon_early_ballots')
    .select((eb) => [eb.fn.countAll<number>().as('n'), eb.fn.max('seq').as('last')]);
  const { n, last } = await all.executeTakeFirstOrThrow();
  const own = await count(all.where('voter', '=', voter));
  if (n >= EARLY_BALLOTS_MAX || own >= EARLY_BALLOTS_PER_VOTER_MAX) {
    const remedy = 'send the poll first, then the ballot again';
    refuse('early_ballots_full', 'too many ballots wait for their polls', remedy);
  }
  const statement = stringifyJson(statementJson(ballot.statement));
  const row = { id, poll, voter, statement, seq: (last ?? 0) + 1 };
  await tx.insertInto('archon_early_ballots').values(row).execute();
  return 'early';
}

/** Closes the polls that are due, for good: a clock that is set back opens none. Gives their ids. */
export async function closeDue(tx: Write, now: number): Promise<readonly string[]> {
  const due = await tx
    .selectFrom('archon_polls')
    .selectAll()
    .where('closed_at', 'is', null)
    .where('deadline', '<=', now - POLL_GRACE_SECONDS)
    .execute();
  for (const row of due) {
    const { poll } = keptPoll(row);
    const result = stringifyJson(tallyJson(tally(poll, await ballotsOf(tx, poll.id))));
    await tx
      .updateTable('archon_polls')
      .set({ closed_at: now, result })
      .where('id', '=', poll.id)
      .execute();
  }
  return due.map(({ id }) => id);
}

/** Removes closed polls and their ballots, and keeps their results. Gives how many. */
export async function prunePolls(tx: Write, closedBefore: number): Promise<number> {
  const old = await tx
    .selectFrom('archon_polls')
    .selectAll()
    .where('closed_at', '<', closedBefore)
    .execute();
  for (const row of old) {
    const { poll, closedAt } = keptPoll(row);
    const result = { poll: poll.id, title: poll.title, closed_at: closedAt ?? 0 };
    await tx
      .insertInto('archon_poll_results')
      .values({ ...result, result: row.result ?? '{}' })
      .execute();
    await tx.deleteFrom('archon_ballots').where('poll', '=', poll.id).execute();
    await tx.deleteFrom('archon_own_votes').where('poll', '=', poll.id).execute();
    await tx.deleteFrom('archon_polls').where('id', '=', poll.id).execute();
  }
  return old.length;
}

/** Results of pruned polls, the latest first; at most `limit`. */
export async function prunedResults(reader: Read, limit: number): Promise<readonly JsonObject[]> {
  const rows = await reader
    .selectFrom('archon_poll_results')
    .selectAll()
    .orderBy('closed_at', 'desc')
    .orderBy('poll')
    .limit(limit)
    .execute();
  return rows.map(({ result, ...row }) => ({ ...row, result: parseJson(result) }));
}

/** A vote of this node that is decided, signed or not yet. */
export interface OwnVote {
  readonly poll: string;
  readonly body: JsonObject;
  readonly signature: string | undefined;
}

/** Votes of this node, also those that a crash left unsigned. */
export async function ownVotes(
  reader: Read,
  where: { readonly poll?: string } = {},
): Promise<readonly OwnVote[]> {
  let query = reader.selectFrom('archon_own_votes').selectAll().orderBy('poll');
  if (where.poll !== undefined) {
    query = query.where('poll', '=', where.poll);
  }
  return (await query.execute()).map(({ poll, body, signature }) => ({
    poll,
    body: parseJson(body) as JsonObject,
    signature: signature ?? undefined,
  }));
}

/** Decides this node's vote, once for all: the choice that is stored is the one that is ever signed. */
export async function decideOwnVote(tx: Write, poll: string, body: JsonObject): Promise<void> {
  await tx
    .insertInto('archon_own_votes')
    .values({ poll, body: stringifyJson(body), signature: null })
    .execute();
}

/** Keeps the signature of this node's vote and counts it. */
export async function signOwnVote(tx: Write, ballot: Ballot, now: number): Promise<BallotFate> {
  const { signature } = ballot.statement;
  await tx
    .updateTable('archon_own_votes')
    .set({ signature })
    .where('poll', '=', ballot.poll)
    .execute();
  return addBallot(tx, ballot, now);
}

/** The ballot of this node that the book has; undefined where it has not voted. */
export async function ballotBy(
  reader: Read,
  poll: string,
  voter: NodeId,
): Promise<Ballot | undefined> {
  const ballots = (await ballotsOf(reader, poll)).filter((ballot) => ballot.voter === voter);
  return ballots[0];
}
