// A slow, obvious model of the policy, written apart from the product's rules: one straight walk
// through what the operator was promised, with codes collected in a set.
import type { ActionFacts, Activity, Grant, Policy, PolicyRules } from '@cl-hive/comms';
import { PRESETS } from '@cl-hive/comms';
import type { ManagementCommand } from '@cl-hive/protocol';

export interface ModelAnswer {
  readonly verdict: 'allow' | 'needs_approval' | 'refuse';
  readonly codes: ReadonlySet<string>;
}

function rulesAt(policy: Policy, now: number): PolicyRules {
  const rules = { ...PRESETS[policy.preset] };
  Object.assign(rules, policy.settings);
  for (const override of policy.overrides) {
    if (override.from <= now && now < override.until) {
      Object.assign(rules, override.settings);
    }
  }
  return rules;
}

function quietAt(rules: PolicyRules, now: number): boolean {
  const quiet = rules.quietHours;
  if (quiet === undefined) {
    return false;
  }
  const shown = new Date(now).toLocaleTimeString('en-GB', {
    timeZone: quiet.zone,
    hour: '2-digit',
    minute: '2-digit',
  });
  // Walks the quiet minutes one by one from the beginning.
  for (let minute = quiet.fromMinute; minute % 1440 !== quiet.toMinute; minute += 1) {
    const of = minute % 1440;
    const text = `${String(Math.floor(of / 60)).padStart(2, '0')}:${String(of % 60).padStart(2, '0')}`;
    if (text === shown) {
      return true;
    }
  }
  return false;
}

const TIERS = ['monitor', 'standard', 'advanced', 'admin'];

const REFUSALS = new Set([
  'grant_missing',
  'self_protected',
  'schema_blocked',
  'tier_too_low',
  'action_not_granted',
  'danger_not_granted',
  'subject_unknown',
  'peer_forbidden',
  'channel_protected',
  'peer_not_named',
  'channel_not_named',
  'amount_unknown',
  'amount_too_large',
  'fee_change_too_large',
  'danger_too_high',
  'hour_limit',
  'day_limit',
]);

function severity(codes: ReadonlySet<string>): number {
  return [...codes].some((code) => REFUSALS.has(code)) ? 2 : codes.size > 0 ? 1 : 0;
}

interface World {
  readonly policy: Policy;
  readonly grants: readonly Grant[];
  readonly command: ManagementCommand;
  readonly facts: ActionFacts;
  readonly activity: Activity;
  readonly now: number;
  readonly approved: boolean;
}

function modelDanger(world: World, rules: PolicyRules): number {
  const { command, facts, activity } = world;
  let danger = command.danger;
  if (facts.amountMsat !== undefined && facts.amountMsat > 0n) {
    for (const step of rules.amountSteps) {
      if (activity.spentLastHourMsat + facts.amountMsat + facts.feeMsat > step.aboveMsat) {
        danger = danger > step.danger ? danger : step.danger;
      }
    }
  }
  return danger;
}

function nodeCodes(world: World, rules: PolicyRules, danger: number): Set<string> {
  const { policy, command, facts, activity, now } = world;
  const name = `${command.schema} ${command.action}`;
  const codes = new Set<string>();
  const writes = command.effect !== 'read';
  for (const key of ['key', 'plugin_name', 'path']) {
    const value = command.params[key];
    const last = typeof value === 'string' ? value.split('/').pop() : undefined;
    const stem = last?.toLowerCase().split(/[-._]/);
    const ours = stem?.[0] === 'hive' || (stem?.[0] === 'cl' && stem[1] === 'hive');
    if (command.effect === 'control' && ours) {
      codes.add('self_protected');
    }
  }
  if (rules.blockedSchemas.has(command.schema)) codes.add('schema_blocked');
  if (facts.unresolved.length > 0) codes.add('subject_unknown');
  if (writes) {
    for (const peer of facts.peers) {
      if (policy.forbiddenPeers.has(peer)) codes.add('peer_forbidden');
    }
    if (facts.amountMsat === undefined) codes.add('amount_unknown');
    if (
      typeof rules.actionsPerHour === 'number' &&
      activity.actionsLastHour + 1 > rules.actionsPerHour
    )
      codes.add('hour_limit');
    if (
      typeof rules.actionsPerDay === 'number' &&
      activity.actionsLastDay + 1 > rules.actionsPerDay
    )
      codes.add('day_limit');
  }
  const ends = ['close', 'force_close'].includes(command.effect);
  if (ends || /splice_|disable_channel/.test(command.action)) {
    for (const names of facts.channels) {
      for (const one of names) {
        if (policy.protectedChannels.has(one)) codes.add('channel_protected');
      }
    }
  }
  if (danger > rules.dangerMax) codes.add('danger_too_high');
  if (danger > rules.autoDangerMax) codes.add('danger_needs_person');
  const hard =
    command.effect === 'force_close' ||
    command.effect === 'control' ||
    command.action === 'close_all' ||
    danger > 7;
  if (hard || rules.alwaysApprove.has(name)) codes.add('always_a_person');
  if (command.effect === 'force_close') codes.add('force_close_person');
  if (facts.closesMsat > 0n) {
    const total = Number(activity.closedInWindowMsat) + Number(facts.closesMsat);
    if (total * 1_000_000 > Number(facts.capacityMsat) * rules.closeSharePpm)
      codes.add('close_share');
  }
  if (rules.feeChangePpmMax !== 'unlimited') {
    if (facts.feeChangePpm === undefined || facts.feeChangePpm > rules.feeChangePpmMax)
      codes.add('fee_change_needs_person');
  }
  if (rules.quietHours !== undefined && danger > rules.quietHours.dangerMax && quietAt(rules, now))
    codes.add('quiet_hours');
  return codes;
}

