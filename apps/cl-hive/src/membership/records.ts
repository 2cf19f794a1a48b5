import type { NodeId } from '@cl-hive/core';
import {
  type Contributions,
  countForward,
  forgetContribution,
  newPresence,
  notePresence,
  type Presence,
  resumePresence,
  type SettledForward,
} from '@cl-hive/hive';
import type { HiveCore, StoredRecords } from '../hive-core.ts';
import { STORE_RECORDS_MS } from '../limits.ts';
import { recordRows } from '../store/record-rows.ts';

/**
 * What this node itself saw of the members: when they were connected, what they forwarded. Nothing
 * is decided by it, so it is stored from time to time and not with every forward.
 */
export class Records {
  readonly #hive: HiveCore;
  #presence: ReadonlyMap<NodeId, Presence>;
  #contributions: Contributions;
  #stored: StoredRecords;
  #storedAt: number;

  constructor(hive: HiveCore, stored: StoredRecords) {
    this.#hive = hive;
    const now = hive.time.now();
    this.#presence = new Map(
      [...stored.presence].map(([node, one]) => [node, resumePresence(one, false, now)]),
    );
    this.#contributions = stored.contributions;
    this.#stored = stored;
    this.#storedAt = now;
    hive.onPeer({
      connected: async (node) => this.#note(node, true),
      disconnected: async (node) => this.#note(node, false),
    });
    hive.membership.onCommand((turn, command) => {
      if (command.kind === 'removed') {
        turn.after(() => this.#forget(command.target));
      }
    });
    hive.onTick(() => this.#tick());
  }

  /** When a member was connected; undefined before it was first seen. */
  presenceOf(node: NodeId): Presence | undefined {
    return this.#presence.get(node);
  }

  get contributions(): Contributions {
    return this.#contributions;
  }

  /** Counts a settled forward. */
  forwarded(forward: SettledForward): void {
    const { membership, time } = this.#hive;
    const isMember = (node: NodeId): boolean => membership.isMember(node);
    this.#contributions = countForward(this.#contributions, forward, isMember, time.now());
  }

  #note(node: NodeId, online: boolean): void {
    const { membership, time } = this.#hive;
    if (membership.isMember(node)) {
      const now = time.now();
      const known = this.#presence.get(node);
      const next =
        known === undefined ? newPresence(online, now) : notePresence(known, online, now);
      this.#presence = new Map(this.#presence).set(node, next);
    }
  }

  #forget(node: NodeId): void {
    const presence = new Map(this.#presence);
    presence.delete(node);
    this.#presence = presence;
    this.#contributions = forgetContribution(this.#contributions, node);
  }

  async #tick(): Promise<void> {
    const { membership, time, line } = this.#hive;
    const now = time.now();
    const reachable = new Set(this.#hive.reachable());
    for (const node of membership.others()) {
      if (this.#presence.get(node)?.online !== reachable.has(node)) {
        this.#note(node, reachable.has(node));
      }
    }
    if (now - this.#storedAt < STORE_RECORDS_MS) {
      return;
    }
    this.#storedAt = now;
    const online = [...this.#presence].map(
      ([node, one]) => [node, notePresence(one, one.online, now)] as const,
    );
    this.#presence = new Map(online);
    const after = { presence: this.#presence, contributions: this.#contributions };
    const writes = recordRows(this.#stored, after);
    await line.run((turn) => {
      for (const write of writes) {
        turn.write(write);
      }
    });
    this.#stored = after;
  }
}
