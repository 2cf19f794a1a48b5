import { connect, type Socket } from 'node:net';
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
  parseJson,
  stringifyJson,
} from '@cl-hive/core';
import { WireScanner } from '../../src/lightningd/rules/wire-scanner.ts';

/** An error answer of lightningd. */
export class CallError extends Error {
  readonly code: number;
  readonly data: JsonValue | undefined;

  constructor(code: number, message: string, data: JsonValue | undefined) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

/** A connection on which a test sees and sends bytes as they are. */
export class RawClient {
  /** Everything received, as text. */
  received = '';
  /** Each message received, as text, in order. */
  readonly messages: string[] = [];
  ended = false;
  readonly #socket: Socket;
  readonly #scanner = new WireScanner();
  readonly #waiting: (() => void)[] = [];
  #calls = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      this.received += chunk.toString('utf8');
      for (const found of this.#scanner.push(chunk)) {
        this.messages.push(found.kind === 'message' ? found.message.text : found.reason);
      }
      this.#wake();
    });
    socket.on('close', () => {
      this.ended = true;
      this.#wake();
    });
  }

  static async connect(path: string): Promise<RawClient> {
    return await new Promise((resolve, reject) => {
      const socket = connect(path);
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new RawClient(socket));
      });
    });
  }

  write(text: string | Uint8Array): void {
    this.#socket.write(text);
  }

  close(): void {
    this.#socket.destroy();
  }

  /** Waits for the message for which `wanted` holds. */
  async message(wanted: (message: JsonObject, text: string) => boolean): Promise<JsonObject> {
    for (;;) {
      for (const text of this.messages) {
        const message = parseJson(text);
        if (isJsonObject(message) && wanted(message, text)) {
          return message;
        }
      }
      if (this.ended) {
        throw new Error(`the connection closed after: ${this.received}`);
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  async closed(): Promise<void> {
    while (!this.ended) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Sends a request and returns its id. */
  send(method: string, params: JsonValue = {}, more: JsonObject = {}): string {
    this.#calls += 1;
    const id = `test:${method}#${this.#calls}`;
    this.write(stringifyJson({ jsonrpc: '2.0', id, method, params, ...more }));
    return id;
  }

  /** The answer to a sent request, errors included. */
  async answer(id: JsonValue): Promise<JsonObject> {
    return this.message((message) => message['id'] === id);
  }

  async call(method: string, params: JsonValue = {}, more: JsonObject = {}): Promise<JsonObject> {
    const { result, error } = await this.answer(this.send(method, params, more));
    if (isJsonObject(error)) {
      const { code, message, data } = error;
      throw new CallError(Number(code), typeof message === 'string' ? message : '', data);
    }
    return isJsonObject(result) ? result : { value: result ?? null };
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) {
      wake();
    }
  }
}
