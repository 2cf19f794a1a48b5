import { LabRpcError } from '../../contract/node.ts';
import { RPC_ERROR } from '../data/rpc-error-codes.ts';
import type { CommandTable, KnownCommand } from '../rpc/command-table.ts';
import type { ShellCommand } from '../rpc/shell-command.ts';
import { mayUse } from '../rules/deprecation.ts';
import { rawString } from '../rules/param-type.ts';

/** What `help` needs. */
export interface HelpParts {
  readonly developer: boolean;
  readonly deprecatedOk: boolean;
  readonly commands: () => CommandTable;
}

function line({ name, usage, deprecated }: KnownCommand): { readonly command: string } {
  return { command: `${name}${deprecated === undefined ? '' : ' (DEPRECATED!)'} ${usage}` };
}

function notFound(message: string): LabRpcError {
  return new LabRpcError(RPC_ERROR.methodNotFound, message);
}

/** `help [command]`: every command with its usage. */
export function helpCommand(parts: HelpParts): ShellCommand {
  return {
    name: 'help',
    run: (params, { command }) => {
      const name = params.optional('command', rawString);
      const deprecatedOk = command.connection?.flags.deprecatedOk ?? parts.deprecatedOk;
      const known = name === undefined ? undefined : parts.commands().get(name);
      if (name !== undefined) {
        if (known === undefined) {
          throw notFound(`Unknown command ${name}`);
        }
        if (!mayUse(known.deprecated, deprecatedOk)) {
          throw notFound(`Deprecated command ${name}`);
        }
        if (known.developerOnly && !parts.developer) {
          throw notFound(`Developer-only command ${name}`);
        }
      }
      const shown = known === undefined ? parts.commands().all() : [known];
      return {
        help: shown.filter(({ deprecated }) => mayUse(deprecated, deprecatedOk)).map(line),
        'format-hint': 'simple',
      };
    },
  };
}
