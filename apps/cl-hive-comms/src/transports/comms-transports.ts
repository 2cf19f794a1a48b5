import type { Logger } from '@cl-hive/cln-plugin';
import type { CustommsgNotification, RpcClient } from '@cl-hive/cln-rpc';
import {
  type Clock,
  CodedError,
  type JsonObject,
  type JsonValue,
  type NodeId,
  type Random,
} from '@cl-hive/core';
import type { NostrEvent, Tags } from '@cl-hive/nostr-transport';
import { utf8ToBytes } from '@cl-hive/protocol';
import { parsePublicKey } from '../identity/nostr-key.ts';
import { MessageHub } from '../registry/message-hub.ts';
import { assertSiblingMethod } from '../registry/sibling-method.ts';
import { Bolt8Transport } from './bolt8/bolt8-transport.ts';
import { NOSTR_CLOSE_MS } from './limits.ts';
import { type NostrParts, NostrPort } from './nostr/nostr-port.ts';
import type { SiblingTransportSpec } from './sibling-transport.ts';
import { isDid } from './target.ts';
import type { Sensitivity, Target } from './transport-port.ts';

/** What the transports work with. */
export interface CommsTransportsParts {
  readonly rpc: RpcClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** What the Nostr transport needs besides. */
export type NostrSettings = Pick<NostrParts, 'relays' | 'secret' | 'formers' | 'storage'>;

/** A target as a caller names it. */
export interface NamedTarget {
  readonly node?: NodeId | undefined;
  /** `npub1…` or 64 hexadecimal digits. */
  readonly nostr?: string | undefined;
  readonly did?: string | undefined;
}

/** A message as a caller gives it. */
export interface NamedMessage extends NamedTarget {
  readonly topic: string;
  readonly payload: JsonValue;
  readonly sensitivity: Sensitivity;
  readonly transport?: string | undefined;
}

/** Why a call about transports was refused. */
export type TransportCallErrorCode = 'target_invalid' | 'transport_unknown' | 'nostr_off';

/** The transports of this plugin, and what siblings do with them. */
export class CommsTransports {
  readonly hub: MessageHub;
  readonly #parts: CommsTransportsParts;
  readonly #bolt8: Bolt8Transport;
  #nostr: NostrPort | undefined;

  constructor(parts: CommsTransportsParts) {
    this.#parts = parts;
    this.hub = new MessageHub(parts);
    this.#bolt8 = new Bolt8Transport(parts);
    this.hub.add(this.#bolt8);
  }

  /**
   * Starts the Nostr transport, or starts it anew under another key; without relays it is off. Throws
   * CodedError `relay_url`, `relays_too_many`.
   */
  async startNostr(settings: NostrSettings): Promise<void> {
    await this.#closeNostr();
    if (settings.relays.length === 0) {
      this.hub.remove('nostr');
      return;
    }
    const nostr = new NostrPort({ ...this.#parts, ...settings });
    this.#nostr = nostr;
    this.hub.add(nostr);
    await nostr.start();
  }

  /** Whether there are relays at all. */
  get nostrOn(): boolean {
    return this.#nostr !== undefined;
  }

  /** Publishes an event that was signed already. Throws CodedError `nostr_off`, or the outbox's. */
  async publishSigned(event: NostrEvent): Promise<void> {
    await this.#on().publishSigned(event);
  }

  /** Signs an event as this node and publishes it. Throws CodedError `nostr_off`, `event_kind_refused`. */
  async publishEvent(kind: number, content: string, tags: Tags): Promise<JsonObject> {
    return this.#on().publish(kind, content, tags);
  }

  /** Takes lightningd's notification. */
  custommsg(notification: CustommsgNotification): void {
    this.#bolt8.take(notification);
  }

  /** Sends a message; the answer says which transport took it and why, or why none did. */
  async send({
    topic,
    payload,
    sensitivity,
    transport,
    ...named
  }: NamedMessage): Promise<JsonObject> {
    const message = { target: targetOf(named), topic, payload, sensitivity };
    const { outcome, ...dispatch } = await this.hub.send(
      transport === undefined ? message : { ...message, transport },
    );
    const { kind, ...rest } = outcome;
    return {
      outcome: kind,
      transport: dispatch.transport ?? null,
      why: dispatch.why,
      considered: dispatch.considered.map((ranked) => ({ ...ranked })),
      ...rest,
    };
  }

  /** Registers a sibling's method for topics. Throws CodedError `method_*`, `topic_taken`, `registry_full`. */
  async registerHandler(prefix: string, method: string): Promise<JsonObject> {
    await assertSiblingMethod(this.#parts.rpc, method);
    const { present } = this.hub.handlers.register(prefix, method);
    return { topic: prefix.endsWith(':') ? `${prefix}*` : prefix, method, present };
  }

  /** Registers a sibling's transport. Throws CodedError `method_*`, `transport_taken`, `registry_full`. */
  async registerTransport(spec: SiblingTransportSpec): Promise<JsonObject> {
    await assertSiblingMethod(this.#parts.rpc, spec.sendMethod);
    await assertSiblingMethod(this.#parts.rpc, spec.reachMethod);
    this.hub.register(spec);
    const { id, seal, sendMethod, reachMethod } = spec;
    return { transport: id, seal, send_method: sendMethod, reach_method: reachMethod };
  }

  /** Takes a message that a sibling's transport received. Throws `transport_unknown`, `target_invalid`. */
  async receive(transport: string, from: NamedTarget, message: string): Promise<JsonObject> {
    const sibling = this.hub.siblingTransport(transport);
    if (sibling === undefined) {
      throw new CodedError<TransportCallErrorCode>(
        'transport_unknown',
        'no sibling has registered a transport of that name',
        { remedy: 'call hive-comms-register-transport first' },
      );
    }
    await sibling.take(targetOf(from), utf8ToBytes(message));
    return { received: true };
  }

  /** What is there and how it fares. */
  view(): JsonObject {
    return this.hub.view();
  }

  async close(): Promise<void> {
    await this.hub.close();
  }

  #on(): NostrPort {
    if (this.#nostr === undefined) {
      throw new CodedError<TransportCallErrorCode>('nostr_off', 'the Nostr transport is off', {
        remedy: 'add a relay: hive-client-identity -k action=relays add=wss://...',
      });
    }
    return this.#nostr;
  }

  /** Closes it; a request that is still worked on is answered over the one that comes next. */
  async #closeNostr(): Promise<void> {
    const closing = this.#nostr?.close();
    this.#nostr = undefined;
    if (closing === undefined) {
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const cancel = this.#parts.clock.after(NOSTR_CLOSE_MS, resolve);
      closing.then(resolve, reject).finally(cancel);
    });
  }
}

function targetOf({ node, nostr, did }: NamedTarget): Target {
  if (node === undefined && nostr === undefined && did === undefined) {
    throw invalid('there is no target', 'give node, nostr or did');
  }
  if (did !== undefined && !isDid(did)) {
    throw invalid('did is no DID', 'copy it once more, whole');
  }
  return {
    ...(node === undefined ? {} : { node }),
    ...(nostr === undefined ? {} : { nostr: parsePublicKey(nostr) }),
    ...(did === undefined ? {} : { did }),
  };
}

function invalid(message: string, remedy: string): CodedError<TransportCallErrorCode> {
  return new CodedError('target_invalid', message, { remedy });
}
