import type { RpcClient } from '@cl-hive/cln-rpc';
import type { Clock } from '@cl-hive/core';
import type { Configuration } from './configuration.ts';
import type { Logger, LogLevel } from './log.ts';
import type { Options, OptionValues } from './options/option.ts';

declare const payload: unique symbol;

/** A custom notification topic that the plugin emits, with the type of its payload. */
export interface Topic<P extends object> {
  readonly [payload]?: P;
}

/** The custom topics of a plugin by name. */
export type Topics = Readonly<Record<string, Topic<object>>>;

/** Declares a custom topic: `notifications: { 'hive-joined': topic<{ id: NodeId }>() }`. */
export function topic<P extends object>(): Topic<P> {
  return {};
}

// oxlint-disable-next-line typescript/no-empty-object-type
export type None = {};

type Emission<T> = {
  [K in keyof T & string]: T[K] extends Topic<infer P> ? [topic: K, payload: P] : never;
}[keyof T & string];

/** Emits a declared notification; lost for plugins that are not yet initialised. */
export type Notify<T> = (...emission: Emission<T>) => void;

/**
 * What every handler can reach. Handlers that live in files of their own ask for as little as they
 * use: `MethodCall`, `MethodCall<typeof options>`, `MethodCall<typeof options, typeof topics>`.
 */
export interface PluginContext<O extends Options = None, T extends Topics = None> {
  /** The plugin's name as declared. */
  readonly name: string;
  /** The name by which lightningd knows it: `origin` of its notifications. */
  readonly file: string;
  /** The present option values; read members when needed, they change with `setconfig`. */
  readonly options: OptionValues<O>;
  /** What lightningd told in `init`. */
  readonly configuration: Configuration;
  /** lightningd's RPC. Ids of calls made within a request continue the id of that request. */
  readonly rpc: RpcClient;
  readonly log: Logger;
  readonly clock: Clock;
  readonly notify: Notify<T>;
  /** Aborted when the plugin stops; that of a hook call also when its deadline has passed. */
  readonly signal: AbortSignal;
  /** Stops the plugin the orderly way. */
  readonly stop: (reason: string) => void;
}

/** A running request. */
export interface RequestCall<O extends Options = None, T extends Topics = None>
  extends PluginContext<O, T> {
  /** The request's id as lightningd gave it: the chain of callers. */
  readonly id: string;
}

/** A running RPC method. */
export interface MethodCall<O extends Options = None, T extends Topics = None>
  extends RequestCall<O, T> {
  /** Whether the caller may use deprecated interfaces. */
  readonly deprecatedOk: boolean;
  /** Shows a line to a caller that enabled notifications. */
  readonly message: (level: LogLevel, text: string) => void;
  /** Shows progress to a caller that enabled notifications: `done` of `total`, both from 0. */
  readonly progress: (
    done: number,
    total: number,
    stage?: { readonly num: number; readonly total: number },
  ) => void;
}

/** A delivered notification. */
export interface NotificationCall<O extends Options = None, T extends Topics = None>
  extends PluginContext<O, T> {
  readonly topic: string;
  /** The file name of the plugin that emitted it; undefined when lightningd did. */
  readonly origin: string | undefined;
}
