import { bytesToHex, type JsonObject, type NodeId } from '@cl-hive/core';
import { BAN_VOTE_MS, type SignedWord, vouchQuorum } from '@cl-hive/hive';
import { encodePayload, type HiveMessageName, sha256Hex, type WireObject } from '@cl-hive/protocol';
import type { HiveCore } from '../hive-core.ts';
import type { Turn } from '../line/turn.ts';
import { refusal } from './refusals.ts';
import { proposalView, quorumOf } from './vote-views.ts';

const ID_BYTES = 16;
const DAY_SECONDS = 86_400;

/** What a person decides about members: leaving, promotion, bans. Every word is signed before it counts. */
export class Ballots {
  readonly #hive: HiveCore;

  constructor(hive: HiveCore) {
    this.#hive = hive;
  }

  /** Leaves the hive; the others are told until each has acknowledged. */
  async leave(reason: string): Promise<JsonObject> {
    const { membership, self, line, post, time } = this.#hive;
    const own = membership.view().members.get(self);
    if (own === undefined) {
      return refusal('not_in_hive');
    }
    if (this.#isLast()) {
      return refusal('last_member');
    }
    const timestamp = time.wallSeconds();
    const raw = await post.signed('MEMBER_LEFT', { peer_id: self, timestamp, reason });
    await line.run((turn) => {
      this.#tell(turn, 'MEMBER_LEFT', raw);
      membership.apply(turn, { kind: 'leave', member: self, at: timestamp });
    });
    return {
      status: 'left',
      peer_id: self,
      former_tier: own.tier,
      reason,
      message: 'You have left the hive. The members are told until each has acknowledged it.',
    };
  }

  /** A neophyte asks to be a member. */
  async requestPromotion(): Promise<JsonObject> {
    const { membership, self, line, ports, time } = this.#hive;
    const tier = membership.view().members.get(self)?.tier;
    if (tier !== 'neophyte') {
      return tier === undefined ? refusal('not_in_hive') : refusal('peer_not_neophyte', { tier });
    }
    const requestId = bytesToHex(ports.random.bytes(ID_BYTES));
    const raw = encodePayload('PROMOTION_REQUEST', {
      target_pubkey: self,
      request_id: requestId,
      timestamp: time.wallSeconds(),
    });
    return line.run((turn) => {
      membership.apply(turn, { kind: 'request_promotion', target: self, requestId });
      this.#tell(turn, 'PROMOTION_REQUEST', raw);
      const needed = vouchQuorum(membership.voting(turn));
      return { status: 'requested', peer_id: self, request_id: requestId, vouches_needed: needed };
    });
  }

  /** Vouches for a neophyte; where it has not asked, this opens its request. */
  async vouch(target: NodeId): Promise<JsonObject> {
    const { membership, self, line, post, time } = this.#hive;
    const before = this.#mayDecideAbout(target);
    if (before !== undefined) {
      return before;
    }
    if (membership.view().members.get(target)?.tier !== 'neophyte') {
      return refusal('peer_not_neophyte', { peer_id: target });
    }
    const open = membership.view().promotions.get(target);
    if (open?.vouches.has(self) === true) {
      return refusal('already_vouched', { peer_id: target });
    }
    const requestId = open?.requestId ?? this.#commonRequest(target);
    const raw = await post.signed('VOUCH', {
      target_pubkey: target,
      request_id: requestId,
      timestamp: time.wallSeconds(),
      voucher_pubkey: self,
    });
    return line.run((turn) => {
      const word: SignedWord = { name: 'VOUCH', raw };
      const voters = membership.voting(turn);
      const { refused } = membership.apply(turn, {
        kind: 'vouch',
        target,
        requestId,
        voucher: self,
        word,
      });
      if (refused !== undefined) {
        return refusal(refused, { peer_id: target });
      }
      this.#tell(turn, 'VOUCH', raw);
      const after = membership.view(turn);
      const left = after.promotions.get(target);
      const promoted = after.promoted.get(target);
      return {
        status: 'vouched',
        peer_id: target,
        request_id: requestId,
        vouch_count: left?.vouches.size ?? promoted?.words.size ?? 1,
        quorum_needed: vouchQuorum(left?.electorate ?? voters),
        quorum_reached: left === undefined,
      };
    });
  }

