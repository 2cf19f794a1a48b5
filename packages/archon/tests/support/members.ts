import { bytesToHex, type JsonObject, type NodeId, nodeId } from '@cl-hive/core';
import { nobleCurve, signMessage } from '@cl-hive/protocol';
import {
  type Ballot,
  type BallotBody,
  draftBallot,
  draftPoll,
  type Poll,
  type PollBody,
  readBallot,
  readPoll,
  type StatementKind,
  statementText,
} from '../../src/index.ts';

/** A node that signs as lightningd does. */
export class Member {
  readonly id: NodeId;
  readonly #secret: Uint8Array;

  constructor(seed: number) {
    this.#secret = new Uint8Array(32).fill(seed + 1);
    this.id = nodeId(bytesToHex(nobleCurve.publicKey(this.#secret)));
  }

  /** A signed statement, as it travels. */
  says(kind: StatementKind, body: JsonObject): JsonObject {
    const { zbase } = signMessage(statementText(kind, body), this.#secret);
    return { body, signer: this.id, signature: zbase };
  }

  ballot(poll: Poll, choice: number, more: Partial<BallotBody> = {}): Ballot {
    const cast = { cast_at: poll.created_at + 10, epoch: 0, ...more };
    const body = draftBallot(poll, { voter: this.id, choice, ...cast });
    return readBallot(this.says('ballot', body));
  }
}

/** An item that is there. */
export function at<T>(items: readonly T[], index: number): T {
  const item = items[index];
  if (item === undefined) {
    throw new RangeError(`there is no item ${index}`);
  }
  return item;
}

/** Members, by node id. */
export function members(count: number): readonly Member[] {
  return Array.from({ length: count }, (_, index) => new Member(index)).sort((a, b) =>
    a.id < b.id ? -1 : 1,
  );
}

export const NOW = 1_800_000_000;

/** The body of a poll among these, the first its creator. */
export function pollBody(electorate: readonly Member[], more: Partial<PollBody> = {}): PollBody {
  const [creator] = electorate;
  if (creator === undefined) {
    throw new RangeError('nobody to ask');
  }
  return {
    type: 'cl-hive-poll',
    version: 1,
    creator: creator.id,
    created_at: NOW,
    deadline: NOW + 86_400,
    tier: 'basic',
    bond_sat: 0,
    title: 'Raise the base fee?',
    options: ['yes', 'no', 'later'],
    electorate: electorate.map(({ id }) => id),
    nonce: '00'.repeat(16),
    ...more,
  };
}

/** A signed poll among these. */
export function pollOf(electorate: readonly Member[], more: Partial<PollBody> = {}): Poll {
  const { type: _type, version: _version, ...body } = pollBody(electorate, more);
  return readPoll(at(electorate, 0).says('poll', draftPoll(body)));
}
