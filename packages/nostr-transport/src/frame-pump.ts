import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '@cl-hive/core';
import type { Socket } from './dial.ts';
import { type Frame, parseFrame } from './frame.ts';
import { NOSTR_LIMITS } from './limits.ts';

/** Works on the frames of one connection, one after another; yields whether a signature was checked. */
export type FrameWorker = (frame: Frame) => Promise<boolean>;

/**
 * The frames of one connection in order. A relay that sends faster than the bounds of `limits.ts` is
 * made to wait by not reading its socket; nothing is lost and other work gets its turn.
 */
export class FramePump {
  readonly #clock: Clock;
  readonly #worker: FrameWorker;
  #socket: Socket | undefined;
  #queue: (string | Uint8Array)[] = [];
  #running = false;
  #paused = false;
  #stopped = false;
  #tokens: number = NOSTR_LIMITS.frameBurst;
  #filledAt: number;
  #checks = 0;
  #wake: (() => void) | undefined;

  constructor(clock: Clock, worker: FrameWorker) {
    this.#clock = clock;
    this.#worker = worker;
    this.#filledAt = clock.monotonic();
  }

  attach(socket: Socket): void {
    this.#socket = socket;
  }

  push(data: string | Uint8Array): void {
    if (this.#stopped) {
      return;
    }
    this.#queue.push(data);
    if (this.#queue.length >= NOSTR_LIMITS.frameQueue && !this.#paused) {
      this.#paused = true;
      this.#socket?.pause();
    }
    if (!this.#running) {
      this.#running = true;
      void this.#run();
    }
  }

  /** Drops what waits; the frame under way is finished. */
  stop(): void {
    this.#stopped = true;
    this.#queue = [];
    this.#wake?.();
  }

  async #run(): Promise<void> {
    for (let data = this.#queue.shift(); data !== undefined; data = this.#queue.shift()) {
      await this.#pace();
      if (this.#stopped) {
        break;
      }
      this.#checks += (await this.#worker(parseFrame(data))) ? 1 : 0;
      if (this.#checks >= NOSTR_LIMITS.checksPerTurn) {
        this.#checks = 0;
        await nextTurn();
      }
      if (this.#paused && this.#queue.length < NOSTR_LIMITS.frameQueue / 4) {
        this.#paused = false;
        this.#socket?.resume();
      }
    }
    this.#running = false;
  }

  async #pace(): Promise<void> {
    const now = this.#clock.monotonic();
    this.#tokens = Math.min(
      NOSTR_LIMITS.frameBurst,
      this.#tokens + ((now - this.#filledAt) / 1_000) * NOSTR_LIMITS.framesPerSecond,
    );
    this.#filledAt = now;
    this.#tokens -= 1;
    if (this.#tokens < 0) {
      await new Promise<void>((resolve) => {
        const cancel = this.#clock.after(1_000, resolve);
        this.#wake = () => {
          cancel();
          resolve();
        };
      });
      this.#wake = undefined;
    }
  }
}
