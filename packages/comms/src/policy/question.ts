import type { UnixMs } from '@cl-hive/core';
import type { ManagementCommand } from '@cl-hive/protocol';
import type { ActionFacts, Activity } from './facts.ts';
import type { Grant } from './grant.ts';
import type { Policy } from './policy.ts';

/** What is to be judged. */
export interface Question {
  readonly policy: Policy;
  /** Grants of the advisor who asks; those that are not in force are passed over. */
  readonly grants: readonly Grant[];
  readonly command: ManagementCommand;
  readonly facts: ActionFacts;
  readonly activity: Activity;
  readonly now: UnixMs;
  /** Whether a person has approved this very command; that answers `needs_approval`, never `refuse`. */
  readonly approved: boolean;
}

/** A question with the danger that it counts as. */
export interface Case extends Question {
  /** The command's danger, or that of the amount spent within the hour when it is higher. */
  readonly danger: number;
}
