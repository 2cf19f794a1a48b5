import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectRpc, type RpcClient } from '@cl-hive/cln-rpc';
import { type Clock, CodedError, describeError, type NodeId } from '@cl-hive/core';
import type { Fleet, FleetBackend, FleetNode, FleetSpec, PluginSpec } from '../contract/fleet.ts';
import { type Relay, startRelay } from '../relay/relay.ts';
import { claimFleetDir, type FleetDir } from './fleet-dir.ts';
import { type FleetInput, type FleetModel, initialModel, stepFleet } from './fleet-model.ts';
import type { FleetState } from './fleet-state.ts';
import { isBeyondHope, unhealthyReasons } from './health.ts';
import { OBSERVE_RUNNING_MS, OBSERVE_STARTING_MS } from './limits.ts';
import { observeNode } from './observation.ts';
import { endProcessesIn, processMark } from './process-mark.ts';
import { processRef } from './process-table.ts';

/** What to run, and how. */
export interface FleetRunOptions {
  /** Made for this run: `signal` gives up a start that is under way. */
  readonly backend: (signal: AbortSignal) => FleetBackend;
  readonly spec: Omit<FleetSpec, 'plugins'>;
  /** The plugins of every node, given the relay's address. */
  readonly plugins: (relay: string | undefined) => readonly PluginSpec[];
  /** TCP port of the relay, 0 for a free one; undefined for no relay. */
  readonly relayPort: number | undefined;
  readonly clock: Clock;
  /** Called after each change of the model. */
  readonly onChange: (model: FleetModel) => void;
}

/** Whether a fleet became healthy. */
export type HealthOutcome =
  | { readonly kind: 'healthy' }
  | { readonly kind: 'unhealthy'; readonly reasons: readonly string[] };

/** Runs one fleet in its folder, watches it, and ends all of it. */
export class FleetRunner {
  readonly #options: FleetRunOptions;
  readonly #abort = new AbortController();
  #model: FleetModel;
  #dir: FleetDir | undefined;
  #relay: Relay | undefined;
  #fleet: Fleet | undefined;
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;
  #watching: Promise<unknown> = Promise.resolve();

