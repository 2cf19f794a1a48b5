import { createHash } from 'node:crypto';
import { listColumns } from './catalog.ts';
import type { RawValue, Session } from './session.ts';

/** What is known of a table's content: the same for the same rows on both databases. */
export interface TableDigest {
  readonly name: string;
  readonly rows: number;
  /**
   * 64 hexadecimal digits: the SHA-256 hashes of all rows, added modulo 2^256, so that no order of
   * rows is needed. It finds damage; it does not prove who wrote the rows.
   */
  readonly digest: string;
}

const MODULUS = 1n << 256n;

/** Collects the digest of one table row by row. */
export class DigestBuilder {
  readonly #head: Buffer;
  #rows = 0;
  #sum = 0n;

  constructor(columns: readonly string[]) {
    this.#head = Buffer.from(JSON.stringify(columns));
  }

  /** Adds a row, its values in the order of the columns. */
  add(row: readonly RawValue[]): void {
    const hash = createHash('sha256').update(this.#head);
    for (const value of row) {
      const [tag, bytes] = encode(value);
      hash.update(`${tag}${bytes.length}:`).update(bytes);
    }
    this.#sum = (this.#sum + BigInt(`0x${hash.digest('hex')}`)) % MODULUS;
    this.#rows += 1;
  }

  finish(name: string): TableDigest {
    return { name, rows: this.#rows, digest: this.#sum.toString(16).padStart(64, '0') };
  }
}

/** A value as bytes, and its type, without a way for two values to look the same. */
function encode(value: RawValue): readonly [string, Uint8Array] {
  if (value === null) {
    return ['n', Buffer.alloc(0)];
  }
  switch (typeof value) {
    case 'bigint':
      return ['i', Buffer.from(value.toString())];
    case 'number': {
      const real = Buffer.alloc(8);
      real.writeDoubleBE(value);
      return ['r', real];
    }
    case 'string':
      return ['t', Buffer.from(value)];
    default:
      return ['b', value];
  }
}

/** The digests of the named tables. */
export async function digestTables(
  session: Session,
  tables: readonly string[],
): Promise<readonly TableDigest[]> {
  const digests: TableDigest[] = [];
  for (const table of tables) {
    const columns = await listColumns(session, table);
    const builder = new DigestBuilder(columns);
    for await (const row of session.rawRows(table, columns)) {
      builder.add(row);
    }
    digests.push(builder.finish(table));
  }
  return digests;
}

/** The first table whose digests differ, or that only one side has; undefined when all agree. */
export function firstDifference(
  expected: readonly TableDigest[],
  found: readonly TableDigest[],
): string | undefined {
  const names = new Set([...expected, ...found].map((table) => table.name));
  return [...names].find((name) => {
    const a = expected.find((table) => table.name === name);
    const b = found.find((table) => table.name === name);
    return a?.rows !== b?.rows || a?.digest !== b?.digest;
  });
}
