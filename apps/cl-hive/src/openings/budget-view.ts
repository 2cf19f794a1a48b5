import type { JsonObject } from '@cl-hive/core';
import { spentInSpan } from '@cl-hive/hive';
import type { Desk } from './desk.ts';
import { PROPOSAL_BLOCKS } from './limits.ts';
import type { OpeningSettings } from './settings.ts';

/** The budget with the original's members; days are 144 blocks each and roll. */
export async function budgetView(
  desk: Desk,
  settings: OpeningSettings,
  days: number,
): Promise<JsonObject> {
  const { mode, perDaySat, perChannelPpm, reservePpm } = settings;
  const { spending, now } = desk.book.spending();
  const spent = spentInSpan(spending, now);
  const height = desk.book.height;
  const done = await desk.doneSince(height - days * PROPOSAL_BLOCKS);
  const whole = Math.max(1, Math.min(days, Math.ceil(height / PROPOSAL_BLOCKS)));
  const spans = Array.from({ length: whole }, (_, index) => {
    const to = height - index * PROPOSAL_BLOCKS;
    const from = to - PROPOSAL_BLOCKS;
    const cost = done
      .filter(({ doneAt = 0 }) => doneAt > from && doneAt <= to)
      .reduce((sum, { amountSat, feeSat }) => sum + amountSat + feeSat, 0n);
    return { from_height: Math.max(0, from + 1), to_height: to, ...used(cost, perDaySat) };
  });
  return {
    governance_mode: mode,
    daily_budget_sats: Number(perDaySat),
    max_per_channel_sats: Number((perDaySat * BigInt(perChannelPpm)) / 1_000_000n),
    reserve_pct: reservePpm / 1_000_000,
    today: {
      ...used(spent, perDaySat),
      available_sats: Number(perDaySat > spent ? perDaySat - spent : 0n),
    },
    daily_spending: spans,
  };
}

function used(spent: bigint, budget: bigint): JsonObject {
  return {
    spent_sats: Number(spent),
    budget_sats: Number(budget),
    utilization_pct: budget === 0n ? 0 : Number((spent * 1000n) / budget) / 10,
  };
}
