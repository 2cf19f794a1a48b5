import { LabRpcError } from '../../contract/node.ts';
import { RPC_ERROR } from '../data/rpc-error-codes.ts';
import type { LogBook } from '../log-book.ts';
import type { Plugin } from '../plugins/plugin.ts';
import type { CommandTable } from '../rpc/command-table.ts';
import type { RunningCommand } from '../rpc/running-command.ts';
import { ANSWERED, type ShellCommand } from '../rpc/shell-command.ts';
import type { WireObject } from '../rules/json-members.ts';
import { rawString } from '../rules/param-type.ts';
import { checkShape, readNamed } from '../rules/params.ts';

/** What `check` needs. */
export interface CheckParts {
  readonly developer: boolean;
  readonly log: LogBook;
  readonly commands: () => CommandTable;
  /** Sends the client's own bytes to a plugin as its `check`. */
  readonly forward: (command: RunningCommand, plugin: Plugin, wire: WireObject) => void;
}

/**
 * `check command_to_check …`: whether a command's parameters are right. Commands of the world are
 * only checked for unknown and missing names.
 */
export function checkCommand(parts: CheckParts): ShellCommand {
  return {
    name: 'check',
    extra: true,
    run: async (params, call) => {
      const name = params.required('command_to_check', rawString);
      const known = parts.commands().get(name);
      if (known === undefined) {
        throw new LabRpcError(RPC_ERROR.methodNotFound, `Unknown command '${name}'`);
      }
      const done = { command_to_check: name };
      const { target } = known;
      if (target.kind === 'plugin') {
        if (target.plugin.manifest?.canCheck === true) {
          parts.forward(call.command, target.plugin, call.wire);
          return ANSWERED;
        }
        parts.log.add(
          'unusual',
          target.plugin.logSource,
          `Plugin does not support check command for ${name} (id ${call.command.id})`,
        );
        return done;
      }
      const read = readNamed(checkShape(params), target.shape, parts.developer);
      if (target.kind === 'shell') {
        const answer = await target.command.run(read, { ...call, checking: true });
        return answer === ANSWERED ? ANSWERED : done;
      }
      return done;
    },
  };
}
