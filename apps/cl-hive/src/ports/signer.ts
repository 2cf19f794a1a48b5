import { type RpcClient, signmessage } from '@cl-hive/cln-rpc';
import { CALL_MS } from '../limits.ts';
import type { SignerPort } from './ports.ts';

/** Signs the hive's texts with the node's key, which lightningd alone has (docs/adr/0009). */
export function lightningSigner(rpc: Pick<RpcClient, 'call'>): SignerPort {
  return {
    sign: async (text) =>
      (await rpc.call(signmessage, { message: text }, { timeoutMs: CALL_MS })).zbase,
  };
}
