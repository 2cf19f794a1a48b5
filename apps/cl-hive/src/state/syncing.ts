import {
  array,
  boolean,
  bytesToHex,
  compareCodeUnits,
  hexToBytes,
  isHex,
  isJsonObject,
  type JsonValue,
  type NodeId,
  object,
  text,
} from '@cl-hive/core';
import {
  decodeRanges,
  type Exchange,
  type ExchangeCommand,
  type ExchangeInput,
  encodeRanges,
  FULL_SYNC_AGAIN_MOST_MS,
  fullSyncPages,
  itemPayloads,
  type MemberState,
  type MembershipCommand,
  mergeEvidence,
  mergeFullSync,
  mergeState,
  newExchange,
  RECONCILE_ITEMS_MAX,
  stateItemSet,
  stepExchange,
} from '@cl-hive/hive';
import {
  canonicalHash,
  fleetHash,
  membershipHash,
  verifySignatures,
  type WireObject,
} from '@cl-hive/protocol';
import type { HiveCore } from '../hive-core.ts';
import { ITEMS_BYTES_MAX, RELAY_FANOUT, TELL_AGAIN_MS } from '../limits.ts';
import { Cell } from '../line/cell.ts';
import type { Turn } from '../line/turn.ts';
import { readPayload, writePayload } from '../store/wire-json.ts';
import type { Incoming, NativeIncoming, Verdict } from '../wire/incoming.ts';
import { gossipOf, stateOfGossip } from './member-state.ts';
import { syncMembers, syncState } from './sync-entries.ts';

const hexText = text(2 * 65_535);
const rangesDecoder = object({ question: boolean, ranges: hexText, digest: text(64) });
const idsDecoder = array(text(64), RECONCILE_ITEMS_MAX);
const payloadsDecoder = array(text(65_535), RECONCILE_ITEMS_MAX);

/** Anti-entropy: hashes and full syncs with everybody, reconciliation among our own. */
export class Syncing {
  readonly exchange: Cell<Exchange>;
  readonly #hive: HiveCore;
  /** What each member said last, and what it was told, how often and when. */
  readonly #heard = new Map<NodeId, { readonly members: string; readonly states: string }>();
  readonly #told = new Map<
    NodeId,
    { readonly members: string; readonly times: number; readonly at: number }
  >();

