import path from 'node:path';
import type { JsonValue } from '@cl-hive/core';
import { PLUGIN_NAMES } from '@cl-hive/hive-lab';
import { filesBelow, modeOf } from '../files.ts';
import { withLab } from '../lab/lab.ts';
import { buildInputs, type Collector } from './collector.ts';

/** Modes of the built files, and of what the plugins make on a node. */
export const fileModes: Collector = {
  id: 'file-modes',
  title: 'looks at the built folders, and at what the plugins make on hive-lab',
  inputs: buildInputs,
  collect: async (setting) => {
    const files: JsonValue[] = setting.subject.builds.flatMap(({ name }) =>
      builtFiles(path.join(setting.dist, name), name),
    );
    await withLab(setting, { plugins: PLUGIN_NAMES }, async (node) => {
      for (const plugin of PLUGIN_NAMES) {
        await node.untilState(plugin, 'ready');
        files.push(...dataFiles(path.join(node.lightningDir, plugin), plugin));
      }
    });
    return { files };
  },
};

function builtFiles(folder: string, name: string): readonly JsonValue[] {
  return filesBelow(folder).map((file) => {
    const kind = file.endsWith('/') ? 'code-folder' : file === `${name}.js` ? 'entry' : 'code';
    return { path: `${name}/${file}`, mode: modeOf(path.join(folder, file)), kind };
  });
}

/** Files of a plugin's own folder, the folder too. */
export function dataFiles(
  folder: string,
  name: string,
): readonly { readonly path: string; readonly mode: string; readonly kind: string }[] {
  return ['./', ...filesBelow(folder)].map((file) => ({
    path: path.join(name, file),
    mode: modeOf(path.join(folder, file)),
    kind: file.endsWith('/') ? 'data-folder' : 'data',
  }));
}
