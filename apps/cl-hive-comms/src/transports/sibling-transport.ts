import type { RpcClient } from '@cl-hive/cln-rpc';
import { describeError, isCodedError, isJsonObject, type JsonObject } from '@cl-hive/core';
import { bytesToUtf8 } from '@cl-hive/protocol';
import { isGone } from '../registry/sibling-method.ts';
import { REASON_MAX, SIBLING_CALL_MS } from './limits.ts';
import { readTarget, targetToJson } from './target.ts';
import type {
  MessageHandler,
  Reach,
  Seal,
  SendOutcome,
  Target,
  TransportHealth,
  TransportPort,
} from './transport-port.ts';

/** What a sibling says of its transport. */
export interface SiblingTransportSpec {
  readonly id: string;
  readonly seal: Seal;
  /** Called with `target` and `message` (text); answers `outcome`: sent, queued or failed, and `reason`. */
  readonly sendMethod: string;
  /** Called with `target`; answers `reach`: now, later or none, and `reason`. */
  readonly reachMethod: string;
}

/** Failures in a row after which it is used only when nothing better is there. */
const FAILURES_DEGRADED = 3;

/**
 * A transport that another plugin serves by two RPC methods. It vouches for nobody: what comes in over
 * it has no verified sender, so that a request needs a signature of its own.
 */
export class SiblingTransport implements TransportPort {
  readonly verifies = undefined;
  readonly spec: SiblingTransportSpec;
  readonly #rpc: RpcClient;
  readonly #counts = { received: 0, sent: 0, not_sent: 0 };
  #handle: MessageHandler | undefined;
  #present = true;
  #failures = 0;
  #lastError: string | undefined;

  constructor(rpc: RpcClient, spec: SiblingTransportSpec) {
    this.#rpc = rpc;
    this.spec = spec;
  }

  get id(): string {
    return this.spec.id;
  }

  get seal(): Seal {
    return this.spec.seal;
  }

  /** Whether the plugin that serves it runs. */
  get present(): boolean {
    return this.#present;
  }

  /** Notes that the plugin that offers `methods` has started or stopped. */
  mark(methods: readonly string[], present: boolean): void {
    if (methods.includes(this.spec.sendMethod)) {
      this.#present = present;
      this.#failures = 0;
    }
  }

  /** Takes a message that the sibling received; `from` is where an answer would go. */
  async take(from: Target, body: Uint8Array): Promise<void> {
    this.#counts.received += 1;
    const route = targetToJson(from);
    await this.#handle?.({ transport: this.id, sender: undefined, body, route });
  }

  async reach(target: Target): Promise<Reach> {
    try {
      const answer = await this.#call(this.spec.reachMethod, { target: targetToJson(target) });
      const reason = reasonOf(answer) ?? 'without a reason';
      switch (answer['reach']) {
        case 'now':
          return { kind: 'now' };
        case 'later':
        case 'none':
          return { kind: answer['reach'], reason };
        default:
          return { kind: 'none', reason: `${this.spec.reachMethod} answered no reach` };
      }
    } catch (error) {
      this.#fault(error);
      return { kind: 'none', reason: describeError(error) };
    }
  }

  health(): TransportHealth {
    const detail: JsonObject = {
      ...this.#counts,
      send_method: this.spec.sendMethod,
      reach_method: this.spec.reachMethod,
      ...(this.#lastError === undefined ? {} : { last_error: this.#lastError }),
    };
    if (!this.#present) {
      return { state: 'down', reason: 'the plugin that serves it does not run', detail };
    }
    return this.#failures >= FAILURES_DEGRADED
      ? { state: 'degraded', reason: `${this.#failures} failures in a row`, detail }
      : { state: 'up', detail };
  }

  async send(target: Target, body: Uint8Array): Promise<SendOutcome> {
    const outcome = await this.#send(target, body);
    const sent = outcome.kind === 'sent' || outcome.kind === 'queued';
    this.#counts[sent ? 'sent' : 'not_sent'] += 1;
    this.#failures = sent ? 0 : this.#failures + 1;
    this.#lastError = 'message' in outcome ? outcome.message : this.#lastError;
    return outcome;
  }

  async reply(route: JsonObject, body: Uint8Array): Promise<SendOutcome> {
    const target = readTarget(route);
    return target === undefined
      ? failed('the route names no target', 'ask again with the same nonce')
      : this.send(target, body);
  }

  onMessage(handler: MessageHandler): void {
    this.#handle = handler;
  }

  async close(): Promise<void> {
    this.#handle = undefined;
  }

  async #send(target: Target, body: Uint8Array): Promise<SendOutcome> {
    const message = bytesToUtf8(body);
    if (message === undefined) {
      return failed('the message is no text', 'use another transport');
    }
    const { sendMethod } = this.spec;
    try {
      const answer = await this.#call(sendMethod, { target: targetToJson(target), message });
      const reason = reasonOf(answer);
      switch (answer['outcome']) {
        case 'sent':
        case 'queued':
          return { kind: answer['outcome'], detail: reason === undefined ? {} : { reason } };
        case 'failed':
          return failed(reason ?? `${sendMethod} did not send`, "look at that plugin's status");
        default:
          return unknown(`${sendMethod} answered no outcome`);
      }
    } catch (error) {
      this.#fault(error);
      const unsent = isCodedError(error) && error.data['sent'] === false;
      return unsent || isGone(error)
        ? failed(describeError(error), 'start the plugin that serves the transport')
        : unknown(describeError(error));
    }
  }

  async #call(method: string, params: JsonObject): Promise<JsonObject> {
    const answer = await this.#rpc.raw(method, params, { timeoutMs: SIBLING_CALL_MS });
    return isJsonObject(answer) ? answer : {};
  }

  #fault(error: unknown): void {
    this.#lastError = describeError(error).slice(0, REASON_MAX);
    if (isGone(error)) {
      this.#present = false;
    }
  }
}

function reasonOf({ reason }: JsonObject): string | undefined {
  return typeof reason === 'string' && reason !== '' ? reason.slice(0, REASON_MAX) : undefined;
}

function failed(message: string, remedy: string): SendOutcome {
  return { kind: 'failed', code: 'send_failed', message, remedy };
}

function unknown(message: string): SendOutcome {
  const remedy = 'look whether the message arrived before sending it again';
  return { kind: 'unknown', code: 'send_failed', message, remedy };
}
