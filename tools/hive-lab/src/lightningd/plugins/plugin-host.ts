import { join } from 'node:path';
import { describeError } from '@cl-hive/core';
import type { LogLevel } from '../../contract/node.ts';
import { HANDSHAKE_TIMEOUT_MS, SHUTDOWN_GRACE_MS } from '../limits.ts';
import { Plugin, type StartWaiter } from './plugin.ts';
import { canonicalPath, fileChecksum } from './plugin-files.ts';
import type { PluginHostParts } from './plugin-host-parts.ts';
import { handlePluginMessage } from './plugin-output.ts';
import type { PluginProcess } from './plugin-process.ts';
import { isCalled } from './plugin-set.ts';
import { ProcessPool } from './process-pool.ts';
import { unknownTopics } from './topics.ts';

/** Starts, kills and ends a node's plugins. */
export class PluginHost {
  readonly #parts: PluginHostParts;
  readonly #pool: ProcessPool;
  readonly #disabled: string[] = [];
  #index = 0;
  /** During boot; afterwards plugins are started one by one. */
  startup = true;
  #whenIdle: (() => void) | undefined;
  /** Those who wait until every plugin is up (`plugin startdir`, `rescan`). */
  #allUp: (() => void)[] = [];
  #whenEmpty: (() => void) | undefined;

  constructor(parts: PluginHostParts) {
    this.#parts = parts;
    this.#pool = new ProcessPool(parts);
    parts.lifeline.onEnd((end) => {
      if (end.kind !== 'stopped') {
        this.#hangUp();
      }
    });
  }

  /** Relative paths start here: the node's working directory. */
  get workingFolder(): string {
    return this.#parts.lightningDir;
  }

  /** The folder `plugins` of the lightning folder. */
  get defaultFolder(): string {
    return join(this.#parts.baseDir, 'plugins');
  }

  /** Never starts a plugin of this name or path, and drops it when it is waiting to be started. */
  disable(name: string): void {
    this.#disabled.push(name);
    for (const plugin of this.#parts.plugins.all) {
      if (isCalled(plugin.path, name)) {
        this.#parts.log.add(
          'info',
          'plugin-manager',
          `${plugin.path}: disabled via disable-plugin`,
        );
        this.#parts.plugins.remove(plugin);
      }
    }
  }

  /**
   * Notes a plugin to be started. Undefined when there is no such file, it is disabled, or it is
   * there already; one whose entry file changed since is killed and noted anew.
   */
  register(
    path: string,
    options: {
      readonly important?: boolean;
      readonly startOptions?: readonly (readonly [string, string])[];
      readonly waiter?: StartWaiter;
    } = {},
  ): Plugin | undefined {
    const canonical = canonicalPath(path);
    if (canonical === undefined || this.#disabled.some((name) => isCalled(canonical, name))) {
      return undefined;
    }
    const important = options.important ?? false;
    const checksum = fileChecksum(canonical);
    const known = this.#parts.plugins.all.find((plugin) => plugin.path === canonical);
    if (known !== undefined) {
      known.important ||= important;
      if (known.checksum === checksum || known.important) {
        return undefined;
      }
      this.kill(known, 'info', 'Plugin changed, needs restart.');
    }
    const plugin = new Plugin({
      ...options,
      path: canonical,
      index: this.#index,
      checksum,
      important,
    });
    this.#index += 1;
    this.#parts.plugins.add(plugin);
    return plugin;
  }

