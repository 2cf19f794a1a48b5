import type { JsonObject } from '@cl-hive/core';
import type {
  Explanation,
  Plan,
  PlannedOrder,
  RankedTarget,
  Share,
  Size,
} from '@cl-hive/planning-kernel';
import type { CycleReport } from './cycle-report.ts';

/** A share of the fleet as the original shows it, in percent with two digits. */
export function percent(ppm: number | null): number | null {
  return ppm === null ? null : Math.round(ppm / 100) / 100;
}

function shareView({ publicSat, fleetSat, sharePpm }: Share): JsonObject {
  return {
    public_capacity_sats: publicSat,
    hive_capacity_sats: fleetSat,
    hive_share_pct: percent(sharePpm),
  };
}

/** A target of the ranking. */
export function rankedView(ranked: RankedTarget, place: number): JsonObject {
  return {
    rank: place + 1,
    target: ranked.target,
    score_ppm: ranked.scorePpm,
    marks_ppm: { ...ranked.marks },
    channels: ranked.channels,
    ...shareView(ranked.share),
    reach: reachView(ranked.reach),
    wanted_sats: ranked.wantedSat,
  };
}

function reachView(reach: RankedTarget['reach']): JsonObject {
  return {
    saved_msat: reach.savedMsat,
    opened_out: reach.openedOut,
    opened_in: reach.openedIn,
    improved_out: reach.improvedOut,
    improved_in: reach.improvedIn,
    relieved: reach.relieved,
    target_fee_msat: reach.targetFeeMsat,
  };
}

/** A channel's size: how much, what bounds it, or why there is none. */
export function sizeView(size: Size): JsonObject {
  const { limits } = size;
  return {
    recommended_size_sats: size.ok ? size.quantitySat : 0,
    ...(size.ok ? { limited_by: size.limitedBy } : { reason: size.reason }),
    limits: {
      share_gap_sats: limits.shareGapSat,
      max_channel_sats: limits.maxChannelSat,
      capital_sats: limits.capitalSat,
      budget_sats: limits.budgetSat,
      on_chain_cost_sats: limits.costSat,
      min_sats: limits.minSat,
    },
  };
}

/** An order of a plan. */
export function orderView(order: PlannedOrder): JsonObject {
  const fields = order.status === 'executable' ? order : order.intent;
  return {
    order_id: order.clientOrderId,
    status: order.status,
    ...(order.status === 'skipped' ? { reason: order.reason } : {}),
    member: fields.member ?? null,
    target: fields.target ?? null,
    side: fields.side ?? null,
    amount_sats: fields.quantitySat ?? null,
    strategy: fields.strategy,
    rationale: fields.rationale,
  };
}

/** A finished cycle. */
export function cycleView({ plan, figures, dry, trigger, durationMs }: CycleReport): JsonObject {
  return {
    dry,
    trigger,
    digest: plan.digest,
    height: plan.blockHeight,
    planned_at: Math.floor(plan.now / 1000),
    duration_ms: durationMs,
    read_ms: figures.readMs,
    plan_ms: figures.planMs,
    nodes: figures.nodes,
    channels: figures.channels,
    channels_recomputed: figures.changes.recomputedChannels,
    universe: plan.universe.length,
    ...planView(plan),
  };
}

function planView(plan: Plan): JsonObject {
  return {
    orders: plan.orders.map(orderView),
    guard: {
      aborted: plan.guard.aborted,
      saturated: plan.guard.saturated.length,
      intents: plan.guard.intents.map(({ member, target, action, params }) => ({
        member,
        target,
        action,
        tags: params[1],
      })),
    },
    members: plan.members.map((member) => ({
      member: member.member,
      onchain_sats: member.onchainSat,
      reserve_sats: member.reserveSat,
      committed_sats: member.committedSat,
      idle_sats: member.idleSat,
      pending: member.pending,
      opener_ppm: member.openerPpm,
      ineligible: member.ineligible,
    })),
    diagnostics: plan.diagnostics.map(({ stage, reason, count, changedBy }) => ({
      stage,
      reason,
      count,
      changed_by: changedBy,
    })),
    input_defects: plan.input.map(({ list, code, count, examples }) => ({
      list,
      code,
      count,
      examples,
    })),
  };
}

/** Everything that is known of one target, and everything that stands in the way. */
export function explanationView(told: Explanation & { readonly alias: string }): JsonObject {
  const { rating, quality, opener } = told;
  return {
    target: told.target,
    alias: told.alias,
    known: told.known,
    announced: told.announced,
    channels: told.channels,
    ...shareView(told.share),
    share_gap_sats: told.shareGapSat,
    connected_members: told.connectedMembers,
    rank: told.rank,
    score_ppm: rating?.scorePpm ?? null,
    marks_ppm: rating === null ? null : { ...rating.marks },
    reach: rating === null ? null : reachView(rating.reach),
    wanted_sats: rating?.wantedSat ?? null,
    quality:
      quality === null ? null : { score_ppm: quality.scorePpm ?? null, refusals: quality.refusals },
    cool_down_until: told.coolDownUntil === 0 ? null : Math.floor(told.coolDownUntil / 1000),
    opener: {
      member: opener.member,
      size: opener.size === null ? null : sizeView(opener.size),
    },
    obstacles: told.obstacles.map(({ stage, reason, changedBy }) => ({
      stage,
      reason,
      changed_by: changedBy,
    })),
    orders: told.orders.map(orderView),
  };
}
