import { randomBytes } from 'node:crypto';
import path from 'node:path';
import type { CashuWallet } from '@cl-hive/cashu';
import type { PluginContext } from '@cl-hive/cln-plugin';
import { makesecret } from '@cl-hive/cln-rpc';
import type { JsonObject, NodeId } from '@cl-hive/core';
import {
  databaseView,
  openSuiteStore,
  type SnapshotDeskMaker,
  snapshotsOf,
} from '@cl-hive/runtime/services';
import type { Store } from '@cl-hive/store';
import { openCashu } from './cashu/open-cashu.ts';
import type { WalletDesk } from './cashu/wallet-desk.ts';
import type { EscrowDesk } from './escrow/escrow-desk.ts';
import { datastoreMark } from './identity/generation-mark.ts';
import { IdentityKeeper, identityView } from './identity/identity.ts';
import { IdentityDesk } from './identity/identity-desk.ts';
import type { ClientCommands } from './pipeline/client-commands.ts';
import { Management } from './pipeline/management.ts';
import { type GivenOptions, readOptions } from './plugin-settings.ts';
import type { CommsDatabase } from './store/database.ts';
import { identityRecords } from './store/identity-records.ts';
import { migrations } from './store/migrations.ts';
import { nostrSink } from './timers/nostr-sink.ts';
import { webhookSink } from './timers/webhook.ts';
import { CommsTransports } from './transports/comms-transports.ts';
import { RelayDesk } from './transports/relay-desk.ts';
import type { OptionProblem } from './transports/relay-list.ts';

/** The plugin's database, but for where it is. */
const DATABASE = {
  owner: 'cl-hive-comms',
  migrations,
  file: 'comms.sqlite3',
  metaTable: 'comms_meta',
} as const;

/** Hands copies of the database over, and has one restored. */
export const snapshots: SnapshotDeskMaker = snapshotsOf(DATABASE);

/** What {@link CommsServices} are made of. */
interface CommsParts {
  readonly store: Store<CommsDatabase>;
  readonly identity: IdentityDesk;
  readonly relays: RelayDesk;
  readonly transports: CommsTransports;
  readonly management: Management;
  readonly options: GivenOptions;
  readonly cashu: CashuWallet;
  readonly wallet: WalletDesk;
  readonly escrow: EscrowDesk;
}

/** What the methods of cl-hive-comms work with. */
export class CommsServices {
  readonly store: Store<CommsDatabase>;
  readonly identity: IdentityDesk;
  readonly transports: CommsTransports;
  readonly management: Management;
  readonly wallet: WalletDesk;
  readonly escrow: EscrowDesk;
  readonly #cashu: CashuWallet;
  readonly #relays: RelayDesk;
  readonly #options: GivenOptions;

  constructor(parts: CommsParts) {
    const { store, identity, relays, transports, management, options } = parts;
    this.store = store;
    this.identity = identity;
    this.transports = transports;
    this.management = management;
    this.#relays = relays;
    this.#options = options;
    this.#cashu = parts.cashu;
    this.wallet = parts.wallet;
    this.escrow = parts.escrow;
  }

  /** What the commands do. */
  get client(): ClientCommands {
    return this.management.client;
  }

  /** Values of options that are not used, and why. */
  problems(): readonly OptionProblem[] {
    return [...this.#relays.problems, ...this.#options.problems()];
  }

  /**
   * Opens the doors and recovers what was interrupted, whose answers may have to leave by them; what
   * comes in meanwhile waits.
   */
  async start(): Promise<void> {
    this.transports.hub.onRequest((inbound) => this.management.take(inbound));
    await this.identity.start();
    await this.#cashu.cancelPrepared();
    await this.management.start([
      { name: 'looking after the identity', everyMs: 60_000, run: () => this.identity.tick() },
      {
        name: 'looking after the Cashu wallet and escrow',
        everyMs: 60_000,
        run: async () => {
          await this.#cashu.reconcile();
          await this.escrow.look();
        },
      },
    ]);
  }

  /** Closes the doors, then waits for what runs. */
  async close(): Promise<void> {
    await this.management.stop();
    await this.transports.close();
    await this.store.close();
  }
}

async function assemble(
  context: PluginContext,
  store: Store<CommsDatabase>,
  node: NodeId,
): Promise<CommsServices> {
  const { rpc, clock, log, configuration } = context;
  const options = readOptions(context);
  const makeSecret = async (label: string): Promise<string> =>
    (await rpc.call(makesecret, { string: label })).secret;
  const records = identityRecords(store, node);
  const keeper = new IdentityKeeper(records, makeSecret, datastoreMark(rpc), () => clock.now());
  const loaded = await keeper.load();
  log.info(`Nostr identity ${identityView(loaded).npub}`);
  const random = { bytes: (length: number): Uint8Array => randomBytes(length) };
  const transports = new CommsTransports({ rpc, clock, random, log });
  const cashu = await openCashu(context, store, node);
  const management = await Management.open({
    rpc,
    clock,
    log,
    node,
    store,
    configuration,
    cashu: cashu.rail,
    skewSeconds: options.skewSeconds,
    reply: (route, body, known) => transports.hub.reply(route, body, known),
  });
  const { office, wrote } = management;
  const cashuDesks = cashu.attach(management);
  const nostr = () => transports.hub.transport('nostr');
  office.add(webhookSink({ url: options.webhook, node, clock }));
  if (options.operator !== undefined) {
    office.add(nostrSink(options.operator, nostr));
  }
  const relays = new RelayDesk({ store, clock, node, wrote, option: options.relays, nostr });
  const identity = new IdentityDesk(
    {
      rpc,
      clock,
      random,
      node,
      store,
      keeper,
      transports,
      relays,
      guardMs: () => management.guardMs(),
      raise: (alert) => office.raise(alert),
      warn: (message) => log.warn(message),
      wrote,
      folder: path.join(configuration.lightningDir, 'cl-hive-comms', 'exports'),
    },
    loaded,
  );
  const desks = { identity, relays, transports, management, ...cashuDesks };
  return new CommsServices({ store, options, cashu: cashu.wallet, ...desks });
}

/** Opens the database, loads or makes the identity, recovers what was interrupted, opens the doors. */
export async function open(
  context: PluginContext,
  location: string | undefined,
): Promise<CommsServices> {
  const { store, nodeId } = await openSuiteStore<CommsDatabase>(context, { ...DATABASE, location });
  let services: CommsServices | undefined;
  try {
    services = await assemble(context, store, nodeId);
    await services.start();
    for (const { option, value = '', message, remedy } of services.problems()) {
      context.log.error(`option ${option} ${value} is not used: ${message}; ${remedy}`);
    }
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
    problems: services.problems().map((problem) => ({ ...problem })),
    database: await databaseView(services.store),
    identity: services.identity.view(),
    management: await services.client.summary(),
    transports: services.transports.view(),
  };
}
