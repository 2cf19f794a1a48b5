import { type RpcClient, signmessage } from '@cl-hive/cln-rpc';
import { answerEnvelope, type OutgoingAnswer } from '@cl-hive/comms';
import { type Clock, describeError, type JsonObject, type NodeId } from '@cl-hive/core';
import { answerSigningText, answerToJson, canonicalText } from '@cl-hive/protocol';
import type { SendOutcome } from '../transports/transport-port.ts';

/** Way of an answer that its caller waits for: the RPC method's own result. */
export const RPC_ROUTE: JsonObject = { transport: 'rpc' };

/** What an {@link AnswerDesk} works with. */
export interface AnswerDeskParts {
  readonly rpc: Pick<RpcClient, 'call'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly node: NodeId;
  readonly debug: (message: string) => void;
  /** Answers along a route of a transport; resolves also for a sender out of reach. */
  readonly reply: (route: JsonObject, body: Uint8Array, known: boolean) => Promise<SendOutcome>;
}

/** Writes, signs and routes answers. */
export class AnswerDesk {
  readonly #parts: AnswerDeskParts;

  constructor(parts: AnswerDeskParts) {
    this.#parts = parts;
  }

  /**
   * An answer as it is sent, signed by the node. Strangers get theirs unsigned: nobody may have the
   * node sign at will. So does everybody while lightningd cannot sign.
   */
  async write(answer: OutgoingAnswer): Promise<JsonObject> {
    const { rpc, clock, node } = this.#parts;
    const envelope = answerEnvelope(answer, node, clock.now());
    if (!answer.authenticated) {
      return answerToJson(envelope);
    }
    try {
      const { zbase } = await rpc.call(signmessage, { message: answerSigningText(envelope) });
      return answerToJson({ ...envelope, signature: zbase });
    } catch (error) {
      this.#parts.debug(`an answer goes out unsigned: ${describeError(error)}`);
      return answerToJson(envelope);
    }
  }

  /** Sends an answer back the way its request came. Never throws for a sender out of reach. */
  async send(answer: OutgoingAnswer): Promise<void> {
    const { route } = answer;
    if (route['transport'] === RPC_ROUTE['transport']) {
      return;
    }
    const text = canonicalText(await this.write(answer));
    const outcome = await this.#parts.reply(route, Buffer.from(text, 'utf8'), answer.authenticated);
    if (outcome.kind === 'failed' || outcome.kind === 'unknown') {
      this.#parts.debug(`an answer was not delivered: ${outcome.message}`);
    }
  }
}
