import type { NodeId } from '@cl-hive/core';
import type { HiveCore } from '../hive-core.ts';
import { CONNECT_AGAIN_MS, CONNECTS_AT_ONCE } from '../limits.ts';

/**
 * Keeps members connected, so that the hive is one net. Where they are, lightningd knows from public
 * gossip: an address that a member names could be anything, also inside this network.
 */
export class Connector {
  readonly #hive: HiveCore;
  readonly #under = new Set<NodeId>();
  readonly #triedAt = new Map<NodeId, number>();

  constructor(hive: HiveCore) {
    this.#hive = hive;
    hive.onTick(async () => this.#tick());
  }

  #tick(): void {
    const { membership, time } = this.#hive;
    const now = time.now();
    const reachable = new Set(this.#hive.reachable());
    for (const node of membership.others()) {
      const tried = this.#triedAt.get(node) ?? Number.NEGATIVE_INFINITY;
      if (reachable.has(node) || this.#under.has(node) || now - tried < CONNECT_AGAIN_MS) {
        continue;
      }
      if (this.#under.size >= CONNECTS_AT_ONCE) {
        return;
      }
      this.#triedAt.set(node, now);
      void this.#connect(node);
    }
  }

  async #connect(node: NodeId): Promise<void> {
    this.#under.add(node);
    try {
      await this.#hive.ports.node.connect(node);
    } finally {
      this.#under.delete(node);
    }
  }
}
