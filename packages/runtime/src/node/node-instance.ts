import { statSync } from 'node:fs';
import path from 'node:path';

/**
 * Names the running lightningd: it makes its RPC socket anew at each start. A process id would not
 * do: in a container every lightningd has the same.
 */
export function nodeInstance(lightningDir: string, rpcFile = 'lightning-rpc'): string {
  try {
    const { ino, birthtimeMs } = statSync(path.resolve(lightningDir, rpcFile));
    return `${ino}@${birthtimeMs}`;
  } catch {
    return 'none';
  }
}
