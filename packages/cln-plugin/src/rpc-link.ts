import type { AsyncLocalStorage } from 'node:async_hooks';
import { connectRpc, type RpcClient, rpcPath } from '@cl-hive/cln-rpc';
import type { Configuration } from './configuration.ts';

/**
 * The RPC client of a plugin. A call made while a request is served continues that request's id
 * (`<request>/<plugin>:<method>#<n>`), also across awaits, so that logs show who caused what.
 */
export function linkRpc(
  configuration: Configuration,
  caller: string,
  requests: AsyncLocalStorage<string>,
  timeoutMs: number | undefined,
): RpcClient {
  const client = connectRpc({
    path: rpcPath(configuration.lightningDir, configuration.rpcFile),
    caller,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
  const chain = (): { readonly id?: string } => {
    const id = requests.getStore();
    return id === undefined ? {} : { id };
  };
  return {
    call: (method, params, options) => client.call(method, params, { ...chain(), ...options }),
    raw: (method, params, options) => client.raw(method, params, { ...chain(), ...options }),
    close: () => client.close(),
  };
}
