import { HALF_CHANNELS_MAX } from '../limits.ts';
import type { GraphChanges, GraphIndex } from './graph-index.ts';
import { GraphUpdate } from './update.ts';

/**
 * Makes the index of the public graph from `listchannels` entries, in as many pieces as they come, and
 * `listnodes` entries. With the `previous` cycle's index only entries that changed are computed; the
 * outcome is the same as from nothing. Broken entries are left out and counted in `defects`; nothing is
 * thrown. A list beyond HALF_CHANNELS_MAX is left out as a whole.
 */
export class GraphReader {
  readonly #previous: GraphIndex | undefined;
  #update: GraphUpdate;
  #entries = 0;

  constructor(previous: GraphIndex | undefined) {
    this.#previous = worthKeeping(previous) ? previous : undefined;
    this.#update = new GraphUpdate(this.#previous);
  }

  /** Takes the next `listchannels` entries. */
  read(channels: readonly unknown[]): void {
    this.#entries += channels.length;
    if (this.#entries <= HALF_CHANNELS_MAX) {
      this.#update.readChannels(channels);
    }
  }

  /** The index of what was read, once. `nodes` are `listnodes` entries, undefined where unknown. */
  finish(nodes: readonly unknown[] | undefined): {
    readonly graph: GraphIndex;
    readonly changes: GraphChanges;
  } {
    if (this.#entries > HALF_CHANNELS_MAX) {
      this.#update = new GraphUpdate(this.#previous);
      this.#update.leaveOutChannels(this.#entries);
    }
    this.#update.readNodes(nodes);
    return this.#update.finish();
  }
}

/** Rows of what is gone are kept for its return, until they are a quarter of all. */
function worthKeeping(previous: GraphIndex | undefined): boolean {
  if (previous === undefined) {
    return false;
  }
  let dead = 0;
  for (const sat of previous.effectiveSat) {
    dead += sat === 0 ? 1 : 0;
  }
  return dead * 4 <= previous.effectiveSat.length;
}
