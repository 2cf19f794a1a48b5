import {
  type Advisor,
  type Grant,
  type GrantConstraints,
  type GrantUse,
  grantHolds,
  type Power,
} from '@cl-hive/comms';
import type { JsonObject, UnixMs } from '@cl-hive/core';

/** Unix seconds of a moment, as every answer gives times. */
export function seconds(at: UnixMs): number {
  return Math.floor(at / 1000);
}

function constraintsView(constraints: GrantConstraints): JsonObject {
  const { feeChangePpmMax, amountMsatMax, peers, channels, historyHours, dangerMax } = constraints;
  return {
    ...(feeChangePpmMax === undefined ? {} : { fee_change_ppm_max: feeChangePpmMax }),
    ...(amountMsatMax === undefined ? {} : { amount_msat_max: amountMsatMax }),
    ...(peers === undefined ? {} : { peers: [...peers] }),
    ...(channels === undefined ? {} : { channels: [...channels] }),
    ...(historyHours === undefined ? {} : { history_hours: historyHours }),
    ...(dangerMax === undefined ? {} : { danger_max: dangerMax }),
  };
}

function powerView(power: Power, usedMsat: bigint): JsonObject {
  return {
    amount_msat: power.amountMsat,
    used_msat: usedMsat,
    until: seconds(power.until),
  };
}

/** A grant for people and programs. */
export function grantView(grant: Grant, use: GrantUse | undefined): JsonObject {
  const { spend, close, forceClose, until } = grant;
  return {
    grant: grant.id,
    mode: grant.mode,
    tier: grant.tier,
    actions: grant.actions === 'all' ? 'all' : [...grant.actions],
    constraints: constraintsView(grant.constraints),
    ...(spend === undefined ? {} : { spend: powerView(spend, use?.spend ?? 0n) }),
    ...(close === undefined ? {} : { close: powerView(close, use?.close ?? 0n) }),
    ...(forceClose === undefined
      ? {}
      : { force_close: powerView(forceClose, use?.forceClose ?? 0n) }),
    from: seconds(grant.from),
    ...(until === undefined ? {} : { until: seconds(until) }),
  };
}

/** What an advisor is at `now`. */
export function advisorState(advisor: Advisor, now: UnixMs): string {
  if (advisor.revokedAt !== undefined) {
    return 'revoked';
  }
  if (advisor.trialUntil === undefined) {
    return 'active';
  }
  return now < advisor.trialUntil ? 'trial' : 'trial_over';
}

/** An advisor for people and programs; keys only where asked for. */
export function advisorView(
  advisor: Advisor,
  grants: readonly Grant[],
  uses: ReadonlyMap<number, GrantUse>,
  now: UnixMs,
  withKeys: boolean,
): JsonObject {
  const { index, name, aliases, keys, since, trialUntil, revokedAt } = advisor;
  return {
    index,
    name,
    aliases,
    state: advisorState(advisor, now),
    proven_by: keys.map(({ scheme }) => scheme),
    ...(withKeys ? { keys: keys.map(({ scheme, key }) => ({ scheme, key })) } : {}),
    grants: grants
      .filter((grant) => grantHolds(grant, now))
      .map((grant) => grantView(grant, uses.get(grant.id))),
    since: seconds(since),
    ...(trialUntil === undefined ? {} : { trial_until: seconds(trialUntil) }),
    ...(revokedAt === undefined ? {} : { revoked_at: seconds(revokedAt) }),
  };
}
