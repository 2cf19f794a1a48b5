import { createHash, createHmac } from 'node:crypto';
import type { JsonObject, JsonValue } from '@cl-hive/core';
import { isJsonObject } from '@cl-hive/core';
import type { NodeUnderTest } from './node.ts';

/** Canonical JSON, written here once more so that the plugin's own is held against it. */
function canonical(value: JsonValue): string {
  if (Array.isArray(value)) {
    return `[${value.map(canonical).join(',')}]`;
  }
  if (isJsonObject(value)) {
    const members = Object.keys(value)
      .sort()
      .map((key) => `${JSON.stringify(key)}:${canonical(value[key] ?? null)}`);
    return `{${members.join(',')}}`;
  }
  return JSON.stringify(value);
}

/** The text that an advisor signs for a request. */
export function signingText(request: JsonObject): string {
  const digest = createHash('sha256').update(canonical(request)).digest('hex');
  return `cl-hive/management-request/v1:${digest}`;
}

/** A text of an answer. Throws where it is none. */
export function textOf(value: JsonValue | undefined): string {
  if (typeof value !== 'string') {
    throw new TypeError(`expected a text, found ${typeof value}`);
  }
  return value;
}

/** A request of an action. */
export interface Ask {
  readonly schema: string;
  readonly action: string;
  readonly params?: JsonObject;
  readonly nonce?: number;
  readonly timestamp?: number;
  readonly idempotency_key?: string;
  readonly l402?: string;
  readonly principal?: string;
}

/** An advisor with an HMAC token, as a program that knows only the protocol. */
export class Advisor {
  readonly #node: NodeUnderTest;
  readonly #nodeId: string;
  readonly #token: Buffer;
  readonly name: string;
  nonce = 0;

  constructor(node: NodeUnderTest, nodeId: string, name: string, token: string) {
    this.#node = node;
    this.#nodeId = nodeId;
    this.#token = Buffer.from(token, 'hex');
    this.name = name;
  }

  /** Authorizes a new advisor with a token. */
  static async authorize(
    node: NodeUnderTest,
    name: string,
    grant: JsonObject = {},
  ): Promise<Advisor> {
    const answer = await node.call('hive-client-authorize', { advisor: name, ...grant });
    const token = answer['token'] as JsonObject;
    return new Advisor(node, textOf(answer['node']), name, textOf(token['secret']));
  }

  /** A request without proof. */
  bare({ schema, action, params = {}, ...rest }: Ask): JsonObject {
    this.nonce = rest.nonce ?? this.nonce + 1;
    return {
      type: 'hive.management.request',
      version: 1,
      principal: this.name,
      node: this.#nodeId,
      epoch: 0,
      timestamp: Math.floor(Date.now() / 1000),
      schema,
      action,
      params,
      ...rest,
      nonce: this.nonce,
    };
  }

  /** A signed request. */
  signed(ask: Ask): JsonObject {
    const request = this.bare(ask);
    const mac = createHmac('sha256', this.#token).update(signingText(request)).digest('hex');
    return { ...request, signature: mac };
  }

  /** Sends a signed request and gives the answer. */
  ask(ask: Ask): Promise<JsonObject> {
    return this.send(this.signed(ask));
  }

  send(envelope: JsonObject): Promise<JsonObject> {
    return this.#node.call('hive-comms-rpc', { envelope });
  }
}
