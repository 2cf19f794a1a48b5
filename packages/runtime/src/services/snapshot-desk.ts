import { rmSync, statSync } from 'node:fs';
import type { PluginContext } from '@cl-hive/cln-plugin';
import { CodedError, type JsonObject } from '@cl-hive/core';
import {
  type BackupManifest,
  type HeldState,
  type Migration,
  type Owner,
  restoreBackup,
  type Store,
  type TableDigest,
  verifyBackup,
} from '@cl-hive/store';
import { highestGeneration } from './generation-record.ts';
import { copyFolder, copyOf, readyOf, removeCopy } from './vault-place.ts';

/** Why a copy was not made. */
export type SnapshotErrorCode = 'snapshot_not_held' | 'restore_location';

/** What a desk copies. */
export interface SnapshotSource {
  readonly owner: Owner;
  readonly migrations: readonly Migration[];
  readonly store: Pick<Store<unknown>, 'hold' | 'info' | 'digests'>;
}

/** Hands copies of a plugin's database over, and prepares a database from a copy; see the method. */
export class SnapshotDesk {
  readonly #source: SnapshotSource;
  readonly #context: PluginContext;
  #held: HeldState | undefined;

  constructor(source: SnapshotSource, context: PluginContext) {
    this.#source = source;
    this.#context = context;
  }

  /** What the database holds now, in all or the named tables. */
  async state(only?: readonly string[]): Promise<JsonObject> {
    const { owner, store } = this.#source;
    const { dialect, databaseId, generation, schemaVersion } = await store.info();
    const tables = await store.digests(only);
    return {
      owner,
      kind: dialect,
      database_id: databaseId,
      generation,
      schema_version: schemaVersion,
      tables: tables.map((table) => ({ ...table })),
    };
  }

  /** Stops writing for a moment, at most 700 ms, and keeps hold of it for `write`. */
  async hold(): Promise<JsonObject> {
    await this.end();
    this.#held = await this.#source.store.hold();
    return { owner: this.#source.owner, held: true };
  }

  /** Lets writing go on; says whether it was held up all the time. */
  async release(): Promise<JsonObject> {
    const held = (await this.#held?.release()) ?? false;
    return { owner: this.#source.owner, held };
  }

  /** Writes the moment of `hold`, or of now, as a verified copy. Throws StoreErrors. */
  async write(name: string): Promise<JsonObject> {
    const { owner, store } = this.#source;
    const file = copyOf(
      copyFolder(this.#context.configuration.lightningDir, 'staging', name),
      owner,
    );
    const held = this.#held ?? (await store.hold());
    this.#held = held;
    try {
      const manifest = await held.backup(file);
      return { file, bytes: statSync(file).size, ...manifestView(manifest) };
    } finally {
      await this.end();
    }
  }

  /** Forgets what is held. */
  async end(): Promise<JsonObject> {
    const held = this.#held;
    this.#held = undefined;
    await held?.end();
    return { owner: this.#source.owner, held: false };
  }

  /** Removes the copies of a name; called after they were taken, and at a start. */
  forget(name: string): JsonObject {
    removeCopy(this.#context.configuration.lightningDir, 'staging', name);
    return { owner: this.#source.owner };
  }

  /**
   * Makes the database that a copy in the restore's folder stands for, checked row by row, beside the one
   * in use, and says what the one in use has that it has not. Nothing in use is touched.
   */
  async prepare(id: string): Promise<JsonObject> {
    const { owner, migrations, store } = this.#source;
    const { clock, log, configuration } = this.#context;
    const live = await store.info();
    if (!live.replaceable) {
      throw new CodedError<SnapshotErrorCode>(
        'restore_location',
        `the tables of ${owner} on the server cannot be kept beside: its user may make no schema there`,
        { remedy: 'grant it CREATE on the database, or name a new file in its database option' },
      );
    }
    const folder = copyFolder(configuration.lightningDir, 'restore', id);
    const ready = readyOf(folder, owner);
    for (const ending of ['', '.marker', '.lock', '-wal', '-shm']) {
      rmSync(`${ready}${ending}`, { force: true });
    }
    const known = await highestGeneration(this.#context.rpc, owner);
    const manifest = await restoreBackup({
      from: copyOf(folder, owner),
      to: ready,
      owner,
      migrations,
      clock,
      log: (level, message) => log(level, message),
      generationAtLeast: Math.max(live.generation, known) + 1,
    });
    const generation = Math.max(live.generation, known, manifest.generation) + 1;
    const tables = await store.digests();
    return {
      ...manifestView(manifest),
      generation,
      live: { database_id: live.databaseId, generation: live.generation },
      ...comparison(manifest, live.databaseId, tables),
    };
  }

  /** Reads every row of a copy that is to be restored. */
  async check(id: string): Promise<JsonObject> {
    const folder = copyFolder(this.#context.configuration.lightningDir, 'restore', id);
    return manifestView(await verifyBackup(copyOf(folder, this.#source.owner)));
  }
}

function manifestView(manifest: BackupManifest): JsonObject {
  const { owner, databaseId, generation, schemaVersion, takenAt, tables } = manifest;
  return {
    owner,
    database_id: databaseId,
    generation,
    schema_version: schemaVersion,
    taken_at: takenAt,
    tables: tables.map((table) => ({ ...table })),
  };
}

/**
 * What the database in use would lose. It is `older` when a database that goes on where the copy stopped
 * would be set back, or another one has rows that the copy has not.
 */
function comparison(
  manifest: BackupManifest,
  liveId: string,
  live: readonly TableDigest[],
): JsonObject {
  const same = manifest.databaseId === liveId;
  const differs = live.flatMap(({ name, rows, digest }) => {
    const before = manifest.tables.find((table) => table.name === name);
    const own = /^(?:comms|archon|hive)_(?:store|migrations)$/.test(name);
    const changed = before === undefined ? rows > 0 : before.digest !== digest;
    const more = rows > (before?.rows ?? 0);
    return !own && (same ? changed : more)
      ? [{ table: name, rows_now: rows, rows_in_backup: before?.rows ?? 0 }]
      : [];
  });
  return { older: differs.length > 0, lost: differs };
}
