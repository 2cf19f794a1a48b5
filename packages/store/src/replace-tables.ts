import { inTransaction, type OpenContext } from './backend.ts';
import { listTables } from './catalog.ts';
import { digestTables } from './digest.ts';
import { storeError } from './errors.ts';
import { connectWriter } from './postgres-backend.ts';
import { fillPostgres } from './postgres-fill.ts';
import { isSameMark, type ReplaceOptions, restoredMissing } from './replace-options.ts';
import { checkApplied, readState, type SchemaState } from './schema-state.ts';
import { quoteName, type Session } from './session.ts';
import { withReadOnlyFile } from './sqlite-backend.ts';

/**
 * Puts the tables of a restored SQLite file in the place of those in a schema of PostgreSQL, which move to a
 * schema of their own: all in one transaction, so that a crash leaves the one or the other. Gives the name
 * of that schema. Throws `store_missing`, `store_foreign`, `store_locked`, `store_newer`,
 * `store_backup_invalid`, `store_denied`.
 */
export async function replaceTables(
  options: ReplaceOptions & { readonly step: (name: string) => void },
): Promise<string> {
  const { from, mark, to, owner, aside, step } = options;
  const context: OpenContext = { ...options, markerFile: options.markerFile };
  const schema = `${owner}${aside}`.replaceAll(/[^a-z0-9]+/g, '_');
  const writer = await connectWriter(to, context);
  try {
    const { session, place } = writer;
    const present = await readState(session, owner, place);
    if (present.kind === 'ours' && isSameMark(present.mark, mark)) {
      return schema;
    }
    const ready = await readReady(options, context);
    await inTransaction(writer, async () => {
      step('aside');
      await moveAside(session, schema, place);
      step('copy');
      await fillPostgres(session, context, { from, ...ready }, place);
      step('publish');
    });
    return schema;
  } finally {
    await writer.end();
  }
}

/** Version and rows of what was prepared. */
async function readReady({ from, mark, owner }: ReplaceOptions, context: OpenContext) {
  return withReadOnlyFile(from, async (session) => {
    const state: SchemaState = await readState(session, owner, from);
    if (state.kind === 'empty' || !isSameMark(state.mark, mark)) {
      throw restoredMissing(from);
    }
    checkApplied(state.applied, context.migrations, owner, from);
    const tables = await digestTables(session, await listTables(session));
    return { version: state.applied.length, tables };
  }).catch((error: unknown) => {
    throw isGone(error) ? restoredMissing(from) : error;
  });
}

function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'store_denied';
}

async function moveAside(session: Session, schema: string, place: string): Promise<void> {
  const tables = await listTables(session);
  try {
    await session.query(`create schema ${quoteName(schema)}`);
  } catch (cause) {
    throw storeError(
      'store_denied',
      `the tables in ${place} cannot be kept beside: no schema ${schema} can be made there`,
      'grant this user CREATE on the database, then start the plugin again',
      { cause, data: { place, schema } },
    );
  }
  for (const table of tables) {
    await session.query(`alter table ${quoteName(table)} set schema ${quoteName(schema)}`);
  }
}
