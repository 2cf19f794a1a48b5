import type { NotificationPayloads } from '@cl-hive/cln-rpc';
import type { Decoder, JsonValue } from '@cl-hive/core';
import type { None, NotificationCall, PluginContext, Topics } from './context.ts';
import type { Definition, FeaturePlace, InitAnswer } from './definition.ts';
import { refuse } from './errors.ts';
import { type AnyHook, anyHook, type HookName, type HookSpec } from './hooks/hook.ts';
import type { PluginIo } from './io.ts';
import { manifestOf } from './manifest.ts';
import { type AnyMethod, anyMethod, checkMethod, type MethodSpec } from './method.ts';
import { checkOption } from './options/check-option.ts';
import type { Options } from './options/option.ts';
import type { Params } from './params/param.ts';
import { processIo } from './process-io.ts';
import { isNativeTopic } from './reserved-names.ts';
import type { RunningPlugin } from './running-plugin.ts';
import { startPlugin } from './start-plugin.ts';
import type { AnySubscription, SubscriptionSettings } from './subscription.ts';

/** Topics that lightningd itself emits. */
export type NativeTopic = Exclude<keyof NotificationPayloads, 'shutdown'>;

/** What a plugin says of itself as a whole. */
export interface PluginSettings<O extends Options, T extends Topics> {
  /** Lower case; used in the ids of its RPC calls. */
  readonly name: string;
  /**
   * What the names of its methods, options and topics start with (before a `-`), by default its
   * name: lightningd refuses, or dies of, names that another plugin has.
   */
  readonly prefixes?: readonly string[];
  readonly options?: O;
  /** Custom topics it emits: `{ 'greeter-greeted': topic<{ name: string }>() }`. */
  readonly notifications?: T;
  /** Whether `plugin start` and `plugin stop` work on it; default true. */
  readonly dynamic?: boolean;
  /** Feature bits in hexadecimal; only with `dynamic: false`. */
  readonly featurebits?: Readonly<Partial<Record<FeaturePlace, string>>>;
  /** Even custom message types that peers may send us; odd ones always come through. */
  readonly custommessages?: readonly number[];
  /** Deadline of RPC calls that give none, ms. */
  readonly rpcTimeoutMs?: number;
  /** Why the plugin cannot run here; asked at `getmanifest`, when lightningd then lets it go quietly. */
  readonly unavailable?: () => string | undefined;
}

/** A plugin being declared. Every `on...` and `method` adds to it; `run` gives it the process. */
export class Plugin<O extends Options = None, T extends Topics = None> {
  readonly #settings: PluginSettings<O, T>;
  readonly #prefixes: readonly string[];
  readonly #methods = new Map<string, AnyMethod>();
  readonly #hooks = new Map<string, AnyHook>();
  readonly #subscriptions = new Map<string, AnySubscription[]>();
  readonly #anyTopic: Definition['anyTopic'][number][] = [];
  readonly #init: Definition['init'][number][] = [];
  readonly #ready: Definition['ready'][number][] = [];
  readonly #stop: Definition['stop'][number][] = [];

  constructor(settings: PluginSettings<O, T>) {
    this.#settings = settings;
    this.#prefixes = settings.prefixes ?? [settings.name];
    checkSettings(settings);
    for (const [name, option] of Object.entries(settings.options ?? {})) {
      checkOption(name, option);
      this.#checkPrefix('option', name);
    }
    for (const name of Object.keys(settings.notifications ?? {})) {
      this.#checkTopic(name);
    }
  }

  /** Adds an RPC method. Throws CodedError `definition_method` or `definition_param`. */
  method<P extends Params = None>(name: string, spec: MethodSpec<P, O, T>): this {
    const method = anyMethod(spec);
    checkMethod(name, method);
    this.#checkPrefix('method', name);
    if (this.#methods.has(name)) {
      refuse('definition_method', `method ${name} is declared twice`, 'remove one');
    }
    this.#methods.set(name, method);
    return this;
  }

  /** Adds a hook. Throws CodedError `definition_hook`. */
  hook<K extends HookName>(name: K, spec: HookSpec<K, O, T>): this {
    if (this.#hooks.has(name)) {
      refuse('definition_hook', `hook ${name} is declared twice`, 'remove one');
    }
    this.#hooks.set(name, anyHook(name, spec));
    return this;
  }

  /** Subscribes to a notification of lightningd. Handlers start in the order of arrival. */
  on<K extends NativeTopic>(
    topic: K,
    handle: (payload: NotificationPayloads[K], call: NotificationCall<O, T>) => unknown,
    settings: SubscriptionSettings = {},
  ): this {
    if ((topic as string) === 'shutdown') {
      refuse('definition_subscription', 'shutdown is handled by the SDK', 'use onStop');
    }
    if (!isNativeTopic(topic)) {
      refuse('definition_subscription', `lightningd emits no ${topic}`, 'use onCustom');
    }
    return this.#subscribe(topic, { decode: undefined, handle, settings });
  }

