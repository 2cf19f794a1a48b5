import {
  addBallot,
  addPoll,
  BALLOTS_PER_MESSAGE_MAX,
  BOND_SAT_DEFAULT,
  ballotsOf,
  closeDue,
  decideOwnVote,
  draftBallot,
  draftPoll,
  findPoll,
  type KeptPoll,
  listPolls,
  ownVotes,
  type PollTables,
  prunedResults,
  prunePolls,
  readBallot,
  readPoll,
  signOwnVote,
  statementJson,
  type Tier,
  tally,
  tallyJson,
} from '@cl-hive/archon';
import type { Logger } from '@cl-hive/cln-plugin';
import {
  array,
  bytesToHex,
  type Cancel,
  type Clock,
  CodedError,
  compareCodeUnits,
  describeError,
  hex,
  type JsonObject,
  type NodeId,
  object,
  type Random,
  stringifyJson,
} from '@cl-hive/core';
import type { Store } from '@cl-hive/store';
import type { SendToArchon } from '../node/archon-wire.ts';
import type { Neighbours } from '../node/neighbours.ts';
import type { SignStatement } from '../node/statement-signer.ts';
import { PollSync } from './poll-sync.ts';
import type { TierDesk } from './tier-desk.ts';

/** Why a command about polls was refused, beyond what the polls and ballots themselves say. */
export type GovernanceErrorCode =
  | 'poll_unknown'
  | 'poll_stranger'
  | 'vote_cast'
  | 'electorate_missing';

/** How often polls are looked at for those that are due, ms. */
const LOOK_MS = 60_000;
const DAY_SECONDS = 86_400;
/** Polls that one answer lists. */
const LIST_MAX = 200;

/** What governance works with. */
export interface PollOfficeParts {
  readonly store: Store<PollTables>;
  readonly self: NodeId;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Pick<Logger, 'info' | 'debug' | 'warn'>;
  readonly send: SendToArchon;
  readonly sign: SignStatement;
  readonly neighbours: Neighbours;
  /** How often this node's database was restored. */
  readonly epoch: number;
  /** Says whether the node is of the tier that a poll asks for. */
  readonly tier: Pick<TierDesk, 'require'>;
}

/** A poll as an operator asks for it. */
export interface PollWish {
  readonly title: string;
  readonly options: readonly string[];
  readonly deadline: number;
  readonly electorate: readonly NodeId[] | undefined;
  readonly tier: Tier;
  readonly bondSat: number | undefined;
  readonly metadata: JsonObject | undefined;
}

const decodeBallots = object({ ballots: array((one: unknown) => one, BALLOTS_PER_MESSAGE_MAX) });
const decodeWant = object({ poll: hex(32) });

function refuse(code: GovernanceErrorCode, message: string, remedy: string): never {
  throw new CodedError<GovernanceErrorCode>(code, message, { remedy });
}

/** Polls of this node and of those it has to do with: asked, voted, spread and counted. */
export class PollOffice {
  readonly #parts: PollOfficeParts;
  readonly #sync: PollSync;
  #cancelLook: Cancel | undefined;

  constructor(parts: PollOfficeParts) {
    this.#parts = parts;
    const { store, self, clock, send } = parts;
    this.#sync = new PollSync({ reader: store.reader, self, clock, send });
  }

  /** Goes on with votes that a crash left unsigned, and compares with the others. */
  async wake(): Promise<void> {
    await this.#look();
    await this.#signLeft();
    this.#sync.wake();
  }

  /** Stops what runs by itself. */
  idle(): void {
    this.#cancelLook?.();
    this.#sync.idle();
  }

  /** A member of some electorate came back. */
  poke(member: NodeId): void {
    this.#sync.poke(member);
  }

