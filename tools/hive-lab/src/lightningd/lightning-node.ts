import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { bytesToHex, type Clock, type NodeId, nodeId } from '@cl-hive/core';
import { nobleCurve } from '@cl-hive/protocol';
import type { NodeShell } from '../contract/node.ts';
import { type CommandParts, shellCommands } from './commands/index.ts';
import type { GivenValue } from './config/config-vars.ts';
import { NodeConfig } from './config/node-config.ts';
import { NODE_FEATURES } from './data/features.ts';
import { Lifeline, type NodeEnd } from './lifeline.ts';
import { LogBook } from './log-book.ts';
import { logNotifications } from './log-notifications.ts';
import type { LightningdSpec, PluginView } from './node-spec.ts';
import { Handshake } from './plugins/handshake.ts';
import { HookChains } from './plugins/hook-chains.ts';
import { Notifier } from './plugins/notifier.ts';
import { defaultPlugins, pluginsIn } from './plugins/plugin-files.ts';
import { PluginHost } from './plugins/plugin-host.ts';
import { PluginSet } from './plugins/plugin-set.ts';
import { CommandTable } from './rpc/command-table.ts';
import { Dispatcher } from './rpc/dispatcher.ts';
import { RpcListener } from './rpc/rpc-listener.ts';
import { FeatureSet } from './rules/feature-set.ts';
import { ShellStore } from './shell-store.ts';
import { systemClock } from './system-clock.ts';

/** One emulated lightningd with everything that belongs to it. */
export class LightningNode {
  readonly id: NodeId;
  readonly lightningDir: string;
  readonly rpcFile: string;
  readonly shell: NodeShell;
  readonly #spec: LightningdSpec;
  readonly #network: string;
  readonly #lifeline = new Lifeline();
  readonly #log: LogBook;
  readonly #plugins = new PluginSet();
  readonly #store: ShellStore;
  readonly #notifier = new Notifier(this.#plugins);
  readonly #hooks: HookChains;
  readonly #config: NodeConfig;
  readonly #host: PluginHost;
  readonly #commands: CommandTable;
  readonly #dispatcher: Dispatcher;
  readonly #listener: RpcListener;
  #end: NodeEnd | undefined;
  /** No other node runs in the folder, nor shows this node of the world. */
  #ownsFolder = false;
  #stopping: Promise<void> | undefined;

