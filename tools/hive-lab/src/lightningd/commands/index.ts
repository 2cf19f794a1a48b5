import type { LogBook } from '../log-book.ts';
import type { PluginHost } from '../plugins/plugin-host.ts';
import type { PluginSet } from '../plugins/plugin-set.ts';
import type { CommandTable } from '../rpc/command-table.ts';
import type { Dispatcher } from '../rpc/dispatcher.ts';
import type { RpcConnection } from '../rpc/rpc-connection.ts';
import type { ShellCommand } from '../rpc/shell-command.ts';
import { checkCommand } from './check.ts';
import { connectionCommands } from './connection.ts';
import { helpCommand } from './help.ts';
import { pluginCommand } from './plugin.ts';
import { stopCommand } from './stop.ts';

/** What the shell's commands work with. */
export interface CommandParts {
  readonly developer: boolean;
  readonly deprecatedOk: boolean;
  readonly log: LogBook;
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
    stopCommand(parts.stop),
  ];
}
