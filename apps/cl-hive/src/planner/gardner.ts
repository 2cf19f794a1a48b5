import type { Logger } from '@cl-hive/cln-plugin';
import {
  type Cancel,
  type Clock,
  CodedError,
  describeError,
  isCodedError,
  isNodeId,
  type JsonObject,
  type NodeId,
  type Random,
} from '@cl-hive/core';
import {
  confirmedSat,
  nextCycleMs,
  passiveMembers,
  planLogLines,
  plannerSnapshot,
  withChoices,
} from '@cl-hive/hive';
import { executableOrders, type Plan } from '@cl-hive/planning-kernel';
import { completedLine, cycleLine, tellOperator } from './cycle-lines.ts';
import type { CycleReport, Trigger } from './cycle-report.ts';
import type { PlannerEngine } from './engine/engine.ts';
import type { PlannerAllowance, PlannerFleet } from './fleet-port.ts';
import { applyGuard } from './guard-runner.ts';
import { FIRST_CYCLE_MS } from './limits.ts';
import { nodeFacts, type PlannerNode, type ReadFacts } from './node-facts.ts';
import type { PlannerOrders } from './planner-orders.ts';
import type { PlannerSettings } from './settings.ts';
import { writeLog } from './store/planner-log.ts';
import {
  guardsInForce,
  keepCycle,
  type PlannerStore,
  pruneGuards,
  remember,
} from './store/planner-store.ts';

/** What the {@link Gardner} works with. */
export interface GardnerParts {
  readonly self: NodeId;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly store: PlannerStore;
  readonly engine: PlannerEngine;
  readonly node: PlannerNode;
  readonly fleet: PlannerFleet;
  readonly allowance: PlannerAllowance;
  readonly orders: PlannerOrders;
  readonly settings: () => PlannerSettings;
  /** Aborted when the plugin stops. */
  readonly signal: AbortSignal;
}

/** Facts of one moment, with what only the runner needs of them. */
interface Moment {
  readonly read: ReadFacts;
  readonly now: number;
  readonly snapshot: JsonObject;
  readonly saturated: readonly NodeId[];
  readonly ownGuards: ReadonlySet<NodeId>;
}

/** Looks after the fleet's channels: plans every hour, and hands what is this node's to carry out on. */
export class Gardner {
  readonly #parts: GardnerParts;
  #cancel: Cancel | undefined;
  #running: Promise<CycleReport> | undefined;
  #awake = false;
  #last: { readonly report: CycleReport; readonly at: number } | undefined;
  #nextAt: number | undefined;
  #problem: { readonly code: string; readonly message: string; readonly at: number } | undefined;

  constructor(parts: GardnerParts) {
    this.#parts = parts;
  }

  /** The last cycle that was planned, dry ones included, and its Unix ms. */
  get last(): { readonly report: CycleReport; readonly at: number } | undefined {
    return this.#last;
  }

  /** Begins to plan by itself: soon, then every interval. */
  wake(): void {
    if (!this.#awake) {
      this.#awake = true;
      void this.tell();
      this.#schedule(Math.min(FIRST_CYCLE_MS, this.#parts.settings().intervalMs));
    }
  }

  /** Plans no more by itself; a cycle under way goes on unless the plugin stops. */
  idle(): void {
    this.#awake = false;
    this.#cancel?.();
    this.#cancel = undefined;
    this.#nextAt = undefined;
  }

  /** Waits until no cycle and no order is being worked on. */
  async settled(): Promise<void> {
    await this.#running?.catch(() => undefined);
    await this.#parts.orders.settle();
  }

  /** Waits for what is under way; with the plugin's signal aborted that is soon. */
  async close(): Promise<void> {
    this.idle();
    await this.settled();
  }

  /**
   * Plans now. A dry run changes nothing and asks nobody. Rejects with `cycle_running` while another
   * cycle runs, and with whatever kept it from planning.
   */
  async run(trigger: Trigger, dry: boolean): Promise<CycleReport> {
    if (this.#running !== undefined) {
      throw new CodedError('cycle_running', 'a planning cycle is under way', {
        remedy: 'wait for it: hive-planner-log shows when it is done',
      });
    }
    if (this.#parts.signal.aborted) {
      throw new CodedError('plugin_stopped', 'the planner is stopping');
    }
    const cycle = this.#guarded(trigger, dry);
    this.#running = cycle;
    try {
      return await cycle;
    } finally {
      this.#running = undefined;
    }
  }

