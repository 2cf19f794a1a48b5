import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { JsonObject } from '@cl-hive/core';
import { type FleetEvent, labBackend, type PluginSpec, realBackend } from '@cl-hive/hive-lab';
import { NodeUnderTest, REAL } from './node.ts';
import { DIST, type PluginName, pluginFile } from './plugins.ts';

/** A node with its id. */
export interface PairedNode {
  readonly node: NodeUnderTest;
  readonly id: string;
}

/** Runs `test` on fresh nodes that are connected in a ring, with the same plugins, and leaves nothing behind. */
export async function withNodes(
  count: number,
  plugins: readonly (PluginName | PluginSpec)[],
  test: (nodes: readonly PairedNode[]) => Promise<void>,
): Promise<void> {
  const dir = mkdtempSync(path.join(tmpdir(), 'hive-'));
  const events: FleetEvent[] = [];
  try {
    const fleet = await (REAL ? realBackend() : labBackend()).start(
      {
        dir,
        nodes: count,
        plugins: plugins.map((plugin) =>
          typeof plugin === 'string' ? { path: pluginFile(plugin) } : plugin,
        ),
        seed: 1,
        publicNodes: 0,
      },
      (event) => events.push(event),
    );
    const nodes = fleet.nodes.map((each) => ({
      node: new NodeUnderTest(fleet, each, events, { dir, dist: DIST }),
      id: each.id as string,
    }));
    try {
      await test(nodes);
    } finally {
      for (const { node } of nodes) {
        await node.stop();
      }
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Waits until a node is connected to another. */
export async function untilConnected({ node }: PairedNode, other: PairedNode): Promise<void> {
  await node.until('the nodes are connected', async () => {
    const { peers } = await node.call('listpeers', { id: other.id });
    const [peer] = peers as readonly JsonObject[];
    return peer?.['connected'] === true;
  });
}

/** Runs `test` on two fresh nodes that are connected, with the same plugins, and leaves nothing behind. */
export function withPair(
  plugins: readonly (PluginName | PluginSpec)[],
  test: (first: PairedNode, second: PairedNode) => Promise<void>,
): Promise<void> {
  return withNodes(2, plugins, async ([first, second]) => {
    if (first === undefined || second === undefined) {
      throw new Error('the fleet has no two nodes');
    }
    await untilConnected(first, second);
    await test(first, second);
  });
}
