import { COMMANDS } from '@cl-hive/cln-rpc';
import type { LabCommand } from '../../contract/node.ts';
import { BUILTIN_PLUGIN_DIR, BUILTIN_PLUGINS } from '../data/builtin-plugins.ts';
import { DEPRECATED_COMMANDS } from '../data/deprecated-commands.ts';
import type { Plugin } from '../plugins/plugin.ts';
import type { PluginSet } from '../plugins/plugin-set.ts';
import type { Deprecation } from '../rules/deprecation.ts';
import type { ParamShape } from '../rules/params.ts';
import type { ShellCommand } from './shell-command.ts';

/** Who answers a method. */
export type CommandTarget =
  | { readonly kind: 'shell'; readonly command: ShellCommand; readonly shape: ParamShape }
  | { readonly kind: 'world'; readonly command: LabCommand; readonly shape: ParamShape }
  | { readonly kind: 'plugin'; readonly plugin: Plugin }
  /** lightningd has it, this emulation does not. */
  | { readonly kind: 'missing'; readonly shape: ParamShape };

/** A method that the node knows. */
export interface KnownCommand {
  readonly name: string;
  readonly usage: string;
  readonly developerOnly: boolean;
  readonly deprecated: Deprecation | undefined;
  readonly target: CommandTarget;
}

const DEVELOPER_ONLY = /^dev(?:$|-)/;

/** All methods of a node: lightningd's own, what the world serves, and the plugins'. */
export class CommandTable {
  readonly #own = new Map<string, KnownCommand>();
  readonly #plugins: PluginSet;

  constructor(plugins: PluginSet, shell: readonly ShellCommand[], world: readonly LabCommand[]) {
    this.#plugins = plugins;
    for (const name of Object.keys(COMMANDS)) {
      this.#put(name, (shape) => ({ kind: 'missing', shape }));
    }
    for (const command of world) {
      const { alsoTakes } = command;
      this.#put(command.name, (shape) => ({
        kind: 'world',
        command,
        shape:
          alsoTakes === undefined
            ? shape
            : { ...shape, params: [...shape.params, ...alsoTakes], required: [] },
      }));
    }
    for (const command of shell) {
      this.#put(command.name, (shape) => ({
        kind: 'shell',
        command,
        shape: command.extra === true ? { ...shape, extra: true } : shape,
      }));
    }
  }

  #put(name: string, target: (shape: ParamShape) => CommandTarget): void {
    const info = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    this.#own.set(name, {
      name,
      usage: info?.usage ?? '',
      developerOnly: DEVELOPER_ONLY.test(name),
      deprecated: DEPRECATED_COMMANDS[name],
      target: target(info ?? { params: [], required: [], extra: true }),
    });
  }

  get(method: string): KnownCommand | undefined {
    const own = this.#own.get(method);
    if (own !== undefined) {
      return own;
    }
    const plugin = this.#plugins.offering(method);
    return plugin === undefined ? undefined : ofPlugin(plugin, method);
  }

  /** All methods by name, plugins' included. */
  all(): readonly KnownCommand[] {
    const plugins = this.#plugins.all.flatMap((plugin) =>
      (plugin.manifest?.methods ?? []).map((method) => ofPlugin(plugin, method.name)),
    );
    return [...this.#own.values(), ...plugins].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Who holds a name that a plugin wants for a method, apart from other plugins that were started. */
  holder(method: string): 'core' | { readonly path: string } | undefined {
    for (const [plugin, { methods }] of Object.entries(BUILTIN_PLUGINS)) {
      if (methods.includes(method)) {
        return { path: `${BUILTIN_PLUGIN_DIR}/${plugin}` };
      }
    }
    return this.#own.has(method) ? 'core' : undefined;
  }
}

function ofPlugin(plugin: Plugin, name: string): KnownCommand {
  const method = plugin.manifest?.methods.find((other) => other.name === name);
  return {
    name,
    usage: method?.usage ?? '',
    developerOnly: false,
    deprecated: method?.deprecated,
    target: { kind: 'plugin', plugin },
  };
}
