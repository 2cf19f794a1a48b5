import path from 'node:path';
import { connectRpc } from '@cl-hive/cln-rpc';
import type { UnixMs } from '@cl-hive/core';
import { initialModel, stepFleet } from '../fleet/fleet-model.ts';
import { unhealthyReasons } from '../fleet/health.ts';
import { observeNode } from '../fleet/observation.ts';
import { STATUS_METHODS } from '../fleet/plugin-status.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { plainTable } from './fleet-display.ts';
import type { Output } from './output.ts';
import { requireFleet } from './rpc-command.ts';

/** Looks once at the fleet that runs in `dir` and prints its table. */
export async function runStatus(dir: string, now: UnixMs, output: Output): Promise<ExitCode> {
  const state = requireFleet(dir);
  if (state.nodes.length === 0) {
    output.err(`the fleet in ${dir} (process ${state.owner.pid}) is still starting`);
    return EXIT.failed;
  }
  const suite = Object.keys(STATUS_METHODS).map((name) => `${name}.js`);
  const ids = state.nodes.map(({ id }) => id);
  const observations = await Promise.all(
    state.nodes.map(async (node) => {
      const rpc = connectRpc({ path: node.rpcFile, caller: 'hive-lab-status' });
      try {
        return await observeNode(rpc, suite, new Set(ids.filter((id) => id !== node.id)));
      } finally {
        await rpc.close();
      }
    }),
  );
  const running = suite.filter((file) =>
    observations.some((o) => o.kind === 'up' && o.plugins.get(file)?.kind !== 'absent'),
  );
  let model = initialModel({
    backend: state.backend,
    dir: path.resolve(dir),
    nodes: state.nodes.length,
    publicNetwork: state.publicNetwork,
    plugins: running,
  });
  if (state.relay !== undefined) {
    model = stepFleet(model, { kind: 'relay', url: state.relay }, now);
  }
  model = stepFleet(model, { kind: 'started', nodes: state.nodes }, now);
  for (const [index, observation] of observations.entries()) {
    model = stepFleet(model, { kind: 'observed', node: index + 1, observation }, now);
  }
  output.out(plainTable(model));
  return unhealthyReasons(model).length === 0 ? EXIT.ok : EXIT.failed;
}
