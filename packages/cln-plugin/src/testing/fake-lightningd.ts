import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Clock,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  stringifyJson,
} from '@cl-hive/core';
import type { Plugin } from '../plugin.ts';
import { errorOf, FakeRpcError, textOf } from './fake-rpc-error.ts';
import { FakeRpcServer, type RpcRequest } from './fake-rpc-server.ts';
import { LinkedPlugin } from './linked-plugin.ts';
import { PluginLink } from './plugin-link.ts';
import { runFile, runInProcess } from './plugin-process.ts';

/** Serves one command of the fake node. Throw {@link FakeRpcError} for an error answer. */
export type FakeCommand = (
  params: JsonValue,
  request: RpcRequest,
) => JsonValue | Promise<JsonValue>;

/** Settings of a fake node. */
export interface FakeLightningdSettings {
  readonly network?: string;
  /** Commands of lightningd by name; `help` is there, and methods of plugins are forwarded. */
  readonly rpc?: Readonly<Record<string, FakeCommand>>;
  readonly allowDeprecated?: boolean;
}

/** How one plugin is started. */
export interface StartSettings {
  /** Option values as `init` carries them. */
  readonly options?: JsonObject;
  /** Basename by which the node knows an in-process plugin. */
  readonly file?: string;
  readonly clock?: Clock;
  readonly startup?: boolean;
  /** Members over those of `configuration`. */
  readonly configuration?: JsonObject;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
}

/**
 * A lightningd for tests: it starts plugins (in this process or from a file), speaks their
 * protocol over pipes, serves `lightning-rpc`, runs `rpc_command` hooks, relays notifications
 * between plugins, and kills a plugin for what the real one kills for.
 */
export class FakeLightningd {
  readonly dir: string;
  readonly network: string;
  readonly plugins: LinkedPlugin[] = [];
  /** Every request that came in over the RPC socket. */
  readonly requests: RpcRequest[] = [];
  readonly #rpc: FakeRpcServer;
  readonly #commands: Record<string, FakeCommand>;
  readonly #allowDeprecated: boolean;

  private constructor(dir: string, settings: FakeLightningdSettings) {
    this.dir = dir;
    this.network = settings.network ?? 'regtest';
    this.#commands = { help: (params) => this.#help(params), ...settings.rpc };
    this.#allowDeprecated = settings.allowDeprecated ?? true;
    this.#rpc = new FakeRpcServer((request) => this.#serve(request));
  }

  /** Starts a node in a temporary folder; {@link stop} removes it. */
  static async start(settings: FakeLightningdSettings = {}): Promise<FakeLightningd> {
    const dir = await mkdtemp(join(tmpdir(), 'fake-lightningd-'));
    const node = new FakeLightningd(dir, settings);
    await node.#rpc.listen(node.rpcFile);
    return node;
  }

  get rpcFile(): string {
    return join(this.dir, 'lightning-rpc');
  }

  /** Adds or replaces a command. */
  serve(method: string, command: FakeCommand): void {
    this.#commands[method] = command;
  }

  /** Runs a plugin within this process, through getmanifest and init. */
  async attach(plugin: Pick<Plugin, 'start'>, settings: StartSettings = {}): Promise<LinkedPlugin> {
    const process = runInProcess(plugin, settings);
    return this.#handshake(new LinkedPlugin(new PluginLink(process), process.stray), settings);
  }

  /** Starts a plugin file, through getmanifest and init. */
  async spawn(path: string, settings: StartSettings = {}): Promise<LinkedPlugin> {
    const { env = {}, args = [] } = settings;
    const process = runFile(path, { cwd: this.dir, env, args });
    return this.#handshake(new LinkedPlugin(new PluginLink(process)), settings);
  }

  /** What `init` carries. */
  initParams(settings: StartSettings = {}): JsonObject {
    return {
      options: settings.options ?? {},
      configuration: {
        'lightning-dir': this.dir,
        'rpc-file': 'lightning-rpc',
        startup: settings.startup ?? true,
        network: this.network,
        feature_set: { init: '', node: '', channel: '', invoice: '' },
        ...settings.configuration,
      },
    };
  }

  /** Calls a command as an RPC client would: hooks first, then the node's commands, then plugins. */
  async call(method: string, params: JsonValue = {}, id = 'cli:call#1'): Promise<JsonValue> {
    return this.#serve({ id, method, params, filter: undefined });
  }

