import type { NodeId } from '@cl-hive/core';
import type { SeededRandom } from '@cl-hive/testkit';
import type { EventQueue } from './queue.ts';

/** The original's hold between announcing and opening. */
const HOLD_MS = 60_000;

/** What the original peers need of the world around them. */
interface Surroundings {
  readonly queue: EventQueue;
  readonly random: SeededRandom;
  readonly loss: number;
  readonly delayMaxMs: number;
  /** The window of the true chain. */
  readonly window: () => number;
  /** Gives an intent or its abort to every node of ours that is up. */
  readonly ours: () => readonly {
    readonly id: NodeId;
    readonly up: boolean;
    readonly hear: (from: NodeId, target: NodeId, kind: 'intent' | 'abort') => void;
  }[];
  readonly opened: (by: NodeId, target: NodeId) => void;
}

/**
 * Peers that speak the original's protocol alone: announce, hold 60 s, give way to a lower key while
 * they hold. They remember nobody's intent, so they can open to a target that was just opened to.
 */
export class Originals {
  readonly ids: readonly NodeId[];
  readonly #pending = new Map<string, number>();
  /** Intents that our nodes heard, by `node|target|from`, with the true window. */
  readonly #heard = new Map<string, number>();
  readonly #around: Surroundings;

  constructor(ids: readonly NodeId[], around: Surroundings) {
    this.ids = ids;
    this.#around = around;
  }

  /** One of them wants a channel with `target`. */
  want(by: NodeId, target: NodeId): void {
    const { queue, random, opened } = this.#around;
    const key = `${by}|${target}`;
    if (this.#pending.has(key)) {
      return;
    }
    const since = queue.now;
    this.#pending.set(key, since);
    this.#tell(by, target, 'intent');
    queue.after(HOLD_MS + random.below(5000), () => {
      if (this.#pending.get(key) === since) {
        this.#pending.delete(key);
        opened(by, target);
      }
    });
  }

  /** An intent of `from`, carried to all of them. */
  announce(from: NodeId, target: NodeId): void {
    for (const to of this.ids) {
      if (to !== from) {
        this.#carry(() => {
          if (from < to && this.#pending.delete(`${to}|${target}`)) {
            this.#tell(to, target, 'abort');
          }
        });
      }
    }
  }

  /** The original of lower key whose intent for `target` this node heard in this window, if any. */
  against(node: NodeId, target: NodeId): NodeId | undefined {
    return this.ids.find(
      (from) =>
        from < node && this.#heard.get(`${node}|${target}|${from}`) === this.#around.window(),
    );
  }

  /** A node that crashed has forgotten what it heard. */
  crashed(node: NodeId): void {
    for (const key of this.#heard.keys()) {
      if (key.startsWith(`${node}|`)) {
        this.#heard.delete(key);
      }
    }
  }

  #tell(from: NodeId, target: NodeId, kind: 'intent' | 'abort'): void {
    for (const { id, up, hear } of this.#around.ours()) {
      this.#carry(() => {
        const key = `${id}|${target}|${from}`;
        if (kind === 'abort') {
          this.#heard.delete(key);
        } else if (up) {
          this.#heard.set(key, this.#around.window());
        }
        hear(from, target, kind);
      });
    }
    if (kind === 'intent') {
      this.announce(from, target);
    }
  }

  #carry(run: () => void): void {
    const { queue, random, loss, delayMaxMs } = this.#around;
    if (random.float() >= loss) {
      queue.after(10 + random.below(delayMaxMs), run);
    }
  }
}