  constructor(hive: HiveCore) {
    this.#hive = hive;
    this.exchange = new Cell(newExchange(hive.self), () => []);
    const { dispatcher } = hive;
    dispatcher.on('STATE_HASH', { decide: (turn, incoming) => this.#hash(turn, incoming) });
    dispatcher.on('FULL_SYNC', { decide: (turn, incoming) => this.#page(turn, incoming) });
    dispatcher.onNative('ranges', (incoming) => this.#ranges(incoming));
    dispatcher.onNative('ask', (incoming) => this.#asked(incoming));
    dispatcher.onNative('items', (incoming) => this.#items(incoming));
    hive.capabilities.onFound((node) => void this.#connected(node));
    hive.onPeer({
      connected: (node) => this.#connected(node),
      disconnected: (node) => this.#disconnected(node),
    });
    hive.membership.onCommand((turn, command) => this.#follow(turn, command));
    hive.onTick(() => this.#tick());
  }

  /** A member is connected, or turned out to be able to reconcile. */
  async #connected(peer: NodeId): Promise<void> {
    const { line, capabilities, membership } = this.#hive;
    if (membership.isMember(peer)) {
      const reconciles = capabilities.has(peer, 'cl-hive-reconcile-1');
      await line.run((turn) => void this.#give(turn, { kind: 'connected', peer, reconciles }));
    }
  }

  async #disconnected(peer: NodeId): Promise<void> {
    this.#heard.delete(peer);
    this.#told.delete(peer);
    if (this.exchange.value.peers.has(peer)) {
      await this.#hive.line.run((turn) => void this.#give(turn, { kind: 'disconnected', peer }));
    }
  }

  async #tick(): Promise<void> {
    // Members that were let in while they were connected.
    for (const node of this.#hive.reachable()) {
      if (!this.exchange.value.peers.has(node)) {
        await this.#connected(node);
      }
    }
    await this.#hive.line.run((turn) => {
      this.#give(turn, { kind: 'tick' });
      this.#spreadChange(turn);
    });
  }

  /**
   * Members of this software that saw something else last are told our hashes, so that a change
   * reaches whom no message did: of a change of members some at once, and each again ever more
   * seldom while it goes on to differ; of states once a minute. Who agrees is told nothing.
   */
  #spreadChange(turn: Turn): void {
    const { self, capabilities } = this.#hive;
    const own = { members: this.membershipHash(turn), states: this.#hive.state.fleetHash(turn) };
    const due = this.#hive.reachable().filter((to) => {
      const heard = this.#heard.get(to);
      const told = this.#told.get(to);
      const differ = heard?.members !== own.members;
      if (!capabilities.isOurs(to) || (!differ && heard?.states === own.states)) {
        return false;
      }
      const times = differ && told?.members === own.members ? told.times : 0;
      const wait = Math.min(TELL_AGAIN_MS * 2 ** times, FULL_SYNC_AGAIN_MOST_MS);
      return (differ && times === 0) || turn.now - (told?.at ?? 0) >= wait;
    });
    const ranked = due
      .map((to) => ({ to, rank: canonicalHash([self, to, own.members, own.states]) }))
      .sort((a, b) => compareCodeUnits(a.rank, b.rank));
    for (const { to } of ranked.slice(0, RELAY_FANOUT)) {
      const before = this.#told.get(to);
      const times = before?.members === own.members ? before.times + 1 : 1;
      this.#told.set(to, { members: own.members, times, at: turn.now });
      this.#sendHash(turn, to);
    }
  }

  #follow(turn: Turn, command: MembershipCommand): void {
    const { state } = this.#hive;
    if (command.kind === 'send_welcome') {
      // Everybody is told who is in, at once: originals wait for it, and ours need not ask.
      for (const to of this.#hive.reachable()) {
        this.#fullSync(turn, to, false);
      }
    } else if (command.kind === 'removed') {
      state.forget(turn, command.target);
      this.#give(turn, { kind: 'disconnected', peer: command.target });
    }
  }

  #give(turn: Turn, input: ExchangeInput): readonly ExchangeCommand[] {
    const { state } = this.#hive;
    const facts = {
      fleet: state.fleetHash(turn),
      membership: this.membershipHash(turn),
      items: () => stateItemSet(state.items(turn)),
    };
    const step = stepExchange(turn.get(this.exchange), input, facts, turn.now);
    turn.set(this.exchange, step.state);
    for (const command of step.commands) {
      this.#carryOut(turn, command);
    }
    return step.commands;
  }

  /** Members that have told this node, since they connected, of another membership than its own. */
  disagreeing(): readonly NodeId[] {
    const own = this.membershipHash();
    return [...this.#heard].filter(([, { members }]) => members !== own).map(([node]) => node);
  }

  /** The membership hash as the original computes it. */
  membershipHash(turn?: Turn): string {
    const { members } = this.#hive.membership.view(turn);
    return membershipHash([...members].map(([peer_id, { tier }]) => ({ peer_id, tier })));
  }

  #carryOut(turn: Turn, command: ExchangeCommand): void {
    const { post } = this.#hive;
    switch (command.kind) {
      case 'send_hash':
        this.#sendHash(turn, command.to);
        return;
      case 'send_full_sync':
        this.#fullSync(turn, command.to, command.states);
        return;
      case 'send_ranges': {
        const { to, question, digest } = command;
        const ranges = bytesToHex(encodeRanges(command.ranges));
        turn.after(() => post.sendNative(to, 'ranges', { question, ranges, digest }));
        return;
      }
      case 'ask_items':
        turn.after(() => post.sendNative(command.to, 'ask', { ids: [...command.ids] }));
        return;
      case 'send_items':
        this.#sendItems(turn, command.to, command.ids);
        return;
      case 'take_page':
      case 'refused':
        return;
    }
  }

  #sendHash(turn: Turn, to: NodeId): void {
    const { post, state, self, time } = this.#hive;
    const fields = {
      fleet_hash: state.fleetHash(turn),
      peer_count: state.count(turn),
      timestamp: time.wallSeconds(),
      membership_hash: this.membershipHash(turn),
      sender_id: self,
    };
    turn.after(() => post.sendSigned(to, 'STATE_HASH', fields));
  }

  /** Each page is a full sync of its own, with the hash of its own states, as originals check it. */
  #fullSync(turn: Turn, to: NodeId, withStates: boolean): void {
    const { post, state, membership, self, time } = this.#hive;
    const states = withStates ? state.words(turn).map((word) => syncState(word)) : [];
    const members = syncMembers(membership.view(turn).members, state.words(turn));
    const { pages, dropped } = fullSyncPages(states, members);
    if (dropped > 0) {
      this.#hive.ports.log('unusual', `${dropped} entries are too large for any full sync`);
    }
    const timestamp = time.wallSeconds();
    turn.after(() => {
      for (const page of pages) {
        const content = {
          states: page.states,
          fleet_hash: fleetHash(page.states.map((one) => hashEntry(one))),
          timestamp,
          members: page.members,
          sender_id: self,
        };
        post.sendMade(to, 'FULL_SYNC', () => post.signedRaw('FULL_SYNC', content));
      }
    });
  }

