import type { Socket } from 'node:net';
import { stringifyJson } from '@cl-hive/core';
import { RPC_ERROR } from '../data/rpc-error-codes.ts';
import type { WireObject } from '../rules/json-members.ts';
import { WireScanner } from '../rules/wire-scanner.ts';
import { OutStream } from './out-stream.ts';

/** Settings that a client changes for its own connection. */
export interface ConnectionFlags {
  notifications: boolean;
  deprecatedOk: boolean;
  batching: boolean;
}

/** What a connection tells. */
export interface RpcConnectionEvents {
  readonly message: (connection: RpcConnection, message: WireObject) => void;
  readonly closed: (connection: RpcConnection) => void;
}

/**
 * A client's connection to the RPC socket. Requests are read as they come and answered as they are
 * done; but nothing more is read while an answer, or a command's notifications, are being written.
 */
export class RpcConnection {
  readonly flags: ConnectionFlags;
  readonly #socket: Socket;
  readonly #events: RpcConnectionEvents;
  readonly #scanner = new WireScanner();
  #streams: OutStream[] = [];
  #unread: Buffer[] = [];
  /** Parts handed to the socket that it has not written yet. */
  #writing = 0;
  #ending = false;
  #whenDrained: (() => void)[] = [];

  constructor(socket: Socket, deprecatedOk: boolean, events: RpcConnectionEvents) {
    this.flags = { notifications: false, deprecatedOk, batching: false };
    this.#socket = socket;
    this.#events = events;
    socket.on('data', (chunk: Buffer) => {
      this.#unread.push(chunk);
      this.#read();
    });
    socket.on('error', () => socket.destroy());
    socket.on('end', () => this.#endWhenDrained());
    socket.once('close', () => {
      this.#streams = [];
      this.#events.closed(this);
      this.#drained();
    });
  }

  /** A stream behind all that are open. */
  open(): OutStream {
    const stream = new OutStream(() => this.#service());
    this.#streams.push(stream);
    return stream;
  }

  /** Answers a message that is no request; the id of such an answer is null. */
  malformed(message: string): void {
    const stream = this.open();
    const error = { code: RPC_ERROR.invalidRequest, message };
    stream.write(`{"jsonrpc":"2.0","id":null,"error":${stringifyJson(error)}}\n\n`);
    stream.close();
  }

  /** Calls back once everything is written, or the connection is gone. */
  onDrained(callback: () => void): void {
    this.#whenDrained.push(callback);
    this.#service();
  }

  /** Writes the very last answer, if any, and closes. */
  end(last?: string): void {
    this.#ending = true;
    this.#socket.end(last ?? '');
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #read(): void {
    if (this.#streams.length > 0) {
      this.#socket.pause();
      return;
    }
    while (this.#unread.length > 0 && !this.#ending) {
      const chunk = this.#unread.shift();
      for (const found of chunk === undefined ? [] : this.#scanner.push(chunk)) {
        if (found.kind === 'broken') {
          this.malformed(found.reason);
          this.#unread = [];
          this.#endWhenDrained();
          return;
        }
        this.#events.message(this, found.message);
      }
      if (this.#streams.length > 0) {
        this.#socket.pause();
        return;
      }
    }
  }

  #service(): void {
    for (;;) {
      const head = this.#streams[0];
      if (head === undefined) {
        break;
      }
      for (const part of head.take()) {
        this.#writing += 1;
        this.#socket.write(part, () => {
          this.#writing -= 1;
          this.#service();
        });
      }
      if (!head.closed || this.#writing > 0) {
        return;
      }
      this.#streams.shift();
    }
    this.#drained();
    if (this.#socket.isPaused()) {
      this.#socket.resume();
    }
    if (this.#unread.length > 0) {
      this.#read();
    }
  }

  #drained(): void {
    const callbacks = this.#whenDrained;
    this.#whenDrained = [];
    for (const callback of callbacks) {
      callback();
    }
  }

  #endWhenDrained(): void {
    this.#ending = true;
    this.onDrained(() => this.#socket.end());
  }
}
