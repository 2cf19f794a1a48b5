import { AsyncLocalStorage } from 'node:async_hooks';
import type { RpcClient } from '@cl-hive/cln-rpc';
import {
  type Cancel,
  describeError,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  stringifyJson,
} from '@cl-hive/core';
import type { MethodCall, PluginContext } from './context.ts';
import type { Definition } from './definition.ts';
import { INVALID_REQUEST, MethodError, NOT_READY, PARSE_ERROR, STOPPING } from './errors.ts';
import { HookRunner } from './hooks/hook-runner.ts';
import { Inbox } from './inbox.ts';
import { initialise } from './initialise.ts';
import type { PluginIo } from './io.ts';
import { loadDecoders } from './lazy-decoders.ts';
import { createLogger, errorText, type Logger, logLevel } from './log.ts';
import { manifestOf } from './manifest.ts';
import {
  checkCall,
  commandToCheck,
  describeFailure,
  type RpcErrorObject,
  runMethod,
  unknownMethod,
} from './method-runner.ts';
import { NotificationRouter, unwrap } from './notification-router.ts';
import type { Options } from './options/option.ts';
import { OptionStore } from './options/option-store.ts';
import { Outbox } from './outbox.ts';
import type { RunningPlugin } from './running-plugin.ts';
import type { Salvaged } from './salvage.ts';
import { StopPath } from './stop-path.ts';

/** One run of a plugin: routes what lightningd sends, and answers every request exactly once. */
export class Session implements RunningPlugin {
  readonly #definition: Definition;
  readonly #io: PluginIo;
  readonly #outbox: Outbox;
  readonly #log: Logger;
  readonly #stop: StopPath;
  readonly #hooks: HookRunner;
  readonly #router: NotificationRouter;
  readonly #options: OptionStore<Options>;
  readonly #requests = new AsyncLocalStorage<string>();
  readonly #inbox = new Inbox();
  readonly #releases: Cancel[] = [];
  #context: PluginContext | undefined;
  #rpc: RpcClient | undefined;
  #deprecatedOk = true;
  /** Set by `deprecated_oneshot` for the next request only. */
  #deprecatedOnce: boolean | undefined;

