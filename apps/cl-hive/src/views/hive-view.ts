import type { JsonObject } from '@cl-hive/core';
import type { Hive } from '../hive.ts';

/** The hive as `hive-status` shows it. */
export function hiveView({ membership, delivery, dispatcher, post, line }: Hive): JsonObject {
  const { hiveId, members } = membership.view();
  return {
    hive_id: hiveId ?? null,
    members: members.size,
    messages: dispatcher.counts.view(),
    delivery: { ...delivery.counts, ...post.counts, decisions_waiting: line.waiting },
  };
}
