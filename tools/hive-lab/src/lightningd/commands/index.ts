import type { Clock } from '@cl-hive/core';
import type { LabCommand } from '../../contract/node.ts';
import type { NodeConfig } from '../config/node-config.ts';
import type { Lifeline } from '../lifeline.ts';
import type { LogBook } from '../log-book.ts';
import type { PluginHost } from '../plugins/plugin-host.ts';
import type { PluginSet } from '../plugins/plugin-set.ts';
import type { CommandTable } from '../rpc/command-table.ts';
import type { Dispatcher } from '../rpc/dispatcher.ts';
import type { RpcConnection } from '../rpc/rpc-connection.ts';
import type { ShellCommand } from '../rpc/shell-command.ts';
import type { ShellStore } from '../shell-store.ts';
import { checkCommand } from './check.ts';
import { configCommands } from './configs.ts';
import { connectionCommands } from './connection.ts';
import { datastoreCommands } from './datastore.ts';
import { getLogCommand } from './getlog.ts';
import { helpCommand } from './help.ts';
import { pluginCommand } from './plugin.ts';
import { runeCommands } from './runes.ts';
import { secretCommands } from './secrets.ts';
import { stopCommand } from './stop.ts';

/** What the shell's commands work with. */
export interface CommandParts {
  readonly developer: boolean;
  readonly deprecatedOk: boolean;
  readonly clock: Clock;
  readonly lifeline: Lifeline;
  readonly log: LogBook;
  readonly config: NodeConfig;
  readonly store: ShellStore;
  readonly secretKey: Uint8Array;
  readonly hsmSecret: Uint8Array;
  readonly listNodes: LabCommand | undefined;
  readonly plugins: PluginSet;
  readonly host: PluginHost;
  readonly dispatcher: Dispatcher;
  readonly commands: () => CommandTable;
  readonly stop: (
    last: { readonly connection: RpcConnection; readonly text: string } | undefined,
  ) => void;
}

/** All commands that the shell answers itself. */
export function shellCommands(parts: CommandParts): readonly ShellCommand[] {
  return [
    ...connectionCommands,
    helpCommand(parts),
    checkCommand({
      ...parts,
      forward: (command, plugin, wire) => parts.dispatcher.send(command, plugin, 'check', wire),
    }),
    pluginCommand(parts),
    ...configCommands(parts),
    ...datastoreCommands(parts),
    ...runeCommands(parts),
    ...secretCommands(parts),
    getLogCommand(parts.log),
    stopCommand(parts.stop),
  ];
}
