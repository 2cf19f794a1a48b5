import { isJsonObject, stringifyJson } from '@cl-hive/core';
import type { NodeConfig } from '../config/node-config.ts';
import type { Lifeline } from '../lifeline.ts';
import type { FeatureSet } from '../rules/feature-set.ts';
import { rawKind, rawText, type WireObject } from '../rules/json-members.ts';
import { type ManifestContext, readManifest } from '../rules/manifest.ts';
import type { HookChains } from './hook-chains.ts';
import type { Plugin } from './plugin.ts';
import type { PluginSet } from './plugin-set.ts';

/** What the handshake needs of its host. */
export interface HandshakeHost {
  readonly startup: boolean;
  kill(plugin: Plugin, level: 'debug' | 'info' | 'unusual', reason: string): void;
  checkManifests(): void;
  started(plugin: Plugin): void;
}

/** What a handshake stands on. */
export interface HandshakeParts {
  readonly lightningDir: string;
  readonly rpcFile: string;
  readonly network: string;
  readonly deprecatedOk: boolean;
  readonly config: NodeConfig;
  readonly features: FeatureSet;
  readonly hooks: HookChains;
  readonly plugins: PluginSet;
  readonly lifeline: Lifeline;
  /** Who serves a method apart from started plugins. */
  readonly builtinOwner: (method: string) => ReturnType<ManifestContext['methodOwner']>;
}

/** `getmanifest` and `init`. */
export class Handshake {
  readonly #parts: HandshakeParts;

  constructor(parts: HandshakeParts) {
    this.#parts = parts;
  }

  askManifest(plugin: Plugin, host: HandshakeHost, callerId: string | undefined): void {
    const params = `{"allow-deprecated-apis":${this.#parts.deprecatedOk}}`;
    this.#parts.plugins.request(
      plugin,
      'getmanifest',
      params,
      { reply: (reply) => this.#onManifest(plugin, host, reply) },
      callerId,
    );
  }

  sendInit(plugin: Plugin, host: HandshakeHost): void {
    this.#parts.plugins.request(plugin, 'init', this.#initParams(plugin, host.startup), {
      reply: (reply) => this.#onInit(plugin, host, reply),
    });
  }

  #onManifest(plugin: Plugin, host: HandshakeHost, reply: WireObject): void {
    const { lifeline, plugins } = this.#parts;
    if (!lifeline.alive || !plugins.has(plugin)) {
      return;
    }
    const outcome = readManifest(reply.value('result'), reply.text, this.#context(plugin, host));
    switch (outcome.kind) {
      case 'fatal':
        if (outcome.how === 'segfault') {
          lifeline.end({ kind: 'signal', signal: 'SIGSEGV', reason: outcome.reason });
        } else {
          lifeline.exit(outcome.reason);
        }
        return;
      case 'refused':
        host.kill(plugin, 'unusual', outcome.reason);
        return;
      case 'disabled':
        plugin.important = false;
        host.kill(plugin, 'info', `disabled itself: ${outcome.reason}`);
        return;
      case 'accepted':
        plugin.manifest = outcome.manifest;
        this.#accept(plugin, host);
    }
  }

  #accept(plugin: Plugin, host: HandshakeHost): void {
    const { config, features, hooks } = this.#parts;
    const { manifest } = plugin;
    if (manifest === undefined) {
      return;
    }
    features.add(manifest.featureBits);
    config.options.addPlugin(plugin.path, manifest.options);
    hooks.register(plugin);
    const fault = this.#setStartOptions(plugin);
    if (fault !== undefined) {
      host.kill(plugin, 'unusual', fault);
      return;
    }
    plugin.timeout?.();
    plugin.state = 'needs_init';
    if (!host.startup && !manifest.dynamic) {
      host.kill(plugin, 'info', 'Not a dynamic plugin');
      return;
    }
    host.checkManifests();
  }

  #setStartOptions(plugin: Plugin): string | undefined {
    for (const [name, raw] of plugin.startOptions) {
      const option = this.#parts.config.options.get(name);
      if (option === undefined || option.plugin !== plugin.path) {
        return `unknown parameter ${name}`;
      }
      const fault = this.#parts.config.setAtStart(option, rawText(raw));
      if (fault !== undefined) {
        return `--${name}=${rawText(raw)}: ${fault}`;
      }
    }
    return undefined;
  }

  #onInit(plugin: Plugin, host: HandshakeHost, reply: WireObject): void {
    if (!this.#parts.lifeline.alive || !this.#parts.plugins.has(plugin)) {
      return;
    }
    // An error reply counts as an answer, and the plugin as started.
    const result = reply.raw('result');
    const value = result !== undefined && rawKind(result) === 'object' ? reply.value('result') : {};
    const disable = isJsonObject(value) ? value['disable'] : undefined;
    if (disable === undefined) {
      host.started(plugin);
      return;
    }
    plugin.important = false;
    this.#parts.features.remove(plugin.manifest?.featureBits ?? {});
    const reason = typeof disable === 'string' ? disable : stringifyJson(disable);
    host.kill(plugin, 'debug', `disabled itself at init: ${reason}`);
  }

  #context(plugin: Plugin, host: HandshakeHost): ManifestContext {
    const { config, features, plugins, builtinOwner } = this.#parts;
    return {
      path: plugin.path,
      startup: host.startup,
      optionTaken: (name) => config.options.has(name),
      methodOwner: (name) => {
        const owner = plugins.offering(name);
        return owner === undefined ? builtinOwner(name) : { path: owner.path };
      },
      hasFeature: (place, bits) => features.hasAny(place, bits),
    };
  }

  #initParams(plugin: Plugin, startup: boolean): string {
    const { config, features, lightningDir, rpcFile, network } = this.#parts;
    const configuration = stringifyJson({
      'lightning-dir': lightningDir,
      'rpc-file': rpcFile,
      startup,
      network,
      feature_set: features.toHex(),
    });
    return `{"options":${config.initOptions(plugin.path)},"configuration":${configuration}}`;
  }
}
