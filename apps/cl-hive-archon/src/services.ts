import { randomBytes } from 'node:crypto';
import type { Did } from '@cl-hive/archon';
import { readCredential } from '@cl-hive/archon';
import type { PluginContext } from '@cl-hive/cln-plugin';
import { describeError, type JsonObject, type JsonValue, type NodeId } from '@cl-hive/core';
import { VERSION } from '@cl-hive/runtime';
import {
  DependentServices,
  databaseView,
  openSuiteStore,
  type SnapshotDeskMaker,
  snapshotsOf,
  Timers,
} from '@cl-hive/runtime/services';
import type { Store } from '@cl-hive/store';
import { BindingDesk } from './bindings/binding-desk.ts';
import { CONTACT_TOPIC, ContactDesk } from './bindings/contact-desk.ts';
import { CredentialCommands } from './commands/credential-commands.ts';
import { IdentityCommands } from './commands/identity-commands.ts';
import { CredentialDesk } from './credentials/credential-desk.ts';
import { DidStore } from './dids/did-store.ts';
import { Directory } from './dids/directory.ts';
import { Gatekeepers } from './dids/gatekeepers.ts';
import { Outbox } from './dids/outbox.ts';
import type { ForeignIdentity } from './identity/identity-file.ts';
import { IdentityKeeper } from './identity/identity-keeper.ts';
import { OwnKeys } from './identity/own-keys.ts';
import { OwnRecords } from './identity/own-record.ts';
import { OUTBOX_EVERY_MS } from './limits.ts';
import { Offices } from './node/offices.ts';
import { archonSettings } from './plugin-options.ts';
import type { ArchonDatabase } from './store/database.ts';
import { migrations } from './store/migrations.ts';

/** The plugin's database, but for where it is. */
const DATABASE = {
  owner: 'cl-hive-archon',
  migrations,
  file: 'archon.sqlite3',
  metaTable: 'archon_meta',
} as const;

/** Hands copies of the database over, and has one restored. */
export const snapshots: SnapshotDeskMaker = snapshotsOf(DATABASE);

/** What {@link ArchonServices} are made of. */
interface ArchonParts {
  readonly store: Store<ArchonDatabase>;
  readonly nodeId: NodeId;
  readonly context: PluginContext;
  readonly keys: OwnKeys;
  readonly dids: DidStore;
  readonly self: IdentityKeeper;
  readonly gatekeepers: Gatekeepers;
  readonly directory: Directory;
  readonly outbox: Outbox;
  readonly credentials: CredentialDesk;
  readonly bindings: BindingDesk;
  readonly contacts: ContactDesk;
  readonly timers: Timers;
  readonly offices: Offices;
}

const OUTBOX_JOB = 'telling the Gatekeepers';

/** Time for a call to cl-hive-comms, ms. */
const COMMS_TIMEOUT_MS = 10_000;

/** What the methods of cl-hive-archon work with. */
export class ArchonServices extends DependentServices<ArchonDatabase> {
  readonly parts: ArchonParts;
  readonly identityCommands: IdentityCommands;
  readonly credentialCommands: CredentialCommands;
  readonly offices: Offices;

  constructor(parts: ArchonParts) {
    super(parts.store, parts.nodeId, parts.context);
    this.parts = parts;
    this.offices = parts.offices;
    const { nodeId: node, context } = parts;
    const { rpc, clock } = context;
    this.credentialCommands = new CredentialCommands({ ...parts, node, rpc, clock });
    this.identityCommands = new IdentityCommands({
      ...parts,
      node,
      take: (foreign) => this.importIdentity(foreign),
    });
  }

  /** Who this node is. */
  override identity(): JsonObject {
    return { ...super.identity(), ...this.parts.self.view() };
  }

  /** Binds Nostr to the DID and takes messages of peers, once cl-hive-comms is there. */
  override async wake(): Promise<void> {
    await super.wake();
    const { context, bindings } = this.parts;
    await context.rpc.raw(
      'hive-comms-register-handler',
      { topic: CONTACT_TOPIC, method: 'hive-archon-receive-contact' },
      { timeoutMs: COMMS_TIMEOUT_MS },
    );
    await bindings.ensure(true);
    await this.offices.wake();
  }

  override idle(): void {
    super.idle();
    this.offices.idle();
  }

  /** Replaces the DID's key or the DID; what hangs on it is renewed. */
  async rotate(what: 'keys' | 'did'): Promise<void> {
    const { self, bindings, timers } = this.parts;
    await (what === 'keys' ? self.rotateKeys() : self.rotateDid());
    await bindings.ensure(true);
    timers.soon(OUTBOX_JOB);
  }

