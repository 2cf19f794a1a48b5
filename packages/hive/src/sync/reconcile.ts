import { compareCodeUnits } from '@cl-hive/core';
import { sha256Hex } from '@cl-hive/protocol';
import { RECONCILE_ITEMS_MAX, RECONCILE_RANGES_MAX } from '../limits.ts';
import { ITEM_ID_BYTES, type Range } from './ranges.ts';

// Range-based set reconciliation after Aljoscha Meyer, as Negentropy does it: two nodes compare
// fingerprints of stretches of their ordered ids and split those that differ. Equal sets cost one
// fingerprint; d differences cost about d * log(n) of them.

/** Parts that a range which differs is split into. */
const BRANCHES = 4;
/** A range with at most this many ids is sent whole. */
const LEAF = 8;
/** Ids that answer ids of the other side; more are split, so that every answer fits a message. */
const WHOLE_MAX = 128;
const MODULUS = 1n << BigInt(8 * ITEM_ID_BYTES);

/** A node's ids, ordered, with their running sums. Built once for a whole exchange. */
export interface ItemSet {
  readonly ids: readonly string[];
  readonly sums: readonly bigint[];
}

/** What one message leads to. */
export interface ReconcileStep {
  /** The answer; empty when the exchange is over. */
  readonly ranges: readonly Range[];
  /** Ids that only this side has, and that only the other has. */
  readonly have: readonly string[];
  readonly need: readonly string[];
}

/** Orders ids of 32 hexadecimal digits and drops repetitions. */
export function itemSet(items: Iterable<string>): ItemSet {
  const ids = [...new Set(items)].sort(compareCodeUnits);
  const sums = [0n];
  for (const id of ids) {
    sums.push(((sums.at(-1) ?? 0n) + BigInt(`0x${id}`)) % MODULUS);
  }
  return { ids, sums };
}

/** The sum of the ids from index `from` to `to` and their number, folded into 16 bytes. */
function fingerprint({ sums }: ItemSet, from: number, to: number): string {
  const sum = (sums[to] ?? 0n) - (sums[from] ?? 0n) + MODULUS;
  const mixed = (sum * 0x9e3779b97f4a7c15f39cc0605cedc835n + BigInt(to - from)) % MODULUS;
  return mixed.toString(16).padStart(2 * ITEM_ID_BYTES, '0');
}

function firstAtLeast({ ids }: ItemSet, bound: string, from: number): number {
  let low = from;
  let high = ids.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ids[middle] ?? '') < bound) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/** The shortest bound, in whole bytes, that separates the ids at `index - 1` and `index`. */
function boundAt({ ids }: ItemSet, index: number): string {
  const before = ids[index - 1] ?? '';
  const id = ids[index] ?? '';
  let length = 2;
  while (length < id.length && id.slice(0, length) <= before.slice(0, length)) {
    length += 2;
  }
  return id.slice(0, length);
}

/** Collects ranges within the limits of one message; what does not fit becomes one fingerprint. */
class Answer {
  readonly ranges: Range[] = [];
  readonly #set: ItemSet;
  #items = 0;

  constructor(set: ItemSet) {
    this.#set = set;
  }

  /** Whether `range` still fits; where not, the rest from index `from` on is put off. */
  add(range: Range, from: number): boolean {
    const last = this.ranges.at(-1);
    if (last?.kind === 'skip' && range.kind === 'skip') {
      this.ranges[this.ranges.length - 1] = range;
      return true;
    }
    const items = range.kind === 'ids' ? range.ids.length : 0;
    if (
      this.#items + items > RECONCILE_ITEMS_MAX ||
      this.ranges.length >= RECONCILE_RANGES_MAX - 1
    ) {
      const rest = fingerprint(this.#set, from, this.#set.ids.length);
      this.ranges.push({ kind: 'fingerprint', upper: '', fingerprint: rest });
      return false;
    }
    this.#items += items;
    this.ranges.push(range);
    return true;
  }

  /** All ids of a small range, or fingerprints of the parts of a great one. */
  split(from: number, to: number, upper: string): boolean {
    const count = to - from;
    if (count <= LEAF) {
      return this.add({ kind: 'ids', upper, ids: this.#set.ids.slice(from, to) }, from);
    }
    for (let part = 0; part < BRANCHES; part += 1) {
      const start = from + Math.floor((count * part) / BRANCHES);
      const end = from + Math.floor((count * (part + 1)) / BRANCHES);
      const range: Range = {
        kind: 'fingerprint',
        upper: end === to ? upper : boundAt(this.#set, end),
        fingerprint: fingerprint(this.#set, start, end),
      };
      if (!this.add(range, start)) {
        return false;
      }
    }
    return true;
  }
}

/** A hash of all ids, which nobody can choose ids for. */
export function itemDigest({ ids }: ItemSet): string {
  return sha256Hex(ids.join());
}

/**
 * The first message of an exchange that trusts no fingerprint, for when sums agree and digests do
 * not: all ids, where they fit into a message, which those of a hive do.
 */
export function allIds(set: ItemSet): readonly Range[] {
  return set.ids.length > RECONCILE_ITEMS_MAX
    ? beginReconcile(set)
    : [{ kind: 'ids', upper: '', ids: set.ids }];
}

/** The first message of the side that begins. */
export function beginReconcile(set: ItemSet): readonly Range[] {
  return [{ kind: 'fingerprint', upper: '', fingerprint: fingerprint(set, 0, set.ids.length) }];
}

/**
 * Answers the other side's ranges. Only the side that began learns `have` and `need`; it then sends
 * what it has and asks for what it needs.
 */
export function reconcile(set: ItemSet, received: readonly Range[], began: boolean): ReconcileStep {
  const answer = new Answer(set);
  const have: string[] = [];
  const need: string[] = [];
  let from = 0;
  for (const range of received) {
    const { upper } = range;
    const to = upper === '' ? set.ids.length : firstAtLeast(set, upper, from);
    let more = true;
    if (range.kind === 'fingerprint' && range.fingerprint !== fingerprint(set, from, to)) {
      more = answer.split(from, to, upper);
    } else if (range.kind === 'ids' && !began) {
      more =
        to - from <= WHOLE_MAX
          ? answer.add({ kind: 'ids', upper, ids: set.ids.slice(from, to) }, from)
          : answer.split(from, to, upper);
    } else {
      if (range.kind === 'ids') {
        compare(set.ids.slice(from, to), range.ids, have, need);
      }
      more = answer.add({ kind: 'skip', upper }, from);
    }
    if (!more) {
      break;
    }
    from = to;
  }
  const silent = answer.ranges.every(({ kind }) => kind === 'skip');
  return { ranges: silent ? [] : answer.ranges, have, need };
}

function compare(
  own: readonly string[],
  theirs: readonly string[],
  have: string[],
  need: string[],
): void {
  const other = new Set(theirs);
  const mine = new Set(own);
  have.push(...own.filter((id) => !other.has(id)));
  need.push(...theirs.filter((id) => !mine.has(id)));
}
