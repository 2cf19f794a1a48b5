import type { NodeId } from '@cl-hive/core';
import { LANE_WAITING_MAX, LANES_AT_ONCE } from '../limits.ts';

type Job = () => Promise<void>;

/**
 * A line of work for each peer: one peer's messages keep their order, and a slow peer holds up
 * nobody else. What does not fit a full line is dropped; reliable messages come again from the outbox.
 */
export class Lanes {
  readonly #lanes = new Map<NodeId, Job[]>();
  readonly #running = new Set<NodeId>();
  #dropped = 0;

  /** Lines a job up; false when the peer's line is full. Jobs do not reject. */
  push(peer: NodeId, job: Job): boolean {
    const lane = this.#lanes.get(peer) ?? [];
    if (lane.length >= LANE_WAITING_MAX) {
      this.#dropped += 1;
      return false;
    }
    lane.push(job);
    this.#lanes.set(peer, lane);
    this.#fill();
    return true;
  }

  /** Jobs that did not fit. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Drops what waits. */
  clear(): void {
    this.#lanes.clear();
  }

  /** Whether anything waits or runs. */
  get busy(): boolean {
    return this.#running.size > 0 || this.#lanes.size > 0;
  }

  #fill(): void {
    for (const peer of this.#lanes.keys()) {
      if (this.#running.size >= LANES_AT_ONCE) {
        return;
      }
      if (!this.#running.has(peer)) {
        this.#running.add(peer);
        void this.#drive(peer);
      }
    }
  }

  async #drive(peer: NodeId): Promise<void> {
    for (;;) {
      const lane = this.#lanes.get(peer);
      const job = lane?.shift();
      if (job === undefined) {
        break;
      }
      await job();
    }
    this.#lanes.delete(peer);
    this.#running.delete(peer);
    this.#fill();
  }
}