  /** Asks. Throws what makes it no poll, `electorate_missing`, `tier_basic`, `bond_missing`. */
  async create(wish: PollWish): Promise<JsonObject> {
    const { self, random } = this.#parts;
    const { title, options, deadline, tier, metadata } = wish;
    const electorate = [...new Set([self, ...(await this.#electorate(wish))])].sort(
      compareCodeUnits,
    );
    const bond = tier === 'governance' ? (wish.bondSat ?? Number(BOND_SAT_DEFAULT)) : 0;
    await this.#requireBond(bond);
    const body = draftPoll({
      creator: self,
      created_at: this.#now(),
      deadline,
      tier,
      bond_sat: bond,
      title,
      options,
      electorate,
      ...(metadata === undefined ? {} : { metadata }),
      nonce: bytesToHex(random.bytes(16)),
    });
    const poll = readPoll(statementJson(await this.#parts.sign('poll', { ...body })));
    await this.#parts.store.transact((tx) => addPoll(tx, poll, this.#now()));
    await this.#sync.announce(poll);
    return this.status(poll.id);
  }

  /** Votes, once: the same choice again changes nothing, another is refused (`vote_cast`). */
  async vote(id: string, choice: number, reason: string | undefined): Promise<JsonObject> {
    const { store, self, epoch } = this.#parts;
    const { poll } = await this.#find(id);
    const [decided] = await ownVotes(store.reader, { poll: id });
    const [counted] = (await ballotsOf(store.reader, id)).filter(({ voter }) => voter === self);
    const before = decided?.body['choice'] ?? counted?.choice;
    if (before !== undefined && before !== choice) {
      refuse(
        'vote_cast',
        `this node voted ${stringifyJson(before)} in this poll`,
        'a vote is for good',
      );
    }
    if (before === undefined) {
      await this.#requireBond(poll.bond_sat);
      const more = reason === undefined ? {} : { reason };
      const cast = { voter: self, choice, cast_at: this.#now(), epoch, ...more };
      const body = draftBallot(poll, cast);
      await this.#refuseClosed(id);
      await store.transact(async (tx) => {
        const [other] = await ownVotes(tx, { poll: id });
        if (other !== undefined && other.body['choice'] !== choice) {
          refuse('vote_cast', 'this node just voted otherwise', 'a vote is for good');
        }
        if (other === undefined) {
          await decideOwnVote(tx, id, { ...body });
        }
      });
    }
    await this.#signLeft();
    return this.status(id);
  }

  /** How a poll stands, with the ballots from which anyone counts it again where they are asked for. */
  async status(id: string, withBallots = false): Promise<JsonObject> {
    const { store } = this.#parts;
    await this.#closeDue();
    const kept = await this.#find(id);
    const ballots = await ballotsOf(store.reader, id);
    const exported = withBallots
      ? {
          poll_statement: statementJson(kept.poll.statement),
          ballots: ballots.map(({ statement }) => statementJson(statement)),
        }
      : {};
    const [own] = await ownVotes(store.reader, { poll: id });
    const yours = own === undefined ? {} : { your_vote: own.body['choice'] ?? null };
    const result = kept.result ?? tallyJson(tally(kept.poll, ballots));
    return { ...pollView(kept), ...yours, result, ...exported };
  }

  /** Polls, those with the latest deadlines first, and the results of pruned ones. */
  async list(which: 'open' | 'closed' | 'all', limit: number): Promise<JsonObject> {
    const { reader } = this.#parts.store;
    await this.#closeDue();
    const open = which === 'all' ? {} : { open: which === 'open' };
    const kept = await listPolls(reader, { ...open, limit: Math.min(limit, LIST_MAX) });
    const pruned = which === 'open' ? [] : await prunedResults(reader, Math.min(limit, LIST_MAX));
    return { polls: kept.map(pollView), pruned };
  }

  /** What this node voted. */
  async myVotes(): Promise<JsonObject> {
    const votes = await ownVotes(this.#parts.store.reader);
    return {
      votes: votes.map(({ poll, body, signature }) => ({
        poll,
        choice: body['choice'] ?? null,
        cast_at: body['cast_at'] ?? null,
        counted: signature !== undefined,
      })),
    };
  }

  /** Counts, for the plugin's status. */
  async view(): Promise<JsonObject> {
    const open = await listPolls(this.#parts.store.reader, { open: true, limit: LIST_MAX });
    return { open_polls: open.length, members_not_reached: this.#sync.unreached };
  }

  /** Removes polls that were closed so many days ago; their results stay. Gives how many. */
  async prune(days: number): Promise<number> {
    await this.#closeDue();
    const closedBefore = this.#now() - days * DAY_SECONDS;
    return this.#parts.store.transact((tx) => prunePolls(tx, closedBefore));
  }

  /** Takes what another node's plugin sent. Refusals are for the log: nobody is answered. */
  async receive(topic: string, payload: unknown, from: NodeId | undefined): Promise<JsonObject> {
    switch (topic) {
      case 'archon:poll':
        return this.#takePoll(payload);
      case 'archon:ballots':
        return this.#takeBallots(payload, from);
      case 'archon:sync':
      case 'archon:want':
        if (from === undefined) {
          refuse('poll_stranger', 'the message is from no node', 'ask over BOLT 8');
        }
        if (topic === 'archon:sync') {
          await this.#sync.compare(from, payload);
        } else {
          await this.#sync.hand(from, decodeWant(payload).poll);
        }
        return {};
      default:
        return {};
    }
  }

  async #takePoll(payload: unknown): Promise<JsonObject> {
    const { store, self, neighbours, log } = this.#parts;
    const poll = readPoll(payload);
    const known = poll.creator === self || (await neighbours.knows(poll.creator));
    if (!known || !poll.electorate.includes(self)) {
      refuse(
        'poll_stranger',
        'the poll is of a stranger, or this node has no vote in it',
        'open a channel',
      );
    }
    const isNew = await store.transact((tx) => addPoll(tx, poll, this.#now()));
    if (isNew) {
      log.info(`poll ${poll.id}: ${poll.title}`);
    }
    return { added: isNew };
  }

  async #takeBallots(payload: unknown, from: NodeId | undefined): Promise<JsonObject> {
    const fates: string[] = [];
    for (const input of decodeBallots(payload).ballots) {
      try {
        const ballot = readBallot(input);
        await this.#refuseStranger(ballot.poll, from);
        fates.push(await this.#parts.store.transact((tx) => addBallot(tx, ballot, this.#now())));
      } catch (error) {
        if (!(error instanceof CodedError)) {
          throw error;
        }
        this.#parts.log.debug(`a ballot is not taken: ${error.message}`);
        fates.push(error.code);
      }
    }
    return { fates };
  }

  /** What waits for its poll is kept for neighbours alone: anybody can sign ballots for no poll at all. */
  async #refuseStranger(poll: string, from: NodeId | undefined): Promise<void> {
    const { store, neighbours } = this.#parts;
    if ((await findPoll(store.reader, poll)) === undefined) {
      if (from === undefined || !(await neighbours.knows(from))) {
        refuse('poll_stranger', 'the poll is unknown, and so is the sender', 'send the poll first');
      }
    }
  }

  async #electorate({ electorate }: PollWish): Promise<readonly NodeId[]> {
    const { self, neighbours } = this.#parts;
    if (electorate !== undefined) {
      return electorate;
    }
    const members = await neighbours.members();
    if (members?.includes(self) !== true) {
      const remedy = 'name the electorate by node ids, or start cl-hive and become a member';
      refuse('electorate_missing', 'nobody says who may vote: no hive has this node', remedy);
    }
    return members;
  }

  async #requireBond(bondSat: number): Promise<void> {
    if (bondSat > 0) {
      await this.#parts.tier.require(bondSat);
    }
  }

  async #refuseClosed(id: string): Promise<void> {
    const { closedAt } = await this.#find(id);
    if (closedAt !== undefined) {
      throw new CodedError('poll_closed', 'the poll is closed', { remedy: 'its result stands' });
    }
  }

  async #find(id: string): Promise<KeptPoll> {
    const kept = await findPoll(this.#parts.store.reader, id);
    return kept ?? refuse('poll_unknown', 'there is no such poll here', 'look at hive-poll-list');
  }

  /** Signs votes that are decided and not signed, counts them and tells the others. */
  async #signLeft(): Promise<void> {
    const { store, sign } = this.#parts;
    for (const { poll: id, body } of (await ownVotes(store.reader)).filter(
      ({ signature }) => signature === undefined,
    )) {
      const ballot = readBallot(statementJson(await sign('ballot', body)));
      const fate = await store.transact((tx) => signOwnVote(tx, ballot, this.#now()));
      const kept = await findPoll(store.reader, id);
      if (fate === 'added' && kept !== undefined) {
        await this.#sync.spread(kept.poll, ballot);
      }
    }
  }

  async #closeDue(): Promise<void> {
    const { store, log } = this.#parts;
    for (const id of await store.transact((tx) => closeDue(tx, this.#now()))) {
      log.info(`poll ${id} is closed`);
    }
  }

  async #look(): Promise<void> {
    try {
      await this.#closeDue();
    } catch (error) {
      this.#parts.log.warn(`polls that are due were not closed: ${describeError(error)}`);
    }
    this.#cancelLook = this.#parts.clock.after(LOOK_MS, () => {
      void this.#look();
    });
  }

  #now(): number {
    return Math.floor(this.#parts.clock.now() / 1000);
  }
}

function pollView({ poll, closedAt, result }: KeptPoll): JsonObject {
  const { id, title, creator, created_at, deadline, tier, bond_sat, options, electorate } = poll;
  return {
    poll: id,
    title,
    creator,
    created_at,
    deadline,
    tier,
    ...(bond_sat > 0 ? { bond_sat } : {}),
    options,
    electorate,
    ...(poll.metadata === undefined ? {} : { metadata: poll.metadata }),
    state: closedAt === undefined ? 'open' : 'closed',
    ...(closedAt === undefined ? {} : { closed_at: closedAt }),
    ...(result === undefined ? {} : { result }),
  };
}
