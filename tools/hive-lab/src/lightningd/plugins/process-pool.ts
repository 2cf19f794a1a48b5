import type { Clock } from '@cl-hive/core';
import { ORPHAN_GRACE_MS } from '../limits.ts';
import type { Plugin } from './plugin.ts';
import { PluginProcess, type PluginProcessEvents } from './plugin-process.ts';

/** What a pool stands on. */
export interface ProcessPoolParts {
  readonly lightningDir: string;
  readonly developer: boolean;
  readonly clock: Clock;
  readonly onStderr: (plugin: string, line: string) => void;
}

/** All processes that a node started and that are not gone yet, killed ones included. */
export class ProcessPool {
  readonly #parts: ProcessPoolParts;
  readonly #processes = new Set<PluginProcess>();

  constructor(parts: ProcessPoolParts) {
    this.#parts = parts;
  }

  /** Starts a plugin's process. Throws, or reports `failed`, when that fails. */
  start(plugin: Plugin, events: PluginProcessEvents): PluginProcess {
    const { lightningDir, developer, onStderr } = this.#parts;
    const child = new PluginProcess(
      {
        path: plugin.path,
        cwd: lightningDir,
        developer,
        onStderr: (line) => onStderr(plugin.shortName, line),
      },
      events,
    );
    this.#processes.add(child);
    void child.gone.then(() => this.#processes.delete(child));
    return child;
  }

  /** Resolves when no process is left. */
  async allGone(): Promise<void> {
    await Promise.all(Array.from(this.#processes, async (child) => child.gone));
  }

  /** lightningd died: processes see only that their pipes closed; who stays is killed. */
  hangUp(): void {
    for (const child of this.#processes) {
      child.forget();
      child.hangUp();
      const cancel = this.#parts.clock.after(ORPHAN_GRACE_MS, () => child.kill());
      void child.gone.then(cancel);
    }
  }
}
