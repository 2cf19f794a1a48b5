import { JsonFramer } from '@cl-hive/cln-rpc';
import {
  describeError,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  parseJson,
  stringifyJson,
} from '@cl-hive/core';
import { errorOf, FakeRpcError } from './fake-rpc-error.ts';
import type { PluginProcess } from './plugin-process.ts';
import { until } from './until.ts';

/** A line that the plugin logged. */
export interface LoggedLine {
  readonly level: string;
  readonly message: string;
}

/** A notification that the plugin sent, `log` excepted. */
export interface SentNotification {
  readonly method: string;
  readonly params: JsonValue;
}

const LOG_LEVELS = new Set(['trace', 'debug', 'info', 'unusual', 'warn', 'broken', 'error']);
const HANDSHAKE_MS = 120_000;

/**
 * lightningd's end of one plugin's pipes. It kills the plugin for the faults for which lightningd
 * does ({@link killed} has the reason), and records what would abort lightningd ({@link aborted}).
 */
export class PluginLink {
  readonly process: PluginProcess;
  readonly logs: LoggedLine[] = [];
  readonly sent: SentNotification[] = [];
  /** Every reply, in the order of arrival. */
  readonly replies: JsonObject[] = [];
  /** Why lightningd killed the plugin. */
  killed: string | undefined;
  /** Why lightningd would have aborted. */
  aborted: string | undefined;
  readonly #framer = new JsonFramer();
  readonly #pending = new Map<string, (reply: JsonObject) => void>();
  #onSent: (notification: SentNotification) => void = () => undefined;
  #count = 0;
  #paused = false;