  /** Whether a plugin at this path is noted already, or is not to be. */
  knows(path: string): boolean {
    const canonical = canonicalPath(path);
    return (
      canonical !== undefined &&
      (this.#disabled.some((name) => isCalled(canonical, name)) ||
        this.#parts.plugins.all.some((plugin) => plugin.path === canonical))
    );
  }

  /** Starts a noted plugin and asks for its manifest. */
  launch(plugin: Plugin, callerId?: string): void {
    const { log } = this.#parts;
    plugin.state = 'manifest';
    const child = this.#spawn(plugin);
    if (child === undefined) {
      return;
    }
    plugin.process = child;
    log.add('debug', 'plugin-manager', `started(${child.pid ?? 0}) ${plugin.path}`);
    this.#parts.handshake.askManifest(plugin, this, callerId);
    this.#limit(plugin);
  }

  #spawn(plugin: Plugin): PluginProcess | undefined {
    const { log, plugins, notifier } = this.#parts;
    try {
      return this.#pool.start(plugin, {
        message: (message) => {
          const fault = handlePluginMessage(plugin, message, log, notifier);
          if (fault !== undefined && plugins.has(plugin)) {
            this.kill(plugin, 'unusual', fault);
          }
        },
        broken: (reason) => this.kill(plugin, 'unusual', reason),
        closed: () => this.#closed(plugin),
        failed: (reason) => this.#failedToStart(plugin, reason),
      });
    } catch (error) {
      this.#failedToStart(plugin, describeError(error));
      return undefined;
    }
  }

  /** Launches every noted plugin that has not been. */
  launchAll(callerId?: string): void {
    for (const plugin of this.#parts.plugins.all) {
      if (plugin.state === 'unconfigured') {
        this.launch(plugin, callerId);
      }
    }
  }

  /** Boot: all manifests are in, or their plugins are gone. */
  async manifestsSettled(): Promise<void> {
    if (!this.#parts.lifeline.alive) {
      return;
    }
    await new Promise<void>((resolve) => {
      this.#whenIdle = resolve;
      this.checkManifests();
    });
  }

  /** Sends `init` to all; resolves once every plugin answered or is gone. Ends the boot phase. */
  async initAll(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#whenIdle = resolve;
      this.#sendInits();
      this.#checkInits();
    });
    this.startup = false;
  }

  /** Calls back once every plugin has answered `init`. */
  whenAllUp(callback: () => void): void {
    this.#allUp.push(callback);
    this.#checkInits();
  }

  /** When no manifest is awaited any more: sorts hooks, and goes on to `init` unless booting. */
  checkManifests(): void {
    const { plugins, hooks } = this.#parts;
    if (!this.#parts.lifeline.alive || plugins.all.some((plugin) => plugin.state === 'manifest')) {
      return;
    }
    for (const plugin of hooks.order()) {
      if (plugin.state === 'needs_init') {
        this.kill(plugin, 'unusual', 'Cannot meet required hook dependencies');
      }
    }
    this.#warnOfTopics();
    if (this.startup) {
      this.#idle();
    } else {
      this.#sendInits();
    }
  }

  /** The plugin answered `init` and is up. */
  started(plugin: Plugin): void {
    plugin.state = 'active';
    plugin.timeout?.();
    const { waiter } = plugin;
    plugin.waiter = undefined;
    waiter?.started();
    this.#parts.notifier.lifecycle('plugin_started', plugin);
    this.#checkInits();
  }

  /** Kills a plugin as lightningd does: SIGKILL, and forgotten at once. */
  kill(plugin: Plugin, level: LogLevel, reason: string): void {
    if (!this.#parts.plugins.has(plugin)) {
      return;
    }
    this.#parts.log.add(level, plugin.logSource, `Killing plugin: ${reason}`);
    plugin.process?.kill();
    const { waiter } = plugin;
    plugin.waiter = undefined;
    waiter?.killed(reason);
    this.#destroy(plugin);
  }

  /** Ends all plugins as `stop` does; resolves when no process is left. */
  async shutdown(): Promise<void> {
    const { plugins, notifier, clock, log } = this.#parts;
    const empty = new Promise<void>((resolve) => {
      this.#whenEmpty = resolve;
    });
    for (const plugin of plugins.all) {
      plugin.pending.clear();
      if (!notifier.single(plugin, 'shutdown', {})) {
        plugin.process?.kill();
        this.#destroy(plugin);
      }
    }
    const cancel = clock.after(SHUTDOWN_GRACE_MS, () => {
      for (const plugin of plugins.all) {
        log.add(
          'debug',
          'lightningd',
          `${plugin.shortName}: failed to self-terminate in time, killing.`,
        );
        plugin.process?.kill();
        this.#destroy(plugin);
      }
    });
    if (plugins.all.length > 0) {
      await empty;
    }
    cancel();
    this.#idle();
    await this.allGone();
  }

  /** Resolves when no process of this host is left, killed ones included. */
  async allGone(): Promise<void> {
    await this.#pool.allGone();
  }

  /** Tells a plugin to end; false when it did not subscribe to `shutdown`. Kills it in 30 s. */
  askToEnd(plugin: Plugin, onGone: () => void): boolean {
    const { notifier, clock, log } = this.#parts;
    if (!notifier.single(plugin, 'shutdown', {})) {
      return false;
    }
    const cancel = clock.after(SHUTDOWN_GRACE_MS, () => {
      log.add('unusual', plugin.logSource, 'Timeout on shutdown: killing anyway');
      this.kill(plugin, 'info', 'stopped by lightningd via RPC');
    });
    const { onGone: others } = plugin;
    plugin.onGone = () => {
      cancel();
      others?.();
      onGone();
    };
    return true;
  }

  /** Restarts the clock that limits `getmanifest` and then `init`. */
  #limit(plugin: Plugin): void {
    plugin.timeout?.();
    plugin.timeout = this.#parts.clock.after(HANDSHAKE_TIMEOUT_MS, () => {
      this.kill(plugin, 'unusual', `timed out ${plugin.stateText}`);
      if (this.startup) {
        this.#parts.lifeline.exit(
          `Can't recover from plugin failure, terminating. (${plugin.shortName} timed out ${plugin.stateText})`,
        );
      }
    });
  }

  #sendInits(): void {
    for (const plugin of this.#parts.plugins.all) {
      if (plugin.state === 'needs_init') {
        plugin.state = 'init';
        this.#limit(plugin);
        this.#parts.handshake.sendInit(plugin, this);
      }
    }
  }

  #warnOfTopics(): void {
    for (const { plugin, topic } of unknownTopics(this.#parts.plugins)) {
      const text = `topic '${topic}' is not a known notification topic`;
      this.#parts.log.add('unusual', plugin.logSource, text);
    }
  }

  #idle(): void {
    const resolve = this.#whenIdle;
    this.#whenIdle = undefined;
    resolve?.();
  }

  #checkInits(): void {
    if (this.#parts.plugins.all.some((plugin) => plugin.state !== 'active')) {
      return;
    }
    const waiting = this.#allUp;
    this.#allUp = [];
    for (const callback of waiting) {
      callback();
    }
    if (this.startup) {
      this.#idle();
    }
  }

  #closed(plugin: Plugin): void {
    const stopping = this.#parts.lifeline.phase === 'stopping';
    this.kill(plugin, stopping ? 'debug' : 'info', `exited ${plugin.stateText}`);
  }

  #failedToStart(plugin: Plugin, reason: string): void {
    const fault = `opening pipe: ${reason}`;
    if (this.startup) {
      this.#parts.lifeline.exit(`error starting plugin '${plugin.path}': ${fault}`);
      return;
    }
    this.kill(plugin, 'unusual', fault);
  }

  #destroy(plugin: Plugin): void {
    const { plugins, hooks, config, lifeline, log, notifier } = this.#parts;
    plugins.remove(plugin);
    plugin.process?.forget();
    plugin.timeout?.();
    hooks.remove(plugin);
    const stopping = lifeline.phase === 'stopping';
    if (!stopping) {
      plugins.failPending(plugin);
    }
    const { manifest, onGone } = plugin;
    if (manifest !== undefined) {
      config.options.removePlugin(manifest.options);
      const names = new Set(manifest.options.map((option) => option.name));
      config.vars.remove(({ name, source }) => source.kind === 'pluginstart' && names.has(name));
    }
    plugin.onGone = undefined;
    onGone?.();
    if (stopping) {
      if (plugins.all.length === 0) {
        this.#whenEmpty?.();
      }
      return;
    }
    if (plugin.state === 'manifest') {
      this.checkManifests();
    } else if (plugin.state === 'init') {
      this.#checkInits();
    }
    if (plugin.important) {
      log.add('broken', plugin.logSource, 'Plugin marked as important, shutting down lightningd!');
      lifeline.exit(`important plugin ${plugin.shortName} is gone`);
      return;
    }
    if (plugin.state === 'active') {
      notifier.lifecycle('plugin_stopped', plugin);
    }
  }

  /** lightningd died: the plugins see only that their pipes closed. */
  #hangUp(): void {
    for (const plugin of this.#parts.plugins.all) {
      plugin.timeout?.();
    }
    this.#pool.hangUp();
    this.#idle();
    this.#whenEmpty?.();
  }
}
