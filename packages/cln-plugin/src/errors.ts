import { CodedError, type JsonValue } from '@cl-hive/core';

/** Invalid parameters, as lightningd answers them. */
export const INVALID_PARAMS = -32602;
/** No such method. */
export const UNKNOWN_METHOD = -32601;
/** Not a request. */
export const INVALID_REQUEST = -32600;
/** The message is not valid JSON. */
export const PARSE_ERROR = -32700;
/** A handler failed in a way its author did not name; the log has the details. */
export const INTERNAL_ERROR = 4500;
/** The request came before `init`, so that the plugin has no options and no RPC yet. */
export const NOT_READY = 4501;
/** The plugin is stopping. */
export const STOPPING = 4502;
/** A {@link CodedError} was thrown: `data.code` names it. */
export const CODED_ERROR = 4503;

/**
 * The error that an RPC caller gets, whole. `rpcCode` is an integer of the plugin's own choosing
 * (keep away from lightningd's: -32xxx, -1 to -5, 200 to 2000); a code that is no safe integer
 * becomes {@link INTERNAL_ERROR}.
 */
export class MethodError extends CodedError<'method_error'> {
  readonly rpcCode: number;
  readonly rpcData: JsonValue | undefined;

  constructor(code: number, message: string, data?: JsonValue) {
    super('method_error', message);
    this.name = 'MethodError';
    this.rpcCode = Number.isSafeInteger(code) ? code : INTERNAL_ERROR;
    this.rpcData = data;
  }
}

/** What is wrong with a plugin's declaration: lightningd would refuse it, or die of it. */
export type DefinitionCode =
  | 'definition_name'
  | 'definition_option'
  | 'definition_method'
  | 'definition_param'
  | 'definition_hook'
  | 'definition_subscription'
  | 'definition_notification'
  | 'definition_features';

/** Throws the CodedError of a bad declaration. */
export function refuse(code: DefinitionCode, message: string, remedy: string): never {
  throw new CodedError(code, message, { remedy });
}
