import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connectRpc, type RpcClient, RpcError } from '@cl-hive/cln-rpc';
import { type JsonObject, type JsonValue, stringifyJson } from '@cl-hive/core';
import {
  type Fleet,
  type FleetEvent,
  type FleetNode,
  type LabFleetNode,
  labBackend,
  type PluginSpec,
  realBackend,
} from '@cl-hive/hive-lab';
import { type PluginName, pluginFile } from './plugins.ts';

/** `npm run test:real` sets this: the same tests then run on real lightningd. */
export const REAL = process.env['CL_HIVE_REAL'] === '1';

/** Longest wait for something to become true, ms; generous, because it only matters for a failure. */
const DEADLINE_MS = 30_000;

/** One node with the plugins under test, talked to as an operator does: by RPC. */
export class NodeUnderTest {
  readonly #fleet: Fleet;
  readonly #node: FleetNode;
  readonly #rpc: RpcClient;
  readonly #events: readonly FleetEvent[];
  readonly dir: string;

  constructor(fleet: Fleet, node: FleetNode, events: readonly FleetEvent[], dir: string) {
    this.#fleet = fleet;
    this.#node = node;
    this.#events = events;
    this.dir = dir;
    this.#rpc = connectRpc({ path: node.rpcFile, caller: 'acceptance' });
  }

  get lightningDir(): string {
    return this.#node.lightningDir;
  }

  /** All log lines so far, joined: `source: text`. */
  log(): string {
    return this.#events
      .map((event) => (event.kind === 'log' ? `${event.source}: ${event.text}` : event.kind))
      .join('\n');
  }

  call(method: string, params: JsonObject | readonly JsonValue[] = {}): Promise<JsonObject> {
    return this.#rpc.raw(method, params, { timeoutMs: DEADLINE_MS }) as Promise<JsonObject>;
  }

  /** The error that a call must answer. */
  async refusal(method: string, params: JsonObject | readonly JsonValue[] = {}): Promise<RpcError> {
    try {
      const answer = await this.call(method, params);
      throw new Error(`${method} was not refused but answered ${stringifyJson(answer)}`);
    } catch (error) {
      if (error instanceof RpcError) {
        return error;
      }
      throw error;
    }
  }

  startPlugin(plugin: string, options: JsonObject = {}): Promise<JsonObject> {
    return this.call('plugin', { subcommand: 'start', plugin: pluginFile(plugin), ...options });
  }

  stopPlugin(plugin: PluginName): Promise<JsonObject> {
    return this.call('plugin', { subcommand: 'stop', plugin: path.basename(pluginFile(plugin)) });
  }

  /** Kills a plugin's process; returns once the node has noticed. */
  async killPlugin(plugin: PluginName): Promise<void> {
    const [pid] = this.pidsOf(plugin);
    if (pid === undefined) {
      throw new Error(`${plugin} does not run`);
    }
    process.kill(pid, 'SIGKILL');
    await this.until(`${plugin} is gone`, async () => {
      const { plugins } = await this.call('plugin', { subcommand: 'list' });
      return !stringifyJson(plugins).includes(`${plugin}.js`);
    });
  }

  /** Processes of this node that run the plugin's file. */
  pidsOf(plugin: PluginName): readonly number[] {
    return readdirSync('/proc')
      .filter((entry) => /^\d+$/.test(entry))
      .map(Number)
      .filter((pid) => {
        try {
          const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
          return (
            command.includes(`/${plugin}.js`) &&
            readlinkSync(`/proc/${pid}/cwd`) === this.lightningDir
          );
        } catch {
          return false;
        }
      });
  }

  /** A plugin's status. */
  status(plugin: PluginName): Promise<JsonObject> {
    return this.call(STATUS[plugin]);
  }

  /** Waits until the plugin's status says this state. */
  async untilState(plugin: PluginName, state: string): Promise<JsonObject> {
    let last: JsonObject = {};
    await this.until(
      `${plugin} is ${state}`,
      async () => {
        last = await this.status(plugin);
        return last['state'] === state;
      },
      () => stringifyJson(last),
    );
    return last;
  }

  /** Waits until `condition` holds. */
  async until(
    what: string,
    condition: () => Promise<boolean> | boolean,
    last: () => string = () => '',
  ): Promise<void> {
    const deadline = Date.now() + DEADLINE_MS;
    for (;;) {
      if (await condition()) {
        return;
      }
      if (Date.now() > deadline) {
        throw new Error(
          `after ${DEADLINE_MS / 1000} s still not: ${what}. ${last()}\n${this.log()}`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Ends the emulated node as SIGKILL would. */
  async kill(): Promise<void> {
    if (!('end' in this.#node)) {
      throw new Error('only an emulated node can be killed here');
    }
    await (this.#node as LabFleetNode).end('kill');
  }

  /** Stops the node in order. Twice is once. */
  async stop(): Promise<void> {
    await this.#rpc.close();
    await this.#fleet.stop();
  }
}

const STATUS: Readonly<Record<PluginName, string>> = {
  'cl-hive-comms': 'hive-comms-status',
  'cl-hive-archon': 'hive-archon-status',
  'cl-hive': 'hive-status',
};

/** What to run a test on. */
export interface Setting {
  /** Plugins in the order of their lines in the configuration. */
  readonly plugins?: readonly (PluginName | PluginSpec)[];
  /** The folder of an earlier run, to start the same node again. */
  readonly dir?: string;
  /** Another seed is another node. */
  readonly seed?: number;
}

/** Runs `test` on a fresh node and leaves nothing behind. */
export async function withNode(
  setting: Setting,
  test: (node: NodeUnderTest) => Promise<void>,
): Promise<void> {
  const dir = setting.dir ?? mkdtempSync(path.join(tmpdir(), 'hive-'));
  const events: FleetEvent[] = [];
  try {
    const fleet = await (REAL ? realBackend() : labBackend()).start(
      {
        dir,
        nodes: 1,
        plugins: (setting.plugins ?? []).map((plugin) =>
          typeof plugin === 'string' ? { path: pluginFile(plugin) } : plugin,
        ),
        seed: setting.seed ?? 1,
        publicNodes: 0,
      },
      (event) => events.push(event),
    );
    const [first] = fleet.nodes;
    if (first === undefined) {
      throw new Error('the fleet has no node');
    }
    const node = new NodeUnderTest(fleet, first, events, dir);
    try {
      await test(node);
    } finally {
      await node.stop();
    }
  } finally {
    if (setting.dir === undefined) {
      rmSync(dir, { recursive: true, force: true });
    }
  }
}
