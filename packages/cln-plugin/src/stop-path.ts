import { setMaxListeners } from 'node:events';
import type { Clock } from '@cl-hive/core';
import { within } from './deadline.ts';
import { FLUSH_DEADLINE_MS, STOP_DEADLINE_MS } from './limits.ts';
import { errorText, type Logger } from './log.ts';
import type { Outbox } from './outbox.ts';

/** What the end of a plugin needs. */
export interface StopParts {
  readonly clock: Clock;
  readonly outbox: Outbox;
  readonly log: Logger;
  /** The plugin's stop handlers, in the order in which they run. */
  readonly handlers: () => readonly ((reason: string) => unknown)[];
  /** Closes what the SDK itself holds. */
  readonly close: () => Promise<void>;
  readonly exit: (code: number) => void;
}

/**
 * The one way out, whatever starts it (shutdown notification, end of input, broken pipe, signal,
 * fatal error): stop handlers, flush, exit. Starting it again does nothing more.
 */
export class StopPath {
  readonly #parts: StopParts;
  readonly #controller = new AbortController();
  readonly #stopped: Promise<number>;
  #resolve: (code: number) => void = () => undefined;

  constructor(parts: StopParts) {
    this.#parts = parts;
    // Every call that is under way may listen; Node would warn of a leak from eleven on.
    setMaxListeners(0, this.#controller.signal);
    this.#stopped = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  /** Aborted as soon as the plugin begins to stop. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The exit status, once everything is done. */
  get stopped(): Promise<number> {
    return this.#stopped;
  }

  /** Begins to stop, or does nothing when that has begun. Never throws. */
  begin(reason: string, code = 0): void {
    if (this.#controller.signal.aborted) {
      return;
    }
    this.#controller.abort(new Error(`the plugin stops: ${reason}`));
    void this.#finish(reason, code);
  }

  async #finish(reason: string, code: number): Promise<void> {
    const { clock, outbox, log, close, exit } = this.#parts;
    log.debug(`stopping: ${reason}`);
    const handled = await within(clock, STOP_DEADLINE_MS, this.#runHandlers(reason));
    if (!handled.done) {
      log.error(`stop handlers did not finish within ${STOP_DEADLINE_MS} ms`);
    }
    await within(
      clock,
      FLUSH_DEADLINE_MS,
      close().catch(() => undefined),
    );
    await outbox.flush(clock, FLUSH_DEADLINE_MS);
    exit(code);
    this.#resolve(code);
  }

  async #runHandlers(reason: string): Promise<void> {
    for (const handler of this.#parts.handlers()) {
      try {
        await handler(reason);
      } catch (error) {
        this.#parts.log.error(`stop handler: ${errorText(error)}`);
      }
    }
  }
}
