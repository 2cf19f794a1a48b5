import { createServer, type Server, type Socket } from 'node:net';
import { JsonFramer } from '@cl-hive/cln-rpc';
import {
  describeError,
  isJsonObject,
  type JsonValue,
  parseJson,
  stringifyJson,
} from '@cl-hive/core';
import { FakeRpcError } from './fake-rpc-error.ts';

/** A request on the RPC socket. */
export interface RpcRequest {
  readonly id: JsonValue;
  readonly method: string;
  readonly params: JsonValue;
  readonly filter: JsonValue | undefined;
}

/** lightningd's RPC socket; every request goes to `serve`, concurrently. */
export class FakeRpcServer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #serve: (request: RpcRequest) => Promise<JsonValue>;

  constructor(serve: (request: RpcRequest) => Promise<JsonValue>) {
    this.#serve = serve;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  /** Listens on a unix socket. */
  listen(path: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(path, resolve);
    });
  }

  /** Refuses new connections; open ones go on, as while lightningd shuts down. */
  refuse(): void {
    this.#server.close();
  }

  /** Closes everything. */
  close(): Promise<void> {
    for (const socket of this.#sockets) {
      socket.destroy();
    }
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #accept(socket: Socket): void {
    const framer = new JsonFramer();
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Uint8Array) => {
      try {
        for (const frame of framer.push(chunk)) {
          void this.#answer(socket, parseJson(frame.text, frame.exact));
        }
      } catch {
        socket.destroy();
      }
    });
  }

  async #answer(socket: Socket, message: JsonValue): Promise<void> {
    const { id = null, method, params, filter } = isJsonObject(message) ? message : {};
    let body: object;
    try {
      if (typeof method !== 'string' || params === undefined) {
        throw new FakeRpcError(-32600, 'Invalid request');
      }
      body = { result: await this.#serve({ id, method, params, filter }) };
    } catch (error) {
      const fault = error instanceof FakeRpcError ? error : undefined;
      const code = fault?.code ?? -1;
      body = { error: { code, message: describeError(error), data: fault?.data } };
    }
    if (socket.writable) {
      socket.write(`${stringifyJson({ jsonrpc: '2.0', id, ...body })}\n\n`);
    }
  }
}
