import { type JsonObject, stringifyJson } from '@cl-hive/core';
import { methodNames, type Plugin } from './plugin.ts';
import type { PluginSet } from './plugin-set.ts';

/** Delivers notifications to plugins; only those get them whose `init` is answered. */
export class Notifier {
  readonly #plugins: PluginSet;

  constructor(plugins: PluginSet) {
    this.#plugins = plugins;
  }

  /** A topic of lightningd's own: the payload stands under the topic's name. */
  native(topic: string, payload: () => JsonObject): void {
    this.#deliver(
      topic,
      () =>
        `{"jsonrpc":"2.0","method":"${topic}","params":{"${topic}":${stringifyJson(payload())}}}\n\n`,
    );
  }

  /** A topic that a plugin emits: `origin` beside the params, which stay as they were written. */
  custom(topic: string, origin: Plugin, params: string): void {
    this.#deliver(
      topic,
      () =>
        `{"jsonrpc":"2.0","method":"${topic}","origin":${JSON.stringify(origin.shortName)},"params":${params}}\n\n`,
    );
  }

  /** To one plugin; false when it did not subscribe or is not ready. */
  single(plugin: Plugin, topic: string, payload: JsonObject): boolean {
    if (plugin.state !== 'active' || plugin.copiesOf(topic) === 0) {
      return false;
    }
    plugin.send(
      `{"jsonrpc":"2.0","method":"${topic}","params":{"${topic}":${stringifyJson(payload)}}}\n\n`,
    );
    return true;
  }

  /** `plugin_started` or `plugin_stopped`. */
  lifecycle(topic: 'plugin_started' | 'plugin_stopped', plugin: Plugin): void {
    this.native(topic, () => ({
      plugin_name: plugin.shortName,
      plugin_path: plugin.path,
      methods: methodNames(plugin),
    }));
  }

  #deliver(topic: string, write: () => string): void {
    let text: string | undefined;
    for (const plugin of this.#plugins.all) {
      if (plugin.state === 'active') {
        for (let copies = plugin.copiesOf(topic); copies > 0; copies -= 1) {
          text ??= write();
          plugin.send(text);
        }
      }
    }
  }
}
