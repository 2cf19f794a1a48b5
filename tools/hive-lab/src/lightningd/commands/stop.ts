import type { RpcConnection } from '../rpc/rpc-connection.ts';
import { ANSWERED, CHECKED, type ShellCommand } from '../rpc/shell-command.ts';

/** `stop`: the answer is the last thing the node writes. */
export function stopCommand(
  stop: (last: { readonly connection: RpcConnection; readonly text: string } | undefined) => void,
): ShellCommand {
  return {
    name: 'stop',
    run: (_params, { command, checking }) => {
      if (checking) {
        return CHECKED;
      }
      const { connection, id } = command;
      if (connection === undefined) {
        stop(undefined);
        return ANSWERED;
      }
      const text = `{"jsonrpc":"2.0","id":${id},"result":{"result":"Shutdown complete"}}\n\n`;
      connection.onDrained(() => stop({ connection, text }));
      return ANSWERED;
    },
  };
}
