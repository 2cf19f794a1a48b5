import { readFile, stat } from 'node:fs/promises';
import type { PluginContext } from '@cl-hive/cln-plugin';
import { makesecret } from '@cl-hive/cln-rpc';
import { CodedError, describeError, type JsonObject } from '@cl-hive/core';
import { databaseView, openSuiteStore } from '@cl-hive/runtime/services';
import type { Store } from '@cl-hive/store';
import { type Identity, IdentityKeeper, identityView } from './identity/identity.ts';
import type { CommsDatabase } from './store/database.ts';
import { identityRecords } from './store/identity-records.ts';
import { migrations } from './store/migrations.ts';

/** Why a key file was not read. */
export type KeyFileErrorCode = 'key_file_unreadable' | 'key_file_exposed';

/** Longest key file that is read, bytes: a key and its line ends fit many times. */
const KEY_FILE_MAX = 1024;

/** What the methods of cl-hive-comms work with. */
export class CommsServices {
  readonly store: Store<CommsDatabase>;
  readonly #keeper: IdentityKeeper;
  #identity: Identity;

  constructor(store: Store<CommsDatabase>, keeper: IdentityKeeper, identity: Identity) {
    this.store = store;
    this.#keeper = keeper;
    this.#identity = identity;
  }

  /** The identity in use, without its secret. */
  identity(): JsonObject {
    return { ...identityView(this.#identity) };
  }

  /** Imports a secret key, given itself or by file. Throws `nostr_key_invalid` or {@link KeyFileErrorCode}. */
  async importIdentity(
    from: { readonly key: string } | { readonly file: string },
  ): Promise<JsonObject> {
    const key = 'key' in from ? from.key : await readKeyFile(from.file);
    this.#identity = await this.#keeper.import(key);
    return this.identity();
  }

  /** Goes back to the key that comes from the node's own secret. */
  async restoreDerivedIdentity(): Promise<JsonObject> {
    this.#identity = await this.#keeper.restoreDerived();
    return this.identity();
  }
}

async function readKeyFile(file: string): Promise<string> {
  try {
    const { mode, size } = await stat(file);
    if ((mode & 0o077) !== 0) {
      throw new CodedError<KeyFileErrorCode>(
        'key_file_exposed',
        `nsec_file: others may read ${file}`,
        { remedy: `chmod 600 ${file}, and consider the key known to whoever could read it` },
      );
    }
    if (size > KEY_FILE_MAX) {
      throw new RangeError(`it is larger than ${KEY_FILE_MAX} bytes`);
    }
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof CodedError) {
      throw error;
    }
    throw new CodedError<KeyFileErrorCode>(
      'key_file_unreadable',
      `nsec_file: ${file} cannot be read: ${describeError(error)}`,
      {
        remedy:
          'name a file on the node that holds the key alone, readable by the user of lightningd',
      },
    );
  }
}

/** Opens the database and loads the identity; makes it on first run. */
export async function open(
  context: PluginContext,
  location: string | undefined,
): Promise<CommsServices> {
  const { store } = await openSuiteStore<CommsDatabase>(context, {
    owner: 'cl-hive-comms',
    migrations,
    location,
    file: 'comms.sqlite3',
    metaTable: 'comms_meta',
  });
  try {
    const makeSecret = async (label: string): Promise<string> => {
      const { secret } = await context.rpc.call(makesecret, { string: label });
      return secret;
    };
    const keeper = new IdentityKeeper(identityRecords(store), makeSecret, () =>
      context.clock.now(),
    );
    const identity = await keeper.load();
    context.log.info(`Nostr identity ${identityView(identity).npub}`);
    return new CommsServices(store, keeper, identity);
  } catch (error) {
    await store.close();
    throw error;
  }
}

export async function close(services: CommsServices): Promise<void> {
  await services.store.close();
}

export async function status(services: CommsServices): Promise<JsonObject> {
  return { database: await databaseView(services.store), identity: services.identity() };
}
