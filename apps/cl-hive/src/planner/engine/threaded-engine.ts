import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { LastingWorker } from '@cl-hive/cln-plugin/helpers';
import { CodedError, type JsonObject, type NodeId } from '@cl-hive/core';
import type { FleetMap } from '@cl-hive/hive';
import type { Replay } from '@cl-hive/planning-kernel';
import { ASK_MS, CYCLE_MS, ENGINE_HEAP_MB } from '../limits.ts';
import type { PlannedCycle, PlannerEngine, SizeAnswer, SizeQuestion } from './engine.ts';
import type { EngineData, EngineQuestion } from './questions.ts';

/** The built thread: beside the plugin's entry, also when this module went into a chunk of its own. */
const FILES = ['./hive-planner-engine.js', '../hive-planner-engine.js'];

function engineModule(): URL {
  const found = FILES.map((file) => new URL(file, import.meta.url)).find((url) =>
    existsSync(fileURLToPath(url)),
  );
  if (found === undefined) {
    throw new CodedError(
      'planner_engine_missing',
      'hive-planner-engine.js is not beside cl-hive.js',
      {
        remedy: 'copy the whole built folder of cl-hive, not the one file',
      },
    );
  }
  return found;
}

/**
 * The planner in a thread of its own, with a connection of its own to lightningd: while it reads and
 * plans, hooks and methods of the plugin are answered as ever.
 */
export class ThreadedEngine implements PlannerEngine {
  readonly #data: EngineData;
  readonly #signal: AbortSignal;
  #worker: LastingWorker | undefined;

  /** Aborting `signal` ends what is under way at once. */
  constructor(data: EngineData, signal: AbortSignal) {
    this.#data = data;
    this.#signal = signal;
  }

  async plan(fleet: JsonObject, record: boolean): Promise<PlannedCycle> {
    return (await this.#ask({ kind: 'plan', fleet, record }, CYCLE_MS)) as PlannedCycle;
  }

  async explain(target: string): ReturnType<PlannerEngine['explain']> {
    return (await this.#ask({ kind: 'explain', target })) as Awaited<
      ReturnType<PlannerEngine['explain']>
    >;
  }

  async rate(targets: readonly string[]): ReturnType<PlannerEngine['rate']> {
    return (await this.#ask({ kind: 'rate', targets })) as Awaited<
      ReturnType<PlannerEngine['rate']>
    >;
  }

  async size(question: SizeQuestion, self: NodeId): Promise<SizeAnswer> {
    return (await this.#ask({ kind: 'size', question, self })) as SizeAnswer;
  }

  async map(): Promise<FleetMap> {
    return (await this.#ask({ kind: 'map' })) as FleetMap;
  }

  async replay(recording: NonNullable<PlannedCycle['recording']>, digest: string): Promise<Replay> {
    return (await this.#ask({ kind: 'replay', recording, digest }, CYCLE_MS)) as Replay;
  }

  /** Ends the thread; the next question starts another, which knows nothing yet. */
  async end(): Promise<void> {
    await this.#worker?.end();
  }

  #ask(question: EngineQuestion, timeoutMs = ASK_MS): Promise<unknown> {
    this.#worker ??= new LastingWorker(engineModule(), {
      data: this.#data,
      memoryMb: ENGINE_HEAP_MB,
    });
    return this.#worker.ask(question, { timeoutMs, signal: this.#signal });
  }
}
