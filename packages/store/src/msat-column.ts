import { type Brand, type Msat, msat } from '@cl-hive/core';
import { type Expression, type RawBuilder, sql } from 'kysely';
import { storeError } from './errors.ts';

/**
 * An amount as stored, on both databases: 20 decimal digits with leading zeros, so that the order of
 * texts is the order of amounts, 2^64 - 1 fits, and no driver can turn it into a double.
 */
export type MsatText = Brand<string, 'MsatText'>;

/** A sum of amounts as the database gives it, see {@link sumMsat}; null over no rows. */
export type MsatSumText = Brand<string, 'MsatSumText'> | null;

const DIGITS = 20;
const HALF = 10;
const TEXT = /^\d{20}$/;
const SUM = /^(\d{1,19}):(\d{1,19})$/;

/** The stored form of `amount`, for inserting and comparing. */
export function encodeMsat(amount: Msat): MsatText {
  return msat(amount).toString().padStart(DIGITS, '0') as MsatText;
}

/** The amount that was stored. Throws `store_value` on a text that {@link encodeMsat} does not write. */
export function decodeMsat(text: MsatText): Msat {
  if (typeof text === 'string' && TEXT.test(text)) {
    try {
      return msat(BigInt(text));
    } catch {
      // Above 2^64 - 1: refused below like any other text.
    }
  }
  throw notAnAmount(text);
}

/**
 * The exact sum of a column of amounts, for a select list: `sumMsat(eb.ref('amount_msat')).as('total')`.
 * SQL's own `sum` would give a double. Exact for fewer than 900,000,000 rows; the database fails beyond.
 */
export function sumMsat(column: Expression<MsatText | null>): RawBuilder<MsatSumText> {
  const half = (start: number) =>
    sql`cast(sum(cast(substr(${column}, ${sql.lit(start)}, ${sql.lit(HALF)}) as bigint)) as text)`;
  return sql<MsatSumText>`(${half(1)} || ':' || ${half(1 + HALF)})`;
}

/** The sum in msat that {@link sumMsat} gave; may exceed 2^64 - 1. Throws `store_value` on other texts. */
export function decodeMsatSum(text: MsatSumText): bigint {
  if (text === null) {
    return 0n;
  }
  const match = SUM.exec(text);
  if (match === null) {
    throw notAnAmount(text);
  }
  return BigInt(match[1] ?? '') * 10n ** BigInt(HALF) + BigInt(match[2] ?? '');
}

function notAnAmount(found: unknown): Error {
  return storeError(
    'store_value',
    'a column of amounts holds a text that is no amount in msat',
    'restore a backup; something else has written to the database',
    { data: { found } },
  );
}
