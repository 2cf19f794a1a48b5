import { isJsonObject } from '@cl-hive/core';
import { type Plan, plan, planBytes } from './plan.ts';

/** Members of a channel entry that the planner reads. */
const CHANNEL_MEMBERS = [
  'source',
  'destination',
  'short_channel_id',
  'direction',
  'public',
  'amount_msat',
  'active',
  'last_update',
  'base_fee_millisatoshi',
  'fee_per_millionth',
  'htlc_maximum_msat',
] as const;

/** Members of a node entry that the planner reads. */
const NODE_MEMBERS = ['nodeid', 'last_timestamp'] as const;

/**
 * A snapshot without what no stage reads: about a third less to keep, and the same plan. Entries that
 * are broken stay as broken as they were.
 */
export function recordableSnapshot(
  snapshot: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const { channels, nodes, ...rest } = snapshot;
  return {
    ...rest,
    ...(channels === undefined ? {} : { channels: reduced(channels, CHANNEL_MEMBERS) }),
    ...(nodes === undefined ? {} : { nodes: reduced(nodes, NODE_MEMBERS) }),
  };
}

function reduced(list: unknown, members: readonly string[]): unknown {
  if (!Array.isArray(list)) {
    return list;
  }
  return list.map((entry: unknown) =>
    isJsonObject(entry)
      ? Object.fromEntries(
          members.filter((name) => Object.hasOwn(entry, name)).map((name) => [name, entry[name]]),
        )
      : entry,
  );
}

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
