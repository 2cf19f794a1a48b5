import { parentPort, Worker } from 'node:worker_threads';
import { CodedError, describeError, isCodedError } from '@cl-hive/core';
import type { WorkerErrorCode } from './worker.ts';

/** How a thread answers: a result, or the error of its handler. */
type Answer =
  | { readonly ok: true; readonly result: unknown }
  | {
      readonly ok: false;
      readonly code: string;
      readonly message: string;
      readonly remedy?: string;
    };

/** What a {@link LastingWorker} is started with. */
export interface LastingWorkerSettings {
  /** Given to the thread as `workerData`. */
  readonly data?: unknown;
  /** Heap of the thread in MB; beyond it the thread ends, and the plugin goes on. */
  readonly memoryMb?: number;
}

/** Limits of one question. */
export interface AskLimits {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/**
 * A thread that keeps what it knows from question to question; started at the first one, and again
 * after it died or was given up. Questions are answered one after another. What the thread prints does
 * not reach stdout.
 */
export class LastingWorker {
  readonly #module: URL;
  readonly #settings: LastingWorkerSettings;
  #worker: Worker | undefined;
  #line: Promise<unknown> = Promise.resolve();

  /** `module` calls {@link serveWorker}. */
  constructor(module: URL, settings: LastingWorkerSettings = {}) {
    this.#module = module;
    this.#settings = settings;
  }

  /** Whether a thread is alive: it holds what earlier questions left. */
  get alive(): boolean {
    return this.#worker !== undefined;
  }

  /**
   * Asks; input and result are cloned, bigints included. A question that is given up ends the thread.
   * Rejects with CodedError {@link WorkerErrorCode}, or with the code of the handler's own error.
   */
  ask(question: unknown, limits: AskLimits): Promise<unknown> {
    const before = this.#line;
    const answer = (async () => {
      await before;
      return this.#exchange(question, limits);
    })();
    this.#line = answer.catch(() => undefined);
    return answer;
  }

  /** Ends the thread; a later question starts another. */
  async end(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  #exchange(question: unknown, { timeoutMs, signal }: AskLimits): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(fault('worker_cancelled', 'the work was cancelled before it began'));
        return;
      }
      const worker = this.#present();
      const settle = (finish: () => void): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', cancelled);
        worker.removeAllListeners('message').removeAllListeners('messageerror');
        worker.off('error', failed).off('exit', ended);
        finish();
      };
      const giveUp = (error: Error): void =>
        settle(() => {
          if (this.#worker === worker) {
            this.#worker = undefined;
          }
          void worker.terminate();
          reject(error);
        });
      const cancelled = (): void => giveUp(fault('worker_cancelled', 'the work was cancelled'));
      const failed = (cause: Error): void =>
        giveUp(fault('worker_failed', `the work failed: ${cause.message}`, cause));
      const ended = (): void => giveUp(fault('worker_failed', 'the worker ended without a result'));
      const timer = setTimeout(
        () => giveUp(fault('worker_timeout', `the work took longer than ${timeoutMs} ms`)),
        timeoutMs,
      );
      signal?.addEventListener('abort', cancelled, { once: true });
      worker.on('error', failed).on('exit', ended);
      worker.once('messageerror', failed);
      worker.once('message', (answer: Answer) =>
        settle(() => (answer.ok ? resolve(answer.result) : reject(errorOf(answer)))),
      );
      try {
        // A thread has no origin; the rule is for windows.
        // oxlint-disable-next-line unicorn/require-post-message-target-origin
        worker.postMessage(question);
      } catch (cause) {
        settle(() => reject(fault('worker_failed', 'the question cannot be cloned', cause)));
      }
    });
  }

  #present(): Worker {
    if (this.#worker !== undefined) {
      return this.#worker;
    }
    const { data, memoryMb } = this.#settings;
    const worker = new Worker(this.#module, {
      workerData: data,
      stdout: true,
      stderr: true,
      ...(memoryMb === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: memoryMb } }),
    });
    worker.stdout.resume();
    worker.stderr.resume();
    // It may die between two questions: the next one starts another, and nobody else is told.
    worker.on('error', () => this.#forget(worker)).on('exit', () => this.#forget(worker));
    worker.unref();
    this.#worker = worker;
    return worker;
  }

  #forget(worker: Worker): void {
    if (this.#worker === worker) {
      this.#worker = undefined;
    }
  }
}

/** In the thread: answers each question with what `handle` gives or throws. */
export function serveWorker(handle: (question: unknown) => Promise<unknown>): void {
  const port = parentPort;
  if (port === null) {
    throw new TypeError('serveWorker runs in a worker thread');
  }
  port.on('message', (question: unknown) => {
    void (async () => {
      port.postMessage(await answerTo(question, handle));
    })();
  });
}

async function answerTo(
  question: unknown,
  handle: (question: unknown) => Promise<unknown>,
): Promise<Answer> {
  try {
    return { ok: true, result: await handle(question) };
  } catch (error) {
    const coded = isCodedError(error) ? error : undefined;
    const remedy = coded?.remedy;
    return {
      ok: false,
      code: coded?.code ?? 'worker_failed',
      message: describeError(error),
      ...(remedy === undefined ? {} : { remedy }),
    };
  }
}

function errorOf({ code, message, remedy }: Extract<Answer, { ok: false }>): CodedError {
  return new CodedError(code, message, remedy === undefined ? {} : { remedy });
}

function fault(
  code: WorkerErrorCode,
  message: string,
  cause?: unknown,
): CodedError<WorkerErrorCode> {
  return new CodedError(code, message, cause === undefined ? {} : { cause });
}
