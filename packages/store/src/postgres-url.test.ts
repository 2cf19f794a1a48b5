import { describe, expect, it } from 'vitest';
import { isPostgresUrl, parsePostgresUrl } from './postgres-url.ts';

describe('parsePostgresUrl', () => {
  it('keeps the password out of what people see, and options apart', () => {
    const { place, options, connectionString } = parsePostgresUrl(
      'postgres://me:s3cret@host:5433/db?options=-csearch_path%3Dhive&sslmode=disable',
    );
    expect(place).toBe('postgres://me@host:5433/db');
    expect(options).toBe('-csearch_path=hive');
    expect(connectionString).toBe('postgres://me:s3cret@host:5433/db?sslmode=disable');
  });

  it('refuses what is no URL without repeating it', () => {
    let caught: unknown;
    try {
      parsePostgresUrl('postgres://me:s3cret@host:port/db');
    } catch (error) {
      caught = error;
    }
    expect(caught).toMatchObject({ code: 'store_location' });
    expect(JSON.stringify([caught, String(caught), (caught as Error).cause])).not.toContain(
      's3cret',
    );
  });

  it('tells URLs from paths', () => {
    expect(isPostgresUrl('postgresql://x/y')).toBe(true);
    expect(isPostgresUrl('./postgres/db.sqlite3')).toBe(false);
  });
});
