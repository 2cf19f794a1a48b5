import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isJsonObject, type JsonObject, parseJson, stringifyJson } from '@cl-hive/core';
import { JsonFramer } from '../src/index.ts';

/** A request that the server got, and the connection to answer on. */
export interface Received {
  readonly id: string;
  readonly method: string;
  readonly params: JsonObject;
  readonly message: JsonObject;
  readonly socket: Socket;
  readonly answer: (result: unknown) => void;
  readonly fail: (code: number, message: string, data?: unknown) => void;
}

/** A lightningd whose answers the test writes. */
export class ScriptedServer {
  readonly folder: string;
  readonly path: string;
  readonly received: Received[] = [];
  readonly sockets = new Set<Socket>();
  connections = 0;
  readonly #script: (request: Received) => void;
  readonly #server: Server;
  #waiters: (() => void)[] = [];

  constructor(script: (request: Received) => void, path?: string) {
    this.folder = mkdtempSync(join(tmpdir(), 'cln-rpc-'));
    this.path = path ?? join(this.folder, 'lightning-rpc');
    this.#script = script;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  /** Where to listen when that differs from `path`, as with paths too long for a socket. */
  async start(listenAt = this.path): Promise<this> {
    await new Promise<void>((done, fail) => {
      this.#server.once('error', fail);
      this.#server.listen(listenAt, done);
    });
    return this;
  }

  /** Refuses new connections; those open go on. */
  refuse(): void {
    this.#server.close();
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) {
      socket.destroy();
    }
    await new Promise<void>((done) => {
      this.#server.close(() => done());
    });
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Resolves when `holds` does, looked at whenever something happens on a connection. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      await new Promise<void>((done) => {
        this.#waiters.push(done);
      });
    }
  }

  #happened(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) {
      wake();
    }
  }

  #accept(socket: Socket): void {
    this.connections += 1;
    this.sockets.add(socket);
    const framer = new JsonFramer();
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.sockets.delete(socket);
      this.#happened();
    });
    socket.on('data', (chunk: Uint8Array) => {
      for (const frame of framer.push(chunk)) {
        const message = parseJson(frame.text, frame.exact);
        if (isJsonObject(message)) {
          this.#receive(message, socket);
        }
      }
      this.#happened();
    });
    this.#happened();
  }

  #receive(message: JsonObject, socket: Socket): void {
    const { id, method, params } = message;
    if (typeof id !== 'string' || typeof method !== 'string' || !isJsonObject(params)) {
      throw new Error(`not a request: ${stringifyJson(message)}`);
    }
    const send = (reply: Record<string, unknown>): void => {
      socket.write(`${stringifyJson({ jsonrpc: '2.0', id, ...reply })}\n\n`);
    };
    const request: Received = {
      id,
      method,
      params,
      message,
      socket,
      answer: (result) => send({ result }),
      fail: (code, text, data) => send({ error: { code, message: text, data } }),
    };
    this.received.push(request);
    this.#script(request);
  }
}
