import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { isJsonObject, type JsonObject, type JsonValue } from '@cl-hive/core';
import { PLUGIN_NAMES, type PluginName } from '@cl-hive/hive-lab';
import { plainText, sha256 } from '../files.ts';
import { withLab } from '../lab/lab.ts';
import type { Setting } from '../setting.ts';
import { buildInputs, type Collector, NoEvidence } from './collector.ts';
import { runStoreTool } from './store-tool.ts';

const OPTIONS: Readonly<Record<PluginName, string>> = {
  'cl-hive-comms': 'hive-comms-db',
  'cl-hive-archon': 'hive-archon-db',
  'cl-hive': 'hive-db',
};

/** Each plugin is started on a database that a newer release has changed. */
export const downgrade: Collector = {
  id: 'downgrade',
  title: 'starts each plugin on hive-lab with a database of a newer schema',
  inputs: buildInputs,
  collect: async (setting) => {
    const plugins: JsonValue[] = [];
    await withLab(setting, { plugins: [] }, async (node) => {
      for (const plugin of PLUGIN_NAMES) {
        const file = makeNewer(setting, plugin, path.join(node.dir, `newer-${plugin}`));
        const before = sha256(readFileSync(file));
        await node.startPlugin(plugin, { [OPTIONS[plugin]]: file });
        let state: JsonValue = 'absent';
        let told: JsonObject = {};
        await node.until(`${plugin} has decided`, async () => {
          const status = await node.status(plugin);
          state = status['state'] ?? 'absent';
          const { problem } = status;
          told = problem !== undefined && isJsonObject(problem) ? problem : {};
          return state !== 'starting';
        });
        const { alias } = await node.call('getinfo');
        plugins.push({
          plugin,
          state,
          ...(told['code'] === undefined ? {} : { code: told['code'] }),
          ...(told['remedy'] === undefined ? {} : { remedy: told['remedy'] }),
          before,
          after: sha256(readFileSync(file)),
          node_alive: alias !== undefined,
        });
        await node.stopPlugin(plugin);
      }
    });
    return { plugins };
  },
};

/** A database of the plugin with one migration more than this release has. */
function makeNewer({ dist }: Setting, plugin: PluginName, folder: string): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const made = runStoreTool(dist, plugin, 'drill-newer', folder);
  if (!made.ok) {
    throw new NoEvidence(`${plugin}: ${made.refusal}`, 'npm run build');
  }
  return plainText(made.answer);
}
