import { CodedError } from '@cl-hive/core';

/**
 * What the planner does is a contract: a recorded snapshot gives the same bytes for ever. A change of
 * behaviour gets the next number here with its reason, is asked for by `hasFlag` at the one place where
 * it differs, and comes with a history that was recorded with it. A snapshot names the flags that it
 * was planned under; numbers are never reused.
 */
export const FLAGS = {
  /** Shares, guards, ranking, sizing and openings as first published. */
  baseline: 1,
  /**
   * No expansion to a target with which any member has a channel: the fleet reaches it already, and a
   * second way there gains less than a way elsewhere.
   */
  oneMemberPerTarget: 2,
  /** Reach counts what a small channel fails: the cheapest way over channels that cannot carry it is none. */
  riskInReach: 3,
} as const;

/** Name of a behaviour. */
export type FlagName = keyof typeof FLAGS;

/** The flags that new snapshots carry: all of them. */
export const CURRENT_FLAGS: readonly number[] = Object.values(FLAGS);

/** Whether `flags` hold the behaviour `name`. */
export function hasFlag(flags: readonly number[], name: FlagName): boolean {
  return flags.includes(FLAGS[name]);
}

/**
 * Checks flags of a snapshot and returns them sorted. Throws CodedError `unknown_flag` for a number
 * of a newer version or where the baseline is absent: replaying without it would give another plan.
 */
export function checkedFlags(flags: readonly number[]): readonly number[] {
  const unknown = flags.find((flag) => !CURRENT_FLAGS.includes(flag));
  if (unknown !== undefined || !hasFlag(flags, 'baseline')) {
    throw new CodedError(
      'unknown_flag',
      unknown === undefined
        ? 'the snapshot names no behaviour: flag 1 is missing'
        : `behaviour flag ${unknown} is not known to this version of the planner`,
      {
        data: { flags, known: CURRENT_FLAGS },
        remedy: 'plan it with the version that recorded it',
      },
    );
  }
  return [...new Set(flags)].sort((a, b) => a - b);
}
