import { type Channel, directionOf, isUsable, sideOf, spendableBy } from '../channel.ts';
import type { ChannelLife } from '../channel-life.ts';
import type { ChannelRegistry } from '../channel-registry.ts';
import { otherSide } from '../ledger.ts';
import type { WorldState } from '../state.ts';
import type { Edge, RouteGraph } from './routing.ts';

/** What a node knows of the network beyond gossip. */
export interface GraphView {
  /** The node whose own channels count with their balances. */
  readonly own?: string;
  /** Edges that an invoice tells of. */
  readonly hints?: readonly Edge[];
}

/** Makes graphs to route in. */
export class Graphs {
  readonly #state: WorldState;
  readonly #channels: ChannelRegistry;
  readonly #life: ChannelLife;

  constructor(state: WorldState, channels: ChannelRegistry, life: ChannelLife) {
    this.#state = state;
    this.#channels = channels;
    this.#life = life;
  }

  view(view: GraphView): RouteGraph {
    return {
      into: (node) => [
        ...this.#ownEdges(view, node),
        ...(view.hints ?? []).filter((edge) => edge.to === node && edge.from !== view.own),
        ...this.#labEdges(view, node),
        ...this.#publicEdges(node),
      ],
    };
  }

  /** The edge over which a node can be reached that gossip does not show: the end of a private channel. */
  hintFor(channel: Channel, node: string): Edge | undefined {
    if (channel.scid === undefined || !isUsable(channel)) {
      return undefined;
    }
    const peer = channel.sides[otherSide(sideOf(channel, node))];
    return {
      scid: channel.scid,
      direction: directionOf(channel, sideOf(channel, peer.id)),
      from: peer.id,
      to: node,
      policy: peer.policy,
      capacityMsat: channel.ledger.capacityMsat,
    };
  }

  #ownEdges({ own }: GraphView, node: string): Edge[] {
    if (own === undefined) {
      return [];
    }
    return this.#channels.openBetween(own, node).flatMap((channel) => {
      if (channel.scid === undefined || !isUsable(channel) || !this.#life.connected(channel)) {
        return [];
      }
      const side = sideOf(channel, own);
      return {
        scid: channel.scid,
        direction: directionOf(channel, side),
        from: own,
        to: node,
        policy: { ...channel.sides[side].policy, htlcMinMsat: 0n },
        capacityMsat: channel.ledger.capacityMsat,
        limitMsat: spendableBy(channel, side),
      };
    });
  }

  #labEdges({ own }: GraphView, node: string): Edge[] {
    return this.#state.gossip.channelsOf(node).flatMap((channel) => {
      const direction = channel.ids[1] === node ? 0 : 1;
      const from = channel.ids[direction];
      const update = channel.updates[direction];
      if (update === undefined || from === own) {
        return [];
      }
      return {
        scid: channel.scid,
        direction,
        from,
        to: node,
        policy: update.policy,
        capacityMsat: channel.capacityMsat,
        disabled: update.disabled,
      };
    });
  }

  #publicEdges(node: string): Edge[] {
    const { index } = this.#state.gossip;
    const at = index?.indexOf(node);
    if (index === undefined || at === undefined) {
      return [];
    }
    const { network } = index;
    return Array.from(index.halvesOf(at), (half) => half ^ 1)
      .filter((half) => network.disabled[half] === 0)
      .map((half) => ({
        scid: index.scidOf(half >> 1),
        direction: (half & 1) as 0 | 1,
        from: index.idOf(network.source[half] ?? 0),
        to: node,
        policy: index.policyOf(half),
        capacityMsat: BigInt(network.capacitySat[half >> 1] ?? 0) * 1000n,
      }));
  }
}
