import { type Clock, describeError } from '@cl-hive/core';
import type { IncomingMessage } from './message.ts';

/** Why a request has no result. */
export type AnswerFailure =
  | { readonly code: 'failed'; readonly message: string }
  /** The work goes on; its result is not sent. */
  | { readonly code: 'timeout'; readonly afterMs: number };

/** How requests are answered. */
export interface AnsweringOptions {
  readonly clock: Clock;
  /** Until the sender is told that there is no result yet. */
  readonly deadlineMs: number;
  /** The text that tells the sender of a failure. */
  readonly failureText: (failure: AnswerFailure) => string;
  readonly reply: (message: IncomingMessage, content: string) => Promise<unknown>;
}

/**
 * A message handler that answers each message exactly once: with the text that `work` yields, with an
 * error when it throws, or with a timeout.
 */
export function answering(
  work: (message: IncomingMessage) => Promise<string>,
  options: AnsweringOptions,
): (message: IncomingMessage) => Promise<void> {
  return async (message) => {
    await options.reply(message, await textFor(work, message, options));
  };
}

function textFor(
  work: (message: IncomingMessage) => Promise<string>,
  message: IncomingMessage,
  { clock, deadlineMs, failureText }: AnsweringOptions,
): Promise<string> {
  return new Promise((resolve) => {
    const cancel = clock.after(deadlineMs, () =>
      resolve(failureText({ code: 'timeout', afterMs: deadlineMs })),
    );
    const done = async (): Promise<void> => {
      try {
        resolve(await work(message));
      } catch (error) {
        resolve(failureText({ code: 'failed', message: describeError(error) }));
      } finally {
        cancel();
      }
    };
    void done();
  });
}
