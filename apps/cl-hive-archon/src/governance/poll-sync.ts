import {
  BALLOTS_PER_MESSAGE_MAX,
  type Ballot,
  ballotsOf,
  compareHoldings,
  findPoll,
  holdingOf,
  listPolls,
  type Poll,
  type PollTables,
  readHolding,
  statementJson,
} from '@cl-hive/archon';
import type { Cancel, Clock, JsonObject, NodeId } from '@cl-hive/core';
import type { Reader } from '@cl-hive/store';
import type { SendToArchon } from '../node/archon-wire.ts';

/** First pause before a member that was not reached is tried again, ms; doubles up to the other. */
const RETRY_MS = 1_000;
const RETRY_MS_MAX = 60_000;
/** How often all members of open polls are compared with even when nothing seems to be missing, ms. */
const ROUND_MS = 10 * 60_000;
/** Open polls that are compared with one member at a time. */
const POLLS_PER_ROUND = 200;

/** What the exchange of ballots works with. */
export interface PollSyncParts {
  readonly reader: Reader<PollTables>;
  readonly self: NodeId;
  readonly clock: Clock;
  readonly send: SendToArchon;
}

/** The ballots of a poll that count: one for each voter. */
export async function countedBallots(
  reader: Reader<PollTables>,
  poll: string,
): Promise<readonly Ballot[]> {
  const seen = new Set<NodeId>();
  return (await ballotsOf(reader, poll)).filter(({ voter }) => {
    const first = !seen.has(voter);
    seen.add(voter);
    return first;
  });
}

/**
 * Brings polls and ballots to every member of their electorates: at once, again after a pause where that
 * failed, and by comparing what both sides have. Whatever is lost, repeated or late, all have the same in
 * the end.
 */
export class PollSync {
  readonly #parts: PollSyncParts;
  readonly #waiting = new Map<NodeId, { readonly attempts: number; readonly cancel: Cancel }>();
  #cancelRound: Cancel | undefined;
  #awake = false;

  constructor(parts: PollSyncParts) {
    this.#parts = parts;
  }

  /** Begins to compare with everybody. */
  wake(): void {
    this.#awake = true;
    this.#round();
  }

  /** Stops; the next wake compares anew. */
  idle(): void {
    this.#awake = false;
    this.#cancelRound?.();
    for (const { cancel } of this.#waiting.values()) {
      cancel();
    }
    this.#waiting.clear();
  }

  /** How many members have not been reached. */
  get unreached(): number {
    return this.#waiting.size;
  }

  /** Tells the others of a poll, and what is known of its ballots. */
  async announce(poll: Poll): Promise<void> {
    for (const member of this.#others(poll)) {
      await this.#tell(member, 'poll', statementJson(poll.statement));
    }
  }

  /** Tells the others of a ballot. */
  async spread(poll: Poll, ballot: Ballot): Promise<void> {
    for (const member of this.#others(poll)) {
      await this.#tell(member, 'ballots', { ballots: [statementJson(ballot.statement)] });
    }
  }

  /** Compares with a member soon; for one that came back. */
  poke(member: NodeId): void {
    this.#later(member, 0, 0);
  }

  /** Answers what another says that it has. */
  async compare(from: NodeId, payload: unknown): Promise<void> {
    const holding = readHolding(payload);
    const { reader, send } = this.#parts;
    const kept = await findPoll(reader, holding.poll);
    if (kept === undefined) {
      await send(from, 'want', { poll: holding.poll });
      return;
    }
    const { poll } = kept;
    if (!poll.electorate.includes(from)) {
      return;
    }
    const own = await countedBallots(reader, poll.id);
    const step = compareHoldings(poll, own, holding);
    await this.#sendBallots(from, step.send);
    if (step.ask) {
      await send(from, 'sync', { ...holdingOf(poll, own), answer: 1 });
    }
  }

  /** Sends a poll to a member that knows its name only. */
  async hand(to: NodeId, id: string): Promise<void> {
    const kept = await findPoll(this.#parts.reader, id);
    if (kept?.poll.electorate.includes(to) === true) {
      await this.#parts.send(to, 'poll', statementJson(kept.poll.statement));
      await this.#sendBallots(to, await countedBallots(this.#parts.reader, id));
    }
  }

  async #sendBallots(to: NodeId, ballots: readonly Ballot[]): Promise<void> {
    for (let at = 0; at < ballots.length; at += BALLOTS_PER_MESSAGE_MAX) {
      const part = ballots.slice(at, at + BALLOTS_PER_MESSAGE_MAX);
      const payload = { ballots: part.map(({ statement }) => statementJson(statement)) };
      await this.#parts.send(to, 'ballots', payload);
    }
  }

  #others({ electorate }: Poll): readonly NodeId[] {
    return electorate.filter((member) => member !== this.#parts.self);
  }

  async #tell(member: NodeId, topic: 'poll' | 'ballots', payload: JsonObject): Promise<void> {
    const { sent } = await this.#parts.send(member, topic, payload);
    if (!sent) {
      this.#later(member, RETRY_MS, 0);
    }
  }

  #later(member: NodeId, delayMs: number, attempts: number): void {
    if (!this.#awake) {
      return;
    }
    this.#waiting.get(member)?.cancel();
    const cancel = this.#parts.clock.after(delayMs, () => {
      void this.#visit(member, attempts);
    });
    this.#waiting.set(member, { attempts, cancel });
  }

  async #visit(member: NodeId, attempts: number): Promise<void> {
    const { reader, send } = this.#parts;
    this.#waiting.delete(member);
    try {
      const open = await listPolls(reader, { open: true, limit: POLLS_PER_ROUND });
      for (const { poll } of open.filter(({ poll: { electorate } }) =>
        electorate.includes(member),
      )) {
        const payload = { ...holdingOf(poll, await countedBallots(reader, poll.id)) };
        const { sent } = await send(member, 'sync', payload);
        if (!sent) {
          this.#later(
            member,
            Math.min(RETRY_MS_MAX, RETRY_MS * 2 ** attempts),
            Math.min(attempts + 1, 16),
          );
          return;
        }
      }
    } catch {
      // The database is closing, or busy: the next round finds what is missing.
    }
  }

  #round(): void {
    if (!this.#awake) {
      return;
    }
    void (async () => {
      try {
        const open = await listPolls(this.#parts.reader, { open: true, limit: POLLS_PER_ROUND });
        for (const member of new Set(open.flatMap(({ poll }) => this.#others(poll)))) {
          this.#later(member, 0, 0);
        }
      } catch {
        // As above.
      }
    })();
    this.#cancelRound = this.#parts.clock.after(ROUND_MS, () => {
      this.#round();
    });
  }
}
