import { MESSAGE_BYTES_MAX, PARTIAL_MS, PARTIALS_MAX, PARTIALS_PER_PEER_MAX } from '../limits.ts';
import type { Frame } from './frame.ts';

interface Partial {
  readonly peer: string;
  readonly id: string;
  readonly count: number;
  readonly parts: Map<number, Uint8Array>;
  /** Monotonic milliseconds. */
  readonly until: number;
}

/** Bounds of a {@link Reassembly}; tests take smaller ones. */
export interface ReassemblyBounds {
  readonly perPeer: number;
  readonly all: number;
}

/**
 * Puts parts of messages together, in any order. What a peer can make it keep is bounded: its own
 * oldest unfinished message goes first; when all peers together have too many, the oldest of the peer
 * with the most. Time is monotonic milliseconds.
 */
export class Reassembly {
  readonly #bounds: ReassemblyBounds;
  /** Oldest first. */
  readonly #partials = new Map<string, Partial>();
  #dropped = 0;

  constructor(bounds: ReassemblyBounds = { perPeer: PARTIALS_PER_PEER_MAX, all: PARTIALS_MAX }) {
    this.#bounds = bounds;
  }

  /** Unfinished messages. */
  get size(): number {
    return this.#partials.size;
  }

  /** Unfinished messages that were given up. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Takes a part; the whole message when it was the last one. */
  take(peer: string, frame: Frame, now: number): Uint8Array | undefined {
    this.#expire(now);
    if (frame.count === 1) {
      return frame.bytes;
    }
    const key = `${peer}/${frame.id}`;
    const partial = this.#partials.get(key) ?? this.#begin(key, peer, frame, now);
    if (partial.count !== frame.count) {
      this.#drop(key);
      return undefined;
    }
    partial.parts.set(frame.index, Uint8Array.from(frame.bytes));
    if (partial.parts.size < partial.count) {
      return undefined;
    }
    this.#partials.delete(key);
    return join(partial);
  }

  #begin(key: string, peer: string, { id, count }: Frame, now: number): Partial {
    const mine = this.#of(peer);
    if (mine.length >= this.#bounds.perPeer) {
      this.#drop(mine[0] ?? '');
    } else if (this.#partials.size >= this.#bounds.all) {
      this.#drop(this.#of(this.#greediest())[0] ?? '');
    }
    const partial: Partial = { peer, id, count, parts: new Map(), until: now + PARTIAL_MS };
    this.#partials.set(key, partial);
    return partial;
  }

  #of(peer: string): readonly string[] {
    return [...this.#partials].filter(([, one]) => one.peer === peer).map(([key]) => key);
  }

  #greediest(): string {
    const counts = new Map<string, number>();
    for (const { peer } of this.#partials.values()) {
      counts.set(peer, (counts.get(peer) ?? 0) + 1);
    }
    const [first] = [...counts].sort(([, a], [, b]) => b - a);
    return first?.[0] ?? '';
  }

  #expire(now: number): void {
    for (const [key, { until }] of this.#partials) {
      if (until > now) {
        return;
      }
      this.#drop(key);
    }
  }

  #drop(key: string): void {
    this.#dropped += this.#partials.delete(key) ? 1 : 0;
  }
}

function join({ parts, count }: Partial): Uint8Array | undefined {
  const ordered = Array.from({ length: count }, (_, index) => parts.get(index) ?? new Uint8Array());
  const size = ordered.reduce((sum, part) => sum + part.length, 0);
  if (size > MESSAGE_BYTES_MAX) {
    return undefined;
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of ordered) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
