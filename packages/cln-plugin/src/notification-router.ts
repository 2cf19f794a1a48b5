import {
  DecodeError,
  type Decoder,
  describeError,
  isJsonObject,
  type JsonValue,
} from '@cl-hive/core';
import type { NotificationCall, PluginContext } from './context.ts';
import type { Definition } from './definition.ts';
import { decoderOf, loadDecoders } from './lazy-decoders.ts';
import { errorText } from './log.ts';
import type { AnySubscription } from './subscription.ts';

/** A notification with its envelope taken off. */
export interface Delivered {
  readonly topic: string;
  readonly payload: JsonValue;
  readonly origin: string | undefined;
}

/**
 * Takes the envelope off a notification: `params: {topic: {...}}` of today, the `{origin, payload}`
 * of older versions, or bare parameters; `origin` stands beside `params` or within them.
 */
export function unwrap(topic: string, params: JsonValue, topOrigin: unknown): Delivered {
  const origin = typeof topOrigin === 'string' ? topOrigin : undefined;
  if (!isJsonObject(params)) {
    return { topic, payload: params, origin };
  }
  const inner = Object.hasOwn(params, topic) ? params[topic] : undefined;
  const named = params['origin'];
  const old = typeof named === 'string' ? named : undefined;
  if (inner !== undefined) {
    return { topic, payload: inner, origin: origin ?? old };
  }
  const payload = params['payload'];
  return old !== undefined && payload !== undefined
    ? unwrap(topic, payload, origin ?? old)
    : { topic, payload: params, origin };
}

/** Hands notifications to their handlers, in the order in which they came. */
export class NotificationRouter {
  readonly #definition: Definition;
  #tail: Promise<void> = Promise.resolve();
  /** Handlers under way that take only the newest, with what waits for them. */
  readonly #busy = new Map<AnySubscription, { next: (() => Promise<void>) | undefined }>();

  constructor(definition: Definition) {
    this.#definition = definition;
  }

  /** Starts the handlers of one notification; their failures are logged. Never throws. */
  deliver(delivered: Delivered, context: PluginContext): void {
    const { subscriptions, anyTopic } = this.#definition;
    if (!subscriptions.has(delivered.topic) && anyTopic.length === 0) {
      return;
    }
    this.#tail = this.#afterwards(this.#tail, delivered, context);
  }

  async #afterwards(
    before: Promise<void>,
    delivered: Delivered,
    context: PluginContext,
  ): Promise<void> {
    await before;
    const { topic, payload, origin } = delivered;
    const call: NotificationCall = { ...context, topic, origin };
    for (const handle of this.#definition.anyTopic) {
      void run(call, () => handle(payload, call));
    }
    for (const subscription of this.#definition.subscriptions.get(topic) ?? []) {
      await this.#start(subscription, delivered, call);
    }
  }

  async #start(
    subscription: AnySubscription,
    { topic, payload, origin }: Delivered,
    call: NotificationCall,
  ): Promise<void> {
    if (subscription.settings.ignoreOwn === true && origin === call.file) {
      return;
    }
    let decoded: unknown;
    try {
      const decode: Decoder<unknown> =
        subscription.decode ?? decoderOf((await loadDecoders()).notificationDecoders, topic);
      decoded = decode(payload);
    } catch (error) {
      const from = origin === undefined ? '' : ` from ${origin}`;
      const what = error instanceof DecodeError ? describeError(error) : errorText(error);
      call.log.warn(`notification ${topic}${from} dropped: ${what}`);
      return;
    }
    this.#dispatch(subscription, () =>
      run(call, () => subscription.handle(decoded as never, call as never)),
    );
  }

  #dispatch(subscription: AnySubscription, task: () => Promise<void>): void {
    if (subscription.settings.latestOnly !== true) {
      void task();
      return;
    }
    const busy = this.#busy.get(subscription);
    if (busy !== undefined) {
      busy.next = task;
      return;
    }
    const state: { next: (() => Promise<void>) | undefined } = { next: undefined };
    this.#busy.set(subscription, state);
    const loop = async (): Promise<void> => {
      await task();
      while (state.next !== undefined) {
        const next = state.next;
        state.next = undefined;
        await next();
      }
      this.#busy.delete(subscription);
    };
    void loop();
  }
}

async function run(call: NotificationCall, handle: () => unknown): Promise<void> {
  try {
    await handle();
  } catch (error) {
    call.log.error(`notification ${call.topic}: ${errorText(error)}`);
  }
}
