import { compareCodeUnits } from '@cl-hive/core';
import { compareBy } from './canonical.ts';
import { DEFECT_EXAMPLES_MAX } from './limits.ts';

/** What can be wrong with one entry of a snapshot's lists; the entry is left out, or used as said. */
export type DefectCode =
  /** A member of the entry is absent; left out. */
  | 'missing_field'
  /** A member has the wrong type or form; left out. */
  | 'bad_field'
  /** Capacity 0; left out. */
  | 'zero_capacity'
  /** Capacity beyond belief (limits.ts); left out. */
  | 'absurd_capacity'
  /** The direction does not follow from the order of the two ids (BOLT 7); left out. */
  | 'direction_wrong'
  /** The same channel and direction, or the same key, twice; the newer one is used. */
  | 'duplicate'
  /** The two directions of a channel name other nodes; the channel is left out. */
  | 'directions_disagree'
  /** The two directions of a channel name other capacities; the lesser is used. */
  | 'capacities_disagree'
  /** A channel names a node that is not in the list of nodes; its capacity counts, the node is no target. */
  | 'unknown_node'
  /** Fees are absent: capacity counts, payments are not planned over it. */
  | 'missing_policy'
  /** A private channel among the public ones; left out. */
  | 'not_public'
  /** A member claims more towards a peer than is public there; clamped. */
  | 'claim_beyond_public'
  /** A list is longer than its bound (limits.ts); nothing of it is used. */
  | 'list_too_long';

/** One kind of defect in one list: how often, and the first few culprits in canonical order. */
export interface Defect {
  readonly list: string;
  readonly code: DefectCode;
  readonly count: number;
  readonly examples: readonly string[];
}

/** Counts defects; what it returns does not depend on the order in which they were found. */
export class DefectCounter {
  readonly #found = new Map<
    string,
    { list: string; code: DefectCode; count: number; examples: string[] }
  >();

  add(list: string, code: DefectCode, culprit: string, times = 1): void {
    const key = `${list}\n${code}`;
    let entry = this.#found.get(key);
    if (entry === undefined) {
      entry = { list, code, count: 0, examples: [] };
      this.#found.set(key, entry);
    }
    entry.count += times;
    const { examples } = entry;
    const last = examples.at(-1);
    if (
      !examples.includes(culprit) &&
      (examples.length < DEFECT_EXAMPLES_MAX || last === undefined || culprit < last)
    ) {
      examples.push(culprit);
      examples.sort(compareCodeUnits);
      examples.length = Math.min(examples.length, DEFECT_EXAMPLES_MAX);
    }
  }

  /** All that was found, by list and code. */
  list(): Defect[] {
    return [...this.#found.values()]
      .map((entry) => ({ ...entry, examples: [...entry.examples] }))
      .sort(
        compareBy(
          (d) => d.list,
          (d) => d.code,
        ),
      );
  }
}
