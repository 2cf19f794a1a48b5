import { BUILTIN_PLUGIN_DIR, BUILTIN_PLUGINS } from '../data/builtin-plugins.ts';
import { CORE_OPTIONS, HIDDEN_CORE_OPTIONS } from '../data/core-options.ts';
import type { Deprecation } from '../rules/deprecation.ts';
import type { ManifestOption } from '../rules/manifest-option.ts';
import type { OptionType } from '../rules/option-value.ts';

/** An option that this node knows. */
export interface OptionEntry {
  readonly name: string;
  readonly type: OptionType;
  readonly multi: boolean;
  readonly dynamic: boolean;
  readonly default: string | undefined;
  /** Path of the plugin that declared it; undefined for lightningd's own. */
  readonly plugin: string | undefined;
  /** Shown by `listconfigs` only when it is set or asked for. */
  readonly hidden: boolean;
  readonly deprecated?: Deprecation;
}

/** All options of a node: lightningd's own, its built-in plugins' and the started plugins'. */
export class OptionTable {
  readonly #entries = new Map<string, OptionEntry>();

  /** `defaults` are those that differ from node to node. */
  constructor(defaults: Readonly<Record<string, string>> = {}) {
    for (const [name, declared] of Object.entries(CORE_OPTIONS)) {
      const fallback = defaults[name];
      this.#put(
        name,
        fallback === undefined ? declared : { ...declared, default: fallback },
        undefined,
      );
    }
    for (const name of HIDDEN_CORE_OPTIONS) {
      this.#put(name, { type: 'string' }, undefined, true);
    }
    for (const [plugin, { options }] of Object.entries(BUILTIN_PLUGINS)) {
      for (const [name, declared] of Object.entries(options)) {
        this.#put(name, declared, `${BUILTIN_PLUGIN_DIR}/${plugin}`, name.startsWith('dev-'));
      }
    }
  }

  #put(
    name: string,
    declared: {
      readonly type: OptionType;
      readonly default?: string;
      readonly multi?: boolean;
      readonly dynamic?: boolean;
    },
    plugin: string | undefined,
    hidden = false,
  ): void {
    this.#entries.set(name, {
      name,
      type: declared.type,
      multi: declared.multi ?? false,
      dynamic: declared.dynamic ?? false,
      default: declared.default,
      plugin,
      hidden,
    });
  }

  get all(): Iterable<OptionEntry> {
    return this.#entries.values();
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  get(name: string): OptionEntry | undefined {
    return this.#entries.get(name);
  }

  addPlugin(path: string, options: readonly ManifestOption[]): void {
    for (const option of options) {
      this.#entries.set(option.name, {
        ...option,
        plugin: path,
        hidden: option.deprecated !== undefined,
      });
    }
  }

  removePlugin(options: readonly ManifestOption[]): void {
    for (const option of options) {
      this.#entries.delete(option.name);
    }
  }
}
