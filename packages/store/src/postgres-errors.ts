import { CodedError, describeError } from '@cl-hive/core';
import { type StoreErrorCode, storeError } from './errors.ts';
import { errnoOf } from './files.ts';

type Meaning = readonly [pattern: RegExp, code: StoreErrorCode, what: string, remedy: string];

const UNREACHABLE: Meaning = [
  /^(?:08|57P0[1-5]|ECONN|ENOTFOUND|EAI_|ETIMEDOUT|EPIPE|EHOST|ENET|ENOENT)/,
  'store_unreachable',
  'cannot be reached',
  'see that the server runs and that host and port are right; the plugin connects again by itself',
];

/** By SQLSTATE (PostgreSQL, appendix A) or errno. */
const MEANINGS: readonly Meaning[] = [
  UNREACHABLE,
  [
    /^(?:28|42501|3F000)/,
    'store_denied',
    'refuses this user',
    'check user, password and pg_hba.conf, and grant the user the right to create tables in the schema',
  ],
  [
    /^3D000/,
    'store_location',
    'does not exist',
    'create it (createdb --owner=USER NAME) or correct the URL',
  ],
  [
    /^25006/,
    'store_denied',
    'is read-only here',
    'connect to the primary server; write with transact',
  ],
  [
    /^40(?:001|P01)/,
    'store_conflict',
    'was written by somebody else at the same time',
    'try again',
  ],
  [/^53100/, 'store_full', 'cannot grow: the disk is full', 'free space on the server’s disk'],
  [/^53/, 'store_busy', 'has no resources left', 'try again; raise max_connections or memory'],
  [/^55P03/, 'store_busy', 'is locked by another session', 'end the other session and try again'],
  [/^57014|^25P0[34]/, 'store_timeout', 'took too long', 'try again; look for locks on the server'],
  [/^58/, 'store_io', 'cannot be read or written', 'look into the server’s log'],
  [
    /^XX00[12]/,
    'store_corrupt',
    'is damaged',
    'look into the server’s log; restore the newest backup',
  ],
  [/^22/, 'store_value', 'cannot store a value', 'this is a fault of the program: report it'],
];

const KINDS: Readonly<Record<string, string>> = {
  '23505': 'unique',
  '23503': 'foreign_key',
  '23502': 'not_null',
  '23514': 'check',
};

/** What the driver threw, as StoreError; coded errors pass unchanged. */
export function translatePostgresError(cause: unknown, place: string): Error {
  if (cause instanceof CodedError) {
    return cause;
  }
  const state = errnoOf(cause) ?? '';
  const text = describeError(cause);
  const data = { place, result: state };
  const meaning = isBroken(text) ? UNREACHABLE : MEANINGS.find(([pattern]) => pattern.test(state));
  if (meaning !== undefined) {
    const [, code, what, remedy] = meaning;
    return storeError(code, `the database ${place} ${what}: ${text}`, remedy, { cause, data });
  }
  if (state.startsWith('23')) {
    return storeError(
      'store_constraint',
      `the database refused a row: ${text}`,
      'the transaction was undone; a row that may be there already is inserted with onConflict',
      { cause, data: { ...data, kind: KINDS[state] ?? 'other' } },
    );
  }
  return storeError(
    'store_query',
    `the database ${place} refused a statement: ${text}`,
    'this is a fault of the program: report it',
    { cause, data },
  );
}

/** The driver's own errors about a connection carry no code. */
function isBroken(text: string): boolean {
  return /Connection terminated|not queryable|timeout expired|timeout exceeded when trying to connect/.test(
    text,
  );
}
