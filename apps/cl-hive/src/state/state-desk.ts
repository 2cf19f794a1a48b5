import type { FleetState } from '@cl-hive/hive';
import { Cell } from '../line/cell.ts';
import { stateRows } from '../store/state-rows.ts';

/** What the members say of themselves: the one place where the fleet's state changes. */
export class StateDesk {
  readonly cell: Cell<FleetState>;

  constructor(stored: FleetState) {
    this.cell = new Cell(stored, stateRows);
  }
}
