import type { JsonObject, JsonValue } from '@cl-hive/core';
import type { None, NotificationCall } from './context.ts';
import type { AnyHook } from './hooks/hook.ts';
import type { AnyMethod } from './method.ts';
import type { Options } from './options/option.ts';
import type { AnySubscription } from './subscription.ts';

/** Places that carry feature bits. */
export type FeaturePlace =
  | 'init'
  | 'node'
  | 'channel'
  | 'invoice'
  | 'bolt12_offer'
  | 'bolt12_invreq'
  | 'bolt12_invoice'
  | 'channel_type';

/** What `onInit` answers: nothing, or why the plugin cannot run on this node. */
// oxlint-disable-next-line typescript/no-invalid-void-type
export type InitAnswer = void | { readonly disable: string };

/** A plugin's declaration with its types forgotten: what the runners work from. */
export interface Definition {
  readonly name: string;
  readonly prefixes: readonly string[];
  readonly options: Options;
  readonly topics: ReadonlySet<string>;
  readonly methods: ReadonlyMap<string, AnyMethod>;
  readonly hooks: ReadonlyMap<string, AnyHook>;
  readonly subscriptions: ReadonlyMap<string, readonly AnySubscription[]>;
  readonly anyTopic: readonly ((
    payload: JsonValue,
    call: NotificationCall<None, None>,
  ) => unknown)[];
  readonly dynamic: boolean;
  readonly featurebits: Readonly<Partial<Record<FeaturePlace, string>>> | undefined;
  readonly custommessages: readonly number[];
  readonly rpcTimeoutMs: number | undefined;
  /** Why the plugin cannot run on this machine, asked at `getmanifest`. */
  readonly unavailable: () => string | undefined;
  readonly init: readonly ((context: never) => InitAnswer | Promise<InitAnswer>)[];
  readonly ready: readonly ((context: never) => unknown)[];
  readonly stop: readonly ((context: never, reason: string) => unknown)[];
}

/** The manifest: the result of `getmanifest`. */
export type Manifest = JsonObject;
