import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connectRpc, type RpcClient, RpcError } from '@cl-hive/cln-rpc';
import { type JsonObject, type JsonValue, stringifyJson } from '@cl-hive/core';
import { prettyJson } from '../cli/pretty-json.ts';
import { parseRpcWords } from '../cli/rpc-command.ts';
import { parseRpcParams } from '../cli/rpc-params.ts';
import type {
  Fleet,
  FleetBackend,
  FleetEvent,
  FleetNode,
  PluginSpec,
  RestartableNode,
} from '../contract/fleet.ts';
import { labBackend } from '../fleet/lab-backend.ts';

/** The plugins of the suite. */
export const PLUGIN_NAMES = ['cl-hive-comms', 'cl-hive-archon', 'cl-hive'] as const;
export type PluginName = (typeof PLUGIN_NAMES)[number];

/** The entry file of a plugin of the suite, built in `dist`; any other path as it is. */
export function pluginFile(dist: string, plugin: string): string {
  return (PLUGIN_NAMES as readonly string[]).includes(plugin)
    ? path.join(dist, plugin, `${plugin}.js`)
    : plugin;
}

/** Longest wait for something to become true, ms; generous, because it only matters for a failure. */
const DEADLINE_MS = 30_000;

/** One node with the plugins under test, talked to as an operator does: by RPC. */
export class NodeUnderTest {
  readonly #fleet: Fleet;
  readonly #node: FleetNode;
  #rpc: RpcClient;
  readonly #events: readonly FleetEvent[];
  readonly dir: string;
  readonly #dist: string;

  constructor(
    fleet: Fleet,
    node: FleetNode,
    events: readonly FleetEvent[],
    folders: { readonly dir: string; readonly dist: string },
  ) {
    this.#fleet = fleet;
    this.#node = node;
    this.#events = events;
    this.dir = folders.dir;
    this.#dist = folders.dist;
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
    return this.call('plugin', {
      subcommand: 'start',
      plugin: pluginFile(this.#dist, plugin),
      ...options,
    });
  }

  stopPlugin(plugin: PluginName): Promise<JsonObject> {
    return this.call('plugin', { subcommand: 'stop', plugin: `${plugin}.js` });
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

  /** What a plugin's status says of its siblings: name → state. */
  async siblingStates(plugin: PluginName): Promise<Record<string, string>> {
    const { siblings } = await this.status(plugin);
    return Object.fromEntries(
      (siblings as readonly { name: string; state: string }[]).map(({ name, state }) => [
        name,
        state,
      ]),
    );
  }

  /** Waits until every running plugin knows exactly which siblings run. */
  async untilAllKnow(running: readonly PluginName[]): Promise<void> {
    for (const plugin of running) {
      const expected = Object.fromEntries(
        PLUGIN_NAMES.filter((name) => name !== plugin).map((name) => [
          name,
          running.includes(name) ? 'ready' : 'absent',
        ]),
      );
      let seen: Record<string, string> = {};
      await this.until(
        `${plugin} knows its siblings`,
        async () => {
          seen = await this.siblingStates(plugin);
          return Object.entries(expected).every(([name, state]) => seen[name] === state);
        },
        () => `expected ${JSON.stringify(expected)}, seen ${JSON.stringify(seen)}`,
      );
    }
  }

  /** Waits until the others know that `gone` is gone, and idle where they need it. */
  async untilOthersKnowGone(gone: PluginName): Promise<void> {
    const rest = PLUGIN_NAMES.filter((name) => name !== gone);
    for (const plugin of rest) {
      await this.until(
        `${plugin} knows that ${gone} is gone`,
        async () => (await this.siblingStates(plugin))[gone] === 'absent',
      );
    }
    if (gone === 'cl-hive-comms') {
      for (const plugin of rest) {
        await this.untilState(plugin, 'idle');
      }
    }
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

  /** Ends the node as SIGKILL would. */
  async kill(): Promise<void> {
    if (!('end' in this.#node)) {
      throw new Error('this node cannot be ended');
    }
    await (this.#node as RestartableNode).end('kill');
  }

  /** Stops the node in order; {@link boot} starts it again. */
  async halt(): Promise<void> {
    await (this.#node as RestartableNode).end('stop');
  }

  /** Starts the node again, with its configuration file as it is now. */
  async boot(): Promise<void> {
    await (this.#node as RestartableNode).restart();
    // The connection of before ended with the node.
    await this.#rpc.close();
    this.#rpc = connectRpc({ path: this.#node.rpcFile, caller: 'acceptance' });
  }

  /** Stops the node in order and starts it again. */
  async restart(): Promise<void> {
    await this.halt();
    await this.boot();
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

/** Calls a node with the words of a command line, as `lightning-cli` does: its output, and whether it is a result. */
export async function lightningCli(
  node: NodeUnderTest,
  words: readonly string[],
): Promise<{ readonly ok: boolean; readonly text: string }> {
  const { method, params, style } = parseRpcWords(['1', ...words]);
  try {
    return { ok: true, text: prettyJson(await node.call(method, parseRpcParams(params, style))) };
  } catch (error) {
    if (error instanceof RpcError) {
      return { ok: false, text: prettyJson({ code: error.rpcCode, message: error.rpcMessage }) };
    }
    throw error;
  }
}

/** What to run a test on. */
export interface Setting {
  /** Folder with the built plugins. */
  readonly dist: string;
  /** Where the node runs; on hive-lab unless given. */
  readonly backend?: FleetBackend;
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
  const { dist, backend = labBackend(), plugins = [], seed = 1 } = setting;
  const dir = setting.dir ?? mkdtempSync(path.join(tmpdir(), 'hive-'));
  const events: FleetEvent[] = [];
  try {
    const fleet = await backend.start(
      {
        dir,
        nodes: 1,
        plugins: plugins.map((plugin) =>
          typeof plugin === 'string' ? { path: pluginFile(dist, plugin) } : plugin,
        ),
        seed,
        publicNodes: 0,
      },
      (event) => events.push(event),
    );
    const [first] = fleet.nodes;
    if (first === undefined) {
      throw new Error('the fleet has no node');
    }
    const node = new NodeUnderTest(fleet, first, events, { dir, dist });
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
