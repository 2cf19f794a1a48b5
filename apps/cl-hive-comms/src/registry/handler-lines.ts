import type { Logger } from '@cl-hive/cln-plugin';
import type { RpcClient } from '@cl-hive/cln-rpc';
import { describeError, type JsonObject } from '@cl-hive/core';
import {
  HANDLER_CALLS_MAX,
  HANDLER_QUEUE_MAX,
  HANDLER_QUEUE_PER_SENDER_MAX,
  SIBLING_CALL_MS,
} from '../transports/limits.ts';
import type { HandlerEntry, HandlerRegistry } from './handler-registry.ts';
import { isGone } from './sibling-method.ts';
import { WorkLine } from './work-line.ts';

const BOUNDS = {
  atOnce: HANDLER_CALLS_MAX,
  // The hive's messages build on one another: those of one sender keep their order.
  atOncePerSender: 1,
  waiting: HANDLER_QUEUE_MAX,
  waitingPerSender: HANDLER_QUEUE_PER_SENDER_MAX,
};

interface Line {
  readonly work: WorkLine<JsonObject>;
  delivered: number;
  refused: number;
  lastError: string | undefined;
}

/** Hands messages to the siblings' methods: each handler has a line of its own. */
export class HandlerLines {
  readonly #rpc: RpcClient;
  readonly #registry: HandlerRegistry;
  readonly #log: Logger;
  readonly #lines = new Map<string, Line>();

  constructor(rpc: RpcClient, registry: HandlerRegistry, log: Logger) {
    this.#rpc = rpc;
    this.#registry = registry;
    this.#log = log;
  }

  /** Lines a message up for the handler; resolves once it was handed over or dropped. */
  offer({ prefix }: HandlerEntry, sender: string, params: JsonObject): Promise<'done' | 'dropped'> {
    let line = this.#lines.get(prefix);
    if (line === undefined) {
      const work = new WorkLine<JsonObject>(BOUNDS, (item) => this.#deliver(prefix, item));
      line = { work, delivered: 0, refused: 0, lastError: undefined };
      this.#lines.set(prefix, line);
    }
    return line.work.offer(sender, params);
  }

  /** Drops what waits for handlers that are gone. */
  drop(): void {
    for (const { prefix, present } of this.#registry.entries) {
      if (!present) {
        this.#lines.get(prefix)?.work.clear();
      }
    }
  }

  /** Drops all that waits. */
  clear(): void {
    for (const { work } of this.#lines.values()) {
      work.clear();
    }
  }

  /** Counts of one handler, for people. */
  view(prefix: string): JsonObject {
    const line = this.#lines.get(prefix);
    return {
      delivered: line?.delivered ?? 0,
      refused: line?.refused ?? 0,
      waiting: line?.work.waiting ?? 0,
      ...(line?.lastError === undefined ? {} : { last_error: line.lastError }),
    };
  }

  async #deliver(prefix: string, params: JsonObject): Promise<void> {
    const line = this.#lines.get(prefix);
    const entry = this.#registry.entries.find((one) => one.prefix === prefix);
    if (line === undefined || entry?.present !== true) {
      return;
    }
    try {
      await this.#rpc.raw(entry.method, params, { timeoutMs: SIBLING_CALL_MS });
      line.delivered += 1;
    } catch (error) {
      line.refused += 1;
      line.lastError = describeError(error);
      if (isGone(error)) {
        this.#registry.mark([entry.method], false);
        this.drop();
      }
      this.#log.debug(`${entry.method} did not take a message: ${line.lastError}`);
    }
  }
}
