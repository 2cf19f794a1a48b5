import type { NodeId } from '@cl-hive/core';

/** A target in which the fleet holds as much as it wants, or more. */
export interface SaturatedTarget {
  readonly target: NodeId;
  /** null where it is no longer known. */
  readonly sharePpm: number | null;
}

/** What one member tells its CLBOSS. `clboss-unmanage` sets all tags of a node at once. */
export interface GuardIntent {
  readonly member: NodeId;
  readonly target: NodeId;
  readonly action: 'ignore' | 'release';
  readonly method: 'clboss-unmanage';
  /** Node and tags, comma separated; those that others set are kept, none resumes management. */
  readonly params: readonly [nodeid: NodeId, tags: string];
}

/** What the guard decided; `aborted` where so much is saturated at once that the data cannot be right. */
export interface GuardOutcome {
  readonly aborted: boolean;
  readonly intents: readonly GuardIntent[];
  /** All targets that are saturated now, by id. */
  readonly saturated: readonly SaturatedTarget[];
}