  /** Proposes to ban a member; who proposes has voted for it. */
  async proposeBan(target: NodeId, reason: string): Promise<JsonObject> {
    const { membership, self, line, post, ports, time } = this.#hive;
    const before = this.#mayDecideAbout(target);
    if (before !== undefined) {
      return before;
    }
    const proposals = [...membership.view().proposals];
    const same = proposals.find(([, one]) => one.target === target);
    if (same !== undefined) {
      return refusal('proposal_exists', { proposal_id: same[0] });
    }
    const proposalId = bytesToHex(ports.random.bytes(ID_BYTES));
    const timestamp = time.wallSeconds();
    const proposal = await post.signed('BAN_PROPOSAL', {
      proposal_id: proposalId,
      target_peer_id: target,
      proposer_peer_id: self,
      reason,
      timestamp,
    });
    const vote = await this.#vote(proposalId, 'approve');
    return line.run((turn) => {
      const word: SignedWord = { name: 'BAN_PROPOSAL', raw: proposal };
      const input = { kind: 'propose_ban', proposalId, target, proposer: self, word } as const;
      const { refused } = membership.apply(turn, input);
      if (refused !== undefined) {
        return refusal(refused, { peer_id: target });
      }
      this.#tell(turn, 'BAN_PROPOSAL', proposal, target);
      this.#tell(turn, 'BAN_VOTE', vote, target);
      const open = membership.view(turn).proposals.get(proposalId);
      const needed = quorumOf(open?.electorate ?? []);
      return {
        status: open === undefined ? 'ban_executed' : 'proposed',
        proposal_id: proposalId,
        target_peer_id: target,
        reason,
        expires_at: timestamp + BAN_VOTE_MS / 1000,
        votes_needed: needed,
        votes_received: 1,
        message: `Ban proposal created. Need ${needed} votes to execute.`,
      };
    });
  }

  /** Votes on a ban. A yes stays one: only who said no may still say yes. */
  async voteBan(proposalId: string, vote: 'approve' | 'reject'): Promise<JsonObject> {
    const { membership, self, line } = this.#hive;
    const open = membership.view().proposals.get(proposalId);
    if (open === undefined) {
      return refusal('unknown_proposal', { proposal_id: proposalId });
    }
    if (open.target === self) {
      return refusal('self', { proposal_id: proposalId });
    }
    if (!open.electorate.includes(self)) {
      return refusal('not_in_electorate', { proposal_id: proposalId });
    }
    if (open.approvals.has(self) || (vote === 'reject' && open.rejections.has(self))) {
      return refusal('already_voted', { proposal_id: proposalId });
    }
    const raw = await this.#vote(proposalId, vote);
    return line.run((turn) => {
      const word: SignedWord = { name: 'BAN_VOTE', raw };
      const input = { kind: 'vote_ban', proposalId, voter: self, vote, word } as const;
      const { refused } = membership.apply(turn, input);
      if (refused !== undefined) {
        return refusal(refused, { proposal_id: proposalId });
      }
      this.#tell(turn, 'BAN_VOTE', raw, open.target);
      const left = membership.view(turn).proposals.get(proposalId);
      const { approve_count, reject_count, quorum_needed } = proposalView(
        proposalId,
        left ?? { ...open, approvals: new Set([...open.approvals, self]) },
        self,
      );
      return {
        status: left === undefined ? 'ban_executed' : 'voted',
        proposal_id: proposalId,
        vote,
        approve_count,
        reject_count,
        quorum_needed,
        message:
          left === undefined
            ? `Ban executed! ${open.target} is removed from the hive.`
            : `Vote recorded. ${approve_count}/${quorum_needed} approvals.`,
      };
    });
  }

  /**
   * The request that members open who vouch unasked: the same for all on one day, so that two of them
   * count together before they have heard of each other.
   */
  #commonRequest(target: NodeId): string {
    const { membership, time } = this.#hive;
    const day = Math.floor(time.wallSeconds() / DAY_SECONDS);
    const text = `${membership.view().hiveId ?? ''}:${target}:${day}`;
    return sha256Hex(text).slice(0, 2 * ID_BYTES);
  }

  #vote(proposalId: string, vote: 'approve' | 'reject'): Promise<WireObject> {
    const { post, self, time } = this.#hive;
    return post.signed('BAN_VOTE', {
      proposal_id: proposalId,
      voter_peer_id: self,
      vote,
      timestamp: time.wallSeconds(),
    });
  }

  /**
   * Everybody in the hive, also who is away: each is told until it acknowledges. Who was banned by it
   * is told once; nothing more is heard of it.
   */
  #tell(turn: Turn, name: HiveMessageName, raw: WireObject, about?: NodeId): void {
    const { membership, delivery, post } = this.#hive;
    if (about !== undefined && membership.isBanned(about, turn)) {
      turn.after(() => post.send(about, name, raw));
    }
    for (const to of membership.others(turn)) {
      delivery.queue(turn, to, name, raw);
    }
  }

  #isLast(): boolean {
    const { membership, self } = this.#hive;
    const { members } = membership.view();
    return membership.isVoting(self) && membership.voting().length === 1 && members.size > 1;
  }

  #mayDecideAbout(target: NodeId): JsonObject | undefined {
    const { membership, self } = this.#hive;
    if (membership.view().hiveId === undefined) {
      return refusal('not_in_hive');
    }
    if (!membership.isVoting(self)) {
      return refusal('not_a_member', { required_tier: 'member' });
    }
    if (target === self) {
      return refusal('self', { peer_id: target });
    }
    return membership.isMember(target) ? undefined : refusal('not_a_member', { peer_id: target });
  }
}
