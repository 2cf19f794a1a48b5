import { describe, expect, it } from 'vitest';
import { translatePostgresError } from './postgres-errors.ts';
import { translateSqliteError } from './sqlite-errors.ts';

const coded = (code: string, message = 'm') => Object.assign(new Error(message), { code });

describe('faults as codes', () => {
  it.each([
    ['SQLITE_FULL', 'store_full'],
    ['SQLITE_IOERR_FSYNC', 'store_io'],
    ['SQLITE_IOERR_SHMSIZE', 'store_full'],
    ['SQLITE_CORRUPT_VTAB', 'store_corrupt'],
    ['SQLITE_NOTADB', 'store_not_a_database'],
    ['SQLITE_BUSY_SNAPSHOT', 'store_busy'],
    ['SQLITE_READONLY_DBMOVED', 'store_denied'],
    ['SQLITE_CANTOPEN_ISDIR', 'store_denied'],
    ['SQLITE_ERROR', 'store_query'],
  ])('SQLite %s is %s', (result, code) => {
    expect(translateSqliteError(coded(result), '/db')).toMatchObject({
      code,
      message: expect.stringContaining('/db'),
      remedy: expect.any(String),
    });
  });

  it.each([
    ['53100', 'store_full'],
    ['40001', 'store_conflict'],
    ['40P01', 'store_conflict'],
    ['57P01', 'store_unreachable'],
    ['ECONNREFUSED', 'store_unreachable'],
    ['28P01', 'store_denied'],
    ['42501', 'store_denied'],
    ['25006', 'store_denied'],
    ['3D000', 'store_location'],
    ['57014', 'store_timeout'],
    ['22021', 'store_value'],
    ['58030', 'store_io'],
    ['XX001', 'store_corrupt'],
    ['42601', 'store_query'],
  ])('PostgreSQL %s is %s', (result, code) => {
    expect(translatePostgresError(coded(result), 'postgres://h/db')).toMatchObject({
      code,
      message: expect.stringContaining('postgres://h/db'),
      remedy: expect.any(String),
    });
  });

  it('reads a broken connection from the driver’s text', () => {
    const error = new Error('Connection terminated unexpectedly');
    expect(translatePostgresError(error, 'p')).toMatchObject({ code: 'store_unreachable' });
  });
});
