import { type Cancel, type Clock, describeError } from '@cl-hive/core';

/** What is done again and again. */
export interface Job {
  readonly name: string;
  /** Time between the end of one run and the start of the next, ms. */
  readonly everyMs: number;
  readonly run: () => Promise<void>;
}

/** How long a stop waits for running jobs, ms: all of them may be cut off. */
const STOP_WAIT_MS = 2000;

interface State {
  readonly job: Job;
  cancel: Cancel | undefined;
  running: Promise<void> | undefined;
  /** Asked for while it ran. */
  again: boolean;
  failing: string | undefined;
}

/** Runs jobs, each one run at a time; a job that fails is logged once until it works again. */
export class Timers {
  readonly #clock: Pick<Clock, 'after'>;
  readonly #warn: (message: string) => void;
  readonly #states = new Map<string, State>();
  #stopped = false;

  constructor(clock: Pick<Clock, 'after'>, warn: (message: string) => void) {
    this.#clock = clock;
    this.#warn = warn;
  }

  /** Starts a job; its first run is one period away. */
  add(job: Job): void {
    const state: State = {
      job,
      cancel: undefined,
      running: undefined,
      again: false,
      failing: undefined,
    };
    this.#states.set(job.name, state);
    this.#wait(state);
  }

  /** Runs a job now, or once more when it is running. */
  soon(name: string): void {
    const state = this.#states.get(name);
    if (state === undefined || this.#stopped) {
      return;
    }
    if (state.running !== undefined) {
      state.again = true;
      return;
    }
    state.cancel?.();
    state.running = this.#run(state);
  }

  /** Stops all, and waits a little for what runs. */
  async stop(): Promise<void> {
    this.#stopped = true;
    const running: Promise<void>[] = [];
    for (const state of this.#states.values()) {
      state.cancel?.();
      if (state.running !== undefined) {
        running.push(state.running);
      }
    }
    let cancel: Cancel = () => {};
    const late = new Promise<void>((resolve) => {
      cancel = this.#clock.after(STOP_WAIT_MS, resolve);
    });
    await Promise.race([Promise.all(running), late]);
    cancel();
  }

  #wait(state: State): void {
    state.cancel = this.#clock.after(state.job.everyMs, () => this.soon(state.job.name));
  }

  async #run(state: State): Promise<void> {
    const { job } = state;
    do {
      state.again = false;
      try {
        await job.run();
        state.failing = undefined;
      } catch (error) {
        const failing = describeError(error);
        if (failing !== state.failing) {
          this.#warn(`${job.name} failed and is tried again: ${failing}`);
        }
        state.failing = failing;
      }
    } while (state.again && state.failing === undefined && !this.#stopped);
    state.running = undefined;
    if (!this.#stopped) {
      this.#wait(state);
    }
  }
}