  constructor(definition: Definition, io: PluginIo) {
    this.#definition = definition;
    this.#io = io;
    this.#outbox = new Outbox(io.output);
    this.#log = createLogger((level, message) => this.#outbox.log(level, message));
    this.#options = new OptionStore(definition.options);
    this.#router = new NotificationRouter(definition);
    this.#hooks = new HookRunner(this.#requests, (id, text) => this.#sendResult(id, text));
    this.#stop = new StopPath({
      clock: io.clock,
      outbox: this.#outbox,
      log: this.#log,
      handlers: () => this.#stopHandlers(),
      close: async () => this.#rpc?.close(),
      exit: (code) => this.#exit(code),
    });
    this.#listen();
  }

  get stopped(): Promise<number> {
    return this.#stop.stopped;
  }

  readonly stop = (reason: string): void => this.#stop.begin(reason);

  #listen(): void {
    const { input } = this.#io;
    this.#releases.push(
      this.#io.captureStray((level, text) => {
        const line = text.trimEnd();
        if (line !== '') {
          this.#log(level, line);
        }
      }),
      this.#io.onSignal((signal) => this.#stop.begin(signal)),
      this.#io.onStrayError((error, fatal) => {
        this.#log.error(`${fatal ? 'uncaught error' : 'unhandled rejection'}: ${errorText(error)}`);
        if (fatal) {
          this.#stop.begin('uncaught error', 1);
        }
      }),
    );
    this.#outbox.onBroken(() => this.#stop.begin('lightningd no longer reads'));
    this.#outbox.onPressure((full) => (full ? input.pause() : input.resume()));
    input.on('data', (chunk: Uint8Array) => this.#take(chunk));
    input.on('end', () => this.#stop.begin('end of input'));
    input.on('close', () => this.#stop.begin('end of input'));
    input.on('error', (error) => this.#stop.begin(`input failed: ${error.message}`));
  }

  #exit(code: number): void {
    this.#io.input.pause();
    for (const release of this.#releases) {
      release();
    }
    this.#io.exit(code);
  }

  #stopHandlers(): readonly ((reason: string) => unknown)[] {
    const context = this.#context;
    if (context === undefined) {
      return [];
    }
    return this.#definition.stop
      .map((handler) => (reason: string) => handler(context as never, reason))
      .reverse();
  }

  #take(chunk: Uint8Array): void {
    for (const arrival of this.#inbox.push(chunk)) {
      if (arrival.kind === 'message') {
        this.#route(arrival.message);
      } else if (arrival.kind === 'lost') {
        this.#log.error(`lightningd's messages can no longer be told apart: ${arrival.reason}`);
        this.#stop.begin('unreadable input', 1);
        return;
      } else {
        this.#refuse(arrival.reason, arrival.salvaged);
      }
    }
  }

  /** Answers a message that cannot be read: a hook with its fallback, as an error would abort the node. */
  #refuse(reason: string, { id, method = '' }: Salvaged): void {
    const hook = this.#definition.hooks.get(method);
    this.#log.error(`a message${method === '' ? '' : ` for ${method}`} cannot be read: ${reason}`);
    if (id === undefined) {
      return;
    }
    if (hook === undefined) {
      this.#sendError(id, { code: PARSE_ERROR, message: reason });
    } else {
      const incoming = { id, chain: id, name: method, hook, payload: null };
      this.#hooks.answerFallback(incoming, this.#definition.name);
    }
  }

  #route(message: JsonObject): void {
    const { id, method, params = null } = message;
    if (typeof method !== 'string') {
      if (id !== undefined) {
        this.#sendError(id, { code: INVALID_REQUEST, message: 'the method is missing' });
      }
      return;
    }
    if (id === undefined) {
      this.#notification(method, params, message['origin']);
      return;
    }
    const hook = this.#definition.hooks.get(method);
    if (hook !== undefined) {
      const incoming = { id, chain: chainOf(id), name: method, hook, payload: params };
      if (this.#context === undefined || this.#stop.signal.aborted) {
        this.#hooks.answerFallback(incoming, this.#definition.name);
      } else {
        this.#hooks.run(incoming, this.#context);
      }
      return;
    }
    const deprecatedOk = this.#deprecatedOnce ?? this.#deprecatedOk;
    this.#deprecatedOnce = undefined;
    void this.#request(id, method, message, deprecatedOk);
  }

  async #request(
    id: JsonValue,
    method: string,
    message: JsonObject,
    deprecatedOk: boolean,
  ): Promise<void> {
    const params = message['params'] ?? null;
    try {
      switch (method) {
        case 'getmanifest':
          this.#manifest(id, params);
          return;
        case 'init':
          await this.#init(id, params);
          return;
        case 'setconfig':
          this.#sendResult(id, stringifyJson(await this.#options.change(params)));
          return;
        case 'check':
          this.#sendResult(id, stringifyJson(await this.#check(params, deprecatedOk)));
          return;
        default:
          await this.#call(id, method, message, deprecatedOk);
      }
    } catch (error) {
      this.#sendError(id, describeFailure(method, error, [], this.#log));
    }
  }

  #manifest(id: JsonValue, params: JsonValue): void {
    this.#deprecatedOk = !isJsonObject(params) || params['allow-deprecated-apis'] !== false;
    this.#sendResult(id, stringifyJson(manifestOf(this.#definition)));
    if (this.#definition.hooks.size > 0 || this.#definition.subscriptions.size > 0) {
      // Not needed to answer, soon needed afterwards.
      setImmediate(() => void loadDecoders().catch(() => undefined));
    }
  }

  async #init(id: JsonValue, params: JsonValue): Promise<void> {
    if (this.#context !== undefined) {
      this.#sendError(id, { code: INVALID_REQUEST, message: 'init came twice' });
      return;
    }
    const outcome = initialise({
      definition: this.#definition,
      io: this.#io,
      options: this.#options,
      requests: this.#requests,
      log: this.#log,
      signal: this.#stop.signal,
      stop: this.stop,
      send: (message) => this.#outbox.send(message),
      params,
    });
    if ('disable' in outcome) {
      this.#sendResult(id, stringifyJson({ disable: outcome.disable }));
      return;
    }
    this.#context = outcome.context;
    this.#rpc = outcome.context.rpc;
    const disable = await outcome.decide();
    this.#sendResult(id, stringifyJson(disable === undefined ? {} : { disable }));
    if (disable === undefined) {
      setImmediate(outcome.ready);
    }
  }

  async #check(params: JsonValue, deprecatedOk: boolean): Promise<JsonObject> {
    const { command, rest } = commandToCheck(params);
    if (command === 'setconfig') {
      this.#options.check(rest);
    } else {
      const method = this.#definition.methods.get(command);
      if (method === undefined) {
        const { code, message } = unknownMethod(command);
        throw new MethodError(code, message);
      }
      await checkCall(method, rest, deprecatedOk);
    }
    return { command_to_check: command };
  }

  async #call(
    id: JsonValue,
    name: string,
    message: JsonObject,
    deprecatedOk: boolean,
  ): Promise<void> {
    const method = this.#definition.methods.get(name);
    const context = this.#context;
    if (method === undefined) {
      this.#sendError(id, unknownMethod(name));
    } else if (context === undefined) {
      this.#sendError(id, { code: NOT_READY, message: `${name}: the plugin is not initialised` });
    } else if (this.#stop.signal.aborted) {
      this.#sendError(id, { code: STOPPING, message: `${name}: the plugin is stopping` });
    } else {
      const chain = chainOf(id);
      const call = this.#methodCall(context, id, chain, deprecatedOk);
      const { params, filter } = message;
      const outcome = await this.#requests.run(chain, () =>
        runMethod({ name, method, params, filter }, call, this.#log),
      );
      if ('error' in outcome) {
        this.#sendError(id, outcome.error);
      } else {
        this.#sendResult(id, outcome.result);
      }
    }
  }

  #methodCall(
    context: PluginContext,
    id: JsonValue,
    chain: string,
    deprecatedOk: boolean,
  ): MethodCall {
    const tell = (method: string, params: object): void => {
      try {
        this.#outbox.send({ method, params: { id, ...params } });
      } catch (error) {
        this.#log.warn(`${method} was not sent: ${errorText(error)}`);
      }
    };
    return {
      ...context,
      id: chain,
      deprecatedOk,
      message: (level, text) =>
        tell('message', { level: logLevel(level), message: describeError(text) }),
      progress: (done, total, stage) => tell('progress', { num: done, total, stage }),
    };
  }

  #notification(topic: string, params: JsonValue, origin: unknown): void {
    const delivered = unwrap(topic, params, origin);
    if (topic === 'shutdown' && delivered.origin === undefined) {
      this.#stop.begin('shutdown');
      return;
    }
    if (topic === 'deprecated_oneshot' && isJsonObject(delivered.payload)) {
      this.#deprecatedOnce = delivered.payload['deprecated_ok'] === true;
    }
    if (this.#context !== undefined && !this.#stop.signal.aborted) {
      this.#router.deliver(delivered, this.#context);
    }
  }

  #sendResult(id: JsonValue, text: string): void {
    this.#outbox.sendText(`{"jsonrpc":"2.0","id":${stringifyJson(id)},"result":${text}}`);
  }

  #sendError(id: JsonValue, error: RpcErrorObject): void {
    this.#outbox.send({ id, error });
  }
}

function chainOf(id: JsonValue): string {
  return typeof id === 'string' ? id : stringifyJson(id);
}
