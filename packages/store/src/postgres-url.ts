import { storeError } from './errors.ts';

/** A `postgres://` URL taken apart. */
export interface PostgresLocation {
  /** For the driver: without `options`. */
  readonly connectionString: string;
  /** Command-line options for the server that the URL carries. */
  readonly options: string;
  /** For people and logs: without password and parameters. */
  readonly place: string;
}

/** Whether a location means PostgreSQL; everything else is a path. */
export function isPostgresUrl(location: string): boolean {
  return /^postgres(?:ql)?:\/\//i.test(location);
}

/** Reads a URL as libpq and Core Lightning's `wallet` option do. Throws `store_location`. */
export function parsePostgresUrl(location: string): PostgresLocation {
  let url: URL;
  try {
    url = new URL(location);
  } catch (cause) {
    // The URL stays out of message and cause: it may hold a password.
    throw storeError(
      'store_location',
      'the location starts as a postgres:// URL but is none',
      'write postgres://USER:PASSWORD@HOST:PORT/DATABASE, with %-escapes for special characters',
      { data: { reason: cause instanceof Error ? cause.name : undefined } },
    );
  }
  const options = url.searchParams.get('options') ?? '';
  const user = url.username === '' ? '' : `${url.username}@`;
  const place = `postgres://${user}${url.host}${url.pathname}`;
  url.searchParams.delete('options');
  return { connectionString: url.href, options, place };
}
