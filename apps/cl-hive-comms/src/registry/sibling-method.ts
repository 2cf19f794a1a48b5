import { COMMANDS, type RpcClient, RpcError } from '@cl-hive/cln-rpc';
import { CodedError } from '@cl-hive/core';
import { METHOD_NAME_MAX, SIBLING_CALL_MS } from '../transports/limits.ts';

/** Why a method cannot be registered. */
export type SiblingMethodErrorCode = 'method_refused' | 'method_unknown';

/** lightningd: no such method, or the plugin died before it answered. */
const GONE_CODES: readonly number[] = [-32601, -4];

const OWN = /^hive-(?:comms|client)(?:-|$)/;

/** Whether a call failed because the plugin behind the method is not there. */
export function isGone(error: unknown): boolean {
  return error instanceof RpcError && GONE_CODES.includes(error.rpcCode);
}

/**
 * Refuses a method that what comes from outside must not reach: lightningd's own, those of its
 * built-in plugins, and this plugin's. Throws CodedError `method_refused`, or `method_unknown` when no
 * running plugin offers it.
 */
export async function assertSiblingMethod(rpc: RpcClient, method: string): Promise<void> {
  if (method.length > METHOD_NAME_MAX || !/^[a-z][a-z0-9_-]*$/.test(method)) {
    throw new CodedError<SiblingMethodErrorCode>('method_refused', 'the method is no method name', {
      remedy: 'name a method of the plugin that registers',
    });
  }
  if (Object.hasOwn(COMMANDS, method) || OWN.test(method)) {
    throw new CodedError<SiblingMethodErrorCode>(
      'method_refused',
      `${method} is a command of the node itself: what peers send must not reach it`,
      { remedy: 'name a method of the plugin that registers' },
    );
  }
  try {
    await rpc.raw('help', { command: method }, { timeoutMs: SIBLING_CALL_MS });
  } catch (error) {
    if (error instanceof RpcError) {
      throw new CodedError<SiblingMethodErrorCode>(
        'method_unknown',
        `no running plugin offers ${method}`,
        { remedy: 'start the plugin first; it registers by itself', cause: error },
      );
    }
    throw error;
  }
}
