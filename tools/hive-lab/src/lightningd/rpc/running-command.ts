import { type JsonObject, type JsonValue, parseJson, stringifyJson } from '@cl-hive/core';
import { type CallContext, type LogLevel, RenderedJson } from '../../contract/node.ts';
import { WireObject } from '../rules/json-members.ts';
import { applyFilter, type ResultFilter } from '../rules/result-filter.ts';
import type { OutPart, OutStream } from './out-stream.ts';
import type { RpcConnection } from './rpc-connection.ts';

/** A client's request that is being worked on. It may outlive its connection. */
export class RunningCommand implements CallContext {
  /** The client's id as it was written. */
  readonly id: string;
  readonly #abort = new AbortController();
  readonly #notifies: boolean;
  #connection: RpcConnection | undefined;
  #stream: OutStream | undefined;
  #done = false;
  filter: ResultFilter | undefined;

  constructor(connection: RpcConnection, id: string) {
    this.#connection = connection;
    this.#notifies = connection.flags.notifications;
    this.id = id;
  }

  /** The connection while it stands. */
  get connection(): RpcConnection | undefined {
    return this.#connection;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** The client is gone or the node is: nobody will read the answer. */
  detach(): void {
    this.#connection = undefined;
    this.#stream = undefined;
    this.#abort.abort();
  }

  succeed(result: JsonObject | RenderedJson): void {
    const { filter } = this;
    if (result instanceof RenderedJson && filter === undefined) {
      this.#finish(`{"jsonrpc":"2.0","id":${this.id},"result":`, ...result.chunks, '}\n\n');
      return;
    }
    const object =
      result instanceof RenderedJson ? (parseJson(result.text()) as JsonObject) : result;
    this.answer(
      'result',
      stringifyJson(filter === undefined ? object : applyFilter(object, filter)),
    );
  }

  fail(code: number, message: string, data?: JsonValue): void {
    const error = { code, message, ...(data === undefined ? {} : { data }) };
    this.answer('error', stringifyJson(error));
  }

  /** An answer whose `result` or `error` is JSON text already. */
  answer(member: 'result' | 'error', raw: string): void {
    this.#finish(`{"jsonrpc":"2.0","id":${this.id},"${member}":${raw}}\n\n`);
  }

  /** A plugin's reply, byte for byte but for the id. */
  relay(reply: WireObject): void {
    this.#finish(`${reply.replacing('id', this.id)}\n\n`);
  }

  /** A plugin's `message` or `progress`, with the client's own id in it. */
  relayNotification(method: string, params: string): void {
    this.#notify(method, new WireObject(params).replacing('id', this.id));
  }

  message(level: LogLevel, text: string): void {
    this.#notify(
      'message',
      `{"id":${this.id},"level":"${level}","message":${JSON.stringify(text)}}`,
    );
  }

  progress(done: number, total: number): void {
    this.#notify('progress', `{"id":${this.id},"num":${done},"total":${total}}`);
  }

  #notify(method: string, params: string): void {
    if (this.#notifies && !this.#done) {
      this.#open()?.write(
        `{"jsonrpc":"2.0","method":${JSON.stringify(method)},"params":${params}}\n\n`,
      );
    }
  }

  #open(): OutStream | undefined {
    this.#stream ??= this.#connection?.open();
    return this.#stream;
  }

  #finish(...parts: readonly OutPart[]): void {
    if (this.#done) {
      return;
    }
    this.#done = true;
    const stream = this.#open();
    stream?.write(...parts);
    stream?.close();
  }
}
