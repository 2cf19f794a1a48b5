import type { JsonObject } from '@cl-hive/core';
import { Advisor, type Ask, signingText, textOf } from './advisor.ts';
import type { PairedNode } from './node-pair.ts';

/** An advisor that is another node: its cl-hive-archon signs its requests as its DID. */
export class DidAdvisor {
  readonly #self: PairedNode;
  readonly #target: PairedNode;
  readonly #requests: Advisor;

  constructor(self: PairedNode, target: PairedNode, did: string) {
    this.#self = self;
    this.#target = target;
    this.#requests = new Advisor(target.node, target.id, did, '00'.repeat(32));
  }

  /** A request with the signature of the DID. */
  async signed(ask: Ask): Promise<JsonObject> {
    const request = this.#requests.bare(ask);
    const { request_signature: signature } = await this.#self.node.call(
      'hive-archon-sign-message',
      { message: signingText(request) },
    );
    return { ...request, signature: textOf(signature) };
  }

  /** Sends a signed request and gives the answer. */
  async ask(ask: Ask): Promise<JsonObject> {
    return this.#target.node.call('hive-comms-rpc', { envelope: await this.signed(ask) });
  }
}
