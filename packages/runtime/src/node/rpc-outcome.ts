import { RpcError } from '@cl-hive/cln-rpc';
import { describeError, isCodedError } from '@cl-hive/core';

/** JSON-RPC's codes of a request that was refused before it began. */
const REFUSED: ReadonlySet<number> = new Set([-32_600, -32_601, -32_602]);

/** lightningd's codes of a plugin that failed or died, and of its own shutdown: the command may go on. */
const INTERRUPTED: ReadonlySet<number> = new Set([-3, -4, -5]);

/**
 * What an error says of a command's effect: `never` begun, `ended` with an error (an effect may be
 * there all the same), or `open`: it may still be under way.
 */
export function certaintyOf(error: unknown): 'never' | 'ended' | 'open' {
  if (error instanceof RpcError) {
    if (REFUSED.has(error.rpcCode)) {
      return 'never';
    }
    return INTERRUPTED.has(error.rpcCode) ? 'open' : 'ended';
  }
  return isCodedError(error) && error.data['sent'] === false ? 'never' : 'open';
}

/** Whether lightningd does not know the command. */
export function isUnknownCommand(error: unknown): error is RpcError {
  return error instanceof RpcError && error.rpcCode === -32_601;
}

/** An error in lightningd's own words, for a receipt. */
export function explain(error: unknown): string {
  return error instanceof RpcError
    ? `${error.method}: ${error.rpcMessage} (${error.rpcCode})`
    : describeError(error);
}