  constructor(options: FleetRunOptions) {
    this.#options = options;
    const { spec } = options;
    const backend = options.backend(this.#abort.signal);
    this.#model = initialModel({
      backend: backend.name,
      dir: spec.dir,
      nodes: spec.nodes,
      publicNetwork: backend.name === 'lab' ? describePublicNetwork(spec) : '',
      plugins: options.plugins(undefined).map((plugin) => path.basename(plugin.path)),
    });
  }

  get model(): FleetModel {
    return this.#model;
  }

  get nodes(): readonly FleetNode[] {
    return this.#fleet?.nodes ?? [];
  }

  get relay(): Relay | undefined {
    return this.#relay;
  }

  /** Starts everything. Rejects with a CodedError when it cannot; then call {@link stop}, too. */
  start(): Promise<void> {
    this.#starting ??= this.#start();
    return this.#starting;
  }

  /** Waits until the fleet is healthy, is beyond hope, or `deadlineMs` have passed since the call. */
  async healthy(deadlineMs: number): Promise<HealthOutcome> {
    const deadline = performance.now() + deadlineMs;
    for (;;) {
      const reasons = unhealthyReasons(this.#model);
      if (reasons.length === 0) {
        return { kind: 'healthy' };
      }
      if (isBeyondHope(this.#model) || performance.now() > deadline || this.#stopping) {
        return { kind: 'unhealthy', reasons };
      }
      await sleep(50);
    }
  }

  /** Ends all that was started and gives the folder back. Idempotent, also in the middle of a start. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #start(): Promise<void> {
    const { spec, plugins, relayPort } = this.#options;
    const { signal } = this.#abort;
    this.#dir = await claimFleetDir(spec.dir, this.#state());
    if (this.#dir.orphansEnded > 0) {
      const text = `ended ${this.#dir.orphansEnded} processes that an earlier fleet had left behind`;
      this.#feed({ kind: 'note', level: 'warn', text });
    }
    if (relayPort !== undefined) {
      this.#relay = await startRelay({ port: relayPort, seed: spec.seed });
      this.#feed({ kind: 'relay', url: this.#relay.url });
    }
    signal.throwIfAborted();
    this.#fleet = await this.#options
      .backend(signal)
      .start({ ...spec, plugins: plugins(this.#relay?.url) }, (event) => {
        this.#feed({ kind: 'event', event });
      });
    signal.throwIfAborted();
    this.#dir.write(this.#state());
    this.#feed({ kind: 'started', nodes: this.#fleet.nodes });
    this.#watching = Promise.all(this.#fleet.nodes.map((node) => this.#watch(node)));
  }

  #state(): FleetState {
    const owner = processRef(process.pid);
    if (owner === undefined) {
      throw new CodedError(
        'fleet_no_self',
        'this system does not tell when a process was started',
        {
          remedy: 'hive-lab runs on Linux and macOS',
        },
      );
    }
    return {
      format: 1,
      owner,
      mark: processMark(),
      backend: this.#model.backend,
      publicNetwork: this.#model.publicNetwork,
      ...(this.#relay === undefined ? {} : { relay: this.#relay.url }),
      nodes: this.nodes.map(({ number, id, lightningDir, rpcFile }) => ({
        number,
        id,
        lightningDir,
        rpcFile,
      })),
    };
  }

  async #watch(node: FleetNode): Promise<void> {
    const { signal } = this.#abort;
    const files = this.#model.nodes[0]?.plugins.map(({ file }) => file) ?? [];
    const others = new Set<NodeId>(this.nodes.map(({ id }) => id).filter((id) => id !== node.id));
    const rpc: RpcClient = connectRpc({ path: node.rpcFile, caller: 'hive-lab' });
    try {
      while (!signal.aborted) {
        const observation = await observeNode(rpc, files, others);
        if (signal.aborted) {
          return;
        }
        this.#feed({ kind: 'observed', node: node.number, observation });
        const settled = unhealthyReasons(this.#model).length === 0;
        await sleep(settled ? OBSERVE_RUNNING_MS : OBSERVE_STARTING_MS, undefined, {
          signal,
        }).catch(() => undefined);
      }
    } finally {
      await rpc.close();
    }
  }

  async #stop(): Promise<void> {
    this.#feed({ kind: 'stopping' });
    this.#abort.abort(new CodedError('fleet_stopped', 'the fleet was stopped'));
    await this.#starting?.catch(() => undefined);
    const faults: unknown[] = [];
    const attempt = async (task: () => Promise<unknown> | undefined): Promise<void> => {
      try {
        await task();
      } catch (error) {
        faults.push(error);
      }
    };
    await attempt(() => this.#fleet?.stop());
    await attempt(() => this.#watching);
    await attempt(() => this.#relay?.stop());
    if (this.#dir !== undefined) {
      const { dir } = this.#dir;
      await attempt(() => endProcessesIn(dir));
      this.#dir.release();
    }
    this.#feed({ kind: 'stopped' });
    if (faults.length > 0) {
      const text = `while stopping: ${faults.map(describeError).join('; ')}`;
      this.#feed({ kind: 'note', level: 'error', text });
    }
  }

  #feed(input: FleetInput): void {
    this.#model = stepFleet(this.#model, input, this.#options.clock.now());
    this.#options.onChange(this.#model);
  }
}

function describePublicNetwork(spec: FleetRunOptions['spec']): string {
  if (spec.gossmap !== undefined) {
    return `public network of ${path.basename(spec.gossmap)}`;
  }
  return spec.publicNodes === 0
    ? 'no public nodes'
    : `${spec.publicNodes.toLocaleString('en')} public nodes`;
}
