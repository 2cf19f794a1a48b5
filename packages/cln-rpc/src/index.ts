export { connectRpc, type RpcClient, type RpcClientOptions } from './client.ts';
export { type Frame, type FrameErrorCode, JsonFramer } from './framer.ts';
export { RpcError, type RpcFault, type RpcFaultCode } from './rpc-error.ts';
export type { CallOptions, ProgressUpdate, RpcMethod } from './rpc-method.ts';
export { rpcPath } from './socket.ts';
