import {
  definePlugin,
  method,
  type Options,
  option,
  type Plugin,
  type PluginContext,
} from '@cl-hive/cln-plugin';
import type { JsonObject } from '@cl-hive/core';
import { PLUGINS, type PluginName } from './plugins.ts';
import type { SnapshotDesk } from './services/snapshot-desk.ts';
import { snapshotMethod } from './snapshot-method.ts';
import { type Problem, SuitePlugin } from './suite-plugin.ts';

/** What a plugin does once lightningd has its `init` answer; a module of its own, so that it loads then. */
export interface SuiteModule<S> {
  /** Opens the database at `location` (undefined: the default place) and what works without siblings. */
  readonly open: (context: PluginContext, location: string | undefined) => Promise<S>;
  readonly close: (services: S) => Promise<void>;
  /** Called when every need is ready; a throw is tried again. */
  readonly wake?: (services: S) => Promise<void>;
  /** Called when a need has gone. */
  readonly idle?: (services: S) => Promise<void>;
  /** What hands copies of the database over. */
  readonly snapshots: (services: S, context: PluginContext) => SnapshotDesk;
  /** What the plugin's status shows beyond the common part. */
  readonly status: (services: S) => Promise<JsonObject>;
}

/** The declaration of a plugin of the suite. */
export interface SuiteDeclaration<S> {
  readonly self: PluginName;
  /** The release, as in package.json. */
  readonly version: string;
  readonly features: readonly string[];
  /** What the names of its methods start with. */
  readonly prefixes: readonly string[];
  readonly statusMethod: string;
  /** The option that says where the database is. */
  readonly databaseOption: string;
  /** The method by which cl-hive-archon gets and restores copies of the database. */
  readonly snapshotMethod: string;
  /** Further options; the services read them in `context.options`. */
  readonly options?: Options;
  readonly load: () => Promise<SuiteModule<S>>;
}

/** A declared plugin and its life, which methods ask for what they work with. */
export interface DeclaredSuitePlugin<S> {
  readonly plugin: Plugin;
  readonly life: () => SuitePlugin<S>;
}

/**
 * Declares what all plugins of the suite have alike: the database option, the version and status
 * methods, and the life between start, idling, waking and stop.
 */
export function defineSuitePlugin<S>(declaration: SuiteDeclaration<S>): DeclaredSuitePlugin<S> {
  const { self, version, features, prefixes, statusMethod, databaseOption, load } = declaration;
  let life: SuitePlugin<S> | undefined;
  let module: SuiteModule<S> | undefined;
  const plugin = definePlugin({
    name: self,
    prefixes,
    options: {
      ...declaration.options,
      [databaseOption]: option.string({
        description: `where ${self} keeps its database: a file's path or a postgres:// URL`,
      }),
    },
  });

  const begin = (context: PluginContext): SuitePlugin<S> => {
    life ??= new SuitePlugin<S>({
      self,
      version,
      features,
      clock: context.clock,
      rpc: context.rpc,
      log: (level, message) => context.log(level, message),
      open: async () => {
        module = await load();
        const location = locationOf(context, databaseOption);
        return module.open(context, location);
      },
      close: async (services) => module?.close(services),
      wake: async (services) => module?.wake?.(services),
      idle: async (services) => module?.idle?.(services),
    });
    return life;
  };

  const deskFor = desksOf(begin, (services, context) => module?.snapshots(services, context));
  const suspend = (context: PluginContext, problem: Problem): Promise<void> =>
    begin(context).suspend(problem);

  plugin
    .method(PLUGINS[self].versionMethod, versionMethod(self, begin))
    .method(
      statusMethod,
      method({
        description: `What ${self} is doing, for what it waits, its database and siblings`,
        handle: async (_params, call) => {
          const running = begin(call);
          const { services } = running;
          const more = services === undefined ? {} : await module?.status(services);
          return { ...running.status(), ...more };
        },
      }),
    )
    .method(declaration.snapshotMethod, snapshotMethod(self, deskFor, suspend))
    .on('plugin_started', ({ methods }, call) => begin(call).pluginStarted(methods))
    .on('plugin_stopped', ({ methods }, call) => begin(call).pluginStopped(methods))
    .onReady((context) => begin(context).start())
    .onStop(() => life?.stop());

  return {
    plugin,
    life: () => {
      if (life === undefined) {
        throw new TypeError('the plugin has not been initialised');
      }
      return life;
    },
  };
}

function locationOf(context: PluginContext, databaseOption: string): string | undefined {
  const value = (context.options as Readonly<Record<string, unknown>>)[databaseOption];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The desk of the services that are open: one for each opening. */
function desksOf<S>(
  begin: (context: PluginContext) => SuitePlugin<S>,
  make: (services: S, context: PluginContext) => SnapshotDesk | undefined,
): (context: PluginContext) => SnapshotDesk {
  let last: { readonly services: S; readonly desk: SnapshotDesk } | undefined;
  return (context) => {
    const services = begin(context).open();
    const desk = last?.services === services ? last.desk : make(services, context);
    if (desk === undefined) {
      throw new TypeError('the services are open, but not their module');
    }
    last = { services, desk };
    return desk;
  };
}

function versionMethod<S>(self: PluginName, begin: (context: PluginContext) => SuitePlugin<S>) {
  return method({
    description: `The API that ${self} serves to its siblings, and its state`,
    handle: (_params, call) => begin(call).versionAnswer(),
  });
}
