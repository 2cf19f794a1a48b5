import { CodedError, type JsonValue } from '@cl-hive/core';

/** Why a call failed, other than lightningd's own error answers ({@link RpcError}). */
export type RpcFaultCode =
  /** No connection could be made; nothing was sent. */
  | 'rpc_unreachable'
  /** The deadline passed. The outcome is unknown when the request had been sent. */
  | 'rpc_timeout'
  /** The caller's signal was aborted. lightningd is not told: it has no such message. */
  | 'rpc_cancelled'
  /** The connection or the client closed before the reply. The outcome is unknown. */
  | 'rpc_closed'
  /** The reply is not JSON-RPC, or its result has not the shape that the command promises. */
  | 'rpc_bad_reply'
  /** The reply is larger than the client's bound. */
  | 'rpc_too_large';

/** A fault of a call; `data` has `method`, and `sent`: whether lightningd may have acted on it. */
export type RpcFault = CodedError<RpcFaultCode>;

/** lightningd, or the plugin behind the method, answered with an error. */
export class RpcError extends CodedError<'rpc_error'> {
  /** JSON-RPC error code: -32601 unknown method, -32602 parameters, 2xx pay, and so on. */
  readonly rpcCode: number;
  /** The error's `data` member. */
  readonly rpcData: JsonValue | undefined;
  readonly method: string;
  /** lightningd's own words. */
  readonly rpcMessage: string;

  constructor(method: string, rpcCode: number, message: string, rpcData?: JsonValue) {
    super('rpc_error', `${method}: ${message} (${rpcCode})`, { data: { method, rpcCode } });
    this.name = 'RpcError';
    this.method = method;
    this.rpcCode = rpcCode;
    this.rpcData = rpcData;
    this.rpcMessage = message;
  }
}
