import path from 'node:path';
import { pluginFile as fileIn } from '@cl-hive/hive-lab';

export { PLUGIN_NAMES, type PluginName } from '@cl-hive/hive-lab';

/** Where the built plugins are. */
export const DIST = path.resolve(import.meta.dirname, '../../../../dist');

/** The entry file of a plugin of the suite; any other path as it is. */
export function pluginFile(plugin: string): string {
  return fileIn(DIST, plugin);
}
