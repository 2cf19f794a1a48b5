import { isJsonObject } from '@cl-hive/core';
import { type Plan, plan, planBytes } from './plan.ts';

/** Whether a recorded snapshot still leads to the recorded plan. */
export type Replay =
  | { readonly identical: true; readonly plan: Plan }
  | {
      readonly identical: false;
      readonly plan: Plan;
      readonly recordedDigest: string;
      /** Members of the plan that differ, where the recorded bytes were given; sorted. */
      readonly differing: readonly string[];
    };

/**
 * Plans a recorded snapshot again and compares. `recordedBytes` are those of `planBytes`, where they
 * were kept. Throws as {@link plan} does, `unknown_flag` where a newer version recorded it.
 */
export function replay(snapshot: unknown, recordedDigest: string, recordedBytes?: string): Replay {
  const made = plan(snapshot);
  return made.digest === recordedDigest
    ? { identical: true, plan: made }
    : {
        identical: false,
        plan: made,
        recordedDigest,
        differing:
          recordedBytes === undefined ? [] : differingMembers(planBytes(made), recordedBytes),
      };
}

function differingMembers(mine: string, theirs: string): readonly string[] {
  const [a, b] = [membersOf(mine), membersOf(theirs)];
  return [...new Set([...Object.keys(a), ...Object.keys(b)])]
    .filter((name) => JSON.stringify(a[name]) !== JSON.stringify(b[name]))
    .sort();
}

/** Canonical texts hold only safe integers, so that nothing is lost in reading one. */
function membersOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : {};
  } catch {
    return {};
  }
}
