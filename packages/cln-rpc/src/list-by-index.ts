import type { RpcClient } from './client.ts';
import { PAGE_ROWS } from './limits.ts';
import type { CallOptions, RpcMethod } from './rpc-method.ts';

/** Parameters by which lightningd's list commands give a part of their rows. */
interface PageParams {
  readonly index?: 'created' | 'updated';
  readonly start?: bigint;
  readonly limit?: number;
}

/** Which rows to list. */
export interface ListByIndexOptions<P, R, Row> {
  readonly method: RpcMethod<P, R>;
  /** The rows of an answer: `(answer) => answer.invoices`. */
  readonly rows: (answer: R) => readonly Row[];
  /** The other parameters. */
  readonly params?: Omit<P, keyof PageParams>;
  /** Which index to follow; `updated` gives a row again when it has changed since. */
  readonly index?: 'created' | 'updated';
  /** First index wanted, from 1. */
  readonly start?: bigint;
  /** Rows per call. */
  readonly pageRows?: number;
  readonly call?: CallOptions;
}

/**
 * All rows of a list command in the order of an index, fetched page by page, so that neither side
 * ever holds all of them. Ends with the first empty page, since commands may give fewer rows than
 * asked (listpays gathers parts: prefer listsendpays). Rows made during the listing are included;
 * without `updated_index` a row counts as updated when it was created.
 */
export async function* listByIndex<
  P extends PageParams,
  R,
  Row extends { readonly created_index?: bigint; readonly updated_index?: bigint },
>(client: RpcClient, options: ListByIndexOptions<P, R, Row>): AsyncGenerator<Row, void, undefined> {
  const index = options.index ?? 'created';
  const limit = options.pageRows ?? PAGE_ROWS;
  let start = options.start ?? 1n;
  for (;;) {
    const params = { ...options.params, index, start, limit } as unknown as P;
    const rows = options.rows(await client.call(options.method, params, options.call));
    let last = start - 1n;
    for (const row of rows) {
      const at = (index === 'updated' ? row.updated_index : undefined) ?? row.created_index;
      last = at !== undefined && at > last ? at : last;
      yield row;
    }
    // Rows without an index that leads on would be fetched for ever.
    if (last < start) {
      return;
    }
    start = last + 1n;
  }
}
