import path from 'node:path';

/** The plugins under test. */
export const PLUGIN_NAMES = ['cl-hive-comms', 'cl-hive-archon', 'cl-hive'] as const;
export type PluginName = (typeof PLUGIN_NAMES)[number];

/** Where the built plugins are. */
export const DIST = path.resolve(import.meta.dirname, '../../../../dist');

/** The entry file of a plugin of the suite; any other path as it is. */
export function pluginFile(plugin: string): string {
  return (PLUGIN_NAMES as readonly string[]).includes(plugin)
    ? path.join(DIST, plugin, `${plugin}.js`)
    : plugin;
}
