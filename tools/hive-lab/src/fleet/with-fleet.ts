import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connectRpc, type RpcClient } from '@cl-hive/cln-rpc';
import { CodedError, type JsonObject, type JsonValue } from '@cl-hive/core';
import type { FleetEvent, PluginSpec } from '../contract/fleet.ts';
import type { World } from '../world/index.ts';
import { type LabBackendOptions, type LabFleetNode, labBackend } from './lab-backend.ts';
import { endProcessesIn, processesIn, processMark } from './process-mark.ts';
import { isRunning, processRef } from './process-table.ts';
import { until } from './until.ts';

/** What a test wants of its fleet. */
export interface TestFleetOptions extends LabBackendOptions {
  /** Default 1. */
  readonly nodes?: number;
  readonly plugins?: readonly PluginSpec[];
  readonly seed?: number;
  /** Public nodes around the fleet; default none. */
  readonly publicNodes?: number;
}

/** A line of a node's log. */
export interface TestLogLine {
  readonly node: number;
  readonly level: string;
  readonly source: string;
  readonly text: string;
}

/** A node of a test's fleet. */
export interface TestNode extends Omit<LabFleetNode, 'plugins'> {
  /** Calls a method; rejects as `@cl-hive/cln-rpc` does. */
  readonly call: (
    method: string,
    params?: JsonObject | readonly JsonValue[],
  ) => Promise<JsonObject>;
  readonly rpc: RpcClient;
  readonly plugin: {
    /** As `plugin start PATH [options]`. */
    readonly start: (file: string, options?: JsonObject) => Promise<JsonObject>;
    /** As `plugin stop NAME`. */
    readonly stop: (name: string) => Promise<JsonObject>;
    /** Base names of the plugins that run. */
    readonly running: () => readonly string[];
  };
  /** Sends a signal to the process of the plugin with this base name. */
  readonly killPlugin: (name: string, signal?: NodeJS.Signals) => void;
}

/** An emulated fleet in a temporary folder. */
export interface TestFleet {
  readonly dir: string;
  readonly nodes: readonly TestNode[];
  readonly world: World;
  /** The node of this number, from 1. Throws RangeError. */
  readonly node: (number: number) => TestNode;
  readonly events: readonly FleetEvent[];
  /** Log lines so far, of one node or all. */
  readonly logs: (node?: number) => readonly TestLogLine[];
  /**
   * Waits until `probe` gives something other than undefined or false; a throw counts as not yet.
   * Rejects after `timeoutMs` (10 s) with what was waited for.
   */
  readonly waitFor: <T>(
    what: string,
    probe: () => T | Promise<T>,
    timeoutMs?: number,
  ) => Promise<Exclude<Awaited<T>, undefined | false>>;
  /** Ends everything and removes the folder. Throws when a process had to be ended by force. Idempotent. */
  readonly stop: () => Promise<void>;
}

/** Starts an emulated fleet for a test; {@link TestFleet.stop} it, or use {@link withFleet}. */
export async function startLabFleet(options: TestFleetOptions = {}): Promise<TestFleet> {
  const { nodes = 1, plugins = [], seed = 1, publicNodes = 0 } = options;
  processMark();
  const dir = mkdtempSync(path.join(tmpdir(), 'hive-lab-'));
  const events: FleetEvent[] = [];
  let fleet: Awaited<ReturnType<ReturnType<typeof labBackend>['start']>>;
  try {
    fleet = await labBackend(options).start({ dir, nodes, plugins, seed, publicNodes }, (event) =>
      events.push(event),
    );
  } catch (error) {
    await endProcessesIn(dir);
    rmSync(dir, { recursive: true, force: true });
    throw error;
  }
  const testNodes = fleet.nodes.map(testNode);
  let stopping: Promise<void> | undefined;
  return {
    dir,
    nodes: testNodes,
    world: fleet.world,
    node: (number) => {
      const found = testNodes[number - 1];
      if (found === undefined) {
        throw new RangeError(`the fleet has no node ${number}`);
      }
      return found;
    },
    events,
    logs: (node) =>
      events.flatMap((event) =>
        event.kind === 'log' && (node === undefined || event.node === node) ? [event] : [],
      ),
    waitFor: (what, probe, timeoutMs = 10_000) => until(probe, { what, timeoutMs, intervalMs: 10 }),
    stop: () => {
      stopping ??= (async () => {
        await Promise.all(testNodes.map((node) => node.rpc.close()));
        await fleet.stop();
        await leaveNothing(dir);
      })();
      return stopping;
    },
  };
}

/** Runs `body` with a fleet that is stopped afterwards, whatever happens. */
export async function withFleet<T>(
  options: TestFleetOptions,
  body: (fleet: TestFleet) => Promise<T>,
): Promise<T> {
  const fleet = await startLabFleet(options);
  try {
    return await body(fleet);
  } finally {
    await fleet.stop();
  }
}

function testNode(node: LabFleetNode): TestNode {
  const rpc = connectRpc({ path: node.rpcFile, caller: 'test' });
  const call: TestNode['call'] = async (method, params) =>
    (await rpc.raw(method, params)) as JsonObject;
  return {
    number: node.number,
    id: node.id,
    lightningDir: node.lightningDir,
    rpcFile: node.rpcFile,
    ended: () => node.ended(),
    end: (how) => node.end(how),
    restart: () => node.restart(),
    rpc,
    call,
    plugin: {
      start: (file, options = {}) =>
        call('plugin', { subcommand: 'start', plugin: file, ...options }),
      stop: (name) => call('plugin', { subcommand: 'stop', plugin: name }),
      running: () => node.plugins().map(({ path: file }) => path.basename(file)),
    },
    killPlugin: (name, signal = 'SIGKILL') => {
      const found = node.plugins().find(({ path: file }) => path.basename(file) === name);
      if (found?.pid === undefined) {
        throw new CodedError('no_plugin', `node ${node.number} runs no plugin ${name}`);
      }
      process.kill(found.pid, signal);
    },
  };
}

/** Waits a moment for plugins that see the end of their input, and ends those that do not. */
async function leaveNothing(dir: string): Promise<void> {
  const left = processesIn(dir);
  await until(() => !left.some(isRunning), { what: 'plugins to end', timeoutMs: 2_000 }).catch(
    () => undefined,
  );
  const stuck = left.filter((ref) => processRef(ref.pid)?.start === ref.start);
  await endProcessesIn(dir);
  // A process that was just ended may still have been writing.
  rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  if (stuck.length > 0) {
    const pids = stuck.map(({ pid }) => pid).join(', ');
    throw new CodedError('processes_left', `processes of the fleet outlived it: ${pids}`);
  }
}
