import type { FleetMember, OwnAllowance, PlannerWord } from '@cl-hive/hive';
import type { PendingIntent } from '@cl-hive/planning-kernel';

/** The hive as the planner sees it. */
export interface PlannerFleet {
  /** All members, with what each says of itself. */
  members(): readonly FleetMember[];
  /** Intents of any member that the lock knows. */
  intents(): readonly PendingIntent[];
  /** Tells the other members what they may count on; never rejects. */
  tell(word: PlannerWord): Promise<void>;
}

/** What the operator's limits leave for openings now. */
export type PlannerAllowance = () => Promise<OwnAllowance>;
