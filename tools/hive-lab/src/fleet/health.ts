import type { FleetModel, NodeModel } from './fleet-model.ts';
import { describePluginState, type PluginModel } from './plugin-model.ts';

/**
 * Why the fleet is not healthy, one sentence each; empty when it is: all nodes up and connected in
 * a ring with channels, every plugin ready, and each with all siblings that run beside it.
 */
export function unhealthyReasons(model: FleetModel): readonly string[] {
  if (model.phase !== 'running') {
    return [`the fleet is ${model.phase}`];
  }
  const neighbours = Math.min(2, model.nodes.length - 1);
  return model.nodes.flatMap((node) => nodeReasons(node, neighbours));
}

/** Whether something is wrong that waiting does not mend: a node that died, or a plugin that failed. */
export function isBeyondHope(model: FleetModel): boolean {
  return model.nodes.some(
    (node) =>
      node.state.kind === 'down' ||
      node.plugins.some(
        ({ state }) => state.kind === 'gone' || (state.kind === 'failed' && state.lasting),
      ),
  );
}

function nodeReasons(node: NodeModel, neighbours: number): readonly string[] {
  const at = `node ${node.number}`;
  switch (node.state.kind) {
    case 'starting':
      return [
        node.state.reason === undefined
          ? `${at} does not answer yet`
          : `${at} does not answer: ${node.state.reason}`,
      ];
    case 'down':
      return [`${at} died: ${node.state.reason}`];
    case 'up':
      break;
  }
  const reasons = node.plugins.flatMap((plugin) => pluginReasons(plugin, node.plugins));
  if (node.peers < neighbours) {
    reasons.push(`is connected to ${node.peers} of ${neighbours} neighbours`);
  }
  if (node.channels < neighbours) {
    reasons.push(`has ${node.channels} of ${neighbours} channels in normal operation`);
  }
  return reasons.map((reason) => `${at}: ${reason}`);
}

function pluginReasons(plugin: PluginModel, all: readonly PluginModel[]): string[] {
  if (plugin.state.kind !== 'ready') {
    return [`${plugin.name} is ${describePluginState(plugin.state)}`];
  }
  return plugin.siblings
    .filter(({ name, state }) => state !== 'ready' && all.some((other) => other.name === name))
    .map(
      ({ name, state, reason }) =>
        `${plugin.name} has not found ${name} (${reason === undefined ? state : `${state}: ${reason}`})`,
    );
}