  /** Refuses new RPC connections, as while shutting down. */
  refuseConnections(): void {
    this.#rpc.refuse();
  }

  /** Ends every plugin (EOF, then the hard way) and removes the folder. */
  async stop(): Promise<void> {
    for (const plugin of this.plugins) {
      plugin.endInput();
    }
    await Promise.all(this.plugins.map((plugin) => plugin.goneOrKilled()));
    await this.#rpc.close();
    await rm(this.dir, { recursive: true, force: true });
  }

  async #handshake(plugin: LinkedPlugin, settings: StartSettings): Promise<LinkedPlugin> {
    const { link } = plugin;
    this.plugins.push(plugin);
    link.onSent((notification) => this.#relay(plugin, notification.method, notification.params));
    void link.gone.then(() => this.#announce('plugin_stopped', plugin)).catch(() => undefined);
    plugin.takeManifest(await link.getmanifest(this.#allowDeprecated));
    if (plugin.disabled === undefined) {
      plugin.takeInit(await link.init(this.initParams(settings)));
    }
    if (plugin.disabled === undefined) {
      this.#announce('plugin_started', plugin);
    } else {
      link.process.stdin.end();
    }
    return plugin;
  }

  #announce(topic: 'plugin_started' | 'plugin_stopped', plugin: LinkedPlugin): void {
    const { file } = plugin.link.process;
    plugin.announced = topic === 'plugin_started';
    for (const other of this.plugins) {
      if (other.subscribes(topic)) {
        other.link.notify(topic, {
          plugin_name: file,
          plugin_path: `/plugins/${file}`,
          methods: plugin.methods,
        });
      }
    }
  }

  #relay(from: LinkedPlugin, topic: string, params: JsonValue): void {
    if (!from.declaresTopic(topic)) {
      return;
    }
    for (const other of this.plugins) {
      for (let copy = 0; copy < other.copiesOf(topic); copy += 1) {
        other.link.notifyRaw(topic, params, from.link.process.file);
      }
    }
  }

  async #serve(request: RpcRequest): Promise<JsonValue> {
    this.requests.push(request);
    let { method, params } = request;
    for (const plugin of this.plugins) {
      if (plugin.hooksCommand(method)) {
        const { id, filter } = request;
        const inner = {
          jsonrpc: '2.0',
          id,
          method,
          params,
          ...(filter === undefined ? {} : { filter }),
        };
        const caller = typeof id === 'string' ? { caller: id } : {};
        const reply = await plugin.link.hook('rpc_command', { rpc_command: inner }, caller);
        const { replace, return: answer } = reply;
        if (isJsonObject(answer)) {
          return returned(answer);
        }
        if (isJsonObject(replace)) {
          method = textOf(replace['method']);
          params = replace['params'] ?? {};
        }
      }
    }
    const command = Object.hasOwn(this.#commands, method) ? this.#commands[method] : undefined;
    if (command !== undefined) {
      return command(params, { ...request, method, params });
    }
    return this.#forward({ ...request, method, params });
  }

  #forward(request: RpcRequest): Promise<JsonValue> {
    const { method, params, filter, id } = request;
    const owner = this.plugins.find(
      (plugin) => plugin.announced && plugin.methods.includes(method),
    );
    if (owner === undefined) {
      throw new FakeRpcError(-32601, `Unknown command '${method}'`);
    }
    return owner.link.request(method, params, {
      caller: typeof id === 'string' ? id : stringifyJson(id),
      ...(filter === undefined ? {} : { filter }),
    });
  }

  #help(params: JsonValue): JsonValue {
    const wanted = isJsonObject(params) ? textOf(params['command']) : '';
    const names = [
      ...Object.keys(this.#commands),
      ...this.plugins.filter((plugin) => plugin.announced).flatMap((plugin) => plugin.methods),
    ];
    if (wanted !== '' && !names.includes(wanted)) {
      throw new FakeRpcError(-32601, `Unknown command '${wanted}'`);
    }
    const shown = wanted === '' ? names : [wanted];
    return { help: shown.map((command) => ({ command })) };
  }
}

function returned(answer: JsonObject): JsonValue {
  const { error, result } = answer;
  if (isJsonObject(error)) {
    throw errorOf(error);
  }
  return result ?? null;
}
