import type { NodeId } from '@cl-hive/core';
import { type Channel, type ChannelState, isOpen, sideOf } from './channel.ts';

const ACTIVE: ReadonlySet<ChannelState> = new Set(['CHANNELD_NORMAL', 'CHANNELD_AWAITING_SPLICE']);

/** All channels of the lab, by the nodes they join. */
export class ChannelRegistry {
  readonly #all: Channel[] = [];
  readonly #byNode = new Map<string, Channel[]>();
  readonly #byScid = new Map<string, Channel>();

  get all(): readonly Channel[] {
    return this.#all;
  }

  add(channel: Channel): void {
    this.#all.push(channel);
    for (const { id } of channel.sides) {
      this.#byNode.set(id, [...(this.#byNode.get(id) ?? []), channel]);
    }
  }

  /** Makes a channel known by its (new) short channel id. */
  indexScid(channel: Channel): void {
    if (channel.scid !== undefined) {
      this.#byScid.set(channel.scid, channel);
    }
  }

  byScid(scid: string): Channel | undefined {
    return this.#byScid.get(scid);
  }

  /** Channels of a node, closed ones included. */
  ofNode(id: string): readonly Channel[] {
    return this.#byNode.get(id) ?? [];
  }

  /** Channels between two nodes that are not closed and forgotten. */
  openBetween(a: string, b: string): readonly Channel[] {
    return this.ofNode(a).filter(
      (channel) => isOpen(channel) && channel.sides.some(({ id }) => id === b),
    );
  }

  /** A node's channels that a command means by a peer's id, a channel id or a short channel id. */
  find(node: NodeId, name: string): readonly Channel[] {
    return this.ofNode(node).filter(
      (channel) =>
        isOpen(channel) &&
        (channel.channelId === name ||
          channel.scid === name ||
          channel.sides.some(({ id }) => id === name && id !== node)),
    );
  }

  stateOf(channel: Channel, node: string): ChannelState {
    return channel.sides[sideOf(channel, node)].state;
  }

  /** Channels of a node as `getinfo` counts them. */
  count(node: string): { pending: number; active: number; inactive: number } {
    const counts = { pending: 0, active: 0, inactive: 0 };
    for (const channel of this.ofNode(node)) {
      const state = this.stateOf(channel, node);
      if (state === 'CHANNELD_AWAITING_LOCKIN') {
        counts.pending += 1;
      } else if (ACTIVE.has(state)) {
        counts.active += 1;
      } else if (state !== 'CLOSED') {
        counts.inactive += 1;
      }
    }
    return counts;
  }
}
