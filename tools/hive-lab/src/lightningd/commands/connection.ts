import type { ConnectionFlags } from '../rpc/rpc-connection.ts';
import { CHECKED, type ShellCommand } from '../rpc/shell-command.ts';
import { truth } from '../rules/param-type.ts';

function flagCommand(name: string, flag: keyof ConnectionFlags): ShellCommand {
  return {
    name,
    run: (params, { command, checking }) => {
      const enable = params.required('enable', truth);
      if (!checking && command.connection !== undefined) {
        command.connection.flags[flag] = enable;
      }
      return CHECKED;
    },
  };
}

/** `notifications`, `deprecations` and `batching`: settings of the client's own connection. */
export const connectionCommands: readonly ShellCommand[] = [
  flagCommand('notifications', 'notifications'),
  flagCommand('deprecations', 'deprecatedOk'),
  flagCommand('batching', 'batching'),
];
