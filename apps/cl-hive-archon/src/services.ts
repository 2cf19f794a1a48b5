import type { PluginContext } from '@cl-hive/cln-plugin';
import type { JsonObject, NodeId } from '@cl-hive/core';
import { DependentServices, databaseView, openSuiteStore } from '@cl-hive/runtime/services';
import type { Store } from '@cl-hive/store';
import { DidStore } from './dids/did-store.ts';
import { IdentityKeeper } from './identity/identity-keeper.ts';
import { OwnKeys } from './identity/own-keys.ts';
import { OwnRecords } from './identity/own-record.ts';
import type { ArchonDatabase } from './store/database.ts';
import { migrations } from './store/migrations.ts';

/** What {@link ArchonServices} are made of. */
interface ArchonParts {
  readonly store: Store<ArchonDatabase>;
  readonly nodeId: NodeId;
  readonly context: PluginContext;
  readonly keys: OwnKeys;
  readonly dids: DidStore;
  readonly identity: IdentityKeeper;
}

/** What the methods of cl-hive-archon work with. */
export class ArchonServices extends DependentServices<ArchonDatabase> {
  readonly keys: OwnKeys;
  readonly dids: DidStore;
  readonly self: IdentityKeeper;

  constructor({ store, nodeId, context, keys, dids, identity }: ArchonParts) {
    super(store, nodeId, context);
    this.keys = keys;
    this.dids = dids;
    this.self = identity;
  }

  /** Who this node is. */
  override identity(): JsonObject {
    return { ...super.identity(), ...this.self.view() };
  }
}

/** Opens the database and loads the identity, which is made on the first start. */
export async function open(
  context: PluginContext,
  location: string | undefined,
): Promise<ArchonServices> {
  const { store, nodeId } = await openSuiteStore<ArchonDatabase>(context, {
    owner: 'cl-hive-archon',
    migrations,
    location,
    file: 'archon.sqlite3',
    metaTable: 'archon_meta',
  });
  try {
    const { rpc, clock, log } = context;
    const warn = (message: string): void => log.warn(message);
    const keys = new OwnKeys(rpc);
    const dids = new DidStore(store);
    const identity = new IdentityKeeper({
      store,
      dids,
      keys,
      records: new OwnRecords(rpc, warn),
      clock,
      warn,
      made: async () => {},
    });
    const { did } = await identity.load();
    log.info(`DID ${did}`);
    return new ArchonServices({ store, nodeId, context, keys, dids, identity });
  } catch (error) {
    await store.close();
    throw error;
  }
}

export async function close(services: ArchonServices): Promise<void> {
  await services.store.close();
}

export async function wake(services: ArchonServices): Promise<void> {
  await services.wake();
}

export async function idle(services: ArchonServices): Promise<void> {
  services.idle();
}

export async function status(services: ArchonServices): Promise<JsonObject> {
  return { database: await databaseView(services.store), identity: services.identity() };
}