  /** Takes over a DID from elsewhere. */
  async importIdentity(foreign: ForeignIdentity): Promise<JsonObject> {
    const { self, bindings, timers } = this.parts;
    await self.import(foreign);
    await bindings.ensure(true);
    timers.soon(OUTBOX_JOB);
    return this.identity();
  }

  /** Moves the DID to another registry. */
  async moveTo(registry: string): Promise<void> {
    await this.parts.self.moveTo(registry);
    this.parts.timers.soon(OUTBOX_JOB);
  }

  async view(): Promise<JsonObject> {
    const { gatekeepers, outbox, bindings, store } = this.parts;
    return {
      database: await databaseView(store),
      identity: this.identity(),
      bindings: await bindings.view(),
      network: { ...gatekeepers.view(), outbox: await outbox.view() },
      ...(await this.offices.view()),
    };
  }

  async stop(): Promise<void> {
    this.offices.idle();
    await this.parts.timers.stop();
    await this.parts.store.close();
  }
}

async function assemble(
  context: PluginContext,
  store: Store<ArchonDatabase>,
  nodeId: NodeId,
): Promise<ArchonServices> {
  const { rpc, clock, log, options } = context;
  const warn = (message: string): void => log.warn(message);
  const debug = (message: string): void => log.debug(message);
  const settings = archonSettings(options);
  const { network, graceMs } = settings;
  const keys = new OwnKeys(rpc);
  const dids = new DidStore(store);
  const timers = new Timers(clock, warn);
  const late: { contacts?: ContactDesk } = {};
  const gatekeepers = new Gatekeepers({ urls: settings.gatekeepers, network, clock, warn });
  const askOwner: ConstructorParameters<typeof Directory>[0]['askOwner'] = async (did, owner) =>
    late.contacts?.chainOf(did, owner);
  const directory = new Directory({ store, dids, gatekeepers, clock, askOwner });
  const outbox = new Outbox({ store, dids, gatekeepers, clock });
  const made = async (tx: { onCommit: (hook: () => void) => void }): Promise<void> =>
    tx.onCommit(() => timers.soon(OUTBOX_JOB));
  const records = new OwnRecords(rpc, warn);
  const self = new IdentityKeeper({ store, dids, keys, records, clock, warn, made });
  const { did } = await self.load();
  log.info(`DID ${did}`);
  const bindings = new BindingDesk({ rpc, store, self, node: nodeId, clock, warn });
  const common = { store, dids, directory, self, node: nodeId, clock };
  const random = { bytes: (length: number): Uint8Array => randomBytes(length) };
  const credentials = new CredentialDesk({ ...common, graceMs, made, random });
  const shown = async (credential: JsonValue): Promise<void> => {
    await credentials.accept(readCredential(credential), undefined);
  };
  const contacts = new ContactDesk({ ...common, rpc, bindings, shown, random, debug });
  late.contacts = contacts;
  try {
    await bindings.ensure(false);
  } catch (error) {
    warn(`the node's key is not bound to the DID yet: ${describeError(error)}`);
  }
  timers.add({
    name: OUTBOX_JOB,
    everyMs: OUTBOX_EVERY_MS,
    run: async () => void (await outbox.run()),
  });
  timers.soon(OUTBOX_JOB);
  const secret = (purpose: string): Promise<Uint8Array> => keys.secret(purpose);
  const dmail = {
    self: () => {
      const { did: own, key } = self.current;
      return { did: own, key: key.publicKey, secret: key.secret };
    },
    resolve: async (wanted: Did, maxAgeMs: number) =>
      (await directory.resolve(wanted, maxAgeMs))?.chain,
  };
  const parts = { context, store, node: nodeId, secret, version: VERSION, dmail, gatekeepers };
  const offices = await Offices.open(parts);
  const rooms = { gatekeepers, directory, outbox, credentials, bindings, contacts, offices };
  return new ArchonServices({ store, nodeId, context, keys, dids, self, timers, ...rooms });
}

/** Opens the database and loads the identity, which is made on the first start. */
export async function open(
  context: PluginContext,
  location: string | undefined,
): Promise<ArchonServices> {
  const { store, nodeId } = await openSuiteStore<ArchonDatabase>(context, {
    ...DATABASE,
    location,
  });
  try {
    return await assemble(context, store, nodeId);
  } catch (error) {
    await store.close();
    throw error;
  }
}

export async function close(services: ArchonServices): Promise<void> {
  await services.stop();
}

export async function wake(services: ArchonServices): Promise<void> {
  await services.wake();
}

export async function idle(services: ArchonServices): Promise<void> {
  services.idle();
}

export async function status(services: ArchonServices): Promise<JsonObject> {
  return services.view();
}
