import type { NodeId } from '@cl-hive/core';
import { membershipHash } from '@cl-hive/protocol';
import { SeededRandom } from '@cl-hive/testkit';
import {
  type Exchange,
  type ExchangeCommand,
  type ExchangeInput,
  type FleetState,
  fleetHashOf,
  type MemberState,
  type Membership,
  type MembershipInput,
  mergeEvidence,
  mergeState,
  newExchange,
  newFleetState,
  newMembership,
  type SignedWord,
  stateItemSet,
  stateItems,
  stepExchange,
  stepMembership,
  votingMembers,
} from '../src/index.ts';
import { simId } from './node.ts';
import { EventQueue } from './queue.ts';

const MINUTE = 60_000;
const LENGTH_MS = 240 * MINUTE;
/** How long after the last fault everybody must agree. */
export const SETTLE_MS = 10 * MINUTE;
const EPOCH_MS = 1_795_000_000_000;

/** A member: what is on its disk, and the exchange that a crash forgets. */
export interface FleetNode {
  readonly id: NodeId;
  membership: Membership;
  fleet: FleetState;
  own: MemberState;
  exchange: Exchange;
  up: boolean;
  group: number;
}

/** A ban proposal as it really was. */
export interface TrueBan {
  readonly target: NodeId;
  readonly electorate: readonly NodeId[];
  readonly approvals: Set<NodeId>;
}

