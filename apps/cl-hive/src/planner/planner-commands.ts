import { mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Clock, CodedError, type JsonObject, type NodeId } from '@cl-hive/core';
import { fleetMapSvg, type PlannerLogLine } from '@cl-hive/hive';
import type { PlannerEngine } from './engine/engine.ts';
import type { Gardner } from './gardner.ts';
import { IGNORED_MAX } from './limits.ts';
import type { PlannerOrders } from './planner-orders.ts';
import { marketShareCap, type PlannerSettings } from './settings.ts';
import { type LogQuery, writeLog } from './store/planner-log.ts';
import { type PlannerStore, remember } from './store/planner-store.ts';
import { cycleView, explanationView, percent, rankedView, sizeView } from './views.ts';

/** What {@link PlannerCommands} work with. */
export interface CommandParts {
  readonly self: NodeId;
  readonly gardner: Gardner;
  readonly engine: PlannerEngine;
  readonly store: PlannerStore;
  readonly orders: PlannerOrders;
  readonly settings: () => PlannerSettings;
  readonly clock: Clock;
  /** Folder of the maps; made when it is first needed. */
  readonly folder: string;
}

/** Numbers in the place of what is known of a target. */
export interface SizeOverrides {
  readonly capacitySat?: number;
  readonly channelCount?: number;
  /** 0 to 1. */
  readonly share?: number;
}

/** What the planner's methods do. */
export class PlannerCommands {
  readonly #parts: CommandParts;

  constructor(parts: CommandParts) {
    this.#parts = parts;
  }

