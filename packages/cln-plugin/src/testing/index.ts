export {
  type FakeCommand,
  FakeLightningd,
  type FakeLightningdSettings,
  type StartSettings,
} from './fake-lightningd.ts';
export { FakeRpcError } from './fake-rpc-error.ts';
export type { RpcRequest } from './fake-rpc-server.ts';
export { LinkedPlugin } from './linked-plugin.ts';
export { type LoggedLine, PluginLink, type SentNotification } from './plugin-link.ts';
export { type PluginProcess, runFile, runInProcess } from './plugin-process.ts';
export { until } from './until.ts';