function grantCodes(world: World, grant: Grant, danger: number): Set<string> {
  const { command, facts, activity, now } = world;
  const codes = new Set<string>();
  const writes = command.effect !== 'read';
  const { constraints } = grant;
  if (TIERS.indexOf(grant.tier) < TIERS.indexOf(command.tier)) codes.add('tier_too_low');
  if (grant.actions !== 'all') {
    const named = [...grant.actions].some(
      (entry) => entry === command.schema || entry === `${command.schema} ${command.action}`,
    );
    if (!named) codes.add('action_not_granted');
  }
  if (constraints.dangerMax !== undefined && danger > constraints.dangerMax)
    codes.add('danger_not_granted');
  if (writes && constraints.peers !== undefined) {
    for (const peer of facts.peers) if (!constraints.peers.has(peer)) codes.add('peer_not_named');
  }
  if (writes && constraints.channels !== undefined) {
    for (const names of facts.channels) {
      let known = false;
      for (const one of names) known ||= constraints.channels.has(one);
      if (!known) codes.add('channel_not_named');
    }
  }
  const cost = facts.amountMsat === undefined ? undefined : facts.amountMsat + facts.feeMsat;
  if (
    constraints.amountMsatMax !== undefined &&
    (cost === undefined || cost > constraints.amountMsatMax)
  )
    codes.add('amount_too_large');
  if (constraints.feeChangePpmMax !== undefined) {
    if (facts.feeChangePpm === undefined || facts.feeChangePpm > constraints.feeChangePpmMax)
      codes.add('fee_change_too_large');
  }
  if (grant.mode === 'advice' && writes) codes.add('advice_only');
  const use = activity.grantUse.get(grant.id) ?? { spend: 0n, close: 0n, forceClose: 0n };
  const holds = (power: Grant['spend'], used: bigint, wanted: bigint): boolean =>
    power !== undefined && now < power.until && used + wanted <= power.amountMsat;
  const spends = command.effect === 'spend' || (facts.amountMsat ?? 0n) > 0n;
  const wanted = (facts.amountMsat ?? 0n) + facts.feeMsat;
  if (spends && !holds(grant.spend, use.spend, wanted)) codes.add('spend_not_granted');
  if (command.effect === 'close' && !holds(grant.close, use.close, facts.closesMsat))
    codes.add('close_not_granted');
  if (
    command.effect === 'force_close' &&
    !holds(grant.forceClose, use.forceClose, facts.closesMsat)
  )
    codes.add('force_close_not_granted');
  return codes;
}

export function modelJudge(world: World): ModelAnswer {
  const rules = rulesAt(world.policy, world.now);
  const danger = modelDanger(world, rules);
  const codes = nodeCodes(world, rules, danger);
  let best: Set<string> | undefined;
  for (const grant of world.grants.toSorted((a, b) => a.id - b.id)) {
    if (world.now < grant.from || (grant.until !== undefined && world.now >= grant.until)) {
      continue;
    }
    const own = grantCodes(world, grant, danger);
    if (best === undefined || severity(own) < severity(best)) {
      best = own;
    }
  }
  for (const code of best ?? ['grant_missing']) {
    codes.add(code);
  }
  const strict = severity(codes);
  const verdict =
    strict === 2 ? 'refuse' : strict === 1 && !world.approved ? 'needs_approval' : 'allow';
  return { verdict, codes };
}
