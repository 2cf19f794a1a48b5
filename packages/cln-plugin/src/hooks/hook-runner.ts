import type { AsyncLocalStorage } from 'node:async_hooks';
import { describeError, type JsonValue, parseJson, stringifyJson } from '@cl-hive/core';
import type { PluginContext, RequestCall } from '../context.ts';
import { decoderOf, loadDecoders } from '../lazy-decoders.ts';
import { errorText } from '../log.ts';
import { fallbackReply, mayReturnNothing } from './fallback.ts';
import type { AnyHook } from './hook.ts';
import { RecursionGuard } from './recursion-guard.ts';

/** A hook call as it arrived. */
export interface IncomingHook {
  /** The id as it came, for the answer. */
  readonly id: JsonValue;
  /** The id as a text, for the chain of callers. */
  readonly chain: string;
  readonly name: string;
  readonly hook: AnyHook;
  readonly payload: unknown;
}

/**
 * Answers hook calls, each exactly once, with nothing but `{result: <object that lightningd
 * takes>}`: whatever else a hook answers makes lightningd abort.
 */
export class HookRunner {
  readonly #guard = new RecursionGuard();
  /** Of the calls under way. One listener on the plugin's signal serves them all. */
  readonly #live = new Set<AbortController>();
  #listening = false;
  readonly #requests: AsyncLocalStorage<string>;
  readonly #answer: (id: JsonValue, resultText: string) => void;

  constructor(
    requests: AsyncLocalStorage<string>,
    answer: (id: JsonValue, resultText: string) => void,
  ) {
    this.#requests = requests;
    this.#answer = answer;
  }

  /** Answers without asking the handler: the plugin is not ready, or stopping. */
  answerFallback(incoming: IncomingHook, plugin: string): void {
    const { id, name, payload, hook } = incoming;
    const reply = fallbackReply(name, payload, plugin, hook.onFailure);
    if (reply !== undefined) {
      this.#answer(id, stringifyJson(reply));
    }
  }

  /** Runs the handler and answers. Never throws. */
  run(incoming: IncomingHook, context: PluginContext): void {
    const { id, chain, name, hook, payload } = incoming;
    if (name === 'rpc_command' && this.#guard.causedByUs(chain, payload)) {
      this.#answer(id, '{"result":"continue"}');
      return;
    }
    this.#guard.enter(chain);
    let open = true;
    const late = this.#controller(context);
    const settle = (text: string | undefined): boolean => {
      if (!open) {
        return false;
      }
      open = false;
      cancel();
      if (text === undefined) {
        this.answerFallback(incoming, context.name);
      } else {
        this.#answer(id, text);
      }
      return true;
    };
    const cancel = context.clock.after(hook.deadlineMs, () => {
      if (settle(undefined)) {
        context.log.error(`hook ${name}: no answer within ${hook.deadlineMs} ms, fallback sent`);
        late.abort(new Error(`the deadline of hook ${name} has passed`));
      }
    });
    const call = { ...context, id: chain, signal: late.signal };
    const work = async (): Promise<void> => {
      try {
        if (!settle(await handle(name, hook, payload, call))) {
          context.log.debug(`hook ${name}: an answer came after the deadline and was dropped`);
        }
      } catch (error) {
        const how = settle(undefined) ? 'fallback sent' : 'failed after its deadline';
        context.log.error(`hook ${name}: ${how}: ${errorText(error)}`);
      } finally {
        this.#live.delete(late);
      }
    };
    void this.#requests.run(chain, work);
  }

  #controller(context: PluginContext): AbortController {
    if (!this.#listening) {
      this.#listening = true;
      context.signal.addEventListener('abort', () => {
        for (const controller of this.#live) {
          controller.abort(context.signal.reason);
        }
      });
    }
    const controller = new AbortController();
    this.#live.add(controller);
    return controller;
  }
}

/** The checked text of a handler's answer. */
async function handle(
  name: string,
  hook: AnyHook,
  payload: unknown,
  call: RequestCall,
): Promise<string> {
  const { hookDecoders, checkHookReply } = await loadDecoders();
  const decoded = decoderOf(hookDecoders, name)(payload);
  const handler = await hook.handler();
  const answer = await handler(decoded as never, call as never);
  if (answer === undefined && mayReturnNothing(name)) {
    return '{"result":"continue"}';
  }
  if (typeof answer !== 'object' || answer === null) {
    throw new TypeError(`the handler answered ${describeError(answer)}`);
  }
  // What goes on the wire is checked, not the object it came from: `toJSON` could make them differ.
  const text = stringifyJson(answer);
  checkHookReply(name, parseJson(text));
  return text;
}