  #sendItems(turn: Turn, to: NodeId, ids: readonly string[]): void {
    const { post, state } = this.#hive;
    const payloads = itemPayloads(state.items(turn), ids).map((raw) => writePayload(raw));
    turn.after(() => {
      let batch: string[] = [];
      let bytes = 0;
      for (const payload of payloads) {
        if (bytes + payload.length > ITEMS_BYTES_MAX && batch.length > 0) {
          post.sendNative(to, 'items', { payloads: batch });
          [batch, bytes] = [[], 0];
        }
        batch.push(payload);
        bytes += payload.length;
      }
      if (batch.length > 0) {
        post.sendNative(to, 'items', { payloads: batch });
      }
    });
  }

  #hash(turn: Turn, { message, from, relayed }: Incoming<'STATE_HASH'>): Verdict {
    if (relayed || message.payload.sender_id !== from) {
      return 'refused';
    }
    const { fleet_hash: fleet, membership_hash: membership } = message.payload;
    const more = membership === undefined ? {} : { membership };
    if (membership !== undefined && membership !== '') {
      turn.after(() => this.#heard.set(from, { members: membership, states: fleet }));
    }
    this.#give(turn, { kind: 'hash', from, fleet, ...more });
    return 'taken';
  }

  #page(turn: Turn, { message, from, relayed }: Incoming<'FULL_SYNC'>): Verdict {
    const { state, membership, time } = this.#hive;
    const { states, members, sender_id: sender, fleet_hash: hash } = message.payload;
    if (relayed || sender !== from || (states.length > 0 && fleetHash(states) !== hash)) {
      return 'refused';
    }
    const commands = this.#give(turn, { kind: 'page', from });
    if (!commands.some(({ kind }) => kind === 'take_page')) {
      return 'refused';
    }
    const entries = states.map(({ peer_id: peer, version, last_update: lastUpdate }) => ({
      peer,
      version,
      lastUpdate,
    }));
    // Members first: what is said of a node counts only once it is one.
    const listed = (members ?? []).map(({ peer_id: peer, tier, joined_at: joinedAt }) => ({
      peer,
      tier,
      joinedAt,
    }));
    if (listed.length > 0) {
      membership.apply(turn, { kind: 'sync', from, members: listed });
    }
    const merged = mergeFullSync(turn.get(state.fleet), from, entries, {
      isMember: (node) => membership.isMember(node, turn),
      nowSeconds: time.confirmedSeconds(),
    });
    turn.set(state.fleet, merged.state);
    return merged.refused === undefined ? 'taken' : 'refused';
  }

  async #ranges({ from, payload }: NativeIncoming): Promise<void> {
    const { question, ranges, digest } = rangesDecoder(payload);
    const parsed = decodeRanges(isHex(ranges) ? hexToBytes(ranges) : new Uint8Array(1));
    await this.#hive.line.run(
      (turn) => void this.#give(turn, { kind: 'ranges', from, question, ranges: parsed, digest }),
    );
  }

  async #asked({ from, payload }: NativeIncoming): Promise<void> {
    const ids = idsDecoder(memberOf(payload, 'ids'));
    await this.#hive.line.run((turn) => this.#sendItems(turn, from, ids));
  }

  /**
   * Signed states that another member handed on: each is judged by its own signature. Two of one
   * version are the evidence that it keeps against their author.
   */
  async #items({ payload }: NativeIncoming): Promise<void> {
    const payloads = payloadsDecoder(memberOf(payload, 'payloads'));
    const messages = payloads.map((one) => gossipOf(readPayload(one)));
    const { state, membership, ports } = this.#hive;
    const pairs = new Map<string, MemberState>();
    for (const message of messages) {
      const word = stateOfGossip(message);
      const known = state.fleet.value.signed.get(word.peer)?.version ?? -1;
      const name = `${word.peer}:${word.version}`;
      const isPair = messages.some(
        (one) => one !== message && `${one.payload.peer_id}:${one.payload.version}` === name,
      );
      if (!membership.isMember(word.peer) || (word.version < known && !isPair)) {
        continue;
      }
      const verdict = verifySignatures(message, ports.curve);
      if (verdict.status !== 'valid' || verdict.signers[0] !== word.peer) {
        // Who hands on what nobody signed is not heard further: checking is what costs.
        return;
      }
      await this.#item(word, pairs.get(name));
      pairs.set(name, word);
    }
  }

  async #item(word: MemberState, other: MemberState | undefined): Promise<void> {
    const { line, state, membership, time, ports } = this.#hive;
    const publicCapacitySat = await ports.node.capacitySat(word.peer);
    await line.run((turn) => {
      const fleet = turn.get(state.fleet);
      const second = other ?? fleet.signed.get(word.peer);
      const isMember = membership.isMember(word.peer, turn);
      const nowSeconds = time.confirmedSeconds();
      const { state: next } = mergeState(fleet, word, { isMember, publicCapacitySat, nowSeconds });
      // Evidence counts also where the state itself is out of bounds by now.
      turn.set(
        state.fleet,
        second === undefined || !isMember ? next : mergeEvidence(next, { first: word, second }),
      );
    });
  }
}

function memberOf(payload: JsonValue, key: string): unknown {
  return isJsonObject(payload) ? payload[key] : undefined;
}

function hashEntry(state: WireObject) {
  const { peer_id, version, last_update } = state;
  return {
    peer_id: typeof peer_id === 'string' ? peer_id : '',
    version: Number(version),
    last_update: Number(last_update),
  };
}
