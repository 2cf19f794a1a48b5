import type { JsonObject, NodeId } from '@cl-hive/core';
import { type GossipReason, gossipDue, mergeState, type OwnState } from '@cl-hive/hive';
import { canonicalJson, type WireObject } from '@cl-hive/protocol';
import type { HiveCore } from '../hive-core.ts';
import { CAPACITY_CACHE_MS } from '../limits.ts';
import type { Turn } from '../line/turn.ts';
import { CAPABILITIES } from '../membership/capabilities.ts';
import { refusal } from '../membership/refusals.ts';
import type { OwnHoldings } from '../ports/ports.ts';
import type { Incoming, Verdict } from '../wire/incoming.ts';
import type { Greeting } from './greeting.ts';
import { stateOf, stateOfGossip } from './member-state.ts';

/** What is asked outside before a gossip is judged. */
interface GossipFacts {
  readonly publicCapacitySat: bigint;
}

/** This node's own word about itself, and taking in that of others. */
export class Gossiping {
  readonly #hive: HiveCore;
  readonly #greeting: Greeting;
  readonly #capacities = new Map<NodeId, { readonly at: number; readonly sat: bigint }>();
  /** Guard time of the last gossip since the start. */
  #sentAt: number | undefined;
  #last: OwnState | undefined;
  #forced = false;

  constructor(hive: HiveCore, greeting: Greeting) {
    this.#hive = hive;
    this.#greeting = greeting;
    hive.dispatcher.on('GOSSIP', {
      prepare: ({ author }) => this.#facts(author),
      decide: (turn, incoming, facts) => this.#take(turn, incoming, facts),
    });
    hive.onTick(() => this.#tick());
    hive.membership.onCommand((_turn, command) => {
      // The original's rule: a change of one's own standing is gossiped at once.
      this.#forced ||= command.kind === 'promoted' && command.target === hive.self;
    });
  }

  /** What the last gossip said, and how long ago, for people; ms. */
  view(): { readonly sentAgoMs: number | undefined } {
    const sent = this.#sentAt;
    return { sentAgoMs: sent === undefined ? undefined : this.#hive.time.now() - sent };
  }

  /** Raises this node's version; it never falls. */
  bump(version: number): Promise<JsonObject> {
    const { line, state } = this.#hive;
    return line.run((turn) => {
      const fleet = turn.get(state.fleet);
      const old = fleet.ownVersion;
      if (version <= old) {
        return refusal('version_too_low', { version: old });
      }
      turn.set(state.fleet, { ...fleet, ownVersion: version });
      this.#forced = true;
      return { old_db_version: old, old_gossip_version: old, new_version: version };
    });
  }

  async #facts(author: NodeId): Promise<GossipFacts> {
    const { membership, ports, time } = this.#hive;
    if (!membership.isMember(author)) {
      return { publicCapacitySat: 0n };
    }
    const now = time.now();
    const known = this.#capacities.get(author);
    if (known !== undefined && now - known.at < CAPACITY_CACHE_MS) {
      return { publicCapacitySat: known.sat };
    }
    const sat = await ports.node.capacitySat(author);
    this.#capacities.set(author, { at: now, sat });
    return { publicCapacitySat: sat };
  }

  #take(turn: Turn, incoming: Incoming<'GOSSIP'>, facts: GossipFacts): Verdict {
    const { state, membership, time, ports } = this.#hive;
    const { message, author, relayed } = incoming;
    if (message.payload.peer_id !== author || message.payload.sender_id !== author) {
      return 'refused';
    }
    const merged = mergeState(turn.get(state.fleet), stateOfGossip(message), {
      isMember: membership.isMember(author, turn),
      nowSeconds: time.confirmedSeconds(),
      ...facts,
    });
    turn.set(state.fleet, merged.state);
    const { verdict } = merged;
    if (verdict.kind === 'equivocation') {
      ports.log('unusual', `${author} signed two states of one version; neither is used any more`);
    }
    if (!relayed) {
      const said = message.payload.capabilities ?? [];
      turn.after(() => this.#greeting.noticed(author, said));
    }
    return verdict.kind === 'refused' && verdict.code !== 'known' ? 'refused' : 'taken';
  }

  async #tick(): Promise<void> {
    const { membership, ports, time } = this.#hive;
    const { hiveId, members } = membership.view();
    // A time of long ago would be refused by everybody, and could never be taken back.
    if (hiveId === undefined || time.confirmedSeconds() === undefined) {
      return;
    }
    const holdings = await ports.node.holdings(new Set(members.keys()));
    const now = ownState(holdings);
    const since = this.#sentAt === undefined ? 0 : time.now() - this.#sentAt;
    const reason = this.#forced ? 'forced' : gossipDue(this.#last, now, since);
    if (reason !== undefined) {
      await this.#gossip(holdings, reason);
      this.#last = now;
    }
  }

  /** The version is on disk before anything of it leaves, so that none is ever used twice. */
  async #gossip(holdings: OwnHoldings, reason: GossipReason | 'forced'): Promise<void> {
    const { line, state, post, self, time, ports } = this.#hive;
    this.#forced = false;
    const version = await line.run((turn) => {
      const fleet = turn.get(state.fleet);
      const next = fleet.ownVersion + 1;
      turn.set(state.fleet, { ...fleet, ownVersion: next });
      return next;
    });
    const raw = await post.signed('GOSSIP', {
      peer_id: self,
      capacity_sats: Number(holdings.capacitySat),
      available_sats: Number(holdings.availableSat),
      fee_policy: holdings.feePolicy,
      topology: holdings.topology,
      version,
      timestamp: time.wallSeconds(),
      state_hash: state.fleetHash(),
      addresses: holdings.addresses,
      capabilities: [...CAPABILITIES],
      sender_id: self,
    });
    ports.log('debug', `gossip ${version}: ${reason}`);
    await line.run((turn) => {
      turn.set(state.own, stateOf(raw));
      turn.after(() => this.#send(raw));
    });
    this.#sentAt = time.now();
  }

  #send(raw: WireObject): void {
    for (const to of this.#hive.reachable()) {
      this.#hive.post.send(to, 'GOSSIP', raw);
    }
  }
}

/** What decides whether a gossip is due. */
function ownState({ capacitySat, availableSat, feePolicy, topology }: OwnHoldings): OwnState {
  return {
    capacitySat,
    availableSat,
    feePolicy: canonicalJson({
      ...feePolicy,
      min_htlc: String(feePolicy.min_htlc),
      max_htlc: String(feePolicy.max_htlc),
    }),
    topology: topology.join(),
  };
}
