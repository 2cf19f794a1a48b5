import { compareCodeUnits, type NodeId, type ShortChannelId } from '@cl-hive/core';
import { NetworkIndex } from './network/network-index.ts';
import type { PublicNetwork } from './network/public-network.ts';
import type { Policy } from './policy.ts';

/** The last `channel_update` of one direction. */
export interface GossipUpdate {
  readonly policy: Policy;
  /** Unix seconds. */
  readonly timestamp: number;
  readonly disabled: boolean;
}

/** An announced channel of a lab node; index 0 of each pair is the lesser id's. */
export interface GossipChannel {
  readonly scid: ShortChannelId;
  readonly ids: readonly [NodeId, NodeId];
  readonly capacityMsat: bigint;
  readonly updates: readonly [GossipUpdate | undefined, GossipUpdate | undefined];
}

/** An announced lab node. */
export interface GossipNode {
  readonly id: NodeId;
  readonly alias: string;
  readonly timestamp: number;
  readonly features: string;
}

/** The two ids in the order that numbers the directions (BOLT 7). */
export function directionOrder(a: NodeId, b: NodeId): readonly [NodeId, NodeId] {
  return compareCodeUnits(a, b) < 0 ? [a, b] : [b, a];
}

/**
 * What everyone knows of the network: the generated or loaded public part, which stays as it is, and
 * the announced channels and nodes of the lab. All nodes see the same, at once.
 */
export class Gossip {
  readonly index: NetworkIndex | undefined;
  readonly #channels = new Map<string, GossipChannel>();
  readonly #nodes = new Map<string, GossipNode>();
  readonly #byNode = new Map<string, Set<string>>();
  #version = 0;

  constructor(network: PublicNetwork | undefined) {
    this.index = network === undefined ? undefined : new NetworkIndex(network);
  }

  /** Grows with each change of the lab's part. */
  get version(): number {
    return this.#version;
  }

  get channels(): Iterable<GossipChannel> {
    return this.#channels.values();
  }

  get nodes(): Iterable<GossipNode> {
    return this.#nodes.values();
  }

  channel(scid: string): GossipChannel | undefined {
    return this.#channels.get(scid);
  }

  node(id: string): GossipNode | undefined {
    return this.#nodes.get(id);
  }

  /** Channels of the lab's part that end at a node. */
  channelsOf(id: string): readonly GossipChannel[] {
    return [...(this.#byNode.get(id) ?? [])].flatMap((scid) => this.#channels.get(scid) ?? []);
  }

  /** Whether the node shows in gossip, public or of the lab. */
  knows(id: string): boolean {
    return this.#nodes.has(id) || this.index?.indexOf(id) !== undefined;
  }

  setChannel(channel: GossipChannel): void {
    this.#version += 1;
    this.#channels.set(channel.scid, channel);
    for (const id of channel.ids) {
      const scids = this.#byNode.get(id) ?? new Set();
      scids.add(channel.scid);
      this.#byNode.set(id, scids);
    }
  }

  removeChannel(scid: string): void {
    const channel = this.#channels.get(scid);
    if (channel === undefined) {
      return;
    }
    this.#version += 1;
    this.#channels.delete(scid);
    for (const id of channel.ids) {
      this.#byNode.get(id)?.delete(scid);
      if (this.#byNode.get(id)?.size === 0) {
        // A node without channels is forgotten (BOLT 7).
        this.#byNode.delete(id);
        this.#nodes.delete(id);
      }
    }
  }

  setNode(node: GossipNode): void {
    this.#version += 1;
    this.#nodes.set(node.id, node);
  }
}
