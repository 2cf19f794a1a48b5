import { Worker } from 'node:worker_threads';
import { CodedError } from '@cl-hive/core';

/** Why work in a worker came to no result. */
export type WorkerErrorCode = 'worker_failed' | 'worker_timeout' | 'worker_cancelled';

/** Limits of one piece of work. */
export interface WorkerSettings {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Heap of the worker in MB. */
  readonly memoryMb?: number;
}

/**
 * Runs `module` in a thread of its own with `input` as `workerData`; resolves with the first
 * message it posts. For work that would hold up the event loop: with `rpc_command` hooked a busy
 * loop stalls the whole node. What the worker prints does not reach stdout. Input and result are
 * cloned, bigints included. Rejects with CodedError {@link WorkerErrorCode}.
 */
export function runInWorker(
  module: URL,
  input: unknown,
  settings: WorkerSettings = {},
): Promise<unknown> {
  const { timeoutMs, signal, memoryMb } = settings;
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(fault('worker_cancelled', 'the work was cancelled before it began'));
      return;
    }
    const worker = new Worker(module, {
      workerData: input,
      stdout: true,
      stderr: true,
      ...(memoryMb === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: memoryMb } }),
    });
    const cancelled = (): void => fail(fault('worker_cancelled', 'the work was cancelled'));
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(
            () => fail(fault('worker_timeout', `the work took longer than ${timeoutMs} ms`)),
            timeoutMs,
          );
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', cancelled);
      void worker.terminate();
    };
    const fail = (error: Error): void => {
      end();
      reject(error);
    };
    signal?.addEventListener('abort', cancelled, { once: true });
    worker.stdout.resume();
    worker.stderr.resume();
    worker.once('message', (result: unknown) => {
      end();
      resolve(result);
    });
    worker.once('messageerror', (cause) =>
      fail(fault('worker_failed', 'the result cannot be read', cause)),
    );
    worker.once('error', (cause) =>
      fail(fault('worker_failed', `the work failed: ${cause.message}`, cause)),
    );
    worker.once('exit', () => fail(fault('worker_failed', 'the worker ended without a result')));
  });
}

function fault(
  code: WorkerErrorCode,
  message: string,
  cause?: unknown,
): CodedError<WorkerErrorCode> {
  return new CodedError(code, message, cause === undefined ? {} : { cause });
}
