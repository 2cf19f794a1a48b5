import type { PluginContext } from '@cl-hive/cln-plugin';
import { type JsonObject, type NodeId, object, text } from '@cl-hive/core';
import type { Store } from '@cl-hive/store';

/** cl-hive-comms answers who the node is on Nostr within this time, ms. */
const IDENTITY_TIMEOUT_MS = 10_000;

const decodeIdentity = object({ npub: text(90) });

/** What a plugin that needs cl-hive-comms works with. */
export class DependentServices<DB> {
  readonly store: Store<DB>;
  readonly nodeId: NodeId;
  readonly #context: PluginContext;
  #npub: string | undefined;

  constructor(store: Store<DB>, nodeId: NodeId, context: PluginContext) {
    this.store = store;
    this.nodeId = nodeId;
    this.#context = context;
  }

  /** Learns from cl-hive-comms who this node is on Nostr. */
  async wake(): Promise<void> {
    const answer = await this.#context.rpc.raw(
      'hive-client-identity',
      { action: 'get' },
      { timeoutMs: IDENTITY_TIMEOUT_MS },
    );
    this.#npub = decodeIdentity(answer).npub;
  }

  /** Forgets what only holds while cl-hive-comms is there. */
  idle(): void {
    this.#npub = undefined;
  }

  /** Who this node is; on Nostr only while cl-hive-comms is there. */
  identity(): JsonObject {
    return { node_id: this.nodeId, ...(this.#npub === undefined ? {} : { npub: this.#npub }) };
  }
}