  constructor(spec: LightningdSpec) {
    this.#spec = spec;
    this.#network = spec.network ?? 'regtest';
    this.lightningDir = resolve(spec.dir, this.#network);
    mkdirSync(this.lightningDir, { recursive: true, mode: 0o700 });
    this.id = nodeId(bytesToHex(nobleCurve.publicKey(spec.secretKey)));
    this.#store = new ShellStore(this.lightningDir);
    const clock: Clock = spec.clock ?? systemClock;
    const developer = spec.developer ?? false;
    const deprecatedOk = truthOf(spec.config?.['allow-deprecated-apis']) ?? !developer;
    this.#log = new LogBook(clock);
    this.#hooks = new HookChains(this.#plugins, this.#lifeline, this.#log);
    this.#config = new NodeConfig(this.lightningDir, givenBy(spec, this.#network), {
      rgb: this.id.slice(0, 6),
      'pid-file': join(spec.dir, `lightningd-${this.#network}.pid`),
    });
    const rpcName = this.#config.early('rpc-file')[0] ?? 'lightning-rpc';
    this.rpcFile = resolve(this.lightningDir, rpcName);
    const features = new FeatureSet(NODE_FEATURES);
    const common = {
      developer,
      deprecatedOk,
      clock,
      lightningDir: this.lightningDir,
      network: this.#network,
      lifeline: this.#lifeline,
      log: this.#log,
      config: this.#config,
      features,
      plugins: this.#plugins,
      notifier: this.#notifier,
      hooks: this.#hooks,
      commands: (): CommandTable => this.#commands,
    };
    this.#dispatcher = new Dispatcher(common);
    this.#host = new PluginHost({
      ...common,
      baseDir: spec.dir,
      handshake: new Handshake({
        ...common,
        rpcFile: rpcName,
        builtinOwner: (method) => this.#commands.holder(method),
      }),
      onStderr: (plugin, line) => spec.onStderr?.(plugin, line),
    });
    this.#listener = new RpcListener(this.rpcFile, deprecatedOk, {
      message: (connection, message) => this.#dispatcher.receive(connection, message),
      closed: (connection) => this.#dispatcher.forget(connection),
    });
    const { secretKey, hsmSecret = secretKey, world } = spec;
    this.#commands = this.#makeCommands({
      ...common,
      store: this.#store,
      secretKey,
      hsmSecret,
      listNodes: world.commands.find(({ name }) => name === 'listnodes'),
      host: this.#host,
      dispatcher: this.#dispatcher,
      stop: (last) => {
        this.#log.add('unusual', 'lightningd', 'JSON-RPC shutdown');
        void this.#shutdownOnce(last);
      },
    });
    this.shell = this.#makeShell();
    this.#lifeline.onEnd((end) => this.#onEnd(end));
  }

  /** How it ended; undefined while it runs. */
  get ended(): NodeEnd | undefined {
    return this.#end;
  }

  /** Starts everything; ends early, with {@link ended} set, when lightningd would. */
  async boot(): Promise<void> {
    const { onLog } = this.#spec;
    if (onLog !== undefined) {
      this.#log.onEntry(onLog);
    }
    logNotifications(this.#log, this.#notifier);
    await this.#listener.refuseLiving();
    this.#ownsFolder = true;
    this.#store.open();
    this.#registerPlugins();
    if (this.#lifeline.alive) {
      this.#host.launchAll();
    }
    await this.#host.manifestsSettled();
    const fault = this.#lifeline.alive ? this.#config.check() : undefined;
    if (fault !== undefined) {
      this.#lifeline.exit(fault);
    }
    if (!this.#lifeline.alive) {
      return;
    }
    await this.#listener.listen();
    await this.#host.initAll();
    if (this.#lifeline.phase !== 'starting') {
      // Stopped by RPC while plugins were starting.
      await this.#stopping;
      return;
    }
    this.#lifeline.enter('running');
    this.#log.add(
      'info',
      'lightningd',
      `Server started with public key ${this.id}, alias ${this.#spec.alias}`,
    );
    this.#spec.world.start(this.shell);
  }

  async stop(): Promise<void> {
    return this.#shutdownOnce(undefined);
  }

  async kill(reason: string): Promise<void> {
    this.#lifeline.end({ kind: 'signal', signal: 'SIGKILL', reason });
    await this.allGone();
  }

  /** Resolves when no plugin process is left. */
  async allGone(): Promise<void> {
    return this.#host.allGone();
  }

  pluginViews(): readonly PluginView[] {
    return this.#plugins.all.map((plugin) => ({
      path: plugin.path,
      name: plugin.shortName,
      active: plugin.state === 'active',
      dynamic: plugin.manifest?.dynamic ?? false,
      pid: plugin.process?.pid,
    }));
  }

  #registerPlugins(): void {
    for (const name of this.#config.early('disable-plugin')) {
      this.#host.disable(name);
    }
    for (const path of this.#config.early('important-plugin')) {
      this.#registerOrExit(path, true);
    }
    for (const path of this.#config.early('plugin')) {
      this.#registerOrExit(path, false);
    }
    for (const folder of this.#config.early('plugin-dir')) {
      for (const path of pluginsIn(folder)) {
        this.#host.register(path);
      }
    }
    for (const path of defaultPlugins(this.#host.defaultFolder)) {
      this.#host.register(path);
    }
  }

  #registerOrExit(path: string, important: boolean): void {
    const known = this.#host.register(path, { important }) !== undefined;
    if (!known && !this.#host.knows(path)) {
      this.#lifeline.exit(
        `--plugin=${path}: Failed to register ${path}: No such file or directory`,
      );
    }
  }

  #makeCommands(parts: CommandParts): CommandTable {
    return new CommandTable(this.#plugins, shellCommands(parts), this.#spec.world.commands);
  }

  #makeShell(): NodeShell {
    return {
      id: this.id,
      secretKey: this.#spec.secretKey,
      alias: this.#spec.alias,
      network: this.#network,
      notify: (topic, payload) => {
        if (this.#lifeline.alive) {
          this.#notifier.native(topic, () => payload);
        }
      },
      hook: async (name, payload) => {
        if (!this.#lifeline.alive) {
          return { result: 'continue' };
        }
        const message = name === 'custommsg' ? payload['payload'] : undefined;
        const type = typeof message === 'string' ? Number.parseInt(message.slice(0, 4), 16) : 0;
        return this.#hooks.run(name, payload, type);
      },
      log: (level, source, message) => this.#log.add(level, source, message),
      acceptsEvenMessage: (type) =>
        this.#plugins.all.some(
          (plugin) =>
            plugin.state === 'active' && plugin.manifest?.customMessages.includes(type) === true,
        ),
    };
  }

  async #shutdownOnce(last: Parameters<CommandParts['stop']>[0]): Promise<void> {
    this.#stopping ??= this.#shutdown(last);
    return this.#stopping;
  }

  async #shutdown(last: Parameters<CommandParts['stop']>[0]): Promise<void> {
    if (this.#lifeline.alive) {
      this.#lifeline.enter('stopping');
      this.#listener.stopListening();
      this.#spec.world.stop();
      await this.#host.shutdown();
      this.#listener.closeAll(last);
      this.#lifeline.end({ kind: 'stopped' });
    }
    await this.allGone();
  }

  #onEnd(end: NodeEnd): void {
    this.#end = end;
    this.#listener.stopListening();
    if (end.kind !== 'stopped') {
      if (this.#ownsFolder) {
        this.#spec.world.stop();
      }
      this.#listener.closeAll();
    }
    this.#hooks.release();
    this.#dispatcher.forgetAll();
    this.#spec.onExit?.(end);
  }
}

function truthOf(given: GivenValue | undefined): boolean | undefined {
  return given === undefined ? undefined : given === true || given === 'true';
}

/** All that the spec sets, as settings on the command line. */
function givenBy(spec: LightningdSpec, network: string): ReadonlyMap<string, GivenValue> {
  const given = new Map<string, GivenValue>([
    ['lightning-dir', spec.dir],
    ['network', network],
    ['alias', spec.alias],
    ...(spec.developer === true ? ([['developer', true]] as const) : []),
    ...Object.entries(spec.config ?? {}),
  ]);
  for (const { options } of spec.plugins) {
    for (const [name, value] of Object.entries(options ?? {})) {
      given.set(name, value);
    }
  }
  for (const name of ['plugin', 'important-plugin']) {
    const wanted = name === 'important-plugin';
    const paths = spec.plugins
      .filter(({ important = false }) => important === wanted)
      .map(({ path }) => path);
    const more = given.get(name) ?? [];
    given.set(name, [...paths, ...(typeof more === 'object' ? more : [String(more)])]);
  }
  return given;
}
