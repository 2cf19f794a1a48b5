import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { FaultChange } from '@cl-hive/hive-lab';
import { build } from 'esbuild';

/** A relay of hive-lab in a process of its own. */
export interface RelayProcess {
  readonly url: string;
  /** Changes what goes wrong; with `refuseConnections` present connections are cut. */
  readonly fail: (change: FaultChange) => Promise<void>;
  readonly stop: () => Promise<void>;
}

const SOURCE = `
import { startRelay } from '@cl-hive/hive-lab';
const relay = await startRelay({ seed: Number(process.argv[2]) });
process.on('message', (change) => {
  relay.setFaults(change);
  if (change.refuseConnections === true) {
    relay.disconnectAll();
  }
  process.send({ done: true });
});
process.on('disconnect', () => process.exit(0));
process.send({ url: relay.url });
`;

/** Builds and starts relay processes. */
export async function startRelays(count: number): Promise<{
  readonly relays: readonly RelayProcess[];
  readonly stop: () => Promise<void>;
}> {
  const folder = mkdtempSync(path.join(tmpdir(), 'hive-relay-'));
  const outfile = path.join(folder, 'relay.mjs');
  await build({
    stdin: { contents: SOURCE, loader: 'ts', resolveDir: import.meta.dirname },
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    conditions: ['@cl-hive/source'],
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);",
    },
    logLevel: 'error',
  });
  const relays = await Promise.all(
    Array.from({ length: count }, (_, index) => startProcess(outfile, index + 1)),
  );
  return {
    relays,
    stop: async () => {
      await Promise.all(relays.map((relay) => relay.stop()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function startProcess(file: string, seed: number): Promise<RelayProcess> {
  const child = fork(file, [String(seed)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const { url } = (await said(child)) as { readonly url: string };
  return {
    url,
    fail: async (change) => {
      const done = said(child);
      child.send(change);
      await done;
    },
    stop: async () => {
      if (child.exitCode === null) {
        const gone = once(child, 'exit');
        child.disconnect();
        await gone;
      }
    },
  };
}

async function said(child: ChildProcess): Promise<unknown> {
  const [message] = await once(child, 'message');
  return message;
}
