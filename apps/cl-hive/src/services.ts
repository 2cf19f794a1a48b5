import { randomBytes } from 'node:crypto';
import type { PluginContext } from '@cl-hive/cln-plugin';
import { type ForwardEventNotification, getinfo } from '@cl-hive/cln-rpc';
import type { JsonObject, NodeId } from '@cl-hive/core';
import { nobleCurve } from '@cl-hive/protocol';
import {
  DependentServices,
  databaseView,
  openSuiteStore,
  type SnapshotDeskMaker,
  snapshotsOf,
} from '@cl-hive/runtime/services';
import type { Store } from '@cl-hive/store';
import { Hive, type HiveSettings } from './hive.ts';
import { CALL_MS } from './limits.ts';
import { Openings } from './openings/openings.ts';
import { Planner } from './planner/planner.ts';
import { marketShareCap } from './planner/settings.ts';
import { commsWire, registerWithComms } from './ports/comms-wire.ts';
import { Forwards } from './ports/forwards.ts';
import { lightningNode } from './ports/lightning-node.ts';
import type { HivePorts } from './ports/ports.ts';
import { lightningSigner } from './ports/signer.ts';
import type { HiveDatabase } from './store/database.ts';
import { diskOf } from './store/disk.ts';
import { loadHiveState } from './store/load-hive-state.ts';
import { migrations } from './store/migrations.ts';
import { configView } from './views/config-view.ts';
import { hiveView } from './views/hive-view.ts';

/** The plugin's database, but for where it is. */
const DATABASE = {
  owner: 'cl-hive',
  migrations,
  file: 'hive.sqlite3',
  metaTable: 'hive_meta',
} as const;

/** Hands copies of the database over, and has one restored. */
export const snapshots: SnapshotDeskMaker = snapshotsOf(DATABASE);

/** What the methods of cl-hive work with. */
export class HiveServices extends DependentServices<HiveDatabase> {
  readonly hive: Hive;
  readonly openings: Openings;
  readonly planner: Planner;
  readonly #context: PluginContext;
  readonly #forwards: Forwards;

  constructor(
    store: Store<HiveDatabase>,
    nodeId: NodeId,
    context: PluginContext,
    hive: Hive,
    openings: Openings,
    planner: Planner,
  ) {
    super(store, nodeId, context);
    this.hive = hive;
    this.openings = openings;
    this.planner = planner;
    this.#context = context;
    this.#forwards = new Forwards(context.rpc, context.clock);
  }

  /** Registers with cl-hive-comms, learns the block height, and begins to look at what is due. */
  override async wake(): Promise<void> {
    const { rpc } = this.#context;
    await super.wake();
    await registerWithComms(rpc);
    const { blockheight } = await rpc.call(getinfo, {}, { timeoutMs: CALL_MS });
    await this.hive.block(blockheight);
    this.hive.wake();
    await this.planner.wake();
  }

  /** What is set, under the original's names. */
  async config(): Promise<JsonObject> {
    return configView({
      hive: this.hive.settings,
      openings: this.openings.settings(),
      planner: this.planner.settings(),
      expansionsEnabled: await this.planner.expansionsEnabled(),
    });
  }

  /** lightningd says what became of a forward. */
  async forwarded(event: ForwardEventNotification): Promise<void> {
    const settled = await this.#forwards.settled(event);
    if (settled !== undefined) {
      this.hive.records.forwarded(settled);
    }
  }

  override idle(): void {
    super.idle();
    this.planner.idle();
    this.hive.idle();
  }

  /** Waits for what is under way, then lets go of the database. */
  async close(): Promise<void> {
    await this.planner.close();
    await this.openings.stop();
    await this.hive.close();
    await this.store.close();
  }
}

export async function open(
  context: PluginContext,
  location: string | undefined,
): Promise<HiveServices> {
  const { rpc, clock, log } = context;
  const { store, nodeId } = await openSuiteStore<HiveDatabase>(context, { ...DATABASE, location });
  try {
    const ports: HivePorts = {
      clock,
      random: { bytes: (length) => new Uint8Array(randomBytes(length)) },
      log,
      disk: diskOf(store),
      wire: commsWire(rpc),
      signer: lightningSigner(rpc),
      node: lightningNode(rpc),
      curve: nobleCurve,
    };
    const settings: HiveSettings = {
      autoJoin: () =>
        (context.options as Readonly<Record<string, unknown>>)['hive-auto-join'] === true,
    };
    const stored = await loadHiveState(store.reader, nodeId);
    const hive = new Hive(nodeId, ports, settings, stored);
    const openings = await Openings.open(context, store, hive);
    const planner = await Planner.open(context, store, hive, openings);
    return new HiveServices(store, nodeId, context, hive, openings, planner);
  } catch (error) {
    await store.close();
    throw error;
  }
}

export const close = (services: HiveServices): Promise<void> => services.close();
export const wake = (services: HiveServices): Promise<void> => services.wake();

export async function idle(services: HiveServices): Promise<void> {
  services.idle();
}

export async function status(services: HiveServices): Promise<JsonObject> {
  return {
    database: await databaseView(services.store),
    identity: services.identity(),
    governance_mode: services.openings.settings().mode,
    ...hiveView(services.hive, marketShareCap(services.planner.settings())),
    planner: await services.planner.status(),
  };
}
