import type { Decoder } from '@cl-hive/core';

/** How a notification is delivered. */
export interface SubscriptionSettings {
  /** Leaves out what this plugin itself emitted: lightningd sends it back to its emitter. */
  readonly ignoreOwn?: boolean;
  /**
   * While the handler runs, keep only the newest: for topics that come in storms, such as
   * `block_added` while the node catches up.
   */
  readonly latestOnly?: boolean;
}

/** A subscription as the router sees it. */
export interface AnySubscription {
  /** Undefined for native topics, whose decoders are generated. */
  readonly decode: Decoder<unknown> | undefined;
  readonly handle: (payload: never, call: never) => unknown;
  readonly settings: SubscriptionSettings;
}
