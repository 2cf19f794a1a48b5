import { isNodeId, type NodeId } from '@cl-hive/core';
import {
  decodeWord,
  encodeWord,
  type FleetMember,
  type PlannerWord,
  presentWord,
  uptimePpm,
  windowOf,
} from '@cl-hive/hive';
import { contentDigest, type PendingIntent } from '@cl-hive/planning-kernel';
import type { Hive } from '../hive.ts';
import type { Desk } from '../openings/desk.ts';
import type { PlannerFleet } from './fleet-port.ts';

/** Before a member was watched so long, ms, nobody can say how much it is up, and that blocks nothing. */
const WATCHED_MS = 86_400_000;

/** Topic under which nodes of this software tell each other what the planner may count on. */
const TOPIC = 'planner-word';

/** The fleet as membership, gossip, the lock and the members' own words have it. */
export class HiveFleet implements PlannerFleet {
  readonly #hive: Hive;
  readonly #lock: Desk['lock'];
  readonly #heard = new Map<NodeId, { readonly word: PlannerWord; readonly at: number }>();
  #own: PlannerWord | undefined;
  #told = '';

  constructor(hive: Hive, lock: Desk['lock']) {
    this.#hive = hive;
    this.#lock = lock;
    hive.dispatcher.onNative(TOPIC, async ({ from, payload }) => this.#hear(from, payload));
  }

  members(): readonly FleetMember[] {
    const { membership, state, records, self, time } = this.#hive;
    const online = new Set(this.#hive.reachable());
    const states = new Map(state.words().map((one) => [one.peer, one]));
    return [...membership.view().members.keys()].map((id) => {
      const presence = records.presenceOf(id);
      return {
        id,
        online: id === self || online.has(id),
        peers: states.get(id)?.topology ?? [],
        word: presentWord(this.#heard.get(id), time.now()),
        ...(presence === undefined || id === self || time.now() - presence.watchedFrom < WATCHED_MS
          ? {}
          : { uptimePpm: inTenths(uptimePpm(presence, time.now())) }),
      };
    });
  }

  intents(): readonly PendingIntent[] {
    const { self, tables, foreign, height } = this.#lock.state;
    const now = windowOf(height);
    const granted = [...tables.grants.values()]
      .filter(({ holder, window }) => holder !== self && window >= now)
      .map(({ holder, target, window }) => ({ member: holder, target, window }));
    const announced = [...foreign].flatMap(([key, window]) => {
      const [member, target] = key.split('|');
      return isNodeId(member) && isNodeId(target) && window >= now
        ? [{ member, target, window }]
        : [];
    });
    return [...granted, ...announced].map(({ member, target, window }) => ({
      id: contentDigest({ member, target, window }),
      member,
      target,
    }));
  }

  /** Whether other members are reachable than when it was told last, or this node's vote changed. */
  changed(): boolean {
    return this.#audience() !== this.#told;
  }

  #audience(): string {
    const { membership, self } = this.#hive;
    return `${String(membership.isVoting(self))} ${[...this.#hive.reachable()].sort().join()}`;
  }

  async tell(word: PlannerWord): Promise<void> {
    this.#own = word;
    this.#told = this.#audience();
    for (const member of this.#hive.reachable()) {
      this.#hive.post.sendNative(member, TOPIC, encodeWord(word));
    }
  }

  /** Members alone are heard; one that was not heard before is answered, so that both know at once. */
  #hear(from: NodeId, payload: unknown): void {
    const word = decodeWord(payload);
    const known = this.#heard.has(from);
    this.#heard.set(from, { word, at: this.#hive.time.now() });
    for (const id of this.#heard.keys()) {
      if (!this.#hive.membership.isMember(id)) {
        this.#heard.delete(id);
      }
    }
    if (!known && this.#own !== undefined) {
      this.#hive.post.sendNative(from, TOPIC, encodeWord(this.#own));
    }
  }
}

/** Members watch each other with small gaps; in tenths they mostly see the same, and plan the same. */
function inTenths(ppm: number): number {
  return Math.round(ppm / 100_000) * 100_000;
}
