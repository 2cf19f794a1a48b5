import { chmodSync, existsSync, mkdtempSync, rmSync, symlinkSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { CodedError } from '@cl-hive/core';
import { SOCKET_PATH_MAX } from '../limits.ts';
import { RpcConnection, type RpcConnectionEvents } from './rpc-connection.ts';

/** Why the RPC socket could not be opened. */
export type RpcListenerError = 'rpc_socket_in_use' | 'rpc_socket';

/** The unix socket that clients connect to. */
export class RpcListener {
  readonly #path: string;
  readonly #server: Server;
  readonly #connections = new Set<RpcConnection>();
  #listening = false;

  constructor(path: string, deprecatedOk: boolean, events: RpcConnectionEvents) {
    this.#path = path;
    this.#server = createServer({ allowHalfOpen: true }, (socket) => {
      const connection = new RpcConnection(socket, deprecatedOk, {
        message: events.message,
        closed: (closed) => {
          this.#connections.delete(closed);
          events.closed(closed);
        },
      });
      this.#connections.add(connection);
    });
  }

  /** Throws CodedError `rpc_socket_in_use` when another node answers at this path. */
  async refuseLiving(): Promise<void> {
    const short = shortWay(this.#path);
    try {
      await refuseLiving(short.path, this.#path);
    } finally {
      short.remove();
    }
  }

  /** Listens, in the place of a socket that a dead node left. */
  async listen(): Promise<void> {
    const short = shortWay(this.#path);
    try {
      if (existsSync(this.#path)) {
        unlinkSync(this.#path);
      }
      await bind(this.#server, short.path);
      this.#listening = true;
      chmodSync(this.#path, 0o600);
    } finally {
      short.remove();
    }
  }

  /** New connections are refused; those that stand go on. */
  stopListening(): void {
    if (this.#listening) {
      this.#listening = false;
      this.#server.close();
      rmSync(this.#path, { force: true });
    }
  }

  /** Closes all connections; `last` is written to one of them before. */
  closeAll(last?: { readonly connection: RpcConnection; readonly text: string }): void {
    for (const connection of this.#connections) {
      if (connection === last?.connection) {
        connection.end(last.text);
      } else {
        connection.destroy();
      }
    }
  }
}

/** A path of at most 107 bytes to the same socket: through a short link when the real one is longer. */
function shortWay(path: string): { readonly path: string; readonly remove: () => void } {
  if (Buffer.byteLength(path) <= SOCKET_PATH_MAX) {
    return { path, remove: () => {} };
  }
  const folder = mkdtempSync(join(tmpdir(), 'lab-'));
  symlinkSync(dirname(path), join(folder, 'd'));
  return {
    path: join(folder, 'd', basename(path)),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

async function refuseLiving(path: string, shown: string): Promise<void> {
  const lives = await new Promise<boolean>((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
  if (lives) {
    throw new CodedError<RpcListenerError>('rpc_socket_in_use', `rpc filename '${shown}' in use`, {
      remedy: 'stop the node that runs in this folder',
    });
  }
}

async function bind(server: Server, path: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      reject(
        new CodedError<RpcListenerError>('rpc_socket', `Binding rpc socket to '${path}'`, {
          cause,
        }),
      );
    });
    // Bound within this call, so that the mask holds for the socket alone.
    const mask = isMainThread ? process.umask(0o177) : undefined;
    server.listen(path, resolve);
    if (mask !== undefined) {
      process.umask(mask);
    }
  });
}
