import type { NodeId } from '@cl-hive/core';
import {
  type FleetState,
  fleetHashOf,
  forgetMember,
  type MemberState,
  type StateItem,
  stateItems,
} from '@cl-hive/hive';
import { Cell } from '../line/cell.ts';
import type { Turn } from '../line/turn.ts';
import { ownRows, stateRows } from '../store/state-rows.ts';

/** What the members say of themselves, and what this node said last. */
export class StateDesk {
  readonly fleet: Cell<FleetState>;
  /** This node's own last signed word; undefined before the first. */
  readonly own: Cell<MemberState | undefined>;

  constructor(stored: FleetState, own: MemberState | undefined) {
    this.fleet = new Cell(stored, stateRows);
    this.own = new Cell(own, ownRows);
  }

  /** The fleet hash as the original computes it. */
  fleetHash(turn?: Turn): string {
    return fleetHashOf(this.#fleetOf(turn), this.#ownOf(turn));
  }

  /** How many states the fleet hash covers. */
  count(turn?: Turn): number {
    const { signed, hearsay } = this.#fleetOf(turn);
    const own = this.#ownOf(turn) === undefined ? 0 : 1;
    return new Set([...signed.keys(), ...hearsay.keys()]).size + own;
  }

  /** Everything signed that can be shown to others. */
  items(turn?: Turn): ReadonlyMap<string, StateItem> {
    return stateItems(this.#fleetOf(turn), this.#ownOf(turn));
  }

  /** The signed words of members and of this node, as they were sent. */
  words(turn?: Turn): readonly MemberState[] {
    const own = this.#ownOf(turn);
    const { signed, quarantined } = this.#fleetOf(turn);
    const others = [...signed.values()].filter(({ peer }) => !quarantined.has(peer));
    return own === undefined ? others : [own, ...others];
  }

  /** Forgets who left; of this node itself, all but its version. */
  forget(turn: Turn, node: NodeId): void {
    const fleet = turn.get(this.fleet);
    if (node !== fleet.self) {
      turn.set(this.fleet, forgetMember(fleet, node));
      return;
    }
    const none: Pick<FleetState, 'signed' | 'hearsay' | 'quarantined'> = {
      signed: new Map(),
      hearsay: new Map(),
      quarantined: new Map(),
    };
    turn.set(this.fleet, { ...fleet, ...none });
    turn.set(this.own, undefined);
  }

  #fleetOf(turn: Turn | undefined): FleetState {
    return turn === undefined ? this.fleet.value : turn.get(this.fleet);
  }

  #ownOf(turn: Turn | undefined): MemberState | undefined {
    return turn === undefined ? this.own.value : turn.get(this.own);
  }
}
