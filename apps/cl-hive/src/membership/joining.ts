import { bytesToHex, isCodedError, type NodeId } from '@cl-hive/core';
import { type MembershipCommand, shownTicket } from '@cl-hive/hive';
import {
  canonicalJson,
  encodePayload,
  type HivePayload,
  member,
  type WireObject,
} from '@cl-hive/protocol';
import { VERSION } from '@cl-hive/runtime';
import type { HiveCore } from '../hive-core.ts';
import { TURNED_AWAY_MAX } from '../limits.ts';
import type { Turn } from '../line/turn.ts';
import type { Greeting } from '../state/greeting.ts';
import type { Incoming, Verdict } from '../wire/incoming.ts';
import { CAPABILITIES } from './capabilities.ts';

/** The protocol version that HELLO names, as originals do. */
const PROTOCOL_VERSION = 1;
const NONCE_BYTES = 32;

/** What is asked outside before a candidate is judged. */
interface CandidateFacts {
  readonly hasChannel: boolean;
  readonly nonce: string;
}

/** The words of joining: HELLO, CHALLENGE, ATTEST, WELCOME. */
export class Joining {
  readonly #hive: HiveCore;
  readonly #greeting: Greeting;
  /** Whether candidates are let in by their channel alone. */
  readonly #autoJoin: () => boolean;
  /** The ticket that this node shows in its HELLO; needs not outlive a restart: the person asks again. */
  #ticket: string | undefined;
  /** Candidates with a channel that were not let in since the start, and why; the newest last. */
  readonly turnedAway = new Map<NodeId, string>();

  constructor(hive: HiveCore, greeting: Greeting, autoJoin: () => boolean) {
    this.#hive = hive;
    this.#greeting = greeting;
    this.#autoJoin = autoJoin;
    const { dispatcher } = hive;
    dispatcher.on('HELLO', {
      prepare: (incoming) => this.#candidate(incoming.from),
      decide: (turn, incoming, facts) => this.#hello(turn, incoming, facts),
    });
    dispatcher.on('CHALLENGE', {
      decide: (turn, { from, message }) => {
        const { nonce, hive_id: hiveId } = message.payload;
        return this.#apply(turn, { kind: 'challenge', from, nonce, hiveId });
      },
    });
    dispatcher.on('ATTEST', { decide: (turn, incoming) => this.#attest(turn, incoming) });
    dispatcher.on('WELCOME', {
      decide: (turn, { from, message }) => {
        const { hive_id: hiveId, tier } = message.payload;
        return this.#apply(turn, { kind: 'welcome', from, hiveId, tier });
      },
    });
    hive.membership.onCommand((turn, command) => this.#carryOut(turn, command));
    hive.onPeer({
      connected: (node) => this.#introduce(node),
      disconnected: () => Promise.resolve(),
    });
  }

  /** The ticket to show in the next HELLO. */
  showTicket(ticket: string | undefined): void {
    this.#ticket = ticket;
  }

  /** Where that is wanted, a node outside any hive says HELLO to whom it has a channel with. */
  async #introduce(node: NodeId): Promise<void> {
    const { membership, ports, line } = this.#hive;
    const { hiveId, joining } = membership.view();
    const busy = joining !== undefined && joining.expiresAt > this.#hive.time.now();
    if (this.#autoJoin() && hiveId === undefined && !busy && (await ports.node.hasChannel(node))) {
      await line.run((turn) => void membership.apply(turn, { kind: 'join', peer: node }));
    }
  }

  #apply(turn: Turn, input: Parameters<HiveCore['membership']['apply']>[1]): Verdict {
    return this.#hive.membership.apply(turn, input).refused === undefined ? 'taken' : 'refused';
  }

  async #candidate(from: NodeId): Promise<CandidateFacts> {
    const { ports, membership, self } = this.#hive;
    const nonce = bytesToHex(ports.random.bytes(NONCE_BYTES));
    // Strangers may ask as often as they like; lightningd is only asked where it matters.
    const matters = membership.isVoting(self);
    return { nonce, hasChannel: matters && (await ports.node.hasChannel(from)) };
  }

