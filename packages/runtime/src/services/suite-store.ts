import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { PluginContext } from '@cl-hive/cln-plugin';
import { getinfo } from '@cl-hive/cln-rpc';
import { CodedError, type JsonObject, type NodeId } from '@cl-hive/core';
import { type Migration, openStore, type Store, type StoreLog } from '@cl-hive/store';
import type { PluginName } from '../plugins.ts';
import { rememberGeneration } from './generation-record.ts';
import { takePendingRestore } from './pending-restore.ts';
import { SnapshotDesk } from './snapshot-desk.ts';

/** Why a database is not used, beyond the store's own reasons. */
export type SuiteStoreErrorCode = 'database_of_other_node';

/** A table of `key` and `value` texts, which every plugin of the suite has in its first migration. */
export interface MetaTable {
  readonly key: string;
  readonly value: string;
}

/** Which database to open. */
export interface SuiteStoreSettings {
  readonly owner: PluginName;
  readonly migrations: readonly Migration[];
  /** The option's value; undefined for the default place. */
  readonly location: string | undefined;
  /** Name of the file in the default place. */
  readonly file: string;
  /** The plugin's {@link MetaTable}. */
  readonly metaTable: string;
}

/** An open database that belongs to this node. */
export interface SuiteStore<DB> {
  readonly store: Store<DB>;
  readonly nodeId: NodeId;
}

/**
 * Opens a plugin's database and makes sure that it was made for this node: a copied database would
 * carry another node's nonces, receipts and votes. Throws StoreErrors, `database_of_other_node`, and
 * what `getinfo` throws.
 */
export async function openSuiteStore<DB>(
  context: PluginContext,
  settings: SuiteStoreSettings,
): Promise<SuiteStore<DB>> {
  const { owner, migrations, metaTable } = settings;
  const { lightningDir } = context.configuration;
  const location = settings.location ?? path.join(lightningDir, owner, settings.file);
  const { id } = await context.rpc.call(getinfo, {});
  const place = await placeOf(location, path.join(lightningDir, owner), settings.file);
  const opened = {
    owner,
    migrations,
    clock: context.clock,
    log: (level: Parameters<StoreLog>[0], message: string) => context.log(level, message),
    ...place,
  };
  await takePendingRestore({ lightningDir, node: id, ...opened });
  const store = await openStore<DB>(opened);
  try {
    await bindToNode(store as unknown as Store<Record<string, MetaTable>>, metaTable, id);
    await rememberGeneration(context.rpc, owner, (await store.info()).generation);
    return { store, nodeId: id };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Where the database is, and what remembers that it was made. */
async function placeOf(
  location: string,
  folder: string,
  file: string,
): Promise<{ readonly location: string; readonly markerFile?: string }> {
  if (!/^postgres(?:ql)?:/.test(location)) {
    return { location: path.resolve(path.dirname(folder), location) };
  }
  // A PostgreSQL database has no folder that could tell whether it was ever made.
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return { location, markerFile: path.join(folder, `${file}.marker`) };
}

async function bindToNode(
  store: Store<Record<string, MetaTable>>,
  metaTable: string,
  nodeId: NodeId,
): Promise<void> {
  const known = await store.transact(async (transactor) => {
    const row = await transactor
      .selectFrom(metaTable)
      .select('value')
      .where('key', '=', 'node_id')
      .executeTakeFirst();
    if (row === undefined) {
      await transactor.insertInto(metaTable).values({ key: 'node_id', value: nodeId }).execute();
    }
    return row?.value ?? nodeId;
  });
  if (known !== nodeId) {
    const { location } = await store.info();
    throw new CodedError<SuiteStoreErrorCode>(
      'database_of_other_node',
      `the database ${location} belongs to the node ${known}, this node is ${nodeId}`,
      {
        remedy: 'name another place in the plugin’s database option; nothing was changed',
        data: { known, nodeId },
      },
    );
  }
}

/** The database as a status shows it; a URL comes without its password. */
export async function databaseView(store: Pick<Store<unknown>, 'info'>): Promise<JsonObject> {
  const info = await store.info();
  return {
    kind: info.dialect,
    location: info.location,
    engine: info.engine,
    schema_version: info.schemaVersion,
    size_bytes: info.sizeBytes,
    log_bytes: info.logBytes,
    durable: info.durable,
  };
}

/** Makes a desk of a plugin's services; for `SuiteModule.snapshots`. */
export type SnapshotDeskMaker = (
  services: { readonly store: Pick<Store<unknown>, 'hold' | 'info' | 'digests'> },
  context: PluginContext,
) => SnapshotDesk;

/** What hands copies of a plugin's database over. */
export function snapshotsOf(
  settings: Pick<SuiteStoreSettings, 'owner' | 'migrations'>,
): SnapshotDeskMaker {
  const { owner, migrations } = settings;
  return ({ store }, context) => new SnapshotDesk({ owner, migrations, store }, context);
}
