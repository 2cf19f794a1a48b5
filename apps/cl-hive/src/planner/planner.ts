import { randomBytes } from 'node:crypto';
import path from 'node:path';
import type { PluginContext } from '@cl-hive/cln-plugin';
import { rpcPath } from '@cl-hive/cln-rpc';
import { describeError, type JsonObject } from '@cl-hive/core';
import { spentInSpan } from '@cl-hive/hive';
import type { Store } from '@cl-hive/store';
import type { Hive } from '../hive.ts';
import type { Openings } from '../openings/openings.ts';
import { ThreadedEngine } from './engine/threaded-engine.ts';
import type { PlannerAllowance } from './fleet-port.ts';
import { Gardner } from './gardner.ts';
import { HiveFleet } from './hive-fleet.ts';
import { rpcPlannerNode } from './node-facts.ts';
import { PlannerCommands } from './planner-commands.ts';
import { PlannerOrders } from './planner-orders.ts';
import { type PlannerSettings, plannerSettings } from './settings.ts';
import { PlannerStore } from './store/planner-store.ts';
import type { PlannerTables } from './store/planner-tables.ts';

/** The planner as the plugin runs it. */
export class Planner {
  readonly commands: PlannerCommands;
  readonly #gardner: Gardner;
  readonly #orders: PlannerOrders;
  readonly #engine: ThreadedEngine;
  readonly #stop: AbortController;
  readonly #unsubscribe: () => void;
  readonly #log: PluginContext['log'];
  /** The operator's settings of the moment. */
  readonly settings: () => PlannerSettings;

  private constructor(parts: {
    readonly commands: PlannerCommands;
    readonly gardner: Gardner;
    readonly orders: PlannerOrders;
    readonly engine: ThreadedEngine;
    readonly stop: AbortController;
    readonly unsubscribe: () => void;
    readonly log: PluginContext['log'];
    readonly settings: () => PlannerSettings;
  }) {
    this.commands = parts.commands;
    this.#gardner = parts.gardner;
    this.#orders = parts.orders;
    this.#engine = parts.engine;
    this.#stop = parts.stop;
    this.#unsubscribe = parts.unsubscribe;
    this.#log = parts.log;
    this.settings = parts.settings;
  }

  static async open(
    context: PluginContext,
    database: Store<PlannerTables>,
    hive: Hive,
    openings: Openings,
  ): Promise<Planner> {
    const { rpc, clock, log, configuration } = context;
    const { self } = hive;
    const stop = new AbortController();
    const store = new PlannerStore(database);
    const settings = (): PlannerSettings => settingsWith(context.options, openings);
    const orders = await PlannerOrders.load({
      self,
      store,
      desk: openings.desk,
      execution: () => settings().execution,
      now: () => clock.now(),
    });
    const rpcSocket = rpcPath(configuration.lightningDir, configuration.rpcFile);
    const engine = new ThreadedEngine({ rpcPath: rpcSocket }, stop.signal);
    const fleet = new HiveFleet(hive, openings.desk.lock);
    const gardner = new Gardner({
      self,
      clock,
      random: { bytes: (length) => new Uint8Array(randomBytes(length)) },
      log,
      store,
      engine,
      node: rpcPlannerNode(rpc, self),
      fleet,
      allowance: allowanceOf(hive, openings),
      orders,
      settings,
      signal: stop.signal,
    });
    const unsubscribe = openings.desk.subscribe((view) => {
      void (async () => {
        try {
          await orders.changed(view);
          await gardner.tell();
        } catch (error) {
          log.warn(`planner: an opening's end was not noted: ${describeError(error)}`);
        }
      })();
    });
    hive.onTick(() => (fleet.changed() ? gardner.tell() : Promise.resolve()));
    const folder = path.join(configuration.lightningDir, 'cl-hive', 'maps');
    const commands = new PlannerCommands({
      self,
      gardner,
      engine,
      store,
      orders,
      settings,
      clock,
      folder,
    });
    return new Planner({
      commands,
      gardner,
      orders,
      engine,
      stop,
      unsubscribe,
      log,
      settings,
    });
  }

  /** Plans by itself from now on; what the desk said meanwhile is caught up on first. */
  async wake(): Promise<void> {
    try {
      await this.#orders.catchUp();
    } catch (error) {
      // The desk keeps what it said: the next look finds it.
      this.#log.warn(`planner: openings were not caught up on: ${describeError(error)}`);
    }
    this.#gardner.wake();
  }

  idle(): void {
    this.#gardner.idle();
  }

  /** Ends what is under way at once. */
  async close(): Promise<void> {
    this.#unsubscribe();
    this.#stop.abort();
    await this.#gardner.close();
    await this.#engine.end();
  }

  /** A channel with a peer changed, says a notification. */
  noticed(peer: unknown): Promise<void> {
    return this.#gardner.noticed(peer);
  }

  /** Whether the planner may propose openings now. */
  async expansionsEnabled(): Promise<boolean> {
    return (await this.#gardner.expansions()).enabled;
  }

  status(): Promise<JsonObject> {
    return this.#gardner.status();
  }
}

/** The planner's own options, within the limits that the operator set for all openings. */
function settingsWith(
  options: Readonly<Record<string, unknown>>,
  openings: Openings,
): PlannerSettings {
  const settings = plannerSettings(options);
  const { mode, perDaySat, perChannelPpm, reservePpm } = openings.settings();
  const { minChannelSat = 1, maxChannelSat = 1 } = settings.config;
  const perChannel = Number((perDaySat * BigInt(perChannelPpm)) / 1_000_000n);
  const most =
    mode === 'failsafe' ? Math.min(maxChannelSat, withoutFees(perChannel)) : maxChannelSat;
  return {
    ...settings,
    config: { ...settings.config, reservePpm, maxChannelSat: Math.max(most, minChannelSat) },
  };
}

/** The desk counts the fee too: a hundredth is left for it. */
function withoutFees(sat: number): number {
  return sat - Math.ceil(sat / 100);
}

/** In advisor mode a person bounds every opening, so that the wallet alone bounds what is proposed. */
function allowanceOf(hive: Hive, openings: Openings): PlannerAllowance {
  return async () => {
    const { mode, perDaySat } = openings.settings();
    const canOpen = hive.membership.isVoting(hive.self);
    if (mode === 'advisor') {
      return { budgetSat: ADVISOR_BUDGET_SAT, canOpen };
    }
    const { spending, now } = openings.desk.book.spending();
    const left = perDaySat - spentInSpan(spending, now);
    return { budgetSat: left > 0n ? withoutFees(Number(left)) : 0, canOpen };
  };
}

/** More than any wallet of the hive holds, and a sum of a thousand members stays exact. */
const ADVISOR_BUDGET_SAT = 2_000_000_000_000;