/** Membership and state of a hive in virtual time; everything follows from the seed. */
export class Fleet {
  readonly nodes: FleetNode[];
  readonly liar: NodeId;
  readonly issued = new Set<MemberState>();
  readonly bans = new Map<string, TrueBan>();
  readonly broken: string[] = [];
  readonly #words: MembershipInput[] = [];
  readonly #queue = new EventQueue();
  readonly #random: SeededRandom;
  #calm = false;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
    const ids = Array.from({ length: 3 + this.#random.below(5) }, (_, index) => simId('c', index));
    this.liar = ids.at(-1) ?? simId('c', 0);
    const members = new Map(ids.map((id) => [id, { tier: 'member', joinedAt: 0 }] as const));
    this.nodes = ids.map((id) => ({
      id,
      membership: { ...newMembership(id), hiveId: 'h', members },
      fleet: newFleetState(id),
      own: this.#word(id, 1, 'a'),
      exchange: newExchange(id),
      up: true,
      group: 0,
    }));
  }

  /** Runs a schedule with cuts, crashes, loss, votes and a lying member, then heals and settles. */
  run(): void {
    for (const node of this.nodes) {
      this.#every(node, 5 * MINUTE, () => this.#publish(node));
      this.#every(node, MINUTE, () => {
        this.#exchange(node, { kind: 'tick' });
        this.#give(node, { kind: 'tick' });
      });
    }
    this.#connectAll();
    this.#some(3, () => this.#proposeBan());
    this.#some(1, () => this.#leave());
    this.#some(4, () => this.#cut());
    this.#some(6, () => this.#crash(this.#random.pick(this.nodes)));
    this.#some(4, () => this.#lie());
    this.#queue.runUntil(LENGTH_MS);
    this.#calm = true;
    for (const node of this.nodes) {
      node.group = 0;
      node.up = true;
    }
    this.#connectAll();
    this.#queue.runUntil(LENGTH_MS + SETTLE_MS);
  }

  #some(most: number, run: () => void): void {
    for (let times = this.#random.below(most + 1); times > 0; times -= 1) {
      this.#queue.after(this.#random.below(LENGTH_MS - 70 * MINUTE), run);
    }
  }

  #every(node: FleetNode, ms: number, run: () => void): void {
    this.#queue.after(ms + this.#random.below(5000), () => {
      if (node.up) {
        run();
      }
      this.#every(node, ms, run);
    });
  }

  #word(peer: NodeId, version: number, dataHash: string): MemberState {
    const lastUpdate = Math.floor((EPOCH_MS + this.#queue.now) / 1000);
    const amounts = { capacitySat: 1n, availableSat: 1n, topology: [], raw: {} };
    const word = { peer, version, lastUpdate, dataHash, ...amounts };
    this.issued.add(word);
    return word;
  }

  #publish(node: FleetNode): void {
    if (!this.#calm) {
      node.own = this.#word(node.id, node.own.version + 1, 'a');
      this.#broadcast(node, (to) => this.#hear(to, node.own));
    }
  }

  #hear(node: FleetNode, word: MemberState): void {
    const before = node.fleet.signed.get(word.peer)?.version ?? -1;
    const isMember = node.membership.members.has(word.peer);
    const nowSeconds = Math.floor((EPOCH_MS + this.#queue.now) / 1000);
    node.fleet = mergeState(node.fleet, word, {
      isMember,
      publicCapacitySat: 1n,
      nowSeconds,
    }).state;
    if ((node.fleet.signed.get(word.peer)?.version ?? -1) < before) {
      this.broken.push(`a version of ${word.peer.slice(-1)} went back`);
    }
  }

  #broadcast(from: FleetNode, run: (to: FleetNode) => void, times = 1): void {
    for (const to of this.nodes) {
      if (to !== from) {
        this.#send(from, to, run, times);
      }
    }
  }

  /** Carries something to a node; what is reliable is tried again each minute, `times` in all. */
  #send(from: FleetNode, to: FleetNode, run: (to: FleetNode) => void, times = 1): void {
    this.#queue.after(10 + this.#random.below(5000), () => {
      if (to.up && from.group === to.group && (this.#calm || this.#random.float() > 0.1)) {
        run(to);
      } else if (times > 1) {
        this.#queue.after(MINUTE, () => this.#send(from, to, run, times - 1));
      }
    });
  }

  #give(node: FleetNode, input: MembershipInput): void {
    const { state, commands } = stepMembership(node.membership, input, EPOCH_MS + this.#queue.now);
    node.membership = state;
    for (const command of commands) {
      const to = 'to' in command ? this.nodes.find(({ id }) => id === command.to) : undefined;
      if (command.kind === 'send_words' && to !== undefined) {
        for (const { raw } of command.words) {
          const word = this.#words[Number(raw['word'])];
          if (word !== undefined) {
            this.#send(node, to, (other) => this.#give(other, word));
          }
        }
      }
    }
  }

  #signed(name: SignedWord['name'], input: (word: SignedWord) => MembershipInput): MembershipInput {
    const word = { name, raw: { word: this.#words.length } };
    const made = input(word);
    this.#words.push(made);
    return made;
  }

  #proposeBan(): void {
    const proposer = this.#random.pick(this.nodes);
    const target = this.#random.pick(this.nodes).id;
    const proposalId = `p${this.bans.size}`;
    const electorate = votingMembers(proposer.membership).filter((id) => id !== target);
    if (!proposer.up || target === proposer.id || !proposer.membership.members.has(target)) {
      return;
    }
    this.bans.set(proposalId, { target, electorate, approvals: new Set([proposer.id]) });
    const at = Math.floor((EPOCH_MS + this.#queue.now) / 1000);
    const proposal = this.#signed('BAN_PROPOSAL', (word) => ({
      kind: 'propose_ban',
      proposalId,
      target,
      proposer: proposer.id,
      at,
      word,
    }));
    this.#give(proposer, proposal);
    this.#broadcast(proposer, (to) => this.#heardProposal(to, proposal, proposalId), 20);
  }

  #heardProposal(node: FleetNode, proposal: MembershipInput, proposalId: string): void {
    const ban = this.bans.get(proposalId);
    this.#give(node, proposal);
    if (ban === undefined || ban.target === node.id || this.#random.float() > 0.6) {
      return;
    }
    ban.approvals.add(node.id);
    const vote = this.#signed('BAN_VOTE', (word) => ({
      kind: 'vote_ban',
      proposalId,
      voter: node.id,
      vote: 'approve',
      word,
    }));
    this.#give(node, vote);
    this.#broadcast(node, (to) => this.#give(to, vote), 20);
  }

  #leave(): void {
    const node = this.#random.pick(this.nodes);
    const at = Math.floor((EPOCH_MS + this.#queue.now) / 1000);
    const left = this.#signed('MEMBER_LEFT', (word) => ({
      kind: 'leave',
      member: node.id,
      at,
      word,
    }));
    this.#broadcast(node, (to) => this.#give(to, left), 20);
    node.up = false;
    this.left.add(node.id);
  }

  readonly left = new Set<NodeId>();

  #cut(): void {
    for (const node of this.nodes) {
      node.group = this.#random.below(2);
    }
    this.#queue.after(this.#random.below(60 * MINUTE), () => {
      for (const node of this.nodes) {
        node.group = 0;
      }
      this.#connectAll();
    });
  }

  #crash(node: FleetNode): void {
    if (node.up) {
      node.up = false;
      node.exchange = newExchange(node.id);
      this.#queue.after(1000 + this.#random.below(30 * MINUTE), () => {
        node.up = !this.left.has(node.id);
        this.#connectAll();
      });
    }
  }

  /** Lists that make neophytes of anybody, members of neophytes, and two words of one version. */
  #lie(): void {
    const liar = this.nodes.find(({ id }) => id === this.liar);
    if (liar?.up !== true) {
      return;
    }
    const strangers = Array.from({ length: 100 }, (_, index) => simId('d', index));
    const members = [...strangers, ...this.nodes.map(({ id }) => id)].map(
      (peer) => ({ peer, tier: 'member' }) as const,
    );
    this.#broadcast(liar, (to) => this.#give(to, { kind: 'sync', from: liar.id, members }));
    const version = liar.own.version + 1;
    liar.own = this.#word(liar.id, version, 'a');
    const other = this.#word(liar.id, version, 'b');
    this.#broadcast(liar, (to) => this.#hear(to, this.#random.below(2) === 0 ? liar.own : other));
  }

  #connectAll(): void {
    for (const node of this.nodes) {
      for (const other of this.nodes) {
        if (node.up && other.up && node !== other && node.group === other.group) {
          this.#exchange(node, { kind: 'connected', peer: other.id, reconciles: true });
        }
      }
    }
  }

  #membershipHash({ membership }: FleetNode): string {
    const list = [...membership.members].map(([peer_id, { tier }]) => ({ peer_id, tier }));
    return membershipHash(list);
  }

  #exchange(node: FleetNode, input: ExchangeInput): void {
    if (!node.up) {
      return;
    }
    const { state, commands } = stepExchange(
      node.exchange,
      input,
      {
        fleet: fleetHashOf(node.fleet, node.own),
        membership: this.#membershipHash(node),
        items: () => stateItemSet(stateItems(node.fleet, node.own)),
      },
      this.#queue.now,
    );
    node.exchange = state;
    for (const command of commands) {
      this.#carryOut(node, command);
    }
  }

  #carryOut(node: FleetNode, command: ExchangeCommand): void {
    const to = 'to' in command ? this.nodes.find(({ id }) => id === command.to) : undefined;
    const from = node.id;
    if (to === undefined || !node.membership.members.has(to.id)) {
      return;
    }
    if (command.kind === 'send_hash') {
      const hashes = {
        fleet: fleetHashOf(node.fleet, node.own),
        membership: this.#membershipHash(node),
      };
      this.#send(node, to, (other) => this.#exchange(other, { kind: 'hash', from, ...hashes }));
    } else if (command.kind === 'send_full_sync') {
      const members = [...node.membership.members].map(([peer, { tier }]) => ({ peer, tier }));
      this.#send(node, to, (other) => this.#give(other, { kind: 'sync', from, members }));
    } else if (command.kind === 'send_ranges') {
      const { question, ranges, digest } = command;
      const message = { kind: 'ranges', from, question, ranges, digest } as const;
      this.#send(node, to, (other) => this.#exchange(other, message));
    } else if (command.kind === 'send_items') {
      this.#items(node, to, command.ids);
    } else if (command.kind === 'ask_items') {
      this.#send(node, to, (other) => this.#items(other, node, command.ids));
    }
  }

  #items(node: FleetNode, to: FleetNode, ids: readonly string[]): void {
    const items = stateItems(node.fleet, node.own);
    for (const [first, second] of ids.map((id) => items.get(id) ?? [])) {
      this.#send(node, to, (other) => {
        if (first !== undefined && second !== undefined) {
          other.fleet = mergeEvidence(other.fleet, { first, second });
        } else if (first !== undefined) {
          this.#hear(other, first);
        }
      });
    }
  }
}
