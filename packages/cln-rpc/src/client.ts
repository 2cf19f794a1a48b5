import {
  CodedError,
  DecodeError,
  type JsonObject,
  type JsonValue,
  stringifyJson,
} from '@cl-hive/core';
import { Connection } from './connection.ts';
import { CALL_TIMEOUT_MS, CONNECTIONS_MAX, MESSAGE_BYTES_MAX } from './limits.ts';
import { PendingCall } from './pending-call.ts';
import type { RpcFaultCode } from './rpc-error.ts';
import type { CallOptions, RpcMethod } from './rpc-method.ts';
import { openSocket } from './socket.ts';

/** Settings of a client. */
export interface RpcClientOptions {
  /** The socket, see `rpcPath`. */
  readonly path: string;
  /** Who calls, in the ids: `${caller}:${method}#${n}`. */
  readonly caller?: string;
  /** Deadline of a call in milliseconds where the call gives none; Infinity for none. */
  readonly timeoutMs?: number;
  /** Connections for ordinary calls, from 1; those with `onProgress` have their own. */
  readonly maxConnections?: number;
  /** Largest reply in bytes. */
  readonly maxReplyBytes?: number;
}

/**
 * Calls lightningd. A request is never sent twice. Rejects with RpcError where lightningd answered
 * an error, else with CodedError {@link RpcFaultCode}, whose `data.sent` says whether lightningd
 * may have acted.
 */
export interface RpcClient {
  /** Calls a command with its types. */
  call<P, R>(method: RpcMethod<P, R>, params: P, options?: CallOptions): Promise<R>;
  /** Calls any method; the result is not checked. */
  raw(
    method: string,
    params?: JsonObject | readonly JsonValue[],
    options?: CallOptions,
  ): Promise<JsonValue>;
  /** Rejects what is under way with `rpc_closed` and closes every connection. */
  close(): Promise<void>;
}

/** A client of the socket at `path`. It connects on the first call. */
export function connectRpc(options: RpcClientOptions): RpcClient {
  return new SocketClient(options);
}

class SocketClient implements RpcClient {
  readonly #path: string;
  readonly #caller: string;
  readonly #timeoutMs: number;
  readonly #maxConnections: number;
  readonly #maxReplyBytes: number;
  /** Connections for ordinary calls. */
  readonly #pool = new Set<Connection>();
  /** Connections of one call with progress each. */
  readonly #own = new Set<Connection>();
  #count = 0;
  #closed = false;

  constructor(options: RpcClientOptions) {
    this.#path = options.path;
    this.#caller = options.caller ?? 'cln-rpc';
    this.#timeoutMs = options.timeoutMs ?? CALL_TIMEOUT_MS;
    this.#maxConnections = Math.max(1, options.maxConnections ?? CONNECTIONS_MAX);
    this.#maxReplyBytes = options.maxReplyBytes ?? MESSAGE_BYTES_MAX;
  }

  async call<P, R>(method: RpcMethod<P, R>, params: P, options?: CallOptions): Promise<R> {
    const result = await this.raw(method.name, method.encode(params), options);
    try {
      return method.decode(result);
    } catch (cause) {
      if (!(cause instanceof DecodeError)) {
        throw cause;
      }
      const at = cause.path === '' ? 'result' : `result.${cause.path}`;
      throw new CodedError<RpcFaultCode>(
        'rpc_bad_reply',
        `${method.name} answered what it should not: ${at}: expected ${cause.expected}, found ${String(cause.data['found'])}`,
        { data: { method: method.name, sent: true, path: at }, cause },
      );
    }
  }

  raw(
    method: string,
    params: JsonObject | readonly JsonValue[] = {},
    options: CallOptions = {},
  ): Promise<JsonValue> {
    return new Promise((resolve, reject) => {
      const call = this.#newCall(method, params, options, { resolve, reject });
      if (this.#closed) {
        call.fault('rpc_closed', `${method}: the client is closed`);
      } else if (call.settled) {
        // Its signal was aborted before it began.
      } else if (options.onProgress !== undefined) {
        this.#callAlone(call, options);
      } else {
        this.#choose().carry(call);
      }
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    const fault = new CodedError<RpcFaultCode>('rpc_closed', 'the client was closed');
    const connections = [...this.#pool, ...this.#own];
    await Promise.all(connections.map((connection) => connection.end(fault)));
  }

  #newCall(
    method: string,
    params: JsonObject | readonly JsonValue[],
    options: CallOptions,
    outcome: { resolve: (value: JsonValue) => void; reject: (error: Error) => void },
  ): PendingCall {
    this.#count += 1;
    const own = `${this.#caller}:${method}#${this.#count}`;
    const id = options.id === undefined ? own : `${options.id}/${own}`;
    const text = stringifyJson({ jsonrpc: '2.0', id, method, params, filter: options.filter });
    const timeoutMs = options.timeoutMs ?? this.#timeoutMs;
    return new PendingCall({ id, method, text: `${text}\n\n` }, { ...options, timeoutMs }, outcome);
  }

  /** An idle connection, else a new one while there may be more, else the least loaded. */
  #choose(): Connection {
    let best: Connection | undefined;
    for (const connection of this.#pool) {
      if (best === undefined || connection.load < best.load) {
        best = connection;
      }
    }
    if (best === undefined || (best.load > 0 && this.#pool.size < this.#maxConnections)) {
      best = this.#connect(this.#pool);
    }
    return best;
  }

  #connect(set: Set<Connection>): Connection {
    const connection = new Connection(openSocket(this.#path), this.#maxReplyBytes, {
      ended: (ended, unsent, fault) => {
        set.delete(ended);
        this.#resend(unsent, fault);
      },
    });
    set.add(connection);
    return connection;
  }

  /**
   * Calls that never left go to a connection that is open: while lightningd shuts down it refuses
   * new connections but serves the old ones.
   */
  #resend(unsent: readonly PendingCall[], fault: CodedError): void {
    const open = this.#closed ? [] : [...this.#pool].filter((connection) => connection.open);
    for (const call of unsent) {
      const [target] = open.sort((a, b) => a.load - b.load);
      if (target === undefined) {
        call.fail(
          new CodedError(fault.code, `${call.method}: ${fault.message}`, {
            data: { ...fault.data, method: call.method, sent: false },
            cause: fault,
            ...(fault.remedy === undefined ? {} : { remedy: fault.remedy }),
          }),
        );
      } else {
        target.carry(call);
      }
    }
  }

  /** Notifications are per connection and hold up later replies, hence one for this call alone. */
  #callAlone(call: PendingCall, options: CallOptions): void {
    const connection = this.#connect(this.#own);
    const over = new CodedError<RpcFaultCode>('rpc_closed', 'the call is over');
    const { onProgress: _, ...rest } = options;
    const enabling = this.#newCall('notifications', { enable: true }, rest, {
      resolve: () => {
        connection.carry(call);
        const settled = call.onSettled;
        call.onSettled = (ended) => {
          settled?.(ended);
          void connection.end(over);
        };
      },
      reject: (error) => {
        call.fail(error as CodedError);
        void connection.end(over);
      },
    });
    call.onSettled = () => enabling.fail(over);
    connection.carry(enabling);
  }
}
