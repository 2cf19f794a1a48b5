import { RpcError } from '@cl-hive/cln-rpc';
import { type Decoder, describeError } from '@cl-hive/core';
import type { PluginContext, Topics } from '../context.ts';
import { SIBLING_PROBE_MS } from '../limits.ts';
import type { Options } from '../options/option.ts';
import type { Plugin } from '../plugin.ts';

/** A sibling to look for. */
export interface SiblingSpec<V> {
  /** The method that tells it is there: it answers version and features, and has no effect. */
  readonly probe: string;
  /** Reads the answer; a throw means an incompatible sibling, which counts as absent. */
  readonly decode: Decoder<V>;
}

/** What is known of a sibling. */
export type SiblingState<V> =
  | { readonly kind: 'present'; readonly answer: V }
  | { readonly kind: 'absent'; readonly reason: string };

/** Told of changes only; `absent` first when the first probe finds nothing. */
export type SiblingListener<V> = (state: SiblingState<V>) => void;

/** lightningd's answers that mean "not there": unknown method, and gone before it answered. */
const ABSENT_CODES: readonly number[] = [-32601, -4];

/**
 * Follows another plugin by the name of one of its methods, never by its file name. Begin in
 * `onReady`, and hand it the notifications `plugin_started` and `plugin_stopped`
 * ({@link SiblingWatch.started}, {@link SiblingWatch.stopped}): plugins that were there before us
 * are never announced, hence the probe.
 */
export class SiblingWatch<V> {
  readonly #context: Pick<PluginContext, 'rpc' | 'log' | 'signal'>;
  readonly #spec: SiblingSpec<V>;
  readonly #listener: SiblingListener<V>;
  #state: SiblingState<V> | undefined;
  /** Of the newest probe: an older one that answers later knows less. */
  #newest = 0;

  constructor(
    context: Pick<PluginContext, 'rpc' | 'log' | 'signal'>,
    spec: SiblingSpec<V>,
    listener: SiblingListener<V>,
  ) {
    this.#context = context;
    this.#spec = spec;
    this.#listener = listener;
  }

  /** What was found last; absent before the first probe has ended. */
  get state(): SiblingState<V> {
    return this.#state ?? { kind: 'absent', reason: 'not probed yet' };
  }

  /** Asks the sibling now. Never rejects. */
  async probe(): Promise<SiblingState<V>> {
    this.#newest += 1;
    const mine = this.#newest;
    const found = await this.#ask();
    if (mine === this.#newest && !this.#context.signal.aborted) {
      this.#become(found);
    }
    return found;
  }

  /** Takes the notification `plugin_started`. */
  started(payload: { readonly methods: readonly string[] }): void {
    if (payload.methods.includes(this.#spec.probe)) {
      void this.probe();
    }
  }

  /** Takes the notification `plugin_stopped`. */
  stopped(payload: { readonly methods: readonly string[] }): void {
    if (payload.methods.includes(this.#spec.probe)) {
      this.#newest += 1;
      this.#become({ kind: 'absent', reason: 'it stopped' });
    }
  }

  async #ask(): Promise<SiblingState<V>> {
    const { rpc, signal } = this.#context;
    const { probe, decode } = this.#spec;
    let answer: unknown;
    try {
      answer = await rpc.raw(probe, {}, { timeoutMs: SIBLING_PROBE_MS, signal });
    } catch (error) {
      const gone = error instanceof RpcError && ABSENT_CODES.includes(error.rpcCode);
      return {
        kind: 'absent',
        reason: gone ? 'it does not run' : `it did not answer: ${describeError(error)}`,
      };
    }
    try {
      return { kind: 'present', answer: decode(answer) };
    } catch (error) {
      return { kind: 'absent', reason: `it is incompatible: ${describeError(error)}` };
    }
  }

  #become(state: SiblingState<V>): void {
    const before = this.#state;
    const same =
      before?.kind === 'absent' && state.kind === 'absent' && before.reason === state.reason;
    this.#state = state;
    if (same) {
      return;
    }
    try {
      this.#listener(state);
    } catch (error) {
      this.#context.log.error(error);
    }
  }
}

/**
 * Follows a sibling for the whole life of `plugin`: probes it once `init` is answered, and again
 * whenever a plugin with its probe method starts or stops.
 */
export function followSibling<V, O extends Options, T extends Topics>(
  plugin: Plugin<O, T>,
  spec: SiblingSpec<V>,
  listener: (state: SiblingState<V>, context: PluginContext<O, T>) => void,
): void {
  let watch: SiblingWatch<V> | undefined;
  const watchOn = (context: PluginContext<O, T>): SiblingWatch<V> => {
    watch ??= new SiblingWatch(context, spec, (state) => listener(state, context));
    return watch;
  };
  plugin
    .on('plugin_started', (payload, call) => watchOn(call).started(payload))
    .on('plugin_stopped', (payload, call) => watchOn(call).stopped(payload))
    .onReady((context) => watchOn(context).probe());
}
