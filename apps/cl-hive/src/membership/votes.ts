import type { NodeId } from '@cl-hive/core';
import {
  FUTURE_SECONDS_MAX,
  type MembershipCommand,
  type MembershipRefusal,
  type SignedWord,
} from '@cl-hive/hive';
import { encodePayload, type HivePayload, type WireObject } from '@cl-hive/protocol';
import type { HiveCore } from '../hive-core.ts';
import type { Turn } from '../line/turn.ts';
import type { Incoming, Verdict } from '../wire/incoming.ts';

/** Refusals that what comes later may turn: a proposal, a member, an electorate not known yet. */
const EARLY: ReadonlySet<MembershipRefusal> = new Set([
  'unknown_proposal',
  'not_a_member',
  'not_in_electorate',
]);

/** Who could vote when a node was removed, as certified epochs have it; undefined without them. */
export type RemovalElectorate = (turn: Turn, target: NodeId) => readonly NodeId[] | undefined;

/** What decides about members that are in: leaving, promotion, bans. */
export class Votes {
  readonly #hive: HiveCore;
  #removalElectorate: RemovalElectorate = () => undefined;

  constructor(hive: HiveCore) {
    this.#hive = hive;
    const { dispatcher } = hive;
    dispatcher.on('MEMBER_LEFT', {
      decide: (turn, { message }) => {
        const { peer_id: leaver, timestamp } = message.payload;
        const word: SignedWord = { name: 'MEMBER_LEFT', raw: message.raw };
        return this.#apply(turn, { kind: 'leave', member: leaver, at: timestamp, word });
      },
    });
    dispatcher.on('PROMOTION_REQUEST', {
      decide: (turn, incoming) => this.#promotionRequest(turn, incoming),
    });
    dispatcher.on('VOUCH', {
      decide: (turn, { message }) => this.#vouch(turn, message.payload, message.raw),
    });
    dispatcher.on('PROMOTION', { decide: (turn, incoming) => this.#promotion(turn, incoming) });
    dispatcher.on('BAN_PROPOSAL', { decide: (turn, incoming) => this.#proposal(turn, incoming) });
    dispatcher.on('BAN_VOTE', {
      decide: (turn, { message }) => {
        const { proposal_id: proposalId, voter_peer_id: voter, vote } = message.payload;
        const word: SignedWord = { name: 'BAN_VOTE', raw: message.raw };
        return this.#apply(turn, { kind: 'vote_ban', proposalId, voter, vote, word });
      },
    });
    // Not signed, so that anybody could ban anybody by it: bans follow from counted votes alone.
    dispatcher.on('BAN', { decide: () => 'taken' });
    hive.membership.onCommand((turn, command) => this.#carryOut(turn, command));
  }

  /** Sets where the electorates of past removals are known. */
  useRemovalElectorate(known: RemovalElectorate): void {
    this.#removalElectorate = known;
  }

  #apply(turn: Turn, input: Parameters<HiveCore['membership']['apply']>[1]): Verdict {
    const { refused } = this.#hive.membership.apply(turn, input);
    if (refused === undefined) {
      return 'taken';
    }
    // What it is about may be heard of later: it is not remembered as handled, and may come again.
    return EARLY.has(refused) ? 'later' : 'refused';
  }

  /** Not signed: the neophyte itself says it, or somebody passes it on; it only opens a count. */
  #promotionRequest(turn: Turn, { message, from }: Incoming<'PROMOTION_REQUEST'>): Verdict {
    const { target_pubkey: target, request_id: requestId } = message.payload;
    const origin = message.header._relay?.origin ?? from;
    // Who passed it on may have made it up: it must not take the place of one that is open.
    if (origin === target && from !== target) {
      const { promotions } = this.#hive.membership.view(turn);
      return promotions.has(target)
        ? 'taken'
        : this.#apply(turn, { kind: 'request_promotion', target, requestId });
    }
    return origin === target
      ? this.#apply(turn, { kind: 'request_promotion', target, requestId })
      : 'refused';
  }

  #vouch(turn: Turn, payload: HivePayload<'VOUCH'>, raw: WireObject): Verdict {
    const { target_pubkey: target, request_id: requestId, voucher_pubkey: voucher } = payload;
    const { members, departures } = this.#hive.membership.view(turn);
    const known = members.get(target);
    // A vouch from before the target left, or before it was taken in here, is not for this stay.
    const takenInAt = known?.sponsor === undefined ? (known?.joinedAt ?? 0) : 0;
    if (
      payload.timestamp < takenInAt - FUTURE_SECONDS_MAX ||
      payload.timestamp <= (departures.get(target)?.at ?? 0)
    ) {
      return 'refused';
    }
    const word: SignedWord = { name: 'VOUCH', raw };
    return this.#apply(turn, { kind: 'vouch', target, requestId, voucher, word });
  }

  /** Nothing but its vouches counts, each by its own signature. */
  #promotion(turn: Turn, { message }: Incoming<'PROMOTION'>): Verdict {
    const fates = message.payload.vouches.map((vouch) =>
      this.#vouch(turn, vouch, encodePayload('VOUCH', vouch)),
    );
    return fates.includes('taken') || fates.length === 0 ? 'taken' : 'refused';
  }

  #proposal(turn: Turn, { message, from, relayed }: Incoming<'BAN_PROPOSAL'>): Verdict {
    const { proposal_id: proposalId, target_peer_id: target } = message.payload;
    const electorate = this.#hive.membership.isMember(target, turn)
      ? undefined
      : this.#removalElectorate(turn, target);
    return this.#apply(turn, {
      kind: 'propose_ban',
      proposalId,
      target,
      proposer: message.payload.proposer_peer_id,
      at: message.payload.timestamp,
      word: { name: 'BAN_PROPOSAL', raw: message.raw },
      ...(relayed ? { from } : {}),
      ...(electorate === undefined ? {} : { electorate }),
    });
  }

  #carryOut(turn: Turn, command: MembershipCommand): void {
    const { membership, delivery, capabilities, self } = this.#hive;
    switch (command.kind) {
      case 'send_words':
        for (const { name, raw } of command.words) {
          delivery.queue(turn, command.to, name, raw);
        }
        return;
      case 'promoted': {
        // Nodes of this software count the vouches themselves; originals wait to be told.
        const raw = this.#promotionOf(turn, command.target, command.requestId);
        const told = membership.others(turn).filter((node) => !capabilities.isOurs(node));
        for (const to of membership.isVoting(self, turn) ? told : []) {
          delivery.queue(turn, to, 'PROMOTION', raw);
        }
        return;
      }
      case 'removed':
        if (command.target === self) {
          membership.reset(turn);
        } else {
          delivery.drop(turn, command.target);
        }
        turn.after(() => capabilities.forget(command.target));
        return;
      case 'alarm':
        turn.after(() =>
          this.#hive.ports.log('unusual', `there is no more room for ${command.what}`),
        );
        return;
      default:
        return;
    }
  }

  #promotionOf(turn: Turn, target: NodeId, requestId: string): WireObject {
    const words = this.#hive.membership.view(turn).promoted.get(target)?.words.values() ?? [];
    return {
      target_pubkey: target,
      request_id: requestId,
      vouches: [...words].map(({ raw }) => raw),
    };
  }
}
