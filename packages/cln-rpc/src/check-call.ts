import type { JsonObject } from '@cl-hive/core';
import type { RpcClient } from './client.ts';
import { RpcError } from './rpc-error.ts';
import type { CallOptions, RpcMethod } from './rpc-method.ts';

/** Whether lightningd would accept a call; `error` says why not. */
export type CheckResult = { readonly ok: true } | { readonly ok: false; readonly error: RpcError };

/**
 * Asks lightningd (`check`) whether it would accept a call, without making it. Methods of plugins
 * that do not declare `cancheck` always pass. Rejects where the question could not be put.
 */
export async function checkCall<P>(
  client: RpcClient,
  method: RpcMethod<P, unknown>,
  params: P,
  options: CallOptions = {},
): Promise<CheckResult> {
  const asked: JsonObject = { ...method.encode(params), command_to_check: method.name };
  try {
    await client.raw('check', asked, options);
    return { ok: true };
  } catch (error) {
    if (error instanceof RpcError) {
      return { ok: false, error };
    }
    throw error;
  }
}