  /** The fleet's place in the network as it was last planned; writes its map where a file is named. */
  async topology(svg: string | undefined): Promise<JsonObject> {
    const { gardner, settings, clock } = this.#parts;
    const { plan, figures } = await gardner.atHand();
    const shares = await this.#shares(plan.guard.saturated.map(({ target }) => target));
    const ignored = await this.#ignored(false);
    const set = settings();
    return {
      saturated_targets: shares,
      saturated_count: shares.length,
      ignored_peers: ignored.map(({ peer_id }) => peer_id),
      ignored_count: ignored.length,
      network_cache_size: figures.channels,
      network_cache_age_seconds: Math.max(0, Math.floor((clock.now() - plan.now) / 1000)),
      ranked_targets: plan.ranking.map(rankedView),
      members: plan.members.map(({ member, idleSat, ineligible }) => ({
        member,
        idle_sats: idleSat,
        ineligible,
      })),
      reach:
        plan.reach === null
          ? null
          : {
              reached_out: plan.reach.reachedOut,
              reached_in: plan.reach.reachedIn,
              bottlenecks: plan.reach.bottlenecks.map(({ node, sharePpm }) => ({
                node,
                share_pct: percent(sharePpm),
              })),
            },
      open_orders: this.#parts.orders.view(),
      config: {
        market_share_cap_pct: marketShareCap(set),
        planner_interval_seconds: set.intervalMs / 1000,
        expansions_enabled: (await gardner.expansions()).enabled,
        execution: set.execution,
      },
      ...(svg === undefined ? {} : { map_file: await this.#writeMap(svg) }),
    };
  }

  /** Lines of the log, newest first. */
  async log(query: LogQuery): Promise<JsonObject> {
    const logs = await this.#parts.store.readLog(query);
    const last = logs.at(-1);
    return {
      count: logs.length,
      limit: query.limit,
      logs: logs.map((row) => ({ ...row })),
      ...(last !== undefined && logs.length === query.limit ? { next_before: last.id } : {}),
    };
  }

  /** How large a channel to a peer would be, and why. */
  async size(target: NodeId, overrides: SizeOverrides): Promise<JsonObject> {
    const { gardner, engine, self, settings } = this.#parts;
    const { plan } = await gardner.atHand();
    const answer = await engine.size(
      {
        target,
        ...(overrides.capacitySat === undefined ? {} : { capacitySat: overrides.capacitySat }),
        ...(overrides.share === undefined
          ? {}
          : { sharePpm: Math.round(overrides.share * 1_000_000) }),
      },
      self,
    );
    const view = sizeView(answer.size);
    const own = plan.members.find(({ member }) => member === self);
    const { config } = settings();
    return {
      peer_id: target,
      ...view,
      recommended_size_btc: Number(view['recommended_size_sats']) / 100_000_000,
      reasoning: answer.size.ok
        ? `bounded by ${answer.size.limitedBy}`
        : `no channel: ${answer.size.reason}`,
      factors: view['limits'] ?? null,
      inputs: {
        capacity_sats: answer.publicSat,
        channel_count: overrides.channelCount ?? answer.channels,
        hive_share_pct: percent(answer.sharePpm),
        onchain_balance_sats: own?.onchainSat ?? 0,
      },
      budget: {
        effective_budget_sats: answer.budgetSat,
        spendable_onchain_sats: answer.idleSat,
        budget_limited: answer.size.ok && answer.size.limitedBy === 'budgetSat',
      },
      config_bounds: {
        min_channel_sats: config['minChannelSat'] ?? 0,
        max_channel_sats: config['maxChannelSat'] ?? 0,
      },
    };
  }

  /** Rates targets that the operator names, best first. */
  async rate(targets: readonly NodeId[]): Promise<JsonObject> {
    await this.#parts.gardner.atHand();
    const rated = await this.#parts.engine.rate(targets);
    return { count: rated.length, targets: rated.map(explanationView) };
  }

  /** Every number and reason of one target, as of the last plan. */
  async explain(target: NodeId): Promise<JsonObject> {
    const { plan } = await this.#parts.gardner.atHand();
    const told = await this.#parts.engine.explain(target);
    return {
      planned_at: Math.floor(plan.now / 1000),
      digest: plan.digest,
      ...explanationView(told),
    };
  }

  async run(dry: boolean): Promise<JsonObject> {
    return cycleView(await this.#parts.gardner.run('operator', dry));
  }

  /** Switches proposals on or off; it outlives restarts. */
  async enableExpansions(enabled: boolean): Promise<JsonObject> {
    const { gardner, store, clock } = this.#parts;
    const before = await gardner.expansions();
    const line: PlannerLogLine = {
      actionType: 'setting',
      target: null,
      result: 'changed',
      details: { expansions_enabled: enabled, before: before.enabled, by: before.by },
    };
    await store.transact(async (transactor) => {
      await remember(transactor, 'expansions_enabled', enabled);
      await writeLog(transactor, [line], clock.now());
    });
    return { status: 'ok', previous_setting: before.enabled, expansions_enabled: enabled };
  }

  /** Plans a recorded cycle again and says whether it is the same. */
  async replay(id: number | undefined): Promise<JsonObject> {
    const { store, engine } = this.#parts;
    const cycle = await store.cycle(id);
    if (cycle === undefined) {
      throw new CodedError('no_such_cycle', 'no such cycle is recorded', {
        remedy: 'hive-planner-replay list=true names those that are',
      });
    }
    const { snapshot, plan, digest } = cycle;
    const outcome = await engine.replay({ snapshot, plan }, digest);
    return {
      cycle: cycle.id,
      planned_at: Math.floor(cycle.at_ms / 1000),
      identical: outcome.identical,
      recorded_digest: digest,
      digest: outcome.plan.digest,
      ...(outcome.identical ? {} : { differing: outcome.differing }),
    };
  }

  /** The recorded cycles, the newest first. */
  async cycles(): Promise<JsonObject> {
    const cycles = await this.#parts.store.cycles();
    return {
      count: cycles.length,
      cycles: cycles.map(({ at_ms, ...row }) => ({
        ...row,
        planned_at: Math.floor(at_ms / 1000),
      })),
    };
  }

  /** Excludes a peer from the planner's targets. */
  async ignore(peer: NodeId, reason: string, hours: number): Promise<JsonObject> {
    const { store, clock } = this.#parts;
    const now = Math.floor(clock.now() / 1000);
    const before = await this.#ignored(false);
    const known = before.some(({ peer_id }) => peer_id === peer);
    if (!known && before.length >= IGNORED_MAX) {
      throw new CodedError('too_many_ignored', `${IGNORED_MAX} peers are excluded already`, {
        remedy: 'hive-planner-unignore some first',
      });
    }
    const row = { reason, ignored_at: now, expires_at: hours > 0 ? now + hours * 3600 : null };
    const line: PlannerLogLine = {
      actionType: 'ignore',
      target: peer,
      result: 'success',
      details: { type: 'manual', reason, duration_hours: hours > 0 ? hours : 'permanent' },
    };
    await store.transact(async (transactor) => {
      await transactor
        .insertInto('planner_ignored_peers')
        .values({ peer_id: peer, ...row })
        .onConflict((conflict) => conflict.column('peer_id').doUpdateSet(row))
        .execute();
      await writeLog(transactor, [line], clock.now());
    });
    return {
      result: known ? 'already_ignored' : 'success',
      peer_id: peer,
      reason,
      duration_hours: hours > 0 ? hours : 'permanent',
      ignored_peers_count: before.length + (known ? 0 : 1),
    };
  }

  /** Takes an exclusion back. */
  async unignore(peer: NodeId): Promise<JsonObject> {
    const { store, clock } = this.#parts;
    const known = (await this.#ignored(true)).some(({ peer_id }) => peer_id === peer);
    const result = known ? 'success' : 'not_found';
    const line: PlannerLogLine = {
      actionType: 'unignore',
      target: peer,
      result,
      details: { type: 'manual' },
    };
    await store.transact(async (transactor) => {
      await transactor.deleteFrom('planner_ignored_peers').where('peer_id', '=', peer).execute();
      await writeLog(transactor, [line], clock.now());
    });
    return { result, peer_id: peer, ignored_peers_count: (await this.#ignored(false)).length };
  }

  async ignoredPeers(expired: boolean): Promise<JsonObject> {
    const rows = await this.#ignored(expired);
    return { ignored_peers: rows.map((row) => ({ ...row })), count: rows.length };
  }

  #ignored(expired: boolean) {
    const { store, clock } = this.#parts;
    return store.ignored(Math.floor(clock.now() / 1000), expired);
  }

  async #shares(targets: readonly NodeId[]): Promise<readonly JsonObject[]> {
    if (targets.length === 0) {
      return [];
    }
    const told = await this.#parts.engine.rate(targets);
    return told.map(({ target, share }) => ({
      target: `${target.slice(0, 16)}...`,
      target_full: target,
      hive_capacity_sats: share.fleetSat,
      public_capacity_sats: share.publicSat,
      hive_share_pct: percent(share.sharePpm),
    }));
  }

  /** Beside the database and for lightningd's user alone: it shows who belongs together. */
  async #writeMap(name: string): Promise<string> {
    const { folder, engine } = this.#parts;
    const svg = fleetMapSvg(await engine.map());
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const file = path.join(folder, name);
    await writeFile(`${file}.draft`, svg, { mode: 0o600 });
    await rename(`${file}.draft`, file);
    return file;
  }
}
