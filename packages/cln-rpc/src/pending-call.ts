import { CodedError, type JsonValue } from '@cl-hive/core';
import { TIMER_MAX_MS } from './limits.ts';
import type { ListPieces } from './list-pieces.ts';
import type { RpcError, RpcFaultCode } from './rpc-error.ts';
import type { CallOptions, ProgressUpdate } from './rpc-method.ts';

/** A call from its start to its one outcome, with its deadline and its signal. */
export class PendingCall {
  readonly id: string;
  readonly method: string;
  /** The request as it goes on the wire. */
  readonly text: string;
  /** The list that its caller takes in pieces. */
  readonly list: ListPieces | undefined;
  /** Whether lightningd may have seen the request. */
  sent = false;
  /** Called once when the outcome is known; the connection that carries the call sets it. */
  onSettled: ((call: PendingCall) => void) | undefined;
  readonly #resolve: (value: JsonValue) => void;
  readonly #reject: (error: Error) => void;
  readonly #onProgress: ((update: ProgressUpdate) => void) | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #abort = (): void => {
    this.fault('rpc_cancelled', `${this.method} was cancelled`, { cause: this.#signal?.reason });
  };
  #timer: NodeJS.Timeout | undefined;
  #settled = false;

  constructor(
    request: { readonly id: string; readonly method: string; readonly text: string },
    options: CallOptions & { readonly timeoutMs: number },
    outcome: { resolve: (value: JsonValue) => void; reject: (error: Error) => void },
  ) {
    this.id = request.id;
    this.method = request.method;
    this.text = request.text;
    this.list = options.list;
    this.#resolve = outcome.resolve;
    this.#reject = outcome.reject;
    this.#onProgress = options.onProgress;
    this.#signal = options.signal;
    if (options.timeoutMs < TIMER_MAX_MS) {
      this.#timer = setTimeout(() => {
        this.fault('rpc_timeout', `${this.method} had no answer within ${options.timeoutMs} ms`);
      }, options.timeoutMs);
    }
    if (this.#signal?.aborted === true) {
      this.#abort();
    } else {
      this.#signal?.addEventListener('abort', this.#abort, { once: true });
    }
  }

  get settled(): boolean {
    return this.#settled;
  }

  succeed(value: JsonValue): void {
    if (this.#settle()) {
      this.#resolve(value);
    }
  }

  fail(error: RpcError | CodedError): void {
    if (this.#settle()) {
      this.#reject(error);
    }
  }

  fault(
    code: RpcFaultCode,
    message: string,
    more: { readonly cause?: unknown; readonly remedy?: string } = {},
  ): void {
    this.fail(
      new CodedError(code, message, { data: { method: this.method, sent: this.sent }, ...more }),
    );
  }

  progress(update: ProgressUpdate): void {
    try {
      this.#onProgress?.(update);
    } catch {
      // A listener's fault must not decide the outcome of, say, a payment.
    }
  }

  #settle(): boolean {
    if (this.#settled) {
      return false;
    }
    this.#settled = true;
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener('abort', this.#abort);
    this.onSettled?.(this);
    return true;
  }
}
