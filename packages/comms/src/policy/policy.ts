import { CodedError, type NodeId, type UnixMs } from '@cl-hive/core';
import { NAMED_LIST_MAX, OVERRIDE_MS_MAX, OVERRIDES_MAX } from '../limits.ts';
import { type PolicyRules, PRESETS, type PresetName } from './rules.ts';
import { policyValue } from './rules-decoder.ts';

/** Changed settings that lapse by themselves. */
export interface PolicyOverride {
  readonly id: number;
  readonly settings: Partial<PolicyRules>;
  readonly from: UnixMs;
  readonly until: UnixMs;
  readonly reason: string;
}

/** A node's policy: a preset, lasting changes to it, changes for a while, and whom to leave alone. */
export interface Policy {
  readonly preset: PresetName;
  readonly settings: Partial<PolicyRules>;
  readonly overrides: readonly PolicyOverride[];
  /** "Hands off": no module of the hive does anything to them. */
  readonly forbiddenPeers: ReadonlySet<NodeId>;
  /** Channels, by short channel id or channel id, that are not closed, spliced or disabled. */
  readonly protectedChannels: ReadonlySet<string>;
  /** Number of the next override. */
  readonly nextOverride: number;
}

/** The policy of a node whose operator has not said anything yet. */
export const DEFAULT_POLICY: Policy = {
  preset: 'conservative',
  settings: {},
  overrides: [],
  forbiddenPeers: new Set(),
  protectedChannels: new Set(),
  nextOverride: 1,
};

/** An operator's change of the policy. */
export type PolicyChange =
  | { readonly kind: 'preset'; readonly preset: PresetName }
  | { readonly kind: 'settings'; readonly settings: Partial<PolicyRules> }
  | { readonly kind: 'reset' }
  | {
      readonly kind: 'override';
      readonly settings: Partial<PolicyRules>;
      readonly until: UnixMs;
      readonly reason: string;
    }
  | { readonly kind: 'end_override'; readonly id: number }
  | { readonly kind: 'forbid_peer' | 'allow_peer'; readonly peer: NodeId }
  | { readonly kind: 'protect_channel' | 'unprotect_channel'; readonly channel: string };

/** Whether an override is in force: from its start, exclusive of its end. */
export function overrideHolds(override: PolicyOverride, now: UnixMs): boolean {
  return now >= override.from && now < override.until;
}

/** The rules at `now`: the preset, then lasting settings, then overrides in force in the order they were made. */
export function effectiveRules(policy: Policy, now: UnixMs): PolicyRules {
  let rules: PolicyRules = { ...PRESETS[policy.preset], ...policy.settings };
  for (const override of policy.overrides) {
    if (overrideHolds(override, now)) {
      rules = { ...rules, ...override.settings };
    }
  }
  return rules;
}

/** The next moment after `now` at which an override starts or lapses; undefined when none will. */
export function nextPolicyChange(policy: Policy, now: UnixMs): UnixMs | undefined {
  const moments = policy.overrides.flatMap(({ from, until }) => [from, until]);
  const ahead = moments.filter((moment) => moment > now).sort((a, b) => a - b);
  return ahead[0];
}

function withMember<T>(set: ReadonlySet<T>, member: T, present: boolean, what: string): Set<T> {
  const next = new Set(set);
  if (present) {
    next.add(member);
  } else {
    next.delete(member);
  }
  if (next.size > NAMED_LIST_MAX) {
    throw new CodedError('policy_full', `at most ${NAMED_LIST_MAX} ${what}`, {
      remedy: `take some ${what} off the list`,
    });
  }
  return next;
}

function withOverride(
  policy: Policy,
  change: Extract<PolicyChange, { kind: 'override' }>,
  now: UnixMs,
): Policy {
  const { settings, until, reason } = change;
  if (!(until > now) || until - now > OVERRIDE_MS_MAX) {
    throw policyValue('an override ends in the future, within 30 days');
  }
  const overrides = policy.overrides.filter((override) => override.until > now);
  if (overrides.length >= OVERRIDES_MAX) {
    throw new CodedError('policy_full', `at most ${OVERRIDES_MAX} overrides at a time`, {
      remedy: 'end one that is no longer needed',
    });
  }
  const id = policy.nextOverride;
  return {
    ...policy,
    overrides: [...overrides, { id, settings, from: now, until, reason }],
    nextOverride: id + 1,
  };
}

function changed(policy: Policy, change: PolicyChange, now: UnixMs): Policy {
  switch (change.kind) {
    case 'preset':
      return { ...policy, preset: change.preset };
    case 'settings':
      return { ...policy, settings: { ...policy.settings, ...change.settings } };
    case 'reset':
      return { ...policy, settings: {}, overrides: [] };
    case 'override':
      return withOverride(policy, change, now);
    case 'end_override':
      return { ...policy, overrides: policy.overrides.filter(({ id }) => id !== change.id) };
    case 'forbid_peer':
    case 'allow_peer': {
      const present = change.kind === 'forbid_peer';
      const forbiddenPeers = withMember(policy.forbiddenPeers, change.peer, present, 'peers');
      return { ...policy, forbiddenPeers };
    }
    case 'protect_channel':
    case 'unprotect_channel': {
      const present = change.kind === 'protect_channel';
      const channels = withMember(policy.protectedChannels, change.channel, present, 'channels');
      return { ...policy, protectedChannels: channels };
    }
  }
}

/**
 * Carries out an operator's change. Settings of different sources must agree at every moment, so
 * `auto_danger_max` above `danger_max` is refused here and now. Throws CodedError `policy_value` or
 * `policy_full`; the policy stays as it was.
 */
export function changePolicy(policy: Policy, change: PolicyChange, now: UnixMs): Policy {
  const next = changed(policy, change, now);
  const moments = [now, ...next.overrides.flatMap(({ from, until }) => [from, until])];
  for (const moment of moments) {
    const rules = effectiveRules(next, moment);
    if (rules.autoDangerMax > rules.dangerMax) {
      throw policyValue(
        `auto_danger_max (${rules.autoDangerMax}) would be above danger_max (${rules.dangerMax})`,
      );
    }
  }
  return next;
}
