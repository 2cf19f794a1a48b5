import { randomBytes } from 'node:crypto';
import type { PluginContext } from '@cl-hive/cln-plugin';
import { makesecret } from '@cl-hive/cln-rpc';
import type { JsonObject } from '@cl-hive/core';
import { databaseView, openSuiteStore } from '@cl-hive/runtime/services';
import type { Store } from '@cl-hive/store';
import { type Identity, IdentityKeeper, identityView } from './identity/identity.ts';
import { readKeyFile } from './identity/key-file.ts';
import { parsePublicKey } from './identity/nostr-key.ts';
import type { ClientCommands } from './pipeline/client-commands.ts';
import { Management } from './pipeline/management.ts';
import type { CommsDatabase } from './store/database.ts';
import { identityRecords } from './store/identity-records.ts';
import { migrations } from './store/migrations.ts';
import { nostrSink } from './timers/nostr-sink.ts';
import { webhookSink } from './timers/webhook.ts';
import { CommsTransports } from './transports/comms-transports.ts';
import { sqlNostrStorage } from './transports/nostr/sql-storage.ts';

/** What {@link CommsServices} are made of. */
interface CommsParts {
  readonly store: Store<CommsDatabase>;
  readonly keeper: IdentityKeeper;
  readonly identity: Identity;
  readonly transports: CommsTransports;
  readonly management: Management;
  readonly relays: readonly string[];
}

/** What the methods of cl-hive-comms work with. */
export class CommsServices {
  readonly store: Store<CommsDatabase>;
  readonly transports: CommsTransports;
  readonly management: Management;
  readonly #keeper: IdentityKeeper;
  readonly #relays: readonly string[];
  #identity: Identity;

  constructor({ store, keeper, identity, transports, management, relays }: CommsParts) {
    this.store = store;
    this.transports = transports;
    this.management = management;
    this.#keeper = keeper;
    this.#relays = relays;
    this.#identity = identity;
  }

  /** What the commands do. */
  get client(): ClientCommands {
    return this.management.client;
  }

  /** The identity in use, without its secret. */
  identity(): JsonObject {
    return { ...identityView(this.#identity) };
  }

  /** Imports a secret key, given itself or by file. Throws `nostr_key_invalid` or `KeyFileErrorCode`. */
  async importIdentity(
    from: { readonly key: string } | { readonly file: string },
  ): Promise<JsonObject> {
    const key = 'key' in from ? from.key : await readKeyFile(from.file);
    return this.#become(await this.#keeper.import(key));
  }

  /** Goes back to the key that comes from the node's own secret. */
  async restoreDerivedIdentity(): Promise<JsonObject> {
    return this.#become(await this.#keeper.restoreDerived());
  }

  /**
   * Opens the doors and recovers what was interrupted, whose answers may have to leave by them; what
   * comes in meanwhile waits.
   */
  async start(): Promise<void> {
    this.transports.hub.onRequest((inbound) => this.management.take(inbound));
    await this.#startNostr();
    await this.management.start();
  }

  /** Closes the doors, then waits for what runs. */
  async close(): Promise<void> {
    await this.management.stop();
    await this.transports.close();
    await this.store.close();
  }

  async #become(identity: Identity): Promise<JsonObject> {
    this.#identity = identity;
    await this.#startNostr();
    return this.identity();
  }

  async #startNostr(): Promise<void> {
    await this.transports.startNostr({
      relays: this.#relays,
      secret: this.#identity.key.secret,
      storage: sqlNostrStorage(this.store),
    });
  }
}

function readOptions(context: PluginContext) {
  const values = context.options as Readonly<Record<string, unknown>>;
  const text = (name: string): string | undefined => {
    const value = values[name];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const relays = values['hive-comms-nostr-relays'];
  return {
    relays: Array.isArray(relays) ? relays.map(String) : [],
    operator: text('hive-comms-operator'),
    webhook: () => text('hive-comms-webhook'),
    skewSeconds: () => Number(values['hive-comms-clock-skew']),
  };
}

async function assemble(
  context: PluginContext,
  store: Store<CommsDatabase>,
  node: Awaited<ReturnType<typeof openSuiteStore>>['nodeId'],
): Promise<CommsServices> {
  const { rpc, clock, log, configuration } = context;
  const { relays, operator, webhook, skewSeconds } = readOptions(context);
  const makeSecret = async (label: string): Promise<string> =>
    (await rpc.call(makesecret, { string: label })).secret;
  const keeper = new IdentityKeeper(identityRecords(store, node), makeSecret, () => clock.now());
  const identity = await keeper.load();
  log.info(`Nostr identity ${identityView(identity).npub}`);
  const random = { bytes: (length: number): Uint8Array => randomBytes(length) };
  const transports = new CommsTransports({ rpc, clock, random, log });
  const management = await Management.open({
    rpc,
    clock,
    log,
    node,
    store,
    configuration,
    skewSeconds,
    reply: (route, body, known) => transports.hub.reply(route, body, known),
  });
  management.office.add(webhookSink(webhook, node));
  if (operator !== undefined) {
    const key = parsePublicKey(operator);
    management.office.add(nostrSink(key, () => transports.hub.transport('nostr')));
  }
  return new CommsServices({ store, keeper, identity, transports, management, relays });
}

/** Opens the database, loads or makes the identity, recovers what was interrupted, opens the doors. */
export async function open(
  context: PluginContext,
  location: string | undefined,
): Promise<CommsServices> {
  const { store, nodeId } = await openSuiteStore<CommsDatabase>(context, {
    owner: 'cl-hive-comms',
    migrations,
    location,
    file: 'comms.sqlite3',
    metaTable: 'comms_meta',
  });
  let services: CommsServices | undefined;
  try {
    services = await assemble(context, store, nodeId);
    await services.start();
    return services;
  } catch (error) {
    await (services ?? store).close();
    throw error;
  }
}

export async function close(services: CommsServices): Promise<void> {
  await services.close();
}

export async function status(services: CommsServices): Promise<JsonObject> {
  return {
    database: await databaseView(services.store),
    identity: services.identity(),
    management: await services.client.summary(),
    transports: services.transports.view(),
  };
}
