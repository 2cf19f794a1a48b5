import type { Clock, UnixMs } from '@cl-hive/core';
import type { Generated } from 'kysely';
import type { Migration, MsatText, StoreOptions } from '../../src/index.ts';

/** The tables of the tests. */
export interface Schema {
  hive_peers: { id: string; alias: string | null; seen: number };
  hive_payments: {
    id: Generated<number>;
    peer: string;
    amount_msat: MsatText;
    ratio: number | null;
    proof: Uint8Array | null;
  };
}

export const FIRST: Migration = {
  id: 1,
  name: 'peers',
  sql: (ddl) => [
    ddl.table(
      'hive_peers',
      `id ${ddl.text} primary key`,
      `alias ${ddl.text}`,
      `seen ${ddl.integer} not null`,
    ),
  ],
};

export const SECOND: Migration = {
  id: 2,
  name: 'payments',
  sql: (ddl) => [
    ddl.table(
      'hive_payments',
      `id ${ddl.serialKey}`,
      `peer ${ddl.text} not null references hive_peers (id)`,
      `${ddl.msat('amount_msat')} not null`,
      `ratio ${ddl.real}`,
      `proof ${ddl.blob}`,
    ),
    'create index hive_payments_by_peer on hive_payments (peer)',
    "insert into hive_peers (id, alias, seen) values ('seed', null, 0)",
  ],
};

export const MIGRATIONS = [FIRST, SECOND];

export const systemClock: Clock = {
  now: () => Date.now() as UnixMs,
  monotonic: () => performance.now(),
  after: (delayMs, task) => {
    const timer = setTimeout(task, delayMs);
    return () => {
      clearTimeout(timer);
    };
  },
};

/** Options for a store of the tests; `logged` collects what it says. */
export function options(
  location: string,
  changes: Partial<StoreOptions> = {},
  logged: string[] = [],
): StoreOptions {
  return {
    location,
    owner: 'cl-hive',
    migrations: MIGRATIONS,
    clock: systemClock,
    log: (level, message) => logged.push(`${level} ${message}`),
    ...changes,
  };
}

/** The error that a promise ends with. Fails when it ends without. */
export async function failure(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('expected a failure');
}
