import { array, isJsonObject, type NodeId, text } from '@cl-hive/core';
import type { HiveCore } from '../hive-core.ts';
import { CAPABILITIES } from '../membership/capabilities.ts';
import type { NativeIncoming } from '../wire/incoming.ts';

const capabilitiesDecoder = array(text(64), 64);
const MARKS: ReadonlySet<string> = new Set(CAPABILITIES);

/**
 * How members of this software find each other: they carry their capabilities in gossip, where
 * originals do not mind them, and then tell each other over their own connection.
 */
export class Greeting {
  readonly #hive: HiveCore;
  readonly #greeted = new Set<NodeId>();

  constructor(hive: HiveCore) {
    this.#hive = hive;
    hive.onPeer({
      connected: async (node) => this.#connected(node),
      disconnected: async (node) => void this.#greeted.delete(node),
    });
    hive.dispatcher.onNative('hello', (incoming) => this.#take(incoming));
  }

  /** A member carries these capabilities: if they are this software's, it is told ours. */
  noticed(node: NodeId, said: readonly string[]): void {
    const ours = said.some((one) => MARKS.has(one));
    if (ours && !this.#hive.capabilities.isOurs(node) && !this.#greeted.has(node)) {
      this.#greeted.add(node);
      this.#send(node, true);
    }
  }

  /** Greets anew: the connection was lost, or the other side may have started again. */
  #connected(node: NodeId): void {
    if (!this.#hive.membership.isMember(node)) {
      return;
    }
    const { fleet } = this.#hive.state;
    const said = fleet.value.signed.get(node)?.raw['capabilities'];
    if (Array.isArray(said)) {
      this.noticed(
        node,
        said.filter((one) => typeof one === 'string'),
      );
    }
  }

  #send(to: NodeId, answer: boolean): void {
    this.#hive.post.sendNative(to, 'hello', { capabilities: [...CAPABILITIES], answer });
  }

  async #take({ from, payload }: NativeIncoming): Promise<void> {
    if (!isJsonObject(payload)) {
      return;
    }
    this.#hive.capabilities.learn(from, capabilitiesDecoder(payload['capabilities']));
    if (payload['answer'] === true) {
      this.#send(from, false);
    }
  }
}
