import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  array,
  integer,
  type JsonObject,
  type JsonValue,
  object,
  stringifyJson,
  text,
} from '@cl-hive/core';
import { type NodeUnderTest, PLUGIN_NAMES, type PluginName } from '@cl-hive/hive-lab';
import { isPluginName, withLab } from '../lab/lab.ts';
import type { Setting } from '../setting.ts';
import { buildInputs, type Collector } from './collector.ts';
import { runStoreTool } from './store-tool.ts';

/** Database files by plugin, below its own folder. */
export const DATABASE_FILES: Readonly<Record<PluginName, string>> = {
  'cl-hive-comms': 'comms.sqlite3',
  'cl-hive-archon': 'archon.sqlite3',
  'cl-hive': 'hive.sqlite3',
};

const decodeBegun = object({
  backups: array(text()),
  schema_version: integer(0),
  written_meanwhile: integer(0),
});
const decodeEnded = object({
  tables: array(object({ name: text(), rows: integer(0), backup: text(), restored: text() })),
  integrity: text(),
});

/** Fills, backs up, restores and compares one plugin's database with its own store program. */
function drillStore({ dist, onBackup }: Setting, plugin: string): JsonObject {
  const folder = mkdtempSync(path.join(tmpdir(), 'hive-drill-'));
  const nothing = {
    plugin,
    schema_version: 0,
    tables: [],
    written_meanwhile: 0,
    integrity: 'none',
  };
  try {
    const begun = runStoreTool(dist, plugin, 'drill-begin', folder);
    if (!begun.ok) {
      return { ...nothing, refusal: begun.refusal };
    }
    const { backups, schema_version, written_meanwhile } = decodeBegun(begun.answer);
    for (const file of backups) {
      onBackup?.(file);
    }
    const ended = runStoreTool(dist, plugin, 'drill-end', folder);
    if (!ended.ok) {
      return { ...nothing, schema_version, written_meanwhile, refusal: ended.refusal };
    }
    return { plugin, schema_version, written_meanwhile, ...decodeEnded(ended.answer) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What each plugin answers of its own content, to be compared before and after. */
async function contentOf(node: NodeUnderTest): Promise<ReadonlyMap<string, string>> {
  const seen = new Map<string, string>();
  const { npub } = await node.call('hive-client-identity');
  const { receipts } = await node.call('hive-client-receipts');
  seen.set('identity', stringifyJson(npub ?? null));
  seen.set('receipts', stringifyJson(receipts ?? null));
  return seen;
}

/** On a node: use, back up, wipe, restore, start; gives each plugin's state and what was lost. */
async function drillNode(setting: Setting): Promise<ReadonlyMap<PluginName, JsonObject>> {
  const results = new Map<PluginName, JsonObject>();
  await withLab(setting, { plugins: PLUGIN_NAMES }, async (node) => {
    for (const plugin of PLUGIN_NAMES) {
      await node.untilState(plugin, 'ready');
    }
    await node.call('hive-client-authorize', { advisor: 'drill' });
    const before = await contentOf(node);
    for (const plugin of [...PLUGIN_NAMES].reverse()) {
      await node.stopPlugin(plugin);
    }
    const refusals = new Map<PluginName, string>();
    for (const plugin of PLUGIN_NAMES) {
      const folder = path.join(node.lightningDir, plugin);
      const aside = `${folder}.wiped`;
      const [file, backup] = [DATABASE_FILES[plugin], path.join(node.dir, `${plugin}.backup`)];
      const saved = runStoreTool(setting.dist, plugin, 'backup', path.join(folder, file), backup);
      renameSync(folder, aside);
      mkdirSync(folder, { mode: 0o700 });
      const back = runStoreTool(setting.dist, plugin, 'restore', backup, path.join(folder, file));
      const refused = [saved, back].find((answer) => !answer.ok);
      if (refused?.ok === false) {
        refusals.set(plugin, refused.refusal);
      }
    }
    for (const plugin of PLUGIN_NAMES) {
      await node.startPlugin(plugin);
    }
    for (const plugin of PLUGIN_NAMES) {
      const { state } = await node.untilState(plugin, 'ready').catch(() => node.status(plugin));
      const refusal = refusals.get(plugin);
      results.set(plugin, {
        opened: state ?? 'absent',
        ...(refusal === undefined ? {} : { refusal }),
      });
    }
    const after = await contentOf(node);
    const lost = [...before].filter(([what, value]) => after.get(what) !== value);
    const comms = results.get('cl-hive-comms') ?? {};
    results.set('cl-hive-comms', { ...comms, lost: lost.map(([what]) => `${what} changed`) });
  });
  return results;
}

/** The drill of backup and restore. */
export const restoreDrill: Collector = {
  id: 'restore-drill',
  title:
    "fills, backs up while writing, restores and compares each plugin's database; then on hive-lab",
  inputs: (setting) => [...buildInputs(setting), setting.onBackup === undefined ? '' : 'tampered'],
  collect: async (setting) => {
    const onNode = await drillNode(setting);
    const names = setting.subject.builds.map(({ name }) => name).filter(isPluginName);
    const plugins: JsonValue[] = names.map((plugin) => ({
      lost: [],
      ...onNode.get(plugin),
      ...drillStore(setting, plugin),
    }));
    return { plugins };
  },
};
