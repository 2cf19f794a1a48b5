import type { NodeId } from '@cl-hive/core';
import type { Share } from '../fleet.ts';
import type { Marks } from '../marks.ts';
import type { TargetReach } from '../reach-meter.ts';

/** A target with everything that its rank is made of. */
export interface RankedTarget {
  readonly target: NodeId;
  readonly scorePpm: number;
  readonly marks: Marks;
  readonly channels: number;
  readonly share: Share;
  readonly reach: TargetReach;
  /** The channel that the share asks for, bounded by the largest channel only, sat. */
  readonly wantedSat: number;
}
