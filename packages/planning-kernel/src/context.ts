import type { Diagnostics } from './diagnostics.ts';
import type { FleetView } from './fleet.ts';
import type { GraphIndex } from './graph/graph-index.ts';
import type { ReachMeter } from './reach-meter.ts';
import type { DecodedSnapshot, Quality, Snapshot } from './snapshot.ts';

/** What every stage sees. Only `diagnostics` takes anything in. */
export interface PlanningContext {
  readonly snapshot: Snapshot;
  readonly unreadable: DecodedSnapshot['unreadable'];
  readonly graph: GraphIndex;
  readonly fleet: FleetView;
  readonly quality: ReadonlyMap<string, Quality>;
  readonly diagnostics: Diagnostics;
  /** Made at first use: a cycle without candidates searches nothing. */
  readonly reach: () => ReachMeter;
}
