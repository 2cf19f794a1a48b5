import { type SiblingContext, type SiblingState, SiblingWatch } from '@cl-hive/cln-plugin/helpers';
import type { Cancel, Clock } from '@cl-hive/core';
import { PLUGINS, type PluginName } from './plugins.ts';
import {
  initialWatch,
  noteStarted,
  stepWatch,
  type VersionAnswer,
  type WatchState,
} from './sibling-watch.ts';
import { decodeVersionAnswer } from './version-answer.ts';

/** Longest wait for a sibling's version, ms: it answers from memory, also while it starts. */
export const PROBE_TIMEOUT_MS = 5_000;

/** Follows every sibling of one plugin, and asks again whom {@link stepWatch} says. */
export class SiblingWatcher {
  readonly #clock: Clock;
  readonly #onChange: (state: WatchState) => void;
  readonly #watches: ReadonlyMap<PluginName, SiblingWatch<VersionAnswer>>;
  readonly #timers = new Map<PluginName, Cancel>();
  readonly #end = new AbortController();
  #state: WatchState;

  constructor(
    self: PluginName,
    clock: Clock,
    rpc: SiblingContext['rpc'],
    onChange: (state: WatchState) => void,
  ) {
    this.#state = initialWatch(self);
    this.#clock = clock;
    this.#onChange = onChange;
    const context: SiblingContext = { rpc, signal: this.#end.signal };
    const watchOf = (name: PluginName): SiblingWatch<VersionAnswer> =>
      new SiblingWatch(
        context,
        {
          probe: PLUGINS[name].versionMethod,
          decode: decodeVersionAnswer,
          timeoutMs: PROBE_TIMEOUT_MS,
        },
        (found) => this.#take(name, found),
      );
    this.#watches = new Map([...this.#state.siblings.keys()].map((name) => [name, watchOf(name)]));
  }

  get state(): WatchState {
    return this.#state;
  }

  /** Asks every sibling once. */
  start(): void {
    if (this.#end.signal.aborted) {
      return;
    }
    for (const name of this.#watches.keys()) {
      this.#ask(name, 0);
    }
    this.#onChange(this.#state);
  }

  /** lightningd said that a plugin with these methods started. */
  pluginStarted(methods: readonly string[]): void {
    if (this.#end.signal.aborted) {
      return;
    }
    for (const [name, watch] of this.#watches) {
      if (watch.started({ methods }) !== undefined) {
        this.#dropTimer(name);
        this.#state = noteStarted(this.#state, name);
      }
    }
    this.#onChange(this.#state);
  }

  /** lightningd said that a plugin with these methods stopped. */
  pluginStopped(methods: readonly string[]): void {
    if (this.#end.signal.aborted) {
      return;
    }
    for (const watch of this.#watches.values()) {
      watch.stopped({ methods });
    }
  }

  /** Cancels what waits; nothing more happens. */
  stop(): void {
    this.#end.abort();
    for (const name of this.#watches.keys()) {
      this.#dropTimer(name);
    }
  }

  #take(sibling: PluginName, found: SiblingState<VersionAnswer>): void {
    this.#dropTimer(sibling);
    const { state, commands } = stepWatch(this.#state, sibling, found);
    this.#state = state;
    for (const command of commands) {
      this.#ask(command.sibling, command.delayMs);
    }
    this.#onChange(state);
  }

  #ask(sibling: PluginName, delayMs: number): void {
    this.#dropTimer(sibling);
    const probe = (): void => {
      this.#timers.delete(sibling);
      void this.#watches.get(sibling)?.probe();
    };
    if (delayMs === 0) {
      probe();
    } else {
      this.#timers.set(sibling, this.#clock.after(delayMs, probe));
    }
  }

  #dropTimer(sibling: PluginName): void {
    this.#timers.get(sibling)?.();
    this.#timers.delete(sibling);
  }
}
