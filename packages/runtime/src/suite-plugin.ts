import type { SiblingContext } from '@cl-hive/cln-plugin/helpers';
import {
  type Cancel,
  type Clock,
  CodedError,
  describeError,
  isCodedError,
  type JsonObject,
} from '@cl-hive/core';
import { PLUGINS, type PluginName } from './plugins.ts';
import { siblingViews } from './sibling-view.ts';
import { missingNeed, type PluginState, type WatchState } from './sibling-watch.ts';
import { SiblingWatcher } from './sibling-watcher.ts';
import { encodeVersionAnswer } from './version-answer.ts';

/** Why a method of the suite cannot work right now. */
export type NotReadyCode = 'plugin_starting' | 'plugin_idle' | 'plugin_failed' | 'plugin_stopped';

/** What stopped a plugin from working, as its status shows it. */
export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly remedy?: string;
}

/** First wait before waking is tried again, ms; doubles up to {@link WAKE_DELAY_MAX_MS}. */
const WAKE_DELAY_MS = 500;
const WAKE_DELAY_MAX_MS = 60_000;

/** What is particular to one plugin. `S` is what it works with once opened. */
export interface SuiteParts<S> {
  readonly self: PluginName;
  /** The release, as in package.json. */
  readonly version: string;
  /** What siblings may count on beyond the API version. */
  readonly features: readonly string[];
  readonly clock: Clock;
  /** Calls a method of lightningd or of a sibling. */
  readonly rpc: SiblingContext['rpc'];
  readonly log: (level: 'info' | 'unusual' | 'broken', message: string) => void;
  /** Opens the database and all that works without siblings. */
  readonly open: () => Promise<S>;
  readonly close: (services: S) => Promise<void>;
  /** Called when every need is ready. */
  readonly wake?: (services: S) => Promise<void>;
  /** Called when a need is gone again; nothing may be lost. */
  readonly idle?: (services: S) => Promise<void>;
}

/**
 * The life of a plugin of the suite: it opens what is its own, watches its siblings, idles while a need
 * is not ready, wakes when it is, and can always say what it is doing and why.
 */
export class SuitePlugin<S> {
  readonly #parts: SuiteParts<S>;
  readonly #watcher: SiblingWatcher;
  #services: S | undefined;
  #problem: Problem | undefined;
  #awake = false;
  #stopping = false;
  #turn: Promise<void> = Promise.resolve();
  #wakeProblem: string | undefined;
  #wakeDelayMs = WAKE_DELAY_MS;
  #cancelRetry: Cancel | undefined;

  constructor(parts: SuiteParts<S>) {
    this.#parts = parts;
    this.#watcher = new SiblingWatcher(parts.self, parts.clock, parts.rpc, () => this.#settle());
  }

