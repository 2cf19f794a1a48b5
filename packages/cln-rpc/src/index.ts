export { type CheckResult, checkCall } from './check-call.ts';
export { connectRpc, type RpcClient, type RpcClientOptions } from './client.ts';
export type { Open } from './decoding.ts';
export { type Frame, type FrameErrorCode, JsonFramer } from './framer.ts';
export * from './generated/index.gen.ts';
export { type ListByIndexOptions, listByIndex } from './list-by-index.ts';
export { RpcError, type RpcFault, type RpcFaultCode } from './rpc-error.ts';
export type { CallOptions, ProgressUpdate, RpcMethod } from './rpc-method.ts';
export { rpcPath } from './socket.ts';
