import { RpcError } from '@cl-hive/cln-rpc';
import { type Cancel, type Clock, DecodeError, describeError, isCodedError } from '@cl-hive/core';
import { PLUGINS, type PluginName } from './plugins.ts';
import {
  initialWatch,
  type ProbeAnswer,
  type ProbeCommand,
  stepWatch,
  type WatchInput,
  type WatchState,
} from './sibling-watch.ts';
import { decodeVersionAnswer } from './version-answer.ts';

/** Longest wait for a sibling's version, ms: it answers from memory, also while it starts. */
export const PROBE_TIMEOUT_MS = 5_000;

/** lightningd: no such method, or the plugin died before it answered. */
const ABSENT_CODES: readonly number[] = [-32601, -4];

/** Calls an RPC method without parameters. */
export type Ask = (method: string, timeoutMs: number) => Promise<unknown>;

/** Carries out the decisions of {@link stepWatch} and keeps their state. */
export class SiblingWatcher {
  readonly #clock: Clock;
  readonly #ask: Ask;
  readonly #onChange: (state: WatchState) => void;
  readonly #timers = new Map<PluginName, Cancel>();
  #state: WatchState;
  #stopped = false;

  constructor(self: PluginName, clock: Clock, ask: Ask, onChange: (state: WatchState) => void) {
    this.#state = initialWatch(self);
    this.#clock = clock;
    this.#ask = ask;
    this.#onChange = onChange;
  }

  get state(): WatchState {
    return this.#state;
  }

  /** Takes an event in and asks whom the decision says. Nothing more happens after {@link stop}. */
  feed(input: WatchInput): void {
    if (this.#stopped) {
      return;
    }
    const { state, commands } = stepWatch(this.#state, input, this.#clock.now());
    this.#state = state;
    for (const command of commands) {
      this.#schedule(command);
    }
    this.#onChange(state);
  }

  /** Cancels what waits. */
  stop(): void {
    this.#stopped = true;
    for (const cancel of this.#timers.values()) {
      cancel();
    }
    this.#timers.clear();
  }

  #schedule(command: ProbeCommand): void {
    this.#timers.get(command.sibling)?.();
    this.#timers.delete(command.sibling);
    const probe = (): void => {
      this.#timers.delete(command.sibling);
      void this.#probe(command);
    };
    if (command.delayMs === 0) {
      probe();
    } else {
      this.#timers.set(command.sibling, this.#clock.after(command.delayMs, probe));
    }
  }

  async #probe({ sibling, probe }: ProbeCommand): Promise<void> {
    const answer = await this.#question(sibling);
    this.feed({ kind: 'probed', sibling, probe, answer });
  }

  async #question(sibling: PluginName): Promise<ProbeAnswer> {
    try {
      const result = await this.#ask(PLUGINS[sibling].versionMethod, PROBE_TIMEOUT_MS);
      return { kind: 'version', answer: decodeVersionAnswer(result) };
    } catch (error) {
      if (error instanceof RpcError && ABSENT_CODES.includes(error.rpcCode)) {
        return { kind: 'unknown_method' };
      }
      if (error instanceof DecodeError) {
        const reason = `its version answer is not understood: ${error.message}`;
        return { kind: 'not_understood', reason };
      }
      const reason = isCodedError(error, 'rpc_timeout')
        ? `it did not answer within ${PROBE_TIMEOUT_MS / 1000} s`
        : describeError(error);
      return { kind: 'no_answer', reason };
    }
  }
}