  constructor(process: PluginProcess) {
    this.process = process;
    process.stdout.on('data', (chunk: Uint8Array) => this.#take(chunk));
    void process.exited.then(
      () => this.#fail('Plugin terminated before replying to RPC call.'),
      (error: unknown) => {
        this.kill(`the plugin did not start: ${describeError(error)}`);
        this.#fail('the plugin did not start');
      },
    );
  }

  /** Whether it has exited or was killed. */
  get gone(): Promise<number | null> {
    return this.process.exited;
  }

  /** Told of every notification but `log`. */
  onSent(handler: (notification: SentNotification) => void): void {
    this.#onSent = handler;
  }

  /** Writes bytes as they are. */
  write(data: string | Uint8Array): void {
    if (!this.process.stdin.destroyed && this.process.stdin.writable) {
      this.process.stdin.write(data);
    }
  }

  /** Stops, or goes on, reading what the plugin writes. */
  pauseReading(paused: boolean): void {
    this.#paused = paused;
    this.process.stdout[paused ? 'pause' : 'resume']();
  }

  /** A new request id as lightningd makes them. */
  nextId(method: string, caller?: string): string {
    this.#count += 1;
    const own = `cln:${method}#${this.#count}`;
    return caller === undefined ? own : `${caller}/${own}`;
  }

  /** Sends a request and resolves with the whole reply. Rejects with FakeRpcError -4 when the plugin goes. */
  exchange(
    method: string,
    params: JsonValue,
    extra: { readonly id?: string; readonly caller?: string; readonly filter?: JsonValue } = {},
  ): Promise<JsonObject> {
    const id = extra.id ?? this.nextId(method, extra.caller);
    const filter = extra.filter === undefined ? {} : { filter: extra.filter };
    const reply = this.replyTo(id);
    this.write(`${stringifyJson({ jsonrpc: '2.0', id, method, params, ...filter })}\n\n`);
    return reply;
  }

  /** Resolves with the reply to `id`. */
  replyTo(id: string): Promise<JsonObject> {
    return new Promise((resolve, reject) => {
      this.#pending.set(id, (reply) => {
        const gone = reply['gone'];
        if (typeof gone === 'string') {
          reject(new FakeRpcError(-4, gone));
        } else {
          resolve(reply);
        }
      });
    });
  }

  /** Calls a method: resolves with its result, rejects with FakeRpcError. */
  async request(
    method: string,
    params: JsonValue = {},
    extra: { readonly id?: string; readonly caller?: string; readonly filter?: JsonValue } = {},
  ): Promise<JsonValue> {
    return resultOf(await this.exchange(method, params, extra));
  }

  /** Calls a hook. A reply that makes lightningd abort is recorded and rejects. */
  async hook(
    name: string,
    payload: JsonValue,
    extra: { readonly id?: string; readonly caller?: string } = {},
  ): Promise<JsonObject> {
    const reply = await this.exchange(name, payload, extra);
    const result = reply['result'];
    if (result === undefined || (!isJsonObject(result) && name !== 'rpc_command')) {
      this.aborted = `Plugin for ${name} returned non-result response ${stringifyJson(reply)}`;
      throw new Error(this.aborted);
    }
    return isJsonObject(result) ? result : {};
  }

  /** Sends a notification: native and present custom ones nest the payload under the topic. */
  notify(topic: string, payload: JsonValue, origin?: string): void {
    this.notifyRaw(topic, { [topic]: payload }, origin);
  }

  /** Sends a notification with its parameters as they are. */
  notifyRaw(topic: string, params: JsonValue, origin?: string): void {
    const message = { jsonrpc: '2.0', method: topic, origin, params };
    this.write(`${stringifyJson(message)}\n\n`);
  }

  /** Resolves with the first log line that contains `text`. */
  logged(text: string): Promise<LoggedLine> {
    return until(`log line with "${text}"; have ${stringifyJson(this.logs)}`, () =>
      this.logs.find((line) => line.message.includes(text)),
    );
  }

  /** Resolves with the first notification of `method` that was not yet taken. */
  emitted(method: string): Promise<SentNotification> {
    return until(`notification ${method}`, () => {
      const at = this.sent.findIndex((notification) => notification.method === method);
      return at === -1 ? undefined : this.sent.splice(at, 1)[0];
    });
  }

  /** Ends the plugin as lightningd does for a fault. */
  kill(reason: string): void {
    if (this.killed === undefined) {
      this.killed = reason;
      this.process.kill();
    }
  }

  /** Sends `shutdown`, or kills where it is not subscribed; resolves with the exit status. */
  async shutdown(subscribed: boolean): Promise<number | null> {
    if (subscribed) {
      this.notify('shutdown', {});
      return this.gone;
    }
    this.process.kill();
    return null;
  }

  /** Asks for the manifest within lightningd's 120 s. */
  getmanifest(allowDeprecated: boolean): Promise<JsonValue> {
    return this.#inTime(
      'getmanifest',
      this.request('getmanifest', { 'allow-deprecated-apis': allowDeprecated }),
    );
  }

  /** Sends `init` within lightningd's 120 s. An error reply counts as success, as for lightningd. */
  async init(params: JsonObject): Promise<JsonValue> {
    const reply = await this.#inTime('init', this.exchange('init', params));
    return reply['result'] ?? {};
  }

  async #inTime<T>(what: string, work: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        this.kill(`no answer to ${what} within ${HANDSHAKE_MS} ms`);
        reject(new Error(String(this.killed)));
      }, HANDSHAKE_MS);
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #fail(reason: string): void {
    for (const settle of this.#pending.values()) {
      settle({ gone: reason });
    }
    this.#pending.clear();
  }

  #take(chunk: Uint8Array): void {
    try {
      for (const frame of this.#framer.push(chunk)) {
        this.#message(parseJson(frame.text, frame.exact));
      }
      if (this.#framer.fault !== undefined) {
        throw this.#framer.fault;
      }
    } catch (error) {
      this.kill(`bad output: ${describeError(error)}`);
    }
    if (this.#paused) {
      this.process.stdout.pause();
    }
  }

  #message(message: JsonValue): void {
    if (!isJsonObject(message) || message['jsonrpc'] !== '2.0') {
      this.kill(`JSON-RPC message without jsonrpc: ${stringifyJson(message)}`);
      return;
    }
    const { id, method, params } = message;
    if (id !== undefined) {
      this.replies.push(message);
      const settle = typeof id === 'string' ? this.#pending.get(id) : undefined;
      if (settle !== undefined && typeof id === 'string') {
        this.#pending.delete(id);
        settle(message);
      }
      return;
    }
    if (typeof method !== 'string' || params === undefined) {
      this.kill('notification without method or params');
    } else if (method === 'log') {
      this.#log(params);
    } else if ((method === 'message' || method === 'progress') && !hasId(params)) {
      this.kill(`${method} without id`);
    } else {
      const notification = { method, params };
      this.sent.push(notification);
      this.#onSent(notification);
    }
  }

  #log(params: JsonValue): void {
    const level = isJsonObject(params) ? (params['level'] ?? 'info') : undefined;
    const message = isJsonObject(params) ? params['message'] : undefined;
    if (typeof level !== 'string' || !LOG_LEVELS.has(level) || typeof message !== 'string') {
      this.kill(`log with a bad level or message: ${stringifyJson(params)}`);
      return;
    }
    this.logs.push({ level, message });
  }
}

function hasId(params: JsonValue): boolean {
  return isJsonObject(params) && params['id'] !== undefined;
}

function resultOf(reply: JsonObject): JsonValue {
  const { result, error } = reply;
  if (isJsonObject(error)) {
    throw errorOf(error);
  }
  if (result === undefined) {
    throw new Error('reply with neither result nor error');
  }
  return result;
}
