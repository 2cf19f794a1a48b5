import { resolve } from 'node:path';
import { type LabAnswer, LabRpcError } from '../../contract/node.ts';
import { RPC_ERROR } from '../data/rpc-error-codes.ts';
import { defaultPlugins, executeFault, pluginsIn } from '../plugins/plugin-files.ts';
import type { PluginHost } from '../plugins/plugin-host.ts';
import type { PluginSet } from '../plugins/plugin-set.ts';
import { CHECKED, type ShellCall, type ShellCommand } from '../rpc/shell-command.ts';
import { invalidParams, rawString } from '../rules/param-type.ts';
import type { Params } from '../rules/params.ts';

/** What `plugin` needs. */
export interface PluginCommandParts {
  readonly plugins: PluginSet;
  readonly host: PluginHost;
}

const SUBCOMMANDS = ['start', 'stop', 'startdir', 'rescan', 'list'] as const;
type Subcommand = (typeof SUBCOMMANDS)[number];

/** `plugin start|stop|startdir|rescan|list`. */
export function pluginCommand(parts: PluginCommandParts): ShellCommand {
  return {
    name: 'plugin',
    extra: true,
    run: (params, call) => {
      const name = params.required('subcommand', rawString);
      const subcommand = SUBCOMMANDS.find((known) => known === name);
      if (subcommand === undefined) {
        throw invalidParams(`Unknown subcommand '${name}'`);
      }
      return run(parts, subcommand, params, call);
    },
  };
}

function run(
  parts: PluginCommandParts,
  subcommand: Subcommand,
  params: Params,
  call: ShellCall,
): LabAnswer | Promise<LabAnswer> {
  switch (subcommand) {
    case 'start':
      return start(parts, params, call);
    case 'stop':
      return stop(parts, argument(params, 'plugin'), call);
    case 'startdir':
      return startAll(parts, call, 'startdir', () => folderOf(parts, params, call));
    case 'rescan':
      return startAll(parts, call, 'rescan', () => {
        for (const path of defaultPlugins(parts.host.defaultFolder)) {
          parts.host.register(path);
        }
      });
    case 'list':
      return listing(parts, 'list');
  }
}

function listing({ plugins }: PluginCommandParts, command: Subcommand): LabAnswer {
  return {
    command,
    plugins: plugins.all.map((plugin) => ({
      name: plugin.path,
      active: plugin.state === 'active',
      dynamic: plugin.manifest?.dynamic ?? false,
    })),
  };
}

/** The parameter behind the subcommand, by name or in second place. */
function argument(params: Params, name: string): string {
  const { written } = params;
  if (written.kind === 'array' && written.items.length > 2) {
    throw invalidParams(`too many parameters: got ${written.items.length}, expected 2`);
  }
  const raw = written.kind === 'array' ? written.items[1] : written.members.get(name);
  if (raw === undefined || raw === 'null') {
    throw invalidParams(`missing required parameter: ${name}`);
  }
  return rawString(raw, name);
}

/** What `plugin start` was given for the plugin's options: a multi option has a value each time it is named. */
function startOptions(params: Params): readonly (readonly [string, string])[] {
  const { written } = params;
  if (written.kind === 'array') {
    if (written.items.length > 2) {
      throw invalidParams('Extra parameters must be in object');
    }
    return [];
  }
  return written.all.filter(([name]) => name !== 'subcommand' && name !== 'plugin');
}

async function start(
  parts: PluginCommandParts,
  params: Params,
  { command, checking }: ShellCall,
): Promise<LabAnswer> {
  const { host } = parts;
  const startOptionsGiven = startOptions(params);
  const asked = argument(params, 'plugin');
  const here = resolve(host.workingFolder, asked);
  const path = executeFault(here) === undefined ? here : resolve(host.defaultFolder, asked);
  const fault = executeFault(path);
  if (fault !== undefined) {
    throw invalidParams(`${path} is not executable: ${fault}`);
  }
  if (checking) {
    return CHECKED;
  }
  return await new Promise((settle, reject) => {
    const plugin = host.register(path, {
      startOptions: startOptionsGiven,
      waiter: {
        started: () => settle(listing(parts, 'start')),
        killed: (reason) =>
          reject(new LabRpcError(RPC_ERROR.plugin, `${plugin?.path ?? path}: ${reason}`)),
      },
    });
    if (plugin === undefined) {
      reject(invalidParams(`${path}: Invalid argument`));
      return;
    }
    host.launch(plugin, command.id);
  });
}

async function stop(
  { plugins, host }: PluginCommandParts,
  name: string,
  { checking }: ShellCall,
): Promise<LabAnswer> {
  const plugin = checking ? undefined : plugins.named(name);
  if (checking) {
    return CHECKED;
  }
  if (plugin === undefined) {
    throw invalidParams(`Could not find plugin ${name}`);
  }
  if (plugin.manifest?.dynamic !== true) {
    throw invalidParams(`${name} cannot be managed when lightningd is up`);
  }
  plugin.important = false;
  await new Promise<void>((settle) => {
    if (!host.askToEnd(plugin, settle)) {
      host.kill(plugin, 'info', 'stopped by lightningd via RPC');
      settle();
    }
  });
  return { command: 'stop', result: `Successfully stopped ${plugin.shortName}.` };
}

function folderOf({ host }: PluginCommandParts, params: Params, { checking }: ShellCall): void {
  const folder = argument(params, 'directory');
  const here = resolve(host.workingFolder, folder);
  let paths: readonly string[];
  try {
    paths = pluginsIn(here);
  } catch {
    throw invalidParams(`Could not open ${folder}`);
  }
  for (const path of checking ? [] : paths) {
    if (host.register(path) === undefined) {
      throw invalidParams(`Failed to register ${path}: Invalid argument`);
    }
  }
}

async function startAll(
  parts: PluginCommandParts,
  { command, checking }: ShellCall,
  subcommand: Subcommand,
  register: () => void,
): Promise<LabAnswer> {
  register();
  if (checking) {
    return CHECKED;
  }
  return await new Promise((settle) => {
    parts.host.whenAllUp(() => settle(listing(parts, subcommand)));
    parts.host.launchAll(command.id);
  });
}
