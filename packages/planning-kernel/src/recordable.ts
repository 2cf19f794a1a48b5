import { isJsonObject } from '@cl-hive/core';

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

/** A channel entry without what no stage reads; one that is broken stays as broken as it was. */
export function recordableChannel(entry: unknown): unknown {
  return reduced(entry, CHANNEL_MEMBERS);
}

/** The same of a node entry. */
export function recordableNode(entry: unknown): unknown {
  return reduced(entry, NODE_MEMBERS);
}

function reduced(entry: unknown, members: readonly string[]): unknown {
  return isJsonObject(entry)
    ? Object.fromEntries(
        members.filter((name) => Object.hasOwn(entry, name)).map((name) => [name, entry[name]]),
      )
    : entry;
}
