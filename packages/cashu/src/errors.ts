import { CodedError } from '@cl-hive/core';

/** Why the wallet refused, or could not go on. */
export type CashuErrorCode =
  | 'mint_url'
  | 'mint_unlisted'
  | 'mint_listed'
  | 'mint_holds'
  | 'mint_unfit'
  | 'mint_refused'
  | 'mint_silent'
  | 'mint_lies'
  | 'mint_quarantined'
  | 'keyset_unusable'
  | 'amount'
  | 'balance'
  | 'fee'
  | 'token_malformed'
  | 'token_unusable'
  | 'lock_unsupported'
  | 'lock_outlives_keyset'
  | 'lock_malformed'
  | 'lock_closed'
  | 'invoice_unfit'
  | 'operation_known'
  | 'operation_unknown'
  | 'operation_state';

/** An error of the wallet, with what would change it. */
export function cashuError(
  code: CashuErrorCode,
  message: string,
  remedy: string,
  more: { readonly data?: Readonly<Record<string, unknown>>; readonly cause?: unknown } = {},
): CodedError<CashuErrorCode> {
  return new CodedError<CashuErrorCode>(code, message, { remedy, ...more });
}