  /** What was planned last; plans a dry cycle where nothing was planned yet. */
  async atHand(): Promise<CycleReport> {
    return this.#last?.report ?? (await (this.#running ?? this.run('operator', true)));
  }

  /** A channel changed, says a notification; told late, twice or never it makes no difference. */
  async noticed(peer: unknown): Promise<void> {
    const { node, orders, signal } = this.#parts;
    if (!isNodeId(peer) || signal.aborted) {
      return;
    }
    try {
      await orders.noticed(await node.channelsWith(peer, signal));
    } catch (error) {
      // The next cycle lists all channels anyway.
      this.#parts.log.debug(
        `planner: channels with ${peer} were not read: ${describeError(error)}`,
      );
    }
  }

  /** Whether the planner may propose openings, and who said so. */
  async expansions(): Promise<{ readonly enabled: boolean; readonly by: 'operator' | 'option' }> {
    const said = await this.#parts.store.recall('expansions_enabled');
    return said === undefined
      ? { enabled: this.#parts.settings().expansionsByDefault, by: 'option' }
      : { enabled: said, by: 'operator' };
  }

  /** What hive-status shows. */
  async status(): Promise<JsonObject> {
    const { settings, clock } = this.#parts;
    const { execution, intervalMs } = settings();
    return {
      execution,
      interval_seconds: intervalMs / 1000,
      expansions_enabled: (await this.expansions()).enabled,
      running: this.#running !== undefined,
      last_cycle_at: this.#last === undefined ? null : Math.floor(this.#last.at / 1000),
      next_cycle_in_seconds:
        this.#nextAt === undefined
          ? null
          : Math.max(0, Math.round((this.#nextAt - clock.monotonic()) / 1000)),
      ...(this.#problem === undefined ? {} : { problem: { ...this.#problem } }),
    };
  }

  #schedule(baseMs: number): void {
    const { clock, random } = this.#parts;
    const chance = new DataView(random.bytes(4).slice().buffer).getUint32(0);
    const wait = nextCycleMs(baseMs, chance);
    this.#nextAt = clock.monotonic() + wait;
    this.#cancel?.();
    this.#cancel = clock.after(wait, () => {
      void this.#tick();
    });
  }

  async #tick(): Promise<void> {
    try {
      await this.run('timer', false);
    } catch {
      // It is in the log already, and the next cycle tries again.
    }
    if (this.#awake && !this.#parts.signal.aborted) {
      this.#schedule(this.#parts.settings().intervalMs);
    }
  }

  async #guarded(trigger: Trigger, dry: boolean): Promise<CycleReport> {
    const { clock, signal, log, store } = this.#parts;
    const began = clock.monotonic();
    try {
      const report = await this.#cycle(trigger, dry, began);
      this.#last = { report, at: clock.now() };
      this.#problem = undefined;
      return report;
    } catch (error) {
      if (!signal.aborted) {
        const code = isCodedError(error) ? error.code : 'internal';
        const message = describeError(error);
        this.#problem = { code, message, at: Math.floor(clock.now() / 1000) };
        log.warn(`planner: the cycle failed: ${message}`);
        const line = cycleLine('failed', { trigger, dry, code, message });
        await store.log([line], clock.now());
      }
      throw error;
    }
  }

  async #cycle(trigger: Trigger, dry: boolean, began: number): Promise<CycleReport> {
    const { engine, clock } = this.#parts;
    const moment = await this.#moment();
    const planned = await engine.plan(moment.snapshot, !dry);
    this.#stopped();
    const report: CycleReport = {
      plan: planned.plan,
      figures: planned.figures,
      dry,
      trigger,
      durationMs: Math.round(clock.monotonic() - began),
    };
    if (!dry) {
      await this.#keep({ ...report, ...planned }, moment);
      await this.#carryOut(report, moment);
      await this.tell();
    }
    return report;
  }

  /** Reads everything that a snapshot is made of. */
  async #moment(): Promise<Moment> {
    const { self, node, fleet, store, orders, clock, signal, settings, allowance } = this.#parts;
    const read = await node.facts(signal);
    await orders.listed(read.channels, confirmedSat(read));
    const now = clock.now();
    const ownGuards = await store.ownGuards();
    const guards =
      read.clboss === undefined ? undefined : guardsInForce(self, read.clboss, ownGuards);
    const openOrders = await orders.open();
    const allowed = await allowance();
    const saturated = (await store.recall('saturated')) ?? [];
    const ignored = await store.ignored(Math.floor(now / 1000));
    const choices = (await store.recall('choices')) ?? [];
    const facts = {
      node: nodeFacts(read, now, guards),
      members: fleet.members(),
      allowance: allowed,
      claims: [],
      openOrders,
      pendingIntents: fleet.intents(),
      quality: await store.quality(),
      saturated,
      ignored: ignored.map(({ peer_id }) => peer_id).filter(isNodeId),
      passive: passiveMembers(choices, now),
      expansionsEnabled: (await this.expansions()).enabled,
      sinceOpeningMs: this.#sinceOpeningMs(),
      intervalMs: settings().intervalMs,
      config: settings().config,
    };
    this.#stopped();
    return { read, now, snapshot: plannerSnapshot(facts), saturated, ownGuards };
  }

  /** By the wall clock, which may step: a step back counts as just now. */
  #sinceOpeningMs(): number | null {
    const { orders, clock } = this.#parts;
    const at = orders.lastAskedAt;
    return at === undefined ? null : Math.max(0, clock.now() - at);
  }

  /** Tells the others what they may count on from now on; what fails is told in the next cycle. */
  async tell(): Promise<void> {
    const { node, fleet, allowance, orders, signal, log } = this.#parts;
    try {
      const read = await node.funds(signal);
      const allowed = await allowance();
      const busy = (await orders.open()).length > 0;
      const { enabled } = await this.expansions();
      if (!signal.aborted) {
        await fleet.tell({
          onchainSat: confirmedSat({ outputs: read }),
          budgetSat: allowed.budgetSat,
          canOpen: allowed.canOpen && enabled && !busy,
          sinceOpeningMs: this.#sinceOpeningMs(),
        });
      }
    } catch (error) {
      log.debug(`planner: the others were not told: ${describeError(error)}`);
    }
  }

  /** Writes down what was planned before anything of it is done. */
  async #keep(report: CycleReport, { now, saturated, ownGuards, read }: Moment): Promise<void> {
    const { store, self, log } = this.#parts;
    const { plan, trigger } = report;
    const lines = [...planLogLines(plan, self, saturated), completedLine(report)];
    const choices = this.#choices(plan, (await store.recall('choices')) ?? [], now);
    await store.transact(async (transactor) => {
      await keepCycle(transactor, report, trigger);
      await remember(
        transactor,
        'saturated',
        plan.guard.saturated.map(({ target }) => target),
      );
      await remember(transactor, 'choices', choices);
      if (read.clboss !== undefined) {
        await pruneGuards(transactor, ownGuards, read.clboss);
      }
      await writeLog(transactor, lines, now);
    });
    for (const line of lines) {
      tellOperator(log, line);
    }
  }

  #choices(plan: Plan, before: Parameters<typeof withChoices>[0], now: number) {
    const { fleet, self } = this.#parts;
    const intents = fleet.intents();
    const peers = new Map(fleet.members().map((member) => [member.id, new Set(member.peers)]));
    const chosen = executableOrders(plan).filter(({ strategy }) => strategy === 'expansion');
    return withChoices(
      before,
      chosen,
      ({ member, target }) =>
        member === self ||
        intents.some((intent) => intent.member === member && intent.target === target) ||
        peers.get(member)?.has(target) === true,
      now,
    );
  }

  async #carryOut({ plan }: CycleReport, { now }: Moment): Promise<void> {
    const { node, store, self, orders, signal } = this.#parts;
    await applyGuard({ node, store, self, signal, now }, plan.guard.intents);
    this.#stopped();
    await orders.submit(plan);
  }

  #stopped(): void {
    if (this.#parts.signal.aborted) {
      throw new CodedError('plugin_stopped', 'the planner is stopping');
    }
  }
}
