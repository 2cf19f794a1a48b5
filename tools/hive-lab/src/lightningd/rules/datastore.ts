import { compareCodeUnits } from '@cl-hive/core';

/** A value of the datastore. */
export interface DatastoreEntry {
  readonly key: readonly string[];
  readonly data: Uint8Array;
  readonly generation: bigint;
}

/** How a write treats what is there. */
export type DatastoreMode =
  | 'must-create'
  | 'must-replace'
  | 'create-or-replace'
  | 'must-append'
  | 'create-or-append';

/** Why a write or deletion was refused. */
export type DatastoreFault =
  | 'exists'
  | 'missing'
  | 'generation'
  | 'has_children'
  | { readonly parent: readonly string[] };

/** A write that may be carried out, or why not. */
export type DatastoreOutcome =
  | { readonly ok: true; readonly entry: DatastoreEntry }
  | { readonly ok: false; readonly fault: DatastoreFault };

/** Elements of a key as lightningd stores them; compared bytewise, so parents stand before children. */
function blobOf(key: readonly string[]): string {
  return Buffer.from(key.join('\0'), 'utf8').toString('latin1');
}

interface Slot {
  readonly blob: string;
  readonly entry: DatastoreEntry;
}

/** lightningd's datastore: values under key paths; a node has a value or children, never both. */
export class Datastore {
  #slots: Slot[] = [];

  get(key: readonly string[]): DatastoreEntry | undefined {
    const blob = blobOf(key);
    const slot = this.#slots[this.#find(blob)];
    return slot?.blob === blob ? slot.entry : undefined;
  }

  /** The entry of this key, if it has a value, and all entries below it, in order. */
  under(key: readonly string[] | undefined): readonly DatastoreEntry[] {
    if (key === undefined) {
      return this.#slots.map(({ entry }) => entry);
    }
    const blob = blobOf(key);
    const found: DatastoreEntry[] = [];
    for (let at = this.#find(blob); at < this.#slots.length; at += 1) {
      const slot = this.#slots[at];
      if (slot === undefined || !(slot.blob === blob || slot.blob.startsWith(`${blob}\0`))) {
        break;
      }
      found.push(slot.entry);
    }
    return found;
  }

  /** What a write would store; nothing changes. */
  plan(
    key: readonly string[],
    data: Uint8Array,
    mode: DatastoreMode,
    generation: bigint | undefined,
  ): DatastoreOutcome {
    const before = this.get(key);
    if (before === undefined && this.under(key).length > 0) {
      return { ok: false, fault: 'has_children' };
    }
    if (before === undefined) {
      for (let length = 1; length < key.length; length += 1) {
        const parent = key.slice(0, length);
        if (this.get(parent) !== undefined) {
          return { ok: false, fault: { parent } };
        }
      }
    }
    if (mode === 'must-create' && before !== undefined) {
      return { ok: false, fault: 'exists' };
    }
    if (mode.startsWith('must-') && mode !== 'must-create' && before === undefined) {
      return { ok: false, fault: 'missing' };
    }
    if (generation !== undefined && before?.generation !== generation) {
      return { ok: false, fault: 'generation' };
    }
    if (before === undefined) {
      return { ok: true, entry: { key, data, generation: 0n } };
    }
    const whole = mode.endsWith('-append') ? Buffer.concat([before.data, data]) : data;
    return { ok: true, entry: { key, data: whole, generation: before.generation + 1n } };
  }

  put(entry: DatastoreEntry): void {
    const blob = blobOf(entry.key);
    const at = this.#find(blob);
    this.#slots.splice(at, this.#slots[at]?.blob === blob ? 1 : 0, { blob, entry });
  }

  remove(key: readonly string[]): void {
    const blob = blobOf(key);
    const at = this.#find(blob);
    if (this.#slots[at]?.blob === blob) {
      this.#slots.splice(at, 1);
    }
  }

  /** Index of the first slot that is not before `blob`. */
  #find(blob: string): number {
    let low = 0;
    let high = this.#slots.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareCodeUnits(this.#slots[middle]?.blob ?? '', blob) < 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}

/** Whether a datastore can hold `mode`. */
export function isDatastoreMode(text: string): text is DatastoreMode {
  return [
    'must-create',
    'must-replace',
    'create-or-replace',
    'must-append',
    'create-or-append',
  ].includes(text);
}
