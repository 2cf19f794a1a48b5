import { type RpcClient, RpcError } from '@cl-hive/cln-rpc';
import { type Decoder, describeError, isCodedError } from '@cl-hive/core';
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
  /** Time that it has to answer, ms; {@link SIBLING_PROBE_MS} when not given. */
  readonly timeoutMs?: number;
}

/**
 * Why a sibling counts as absent: `not_asked`: no probe has ended yet; `not_running`: no plugin offers
 * the probe; `stopped`: lightningd said so; `no_answer`: it may run, but failed to answer;
 * `not_understood`: the decoder refused its answer.
 */
export type SiblingAbsence =
  | 'not_asked'
  | 'not_running'
  | 'stopped'
  | 'no_answer'
  | 'not_understood';

/** What is known of a sibling; `reason` is for people. */
export type SiblingState<V> =
  | { readonly kind: 'present'; readonly answer: V }
  | { readonly kind: 'absent'; readonly because: SiblingAbsence; readonly reason: string };

/** Told what is known of a sibling now. */
export type SiblingListener<V> = (state: SiblingState<V>) => void;

/** What a watch needs of a plugin's context. */
export interface SiblingContext {
  readonly rpc: Pick<RpcClient, 'raw'>;
  /** Once aborted, nothing more is found. */
  readonly signal: AbortSignal;
}

/** lightningd's answers that mean "not there": unknown method, and gone before it answered. */
const ABSENT_CODES: readonly number[] = [-32601, -4];

/**
 * Knows another plugin by the name of one of its methods, never by its file name. Probe in
 * `onReady`, and hand it the notifications `plugin_started` and `plugin_stopped`
 * ({@link SiblingWatch.started}, {@link SiblingWatch.stopped}): plugins that were there before us
 * are never announced, hence the probe. It never asks by itself.
 */
export class SiblingWatch<V> {
  readonly #context: SiblingContext;
  readonly #spec: SiblingSpec<V>;
  readonly #listener: SiblingListener<V>;
  #state: SiblingState<V> = absent('not_asked', 'not probed yet');
  /** Of the newest probe: an older one that answers later knows less. */
  #newest = 0;

  /**
   * `listener` is told what each probe found and each stop, changed or not, at once; answers that a
   * newer probe or a stop has overtaken are dropped. It must not throw.
   */
  constructor(context: SiblingContext, spec: SiblingSpec<V>, listener: SiblingListener<V>) {
    this.#context = context;
    this.#spec = spec;
    this.#listener = listener;
  }

  /** What was found last; absent before the first probe has ended. */
  get state(): SiblingState<V> {
    return this.#state;
  }

  /** Asks the sibling now; resolves with what is known after the answer. Never rejects. */
  async probe(): Promise<SiblingState<V>> {
    this.#newest += 1;
    const mine = this.#newest;
    const found = await this.#ask();
    if (mine === this.#newest && !this.#context.signal.aborted) {
      this.#become(found);
    }
    return this.#state;
  }

  /** Takes the notification `plugin_started`; the probe that follows, undefined when it is another plugin. */
  started(payload: { readonly methods: readonly string[] }): Promise<SiblingState<V>> | undefined {
    return payload.methods.includes(this.#spec.probe) ? this.probe() : undefined;
  }

  /** Takes the notification `plugin_stopped`; whether it was the sibling. */
  stopped(payload: { readonly methods: readonly string[] }): boolean {
    const itself = payload.methods.includes(this.#spec.probe);
    if (itself) {
      this.#newest += 1;
      this.#become(absent('stopped', 'it was stopped'));
    }
    return itself;
  }

  async #ask(): Promise<SiblingState<V>> {
    const { rpc, signal } = this.#context;
    const { probe, decode, timeoutMs = SIBLING_PROBE_MS } = this.#spec;
    let answer: unknown;
    try {
      answer = await rpc.raw(probe, {}, { timeoutMs, signal });
    } catch (error) {
      if (error instanceof RpcError && ABSENT_CODES.includes(error.rpcCode)) {
        return absent('not_running', 'no running plugin offers it');
      }
      const late = isCodedError(error, 'rpc_timeout');
      const detail = late ? ` within ${timeoutMs / 1000} s` : `: ${describeError(error)}`;
      return absent('no_answer', `it did not answer${detail}`);
    }
    try {
      return { kind: 'present', answer: decode(answer) };
    } catch (error) {
      const reason = `its answer to ${probe} is not understood: ${describeError(error)}`;
      return absent('not_understood', reason);
    }
  }

  #become(state: SiblingState<V>): void {
    this.#state = state;
    this.#listener(state);
  }
}

function absent(because: SiblingAbsence, reason: string): SiblingState<never> {
  return { kind: 'absent', because, reason };
}

/**
 * Follows a sibling for the whole life of `plugin`: probes it once `init` is answered, and again
 * whenever a plugin with its probe method starts or stops. `listener` is told of changes only,
 * `absent` first when the first probe finds nothing; what it throws is logged.
 */
export function followSibling<V, O extends Options, T extends Topics>(
  plugin: Plugin<O, T>,
  spec: SiblingSpec<V>,
  listener: (state: SiblingState<V>, context: PluginContext<O, T>) => void,
): void {
  let watch: SiblingWatch<V> | undefined;
  let told: string | undefined;
  const watchOn = (context: PluginContext<O, T>): SiblingWatch<V> => {
    watch ??= new SiblingWatch(context, spec, (state) => {
      const before = told;
      told = state.kind === 'absent' ? state.reason : undefined;
      if (told !== undefined && told === before) {
        return;
      }
      try {
        listener(state, context);
      } catch (error) {
        context.log.error(error);
      }
    });
    return watch;
  };
  plugin
    .on('plugin_started', (payload, call) => {
      void watchOn(call).started(payload);
    })
    .on('plugin_stopped', (payload, call) => {
      watchOn(call).stopped(payload);
    })
    .onReady(async (context) => {
      await watchOn(context).probe();
    });
}
