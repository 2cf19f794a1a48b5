import type { Writable } from 'node:stream';
import { type Cancel, type Clock, stringifyJson } from '@cl-hive/core';
import { LOG_QUEUE_MAX, OUTPUT_WAITING_MAX } from './limits.ts';
import type { LogLevel } from './log.ts';

/**
 * The only writer of stdout: whole JSON-RPC messages. Replies are never dropped; log lines wait in
 * a bounded queue while lightningd does not read, and lost ones are counted.
 */
export class Outbox {
  readonly #output: Writable;
  readonly #lines: string[] = [];
  #dropped = 0;
  #blocked = false;
  #broken = false;
  #onBroken: () => void = () => undefined;
  #onPressure: (full: boolean) => void = () => undefined;
  #pressed = false;

  constructor(output: Writable) {
    this.#output = output;
    output.on('error', () => this.#break());
    output.on('close', () => this.#break());
    output.on('drain', () => this.#drained());
  }

  /** Called once when lightningd no longer reads (EPIPE). */
  onBroken(handler: () => void): void {
    this.#onBroken = handler;
  }

  /** Told when too much waits to be read, and when that is over. */
  onPressure(handler: (full: boolean) => void): void {
    this.#onPressure = handler;
  }

  /** Sends a message; throws CodedError `json_*` for a value without a JSON form, before any byte. */
  send(message: object): void {
    this.sendText(stringifyJson({ jsonrpc: '2.0', ...message }));
  }

  /** Sends a message that is already text. */
  sendText(text: string): void {
    if (this.#broken) {
      return;
    }
    this.#blocked = !this.#output.write(`${text}\n\n`);
    const pressed = this.#output.writableLength > OUTPUT_WAITING_MAX;
    if (pressed && !this.#pressed) {
      this.#pressed = true;
      this.#onPressure(true);
    }
  }

  /** Sends a `log` notification, or queues it. Never throws. */
  log(level: LogLevel, message: string): void {
    const text = stringifyJson({ jsonrpc: '2.0', method: 'log', params: { level, message } });
    if (!this.#blocked && this.#lines.length === 0) {
      this.sendText(text);
    } else if (this.#lines.length < LOG_QUEUE_MAX) {
      this.#lines.push(text);
    } else {
      this.#dropped += 1;
    }
  }

  /** Resolves when all was handed to the pipe, nobody reads any more, or `deadlineMs` has passed. */
  flush(clock: Clock, deadlineMs: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#broken) {
        resolve();
        return;
      }
      const cancel: Cancel = clock.after(deadlineMs, resolve);
      const done = (): void => {
        cancel();
        resolve();
      };
      this.#output.once('close', done);
      this.#drainLines(true);
      this.#output.write('', done);
    });
  }

  #drained(): void {
    this.#blocked = false;
    if (this.#pressed) {
      this.#pressed = false;
      this.#onPressure(false);
    }
    this.#drainLines(false);
  }

  #drainLines(all: boolean): void {
    const goesOn = (): boolean => (all || !this.#blocked) && !this.#broken;
    while (this.#lines.length > 0 && goesOn()) {
      this.sendText(this.#lines.shift() ?? '');
    }
    if (this.#lines.length === 0 && this.#dropped > 0) {
      const count = this.#dropped;
      this.#dropped = 0;
      this.log('unusual', `${count} log lines were dropped: lightningd did not read them in time`);
    }
  }

  #break(): void {
    if (!this.#broken) {
      this.#broken = true;
      this.#lines.length = 0;
      this.#onBroken();
    }
  }
}