  /** Subscribes to a notification of another plugin; what `decode` refuses is logged and dropped. */
  onCustom<P>(
    topic: string,
    decode: Decoder<P>,
    handle: (payload: P, call: NotificationCall<O, T>) => unknown,
    settings: SubscriptionSettings = {},
  ): this {
    if (isNativeTopic(topic) || topic === '*') {
      refuse('definition_subscription', `${topic} is no custom topic`, 'use on or onAny');
    }
    return this.#subscribe(topic, { decode, handle, settings });
  }

  /** Subscribes to everything except `log`, undecoded; each notification comes once. */
  onAny(handle: (payload: JsonValue, call: NotificationCall<O, T>) => unknown): this {
    this.#anyTopic.push(handle as Definition['anyTopic'][number]);
    return this;
  }

  /**
   * Decides whether to run on this node, before `init` is answered. The node waits: no RPC to
   * siblings, no work. A throw, or five seconds, disables the plugin.
   */
  onInit(handle: (context: PluginContext<O, T>) => InitAnswer | Promise<InitAnswer>): this {
    this.#init.push(handle);
    return this;
  }

  /** Starts the real work, after `init` was answered. */
  onReady(handle: (context: PluginContext<O, T>) => unknown): this {
    this.#ready.push(handle);
    return this;
  }

  /** Saves what must be saved; within 20 s. Handlers run in reverse order, whatever stops the plugin. */
  onStop(handle: (context: PluginContext<O, T>, reason: string) => unknown): this {
    this.#stop.push(handle);
    return this;
  }

  /** The manifest as lightningd gets it. */
  manifest(): ReturnType<typeof manifestOf> {
    return manifestOf(this.#definition());
  }

  /** Runs on the given streams; for tests. */
  start(io: PluginIo): RunningPlugin {
    return startPlugin(this.#definition(), io);
  }

  /** Takes the process over: stdin, stdout, signals. Run by hand it explains itself and exits 0. */
  run(): void {
    startPlugin(this.#definition(), processIo());
  }

  #definition(): Definition {
    const { options, notifications, dynamic, custommessages, unavailable } = this.#settings;
    return {
      name: this.#settings.name,
      prefixes: this.#prefixes,
      options: options ?? {},
      topics: new Set(Object.keys(notifications ?? {})),
      methods: this.#methods,
      hooks: this.#hooks,
      subscriptions: this.#subscriptions,
      anyTopic: this.#anyTopic,
      dynamic: dynamic ?? true,
      featurebits: this.#settings.featurebits,
      custommessages: custommessages ?? [],
      rpcTimeoutMs: this.#settings.rpcTimeoutMs,
      unavailable: unavailable ?? (() => undefined),
      init: this.#init,
      ready: this.#ready,
      stop: this.#stop,
    };
  }

  #subscribe(topic: string, subscription: AnySubscription): this {
    this.#subscriptions.set(topic, [...(this.#subscriptions.get(topic) ?? []), subscription]);
    return this;
  }

  #checkPrefix(kind: 'option' | 'method' | 'topic', name: string): void {
    const fits = this.#prefixes.some(
      (prefix) => name === prefix || name.startsWith(`${prefix}-`) || name.startsWith(`${prefix}_`),
    );
    if (!fits) {
      refuse(
        'definition_name',
        `${kind} ${name} does not start with ${this.#prefixes.join(' or ')}`,
        'rename it, or name its prefix in `prefixes`',
      );
    }
  }

  #checkTopic(name: string): void {
    if (!/^[a-z][a-z0-9_-]*$/.test(name) || isNativeTopic(name)) {
      refuse(
        'definition_notification',
        `${name} cannot be a custom topic`,
        'use lower case letters, digits, - and _, and no name of lightningd',
      );
    }
    this.#checkPrefix('topic', name);
  }
}

function checkSettings(settings: PluginSettings<Options, Topics>): void {
  if (!/^[a-z][a-z0-9-]*$/.test(settings.name)) {
    refuse(
      'definition_name',
      `the plugin name ${settings.name} is not lower case letters, digits and -`,
      'rename it',
    );
  }
  if (settings.featurebits !== undefined && settings.dynamic !== false) {
    refuse(
      'definition_features',
      'feature bits cannot be added while the node runs',
      'say dynamic: false',
    );
  }
  const badBits = Object.entries(settings.featurebits ?? {}).find(
    ([, bits]) => !/^(?:[0-9a-f]{2})*$/.test(bits),
  );
  if (badBits !== undefined) {
    refuse('definition_features', `featurebits.${badBits[0]} is not hexadecimal`, 'correct it');
  }
  const types = settings.custommessages ?? [];
  if (types.some((type) => !Number.isInteger(type) || type < 0 || type > 0xffff)) {
    refuse('definition_features', 'custommessages are numbers from 0 to 65535', 'correct them');
  }
}

/** Declares a plugin. Throws CodedError `definition_*` for what lightningd would refuse, or die of. */
export function definePlugin<O extends Options = None, T extends Topics = None>(
  settings: PluginSettings<O, T>,
): Plugin<O, T> {
  return new Plugin(settings);
}
