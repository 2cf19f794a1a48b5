import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { listconfigs, plugin, type RpcClient } from '@cl-hive/cln-rpc';
import type { ManagementCommand } from '@cl-hive/protocol';
import {
  type ActionContext,
  absent,
  done,
  type EffectAction,
  fail,
  go,
  type Plan,
  reads,
  type SchemaActions,
  there,
} from '../action.ts';
import { loadChannels } from '../channel-view.ts';
import { ASK_MS, PEER_MS, SETTLE_MS } from '../limits.ts';
import { isOwnPlugin } from '../own-plugin.ts';
import { textOf } from '../params.ts';

interface Listed {
  readonly name: string;
  readonly active: boolean;
  readonly dynamic: boolean;
}

async function listed(rpc: RpcClient): Promise<readonly Listed[]> {
  const { plugins } = await rpc.call(plugin, { subcommand: 'list' }, { timeoutMs: ASK_MS });
  return plugins ?? [];
}

/** Folders that lightningd itself takes plugins from. */
async function pluginFolders({ rpc, configuration }: ActionContext): Promise<readonly string[]> {
  const { configs = {} } = await rpc.call(listconfigs, {}, { timeoutMs: ASK_MS });
  const named = configs['plugin-dir']?.values_str ?? [];
  const { lightningDir } = configuration;
  const folders = [
    path.join(path.dirname(lightningDir), 'plugins'),
    path.join(lightningDir, 'plugins'),
    ...named,
  ];
  const real = await Promise.all(folders.map((folder) => realpath(folder).catch(() => undefined)));
  return real.filter((folder) => folder !== undefined);
}

/** The file that a path means, where it may be started. */
async function startable(
  context: ActionContext,
  named: string,
): Promise<{ readonly file: string } | Plan> {
  const folders = await pluginFolders(context);
  const candidates = path.isAbsolute(named)
    ? [named]
    : folders.map((folder) => path.join(folder, named));
  for (const candidate of candidates) {
    const file = await realpath(candidate).catch(() => undefined);
    const inside = folders.some((folder) => file?.startsWith(folder + path.sep) === true);
    if (file === undefined || !inside) {
      continue;
    }
    const { mode } = await stat(file);
    if ((mode & 0o002) !== 0) {
      return fail(`${file} may be written by anybody`);
    }
    return { file };
  }
  const where = folders.length === 0 ? 'it has no such folder' : folders.join(', ');
  return fail(`${named} is no file in the folders for plugins of this node: ${where}`);
}

function common(look: EffectAction['look']) {
  return {
    kind: 'effect',
    facts: async ({ rpc }: ActionContext) => (await loadChannels(rpc)).facts([]),
    state: async ({ rpc }: ActionContext) => ({
      plugins: (await listed(rpc)).map(({ name, active }) => ({ name, active })),
    }),
    look,
  } as const;
}

const startPlugin: EffectAction = {
  ...common(async ({ rpc }, { marker }) => {
    const file = textOf(marker, 'file');
    return (await listed(rpc)).some(({ name, active }) => active && name === file)
      ? there({ plugin: file, active: true })
      : absent('the plugin does not run');
  }),
  settleMs: SETTLE_MS.plugin,
  plan: async (context, { params }) => {
    const found = await startable(context, textOf(params, 'path'));
    if (!('file' in found)) {
      return found;
    }
    const { file } = found;
    // The name that the policy saw may be a link to something else.
    if (isOwnPlugin(path.basename(file))) {
      return fail(`${path.basename(file)} belongs to the hive itself`);
    }
    const running = (await listed(context.rpc)).some(({ name }) => name === file);
    return running ? fail(`${file} runs already`) : go({ file });
  },
  perform: async ({ rpc }, { marker }) => {
    const file = textOf(marker, 'file');
    await rpc.call(plugin, { subcommand: 'start', plugin: file }, { timeoutMs: PEER_MS });
    return done({ plugin: file, active: true });
  },
};

/** Plugins of a base name, as `plugin stop` would find them. */
async function named(rpc: RpcClient, { params }: ManagementCommand): Promise<readonly Listed[]> {
  const base = textOf(params, 'plugin_name');
  return (await listed(rpc)).filter(({ name }) => path.basename(name) === base);
}

const stopPlugin: EffectAction = {
  ...common(async ({ rpc }, { command }) => {
    const [found] = await named(rpc, command);
    return found === undefined
      ? there({ plugin: textOf(command.params, 'plugin_name'), active: false })
      : absent('the plugin runs');
  }),
  settleMs: SETTLE_MS.plugin,
  plan: async ({ rpc }, command) => {
    const base = textOf(command.params, 'plugin_name');
    if (isOwnPlugin(base)) {
      return fail(`${base} belongs to the hive itself`);
    }
    const [found, second] = await named(rpc, command);
    if (found === undefined) {
      return fail(`no plugin ${base} runs`);
    }
    if (second !== undefined) {
      return fail(`several plugins are called ${base}`);
    }
    return found.dynamic ? go({ file: found.name }) : fail(`${base} cannot be stopped`);
  },
  perform: async ({ rpc }, { marker, command }) => {
    await rpc.call(
      plugin,
      { subcommand: 'stop', plugin: textOf(marker, 'file') },
      { timeoutMs: PEER_MS },
    );
    return done({ plugin: textOf(command.params, 'plugin_name'), active: false });
  },
};

/** `hive:plugin/v1`. */
export const pluginActions: SchemaActions = {
  list_plugins: reads(async ({ rpc }) => ({
    plugins: (await listed(rpc)).map(({ name, active, dynamic }) => ({
      name: path.basename(name),
      active,
      dynamic,
    })),
  })),
  start_plugin: startPlugin,
  stop_plugin: stopPlugin,
};
