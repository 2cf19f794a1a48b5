import type { NodeId } from '@cl-hive/core';
import type { HiveCore } from '../hive-core.ts';
import { CONNECT_AGAIN_MS, CONNECTS_AT_ONCE } from '../limits.ts';

/** Keeps members connected, so that the hive is one net: addresses come from their signed words. */
export class Connector {
  readonly #hive: HiveCore;
  readonly #under = new Set<NodeId>();
  readonly #triedAt = new Map<NodeId, number>();

  constructor(hive: HiveCore) {
    this.#hive = hive;
    hive.onTick(async () => this.#tick());
  }

  #tick(): void {
    const { membership, state, time } = this.#hive;
    const now = time.now();
    const reachable = new Set(this.#hive.reachable());
    const signed = state.fleet.value.signed;
    for (const node of membership.others()) {
      const said = signed.get(node)?.raw['addresses'];
      const addresses = Array.isArray(said)
        ? said.filter((one): one is string => typeof one === 'string')
        : [];
      const waits = now - (this.#triedAt.get(node) ?? Number.NEGATIVE_INFINITY) < CONNECT_AGAIN_MS;
      if (reachable.has(node) || this.#under.has(node) || waits || addresses.length === 0) {
        continue;
      }
      if (this.#under.size >= CONNECTS_AT_ONCE) {
        return;
      }
      this.#triedAt.set(node, now);
      void this.#connect(node, addresses);
    }
  }

  async #connect(node: NodeId, addresses: readonly string[]): Promise<void> {
    this.#under.add(node);
    try {
      await this.#hive.ports.node.connect(node, addresses);
    } finally {
      this.#under.delete(node);
    }
  }
}
