import type { AsyncLocalStorage } from 'node:async_hooks';
import { CodedError, describeError, isJsonObject, type JsonValue } from '@cl-hive/core';
import { type Configuration, decodeConfiguration } from './configuration.ts';
import type { PluginContext } from './context.ts';
import { within } from './deadline.ts';
import type { Definition } from './definition.ts';
import type { PluginIo } from './io.ts';
import { INIT_DEADLINE_MS, INIT_SLOW_MS } from './limits.ts';
import { errorText, type Logger } from './log.ts';
import type { Options } from './options/option.ts';
import type { OptionStore } from './options/option-store.ts';
import { linkRpc } from './rpc-link.ts';

/** What `init` works with. */
export interface InitParts {
  readonly definition: Definition;
  readonly io: PluginIo;
  readonly options: OptionStore<Options>;
  readonly requests: AsyncLocalStorage<string>;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly stop: (reason: string) => void;
  readonly send: (message: object) => void;
  readonly params: JsonValue;
}

/** Either why the plugin cannot run, or its context and what is left to do. */
export type InitOutcome =
  | { readonly disable: string }
  | {
      readonly context: PluginContext;
      /** Asks the plugin's own `onInit`; resolves with why it will not run, if so. Never rejects. */
      readonly decide: () => Promise<string | undefined>;
      /** Starts the plugin's work. Never throws. */
      readonly ready: () => void;
    };

/**
 * Reads `init`. Faults disable the plugin with a reason: lightningd takes an error reply to `init`
 * for success.
 */
export function initialise(parts: InitParts): InitOutcome {
  const { definition, io, options, log } = parts;
  const input = isJsonObject(parts.params) ? parts.params : {};
  let configuration: Configuration;
  try {
    configuration = decodeConfiguration(input['configuration']);
  } catch (error) {
    return { disable: `init.configuration cannot be read: ${describeError(error)}` };
  }
  const { fault, unknown } = options.load(input['options']);
  if (fault !== undefined) {
    return { disable: `option ${fault}` };
  }
  if (unknown.length > 0) {
    log.warn(`init has options that were not declared: ${unknown.join(', ')}`);
  }
  const context: PluginContext = {
    name: definition.name,
    file: io.file,
    options: options.values,
    configuration,
    rpc: linkRpc(configuration, definition.name, parts.requests, definition.rpcTimeoutMs),
    log,
    clock: io.clock,
    notify: notifier(parts),
    signal: parts.signal,
    stop: parts.stop,
  };
  return {
    context,
    decide: () => decide(definition, context),
    ready: () => void ready(definition, context),
  };
}

function notifier({ definition, send }: InitParts): (topic: string, payload: object) => void {
  return (topic, payload) => {
    if (!definition.topics.has(topic)) {
      throw new CodedError('topic_undeclared', `the topic ${topic} is not declared`, {
        remedy: 'declare it under `notifications`: lightningd drops what is not in the manifest',
      });
    }
    send({ method: topic, params: { [topic]: payload } });
  };
}

async function decide(definition: Definition, context: PluginContext): Promise<string | undefined> {
  const started = context.clock.monotonic();
  const asked = await within(context.clock, INIT_DEADLINE_MS, ask(definition, context));
  const tookMs = context.clock.monotonic() - started;
  if (tookMs > INIT_SLOW_MS) {
    context.log.warn(`init took ${Math.round(tookMs)} ms; the node waits for it, use onReady`);
  }
  return asked.done ? asked.value : `init took longer than ${INIT_DEADLINE_MS} ms`;
}

async function ask(definition: Definition, context: PluginContext): Promise<string | undefined> {
  try {
    for (const handler of definition.init) {
      const answer = await handler(context as never);
      if (answer !== undefined) {
        return answer.disable;
      }
    }
    return undefined;
  } catch (error) {
    context.log.error(`init: ${errorText(error)}`);
    return describeError(error);
  }
}

async function ready(definition: Definition, context: PluginContext): Promise<void> {
  if (definition.hooks.has('rpc_command')) {
    const { watchLoop } = await import('./helpers/loop-lag.ts');
    watchLoop(context);
  }
  for (const handler of definition.ready) {
    if (context.signal.aborted) {
      return;
    }
    try {
      await handler(context as never);
    } catch (error) {
      context.log.error(`onReady: ${errorText(error)}`);
    }
  }
}
