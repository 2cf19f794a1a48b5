import type { NodeId } from '@cl-hive/core';
import {
  FULL_SYNC_AGAIN_MOST_MS,
  FULL_SYNC_AGAIN_MS,
  FULL_SYNC_PAGES_MAX,
  HASH_AGAIN_MS,
  HASH_EVERY_MS,
  HASH_TO_ORIGINALS_MS,
  RECONCILE_MS,
  RECONCILE_ROUNDS_MAX,
} from '../limits.ts';
import type { Range } from '../sync/ranges.ts';
import { allIds, beginReconcile, type ItemSet, itemDigest, reconcile } from '../sync/reconcile.ts';

/** A reconciliation that this node began; `plain` compares all ids where sums hid a difference. */
interface Session {
  readonly since: number;
  readonly rounds: number;
  readonly found: number;
  readonly plain: boolean;
}

/** How far this node is with one connected member. Times are guard times in ms. */
interface PeerExchange {
  /** Whether it advertises reconciliation. */
  readonly reconciles: boolean;
  readonly hashSentAt?: number;
  readonly syncSentAt?: number;
  /** Both sides' hashes at the last full sync, and how often it was sent for them. */
  readonly syncedFor?: string;
  readonly tries: number;
  /** A reconciliation that this node began. */
  readonly session?: Session;
  readonly reconciledAt?: number;
  /** Pages of full syncs it sent since a time. */
  readonly pages: number;
  readonly pagesSince: number;
}

/** The exchange of states with connected members; learned again after a restart. */
export interface Exchange {
  readonly self: NodeId;
  readonly peers: ReadonlyMap<NodeId, PeerExchange>;
}

/** What the exchange is told; senders' signatures were verified, and that they are members. */
export type ExchangeInput =
  | { readonly kind: 'connected'; readonly peer: NodeId; readonly reconciles: boolean }
  | { readonly kind: 'disconnected'; readonly peer: NodeId }
  | { readonly kind: 'tick' }
  | {
      readonly kind: 'hash';
      readonly from: NodeId;
      readonly fleet: string;
      readonly membership?: string;
    }
  /** A page of a full sync has come, within the bounds of its decoder. */
  | { readonly kind: 'page'; readonly from: NodeId }
  /** `question`: the sender began this reconciliation. */
  | {
      readonly kind: 'ranges';
      readonly from: NodeId;
      readonly question: boolean;
      readonly ranges: readonly Range[];
      /** {@link itemDigest} of all its ids. */
      readonly digest: string;
    };

/** What this node itself knows, at the moment of the step. */
export interface ExchangeFacts {
  /** `fleetHashOf`, and protocol's `membershipHash`. */
  readonly fleet: string;
  readonly membership: string;
  /** `stateItemSet`; asked for only where it is used. */
  readonly items: () => ItemSet;
}

/** What the runner carries out. */
export type ExchangeCommand =
  | { readonly kind: 'send_hash'; readonly to: NodeId }
  /** `fullSyncPages` of the states (none where false) and the members, each page signed. */
  | { readonly kind: 'send_full_sync'; readonly to: NodeId; readonly states: boolean }
  | { readonly kind: 'take_page'; readonly from: NodeId }
  | {
      readonly kind: 'send_ranges';
      readonly to: NodeId;
      readonly question: boolean;
      readonly ranges: readonly Range[];
      readonly digest: string;
    }
  /** Signed payloads of `itemPayloads`; the other side merges each as a gossip, pairs as evidence. */
  | { readonly kind: 'send_items'; readonly to: NodeId; readonly ids: readonly string[] }
  | { readonly kind: 'ask_items'; readonly to: NodeId; readonly ids: readonly string[] }
  | {
      readonly kind: 'refused';
      readonly from: NodeId;
      readonly code: 'not_connected' | 'too_many_pages' | 'no_session';
    };

/** An exchange with nobody. */
export function newExchange(self: NodeId): Exchange {
  return { self, peers: new Map() };
}

class Step {
  state: Exchange;
  readonly commands: ExchangeCommand[] = [];
  readonly facts: ExchangeFacts;
  readonly now: number;

  constructor(state: Exchange, facts: ExchangeFacts, now: number) {
    this.state = state;
    this.facts = facts;
    this.now = now;
  }

  set(peer: NodeId, change: Partial<PeerExchange>): void {
    const known = this.state.peers.get(peer);
    if (known !== undefined) {
      const peers = new Map(this.state.peers).set(peer, { ...known, ...change });
      this.state = { ...this.state, peers };
    }
  }

  sendHash(to: NodeId, again: number): void {
    const sent = this.state.peers.get(to)?.hashSentAt;
    if (sent === undefined || this.now - sent >= again) {
      this.set(to, { hashSentAt: this.now });
      this.commands.push({ kind: 'send_hash', to });
    }
  }
}

/**
 * The exchange of states: one transition. `now` is guard time in ms. Hashes go out on connecting and
 * from time to time; who does not reconcile gets a full sync where they differ, ever more seldom while
 * it changes nothing. Members that reconcile do so in place of it, begun by the lower key, and get a
 * full sync of the members alone where those differ.
 */
export function stepExchange(
  state: Exchange,
  input: ExchangeInput,
  facts: ExchangeFacts,
  now: number,
): { readonly state: Exchange; readonly commands: readonly ExchangeCommand[] } {
  const step = new Step(state, facts, now);
  const peer = 'from' in input ? state.peers.get(input.from) : undefined;
  if ('from' in input && peer === undefined) {
    return { state, commands: [{ kind: 'refused', from: input.from, code: 'not_connected' }] };
  }
  apply(step, input, peer);
  return { state: step.state, commands: step.commands };
}