  #hello(turn: Turn, { from, message }: Incoming<'HELLO'>, facts: CandidateFacts): Verdict {
    if (message.payload.pubkey !== from) {
      return 'refused';
    }
    const ticket = this.#shown(turn, message.raw);
    const { refused } = this.#hive.membership.apply(turn, {
      kind: 'hello',
      from,
      ...facts,
      autoJoin: this.#autoJoin(),
      ...(ticket === undefined ? {} : { ticket }),
    });
    if (refused !== undefined && refused !== 'already_in_hive' && facts.hasChannel) {
      this.#turnAway(from, refused);
    }
    return refused === undefined ? 'taken' : 'refused';
  }

  /** Strangers without a channel are not noted: anybody can be one. */
  #turnAway(from: NodeId, reason: string): void {
    if (this.turnedAway.get(from) !== reason) {
      const remedy =
        reason === 'bad_ticket' ? `; hive-invite peer_id=${from} lets it in without a ticket` : '';
      this.#hive.ports.log('info', `${from} asks to join and is turned away: ${reason}${remedy}`);
    }
    this.turnedAway.delete(from);
    this.turnedAway.set(from, reason);
    if (this.turnedAway.size > TURNED_AWAY_MAX) {
      const [oldest] = this.turnedAway.keys();
      this.turnedAway.delete(oldest ?? from);
    }
  }

  #shown(turn: Turn, raw: WireObject): ReturnType<typeof shownTicket> | undefined {
    const { membership, self, time, ports } = this.#hive;
    const text = member(raw, 'ticket');
    const { hiveId } = membership.view(turn);
    if (typeof text !== 'string' || hiveId === undefined) {
      return undefined;
    }
    try {
      return shownTicket(text, self, hiveId, time.wallSeconds());
    } catch (error) {
      if (!isCodedError(error)) {
        throw error;
      }
      ports.log('info', `a candidate showed a ticket that opens nothing: ${error.message}`);
      return undefined;
    }
  }

  #attest(turn: Turn, { from, message, signers }: Incoming<'ATTEST'>): Verdict {
    const { pubkey, manifest } = message.payload;
    const signaturesValid =
      pubkey === from && manifest.pubkey === from && signers.length === 1 && signers[0] === from;
    const verdict = this.#apply(turn, {
      kind: 'attest',
      from,
      nonce: manifest.nonce,
      signaturesValid,
    });
    if (verdict === 'taken') {
      turn.after(() => this.#greeting.noticed(from, manifest.features));
    }
    return verdict;
  }

  #carryOut(turn: Turn, command: MembershipCommand): void {
    const { post, self, membership, state } = this.#hive;
    switch (command.kind) {
      case 'send_hello': {
        const ticket = this.#ticket;
        const hello = encodePayload('HELLO', {
          pubkey: self,
          protocol_version: PROTOCOL_VERSION,
        });
        const raw = ticket === undefined ? hello : { ...hello, ticket };
        turn.after(() => post.send(command.to, 'HELLO', raw));
        return;
      }
      case 'send_challenge': {
        const hive_id = membership.view(turn).hiveId ?? '';
        const raw = encodePayload('CHALLENGE', { nonce: command.nonce, hive_id });
        turn.after(() => post.send(command.to, 'CHALLENGE', raw));
        return;
      }
      case 'send_attest':
        turn.after(() => post.sendMade(command.to, 'ATTEST', () => this.#manifest(command.nonce)));
        return;
      case 'send_welcome': {
        const { hiveId, members } = membership.view(turn);
        const raw = encodePayload('WELCOME', {
          hive_id: hiveId ?? '',
          tier: command.tier,
          member_count: members.size,
          state_hash: state.fleetHash(turn),
        });
        turn.after(() => post.send(command.to, 'WELCOME', raw));
        return;
      }
      default:
        return;
    }
  }

  async #manifest(nonce: string): Promise<WireObject> {
    const { self, time, ports } = this.#hive;
    const version = `cl-hive v${VERSION}`;
    const manifest: HivePayload<'ATTEST'>['manifest'] = {
      pubkey: self,
      version,
      features: [...CAPABILITIES],
      timestamp: time.wallSeconds(),
      nonce,
    };
    return encodePayload('ATTEST', {
      pubkey: self,
      version,
      features: manifest.features,
      nonce_signature: await ports.signer.sign(nonce),
      manifest_signature: await ports.signer.sign(canonicalJson(manifest)),
      manifest,
    });
  }
}
