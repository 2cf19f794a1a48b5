import {
  type NodeUnderTest,
  PLUGIN_NAMES,
  type PluginName,
  type PluginSpec,
  withNode,
} from '@cl-hive/hive-lab';
import type { Setting } from '../setting.ts';

/** Whether this is a plugin of the suite. */
export function isPluginName(name: string): name is PluginName {
  return (PLUGIN_NAMES as readonly string[]).includes(name);
}

/** Runs `body` on an emulated node with built plugins; nothing is left of it. */
export async function withLab(
  { dist }: Pick<Setting, 'dist'>,
  lab: { readonly plugins: readonly (PluginName | PluginSpec)[]; readonly dir?: string },
  body: (node: NodeUnderTest) => Promise<void>,
): Promise<void> {
  await withNode({ dist, ...lab }, body);
}