function apply(step: Step, input: ExchangeInput, peer: PeerExchange | undefined): void {
  switch (input.kind) {
    case 'connected':
      connect(step, input.peer, input.reconciles);
      return;
    case 'disconnected': {
      const peers = new Map(step.state.peers);
      peers.delete(input.peer);
      step.state = { ...step.state, peers };
      return;
    }
    case 'tick':
      for (const [to, one] of step.state.peers) {
        step.sendHash(to, one.reconciles ? HASH_EVERY_MS : HASH_TO_ORIGINALS_MS);
        begin(step, to, HASH_EVERY_MS);
      }
      return;
    case 'hash':
      if (peer !== undefined) {
        compare(step, peer, input);
      }
      return;
    case 'page':
      if (peer !== undefined) {
        onPage(step, input.from, peer);
      }
      return;
    case 'ranges':
      if (peer !== undefined) {
        onRanges(step, peer, input);
      }
      return;
  }
}

function connect(step: Step, peer: NodeId, reconciles: boolean): void {
  const known = step.state.peers.get(peer);
  const fresh: PeerExchange = {
    reconciles,
    tries: 0,
    pages: 0,
    pagesSince: step.now,
  };
  const peers = new Map(step.state.peers).set(peer, { ...fresh, ...known, reconciles });
  step.state = { ...step.state, peers };
  step.sendHash(peer, HASH_AGAIN_MS);
}

function compare(
  step: Step,
  peer: PeerExchange,
  { from, fleet, membership }: Extract<ExchangeInput, { readonly kind: 'hash' }>,
): void {
  const { facts } = step;
  const sameFleet = peer.reconciles || fleet === facts.fleet;
  const sameMembers =
    membership === undefined || membership === '' || membership === facts.membership;
  if (sameFleet && sameMembers) {
    step.set(from, { tries: 0 });
  } else {
    const pair = [sameFleet ? '' : `${facts.fleet}/${fleet}`, facts.membership, membership].join();
    sendSync(step, from, peer, pair, !sameFleet);
  }
  begin(step, from, HASH_AGAIN_MS);
}

function sendSync(step: Step, to: NodeId, peer: PeerExchange, pair: string, states: boolean): void {
  const tries = peer.syncedFor === pair ? peer.tries : 0;
  const wait = Math.min(FULL_SYNC_AGAIN_MS * 2 ** Math.min(tries, 20), FULL_SYNC_AGAIN_MOST_MS);
  if (peer.syncSentAt !== undefined && step.now - peer.syncSentAt < wait) {
    return;
  }
  step.set(to, { syncSentAt: step.now, syncedFor: pair, tries: tries + 1 });
  step.commands.push({ kind: 'send_full_sync', to, states });
}

/** The lower key begins a reconciliation; its first message is one fingerprint of everything. */
function begin(step: Step, to: NodeId, again: number): void {
  const peer = step.state.peers.get(to);
  const since = peer?.session?.since ?? peer?.reconciledAt;
  const wait = peer?.session === undefined ? again : RECONCILE_MS;
  if (
    peer?.reconciles === true &&
    step.state.self < to &&
    (since === undefined || step.now - since >= wait)
  ) {
    ask(step, to, { since: step.now, rounds: 0, found: 0, plain: false }, beginReconcile);
  }
}

function ask(
  step: Step,
  to: NodeId,
  session: Session,
  ranges: (items: ItemSet) => readonly Range[],
): void {
  const items = step.facts.items();
  step.set(to, { session, reconciledAt: session.since });
  step.commands.push({
    kind: 'send_ranges',
    to,
    question: true,
    ranges: ranges(items),
    digest: itemDigest(items),
  });
}

function onPage(step: Step, from: NodeId, peer: PeerExchange): void {
  const fresh = step.now - peer.pagesSince >= FULL_SYNC_AGAIN_MS;
  const pages = fresh ? 1 : peer.pages + 1;
  if (pages > FULL_SYNC_PAGES_MAX) {
    step.commands.push({ kind: 'refused', from, code: 'too_many_pages' });
    return;
  }
  step.set(from, { pages, pagesSince: fresh ? step.now : peer.pagesSince });
  step.commands.push({ kind: 'take_page', from });
}

function endSession(step: Step, from: NodeId): void {
  const peers = new Map(step.state.peers);
  const known = peers.get(from);
  if (known !== undefined) {
    const { session: _, ...rest } = known;
    peers.set(from, rest);
    step.state = { ...step.state, peers };
  }
}

function onRanges(
  step: Step,
  peer: PeerExchange,
  input: Extract<ExchangeInput, { readonly kind: 'ranges' }>,
): void {
  const { from, question, ranges, digest } = input;
  const items = step.facts.items();
  if (question) {
    const answer = reconcile(items, ranges, false).ranges;
    const to = { to: from, question: false, ranges: answer, digest: itemDigest(items) };
    step.commands.push({ kind: 'send_ranges', ...to });
    return;
  }
  const { session } = peer;
  if (session === undefined) {
    step.commands.push({ kind: 'refused', from, code: 'no_session' });
    return;
  }
  const { have, need, ranges: rest } = reconcile(items, ranges, true);
  const found = session.found + have.length + need.length;
  if (have.length > 0) {
    step.commands.push({ kind: 'send_items', to: from, ids: have });
  }
  if (need.length > 0) {
    step.commands.push({ kind: 'ask_items', to: from, ids: need });
  }
  const next = { ...session, rounds: session.rounds + 1, found };
  if (rest.length > 0 && session.rounds < RECONCILE_ROUNDS_MAX) {
    ask(step, from, next, () => rest);
  } else if (rest.length === 0 && found === 0 && !session.plain && digest !== itemDigest(items)) {
    ask(step, from, { ...next, plain: true }, allIds);
  } else {
    endSession(step, from);
  }
}