  /** What it is doing; `idle` as soon as a need is gone, `ready` only once it has woken. */
  get state(): PluginState {
    if (this.#problem !== undefined) {
      return 'failed';
    }
    if (this.#services === undefined) {
      return 'starting';
    }
    if (missingNeed(this.#watcher.state) !== undefined) {
      return 'idle';
    }
    return this.#awake ? 'ready' : 'starting';
  }

  get siblings(): WatchState {
    return this.#watcher.state;
  }

  /** The opened services in every state but `starting` and `failed`; undefined in those. */
  get services(): S | undefined {
    return this.#services;
  }

  /** Opens and starts to watch; to be called once, after `init` is answered. Never throws: its status says. */
  async start(): Promise<void> {
    const { self, log, open } = this.#parts;
    try {
      const services = await open();
      if (this.#stopping) {
        await this.#parts.close(services);
        return;
      }
      this.#services = services;
    } catch (error) {
      this.#fail(error);
    }
    this.#watcher.start();
    const missing = missingNeed(this.#watcher.state);
    if (this.#problem === undefined && missing !== undefined) {
      log('info', `${self} idles until ${missing.sibling} is ready`);
    }
  }

  /** lightningd said that a plugin with these methods started. */
  pluginStarted(methods: readonly string[]): void {
    if (!methods.includes(PLUGINS[this.#parts.self].versionMethod)) {
      this.#watcher.pluginStarted(methods);
    }
  }

  /** lightningd said that a plugin with these methods stopped. */
  pluginStopped(methods: readonly string[]): void {
    this.#watcher.pluginStopped(methods);
  }

  /** Closes everything, after what is under way. Idempotent. */
  async stop(): Promise<void> {
    if (this.#stopping) {
      return this.#turn;
    }
    this.#stopping = true;
    this.#watcher.stop();
    this.#dropRetry();
    const before = this.#turn;
    this.#turn = (async () => {
      await before;
      await this.#close();
    })();
    return this.#turn;
  }

  async #close(): Promise<void> {
    const services = this.#services;
    if (services === undefined) {
      return;
    }
    if (this.#awake) {
      this.#awake = false;
      await this.#lull(services);
    }
    this.#services = undefined;
    await this.#parts.close(services);
  }

  /**
   * What a method works with. Throws CodedError `plugin_starting`, `plugin_idle`, `plugin_failed` or
   * `plugin_stopped`, which says what is waited for or what to do.
   */
  ready(): S {
    const services = this.#services;
    if (this.state === 'ready' && services !== undefined && !this.#stopping) {
      return services;
    }
    throw this.#notReady();
  }

  /** The opened services, also while a need is missing. Throws as {@link ready} does. */
  open(): S {
    if (this.#services === undefined || this.#stopping || this.#problem !== undefined) {
      throw this.#notReady();
    }
    return this.#services;
  }

  /** Lets go of everything and refuses all work for this reason, until the next start. */
  async suspend(problem: Problem): Promise<void> {
    const before = this.#turn;
    this.#problem ??= problem;
    this.#turn = (async () => {
      await before;
      await this.#close();
    })();
    await this.#turn;
    this.#parts.log('unusual', `${this.#parts.self} stopped working: ${problem.message}`);
  }

  /** The answer of the version method. */
  versionAnswer(): JsonObject {
    const { self, version, features } = this.#parts;
    return encodeVersionAnswer(self, version, features, this.state);
  }

  /** What every plugin's status begins with. */
  status(): JsonObject {
    const { self, version } = this.#parts;
    const missing = missingNeed(this.#watcher.state);
    return {
      plugin: self,
      version,
      api_version: PLUGINS[self].apiVersion,
      state: this.state,
      ...(missing === undefined
        ? {}
        : { waiting_for: missing.sibling, waiting_reason: missing.reason }),
      ...(this.#problem === undefined ? {} : { problem: { ...this.#problem } }),
      ...(this.#wakeProblem === undefined ? {} : { waking_problem: this.#wakeProblem }),
      siblings: siblingViews(this.#watcher.state),
    };
  }

  #notReady(): CodedError<NotReadyCode> {
    const { self } = this.#parts;
    if (this.#stopping) {
      return new CodedError('plugin_stopped', `${self} is stopping`);
    }
    if (this.#problem !== undefined) {
      const { message, remedy } = this.#problem;
      const options = remedy === undefined ? {} : { remedy };
      return new CodedError('plugin_failed', `${self} cannot work: ${message}`, options);
    }
    const missing = missingNeed(this.#watcher.state);
    if (this.#services !== undefined && missing !== undefined) {
      return new CodedError(
        'plugin_idle',
        `${self} idles: it needs ${missing.sibling}, and ${missing.reason}`,
        { remedy: `start ${missing.sibling} on this node, or look at its status` },
      );
    }
    return new CodedError('plugin_starting', `${self} is starting`, {
      remedy: 'try again in a moment',
    });
  }

  #fail(error: unknown): void {
    const { self, log } = this.#parts;
    const coded = isCodedError(error) ? error : undefined;
    this.#problem = {
      code: coded?.code ?? 'internal',
      message: describeError(error),
      ...(coded?.remedy === undefined ? {} : { remedy: coded.remedy }),
    };
    const remedy = coded?.remedy === undefined ? '' : `; remedy: ${coded.remedy}`;
    log('broken', `${self} cannot work: ${this.#problem.message}${remedy}`);
  }

  /** Brings waking and idling in line with the siblings, one step at a time. */
  #settle(): void {
    const before = this.#turn;
    this.#turn = (async () => {
      await before;
      await this.#step();
    })();
  }

  async #step(): Promise<void> {
    const services = this.#services;
    const wanted = missingNeed(this.#watcher.state) === undefined;
    if (!wanted) {
      this.#dropRetry();
    }
    const waits = this.#cancelRetry !== undefined;
    if (services === undefined || this.#stopping || wanted === this.#awake || waits) {
      return;
    }
    const { self, log } = this.#parts;
    if (wanted) {
      await this.#wake(services);
    } else {
      this.#awake = false;
      log('info', `${self} idles: ${this.#idleReason()}`);
      await this.#lull(services);
    }
  }

  async #wake(services: S): Promise<void> {
    const { self, log, clock, wake } = this.#parts;
    try {
      await wake?.(services);
      this.#awake = true;
      this.#wakeDelayMs = WAKE_DELAY_MS;
      this.#wakeProblem = undefined;
      log('info', `${self} is ready`);
    } catch (error) {
      // The sibling may have died meanwhile; if it lives, trying again costs little.
      this.#wakeProblem = describeError(error);
      log('unusual', `${self} could not wake and tries again: ${this.#wakeProblem}`);
      this.#cancelRetry = clock.after(this.#wakeDelayMs, () => {
        this.#cancelRetry = undefined;
        this.#settle();
      });
      this.#wakeDelayMs = Math.min(WAKE_DELAY_MAX_MS, this.#wakeDelayMs * 2);
    }
  }

  #dropRetry(): void {
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
  }

  async #lull(services: S): Promise<void> {
    try {
      await this.#parts.idle?.(services);
    } catch (error) {
      this.#parts.log('unusual', `going idle: ${describeError(error)}`);
    }
  }

  #idleReason(): string {
    const missing = missingNeed(this.#watcher.state);
    return missing === undefined ? '' : `it needs ${missing.sibling}, and ${missing.reason}`;
  }
}
