import type { NodeId } from '@cl-hive/core';

/** What nodes of this software understand beyond the original's protocol, as they advertise it. */
export const CAPABILITIES = ['cl-hive-grants-1', 'cl-hive-reconcile-1'] as const;

/** One of them. */
export type Capability = (typeof CAPABILITIES)[number];

/** Told when a member turns out to be of this software. */
export type SoftwareWatcher = (node: NodeId) => void;

/**
 * Which members run this software. Only what a member says itself over its own connection counts, and
 * nothing is kept over a restart: until a member has said so, it is taken for an original.
 */
export class Capabilities {
  readonly #known = new Map<NodeId, ReadonlySet<string>>();
  readonly #watchers: SoftwareWatcher[] = [];

  /** Takes over what a member says of itself. */
  learn(node: NodeId, capabilities: readonly string[]): void {
    const isNew = !this.#known.has(node);
    this.#known.set(node, new Set(capabilities));
    if (isNew) {
      for (const watcher of this.#watchers) {
        watcher(node);
      }
    }
  }

  forget(node: NodeId): void {
    this.#known.delete(node);
  }

  /** Whether a member has said that it can. */
  has(node: NodeId, capability: Capability): boolean {
    return this.#known.get(node)?.has(capability) === true;
  }

  /** Whether a member has said that it is of this software at all. */
  isOurs(node: NodeId): boolean {
    return this.#known.has(node);
  }

  /** Has `watcher` told of each member that turns out to be of this software. */
  onFound(watcher: SoftwareWatcher): void {
    this.#watchers.push(watcher);
  }
}
